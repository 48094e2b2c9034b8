/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "base/user.h"

TEST(test_user_text_names_a_user_or_numbers_it)
{
    T_STR(user_text(&t_cx()->mem, 0), S("user root (0)"));
    T_STR(user_text(&t_cx()->mem, 4294901234U), S("user 4294901234"));
}

TEST(test_user_group_find_takes_names_and_numbers)
{
    gid_t gid = 7;

    T_TRUE(!user_group_find(S("nobody-has-this"), &gid));
    T_TRUE(!user_group_find(S(""), &gid));
    T_INT(gid, 7);
    T_TRUE(user_group_find(S("root"), &gid));
    T_INT(gid, 0);
    T_TRUE(user_group_find(S("4294967294"), &gid));
    T_INT(gid, 4294967294U);
    T_TRUE(!user_group_find(S("4294967295"), &gid)); /* stands for none */
}

T_MAIN(
    T(test_user_text_names_a_user_or_numbers_it),
    T(test_user_group_find_takes_names_and_numbers))
