/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/testing.h"
#include "seal/pack.h"

TEST(test_unpack_int_gives_back_what_was_packed)
{
    static const struct {
        int64_t v;
        size_t bytes;
    } rows[] = {
        {0, 1},     {1, 1},          {127, 1},       {128, 2}, {16383, 2},
        {16384, 3}, {1800000000, 5}, {INT64_MAX, 9}, {-1, 10}, {INT64_MIN, 10},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 16};

        pack_int(&b, rows[i].v);
        T_INT(b.n, rows[i].bytes);
        struct unpack u = {.rest = buf_text(&b)};

        T_INT(pack_read_int(&u), rows[i].v);
        T_TRUE(pack_read_done(&u));
        for (size_t cut = 0; cut < b.n; cut++) {
            u = (struct unpack){.rest = str_sub(buf_text(&b), 0, cut)};
            (void)pack_read_int(&u);
            T_TRUE(u.bad);
        }
    }
}

TEST(test_unpack_text_never_leaves_what_is_there)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 100};

    pack_text(&b, S("abc"));
    pack_text(&b, S(""));
    struct unpack u = {.rest = buf_text(&b)};

    T_STR(pack_read_text(&u), S("abc"));
    T_TRUE(!pack_read_done(&u)); /* something is left */
    T_STR(pack_read_text(&u), S(""));
    T_TRUE(pack_read_done(&u));
    T_STR(pack_read_text(&u), S(""));
    T_TRUE(u.bad && !pack_read_done(&u));

    static const Str rows[] = {
        SI(""),
        SI("\x01"),
        SI("\x04"
           "abc"),
        SI("\x80"),
        SI("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"
           "abc"),
        SI("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"
           "abc"),
        SI("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"
           "a"), /* eleven digits */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        u = (struct unpack){.rest = rows[i]};
        T_STR(pack_read_text(&u), S(""));
        T_TRUE(u.bad);
    }
}

T_MAIN(
    T(test_unpack_int_gives_back_what_was_packed),
    T(test_unpack_text_never_leaves_what_is_there))
