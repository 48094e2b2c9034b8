/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/testing.h"

TEST(test_buf_add_stops_at_its_limit_and_says_so)
{
    Str text = S("untouched");

    for (size_t n = 999; n <= 1001; n++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 1000};

        for (size_t i = 0; i < n; i++) {
            buf_add_char(&b, 'x');
        }
        if (n <= 1000) {
            T_OK(buf_done(t_cx(), &b, &text));
            T_INT(text.n, n);
        } else {
            text = S("untouched");
            T_FAIL(FAIL_LIMIT, buf_done(t_cx(), &b, &text));
            T_STR(text, S("untouched"));
        }
    }
}

TEST(test_buf_add_escaped_leaves_only_the_unreserved)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 100};

    buf_add_escaped(&b, S("aZ0-._~ /?&=+%\x01\xC3\xA9"));
    T_STR(buf_text(&b), S("aZ0-._~%20%2F%3F%26%3D%2B%25%01%C3%A9"));
    for (int c = 0; c < 256; c++) {
        const char one = (char)c;
        struct buf a = {.mem = &t_cx()->mem, .max = 3};
        bool stays = char_is_alnum((unsigned char)c) || strchr("-._~", c) != NULL;

        buf_add_escaped(&a, (Str){&one, 1});
        T_INT(buf_text(&a).n, stays && c != 0 ? 1 : 3);
    }
}

TEST(test_buf_add_takes_nothing_after_what_was_too_much)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 4};

    buf_add(&b, S("abc"));
    buf_add(&b, S("de"));
    buf_add(&b, S("f")); /* would fit */
    T_TRUE(b.full);
    T_INT(b.n, 3);
    T_TRUE(!buf_reserve(&b, 0));
}

TEST(test_buf_reserve_makes_room_that_is_not_taken)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 600};

    T_TRUE(buf_reserve(&b, 600));
    const char *p = b.p;

    for (int i = 0; i < 600; i++) {
        buf_add_char(&b, 'x');
    }
    T_TRUE(b.p == p && b.n == 600 && !b.full);
    T_TRUE(!buf_reserve(&b, 1));
    T_TRUE(b.full);
}

TEST(test_buf_set_room_makes_just_that_room)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1000};

    buf_set_room(&b, 3);
    const char *p = b.p;

    buf_add(&b, S("abc"));
    T_TRUE(b.p == p && b.room == 3);
    buf_set_room(&b, 1000);
    T_TRUE(b.room == 1000);
    T_STR(buf_text(&b), S("abc"));
}

TEST(test_buf_add_int_writes_the_extremes)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 100};

    buf_add_int(&b, INT64_MIN);
    buf_add_char(&b, ' ');
    buf_add_int(&b, INT64_MAX);
    buf_add_char(&b, ' ');
    buf_add_int(&b, 0);
    T_STR(buf_text(&b), S("-9223372036854775808 9223372036854775807 0"));
}

TEST(test_buf_text_of_nothing_is_empty)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 0};

    buf_add(&b, S(""));
    T_STR(buf_text(&b), S(""));
    buf_add(&b, S("x"));
    T_TRUE(b.full);
}

T_MAIN(
    T(test_buf_add_stops_at_its_limit_and_says_so),
    T(test_buf_add_escaped_leaves_only_the_unreserved),
    T(test_buf_add_takes_nothing_after_what_was_too_much),
    T(test_buf_reserve_makes_room_that_is_not_taken),
    T(test_buf_set_room_makes_just_that_room), T(test_buf_add_int_writes_the_extremes),
    T(test_buf_text_of_nothing_is_empty))
