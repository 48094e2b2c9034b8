/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/str.h"
#include "base/testing.h"

TEST(test_str_to_int_takes_only_plain_decimals)
{
    static const struct {
        Str text;
        bool ok;
        int64_t want;
    } rows[] = {
        {SI("0"), true, 0},
        {SI("007"), true, 7},
        {SI("-1"), true, -1},
        {SI("9223372036854775807"), true, INT64_MAX},
        {SI("9223372036854775808"), false, 0},
        {SI("-9223372036854775808"), true, INT64_MIN},
        {SI("-9223372036854775809"), false, 0},
        {SI(""), false, 0},
        {SI("-"), false, 0},
        {SI("+1"), false, 0},
        {SI(" 1"), false, 0},
        {SI("1 "), false, 0},
        {SI("1e3"), false, 0},
        {SI("0x1"), false, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t v = 77;

        T_INT(str_to_int(rows[i].text, &v), rows[i].ok);
        T_TRUE(v == (rows[i].ok ? rows[i].want : 77));
    }
}

TEST(test_str_is_utf8_refuses_what_unicode_refuses)
{
    static const struct {
        Str text;
        bool ok;
    } rows[] = {
        {SI(""), true},
        {SI("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x93\x85"), true},
        {SI("\xC0\xAF"), false}, /* overlong */
        {SI("\xE0\x80\xAF"), false},
        {SI("\xED\xA0\x80"), false}, /* a surrogate */
        {SI("\xED\x9F\xBF"), true},
        {SI("\xF4\x8F\xBF\xBF"), true}, /* U+10FFFF */
        {SI("\xF4\x90\x80\x80"), false},
        {SI("\x80"), false},
        {SI("\xC3"), false}, /* cut */
        {SI("\xF0\x9F\x93"), false},
        {SI("\xFF"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(str_is_utf8(rows[i].text), rows[i].ok);
    }
}

TEST(test_str_utf8_step_takes_the_longest_broken_piece)
{
    static const struct {
        Str text;
        bool ok;
        size_t step;
    } rows[] = {
        {SI("ab"), true, 1},
        {SI("\0b"), true, 1},
        {SI("\xC3\xA9z"), true, 2},
        {SI("\xF0\x9F\x93\x85"), true, 4},
        {SI("\x80\x80"), false, 1},
        {SI("\xC0\xAF"), false, 1}, /* overlong: no byte could begin one */
        {SI("\xE0\x80\xAF"), false, 1},
        {SI("\xED\xA0\x80"), false, 1},
        {SI("\xE2\x82z"), false, 2},
        {SI("\xE2\x82"), false, 2}, /* cut */
        {SI("\xF0\x9F\x93\xC3"), false, 3},
        {SI("\xFF"), false, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        bool ok = !rows[i].ok;

        T_INT(str_utf8_step(rows[i].text, &ok), rows[i].step);
        T_INT(ok, rows[i].ok);
    }
}

TEST(test_str_next_word_and_part_cut)
{
    Str rest = S(" a, b,,c ");
    Str word;
    int words = 0;

    while (str_next_word(&rest, S(" ,"), &word)) {
        T_TRUE(word.n == 1 && word.p[0] == "abc"[words]);
        words++;
    }
    T_INT(words, 3);

    Str parts = S("a..b.");
    Str want[] = {S("a"), S(""), S("b"), S("")};
    size_t n = 0;

    while (str_next_part(&parts, '.', &word)) {
        T_STR(word, want[n]);
        n++;
    }
    T_INT(n, COUNT(want));
}

TEST(test_str_sub_and_trim_never_leave_the_text)
{
    T_STR(str_sub(S("abc"), 1, 99), S("bc"));
    T_STR(str_sub(S("abc"), 5, 2), S(""));
    T_STR(str_trim(S(" \t a b \r\n")), S("a b"));
    T_STR(str_trim(S("   ")), S(""));
    T_TRUE(str_starts(S("abc"), S("ab")) && !str_starts(S("a"), S("ab")));
    T_TRUE(str_ends(S("abc"), S("bc")) && !str_ends(S("c"), S("bc")));
    T_TRUE(str_eq_nocase(S("aBc"), S("AbC")) && !str_eq_nocase(S("a"), S("b")));
    T_TRUE(str_cmp(S("a"), S("b")) < 0 && str_cmp(S("ab"), S("a")) > 0);
    T_TRUE(str_contains(S("abc"), S("bc")) && !str_contains(S("abc"), S("d")));
}

TEST(test_str_z_refuses_an_inner_nul)
{
    const char *z = "untouched";

    T_FAIL(FAIL_PARAMETER_INVALID, str_z(t_cx(), S("a\0b"), &z));
    assert_string_equal(z, "untouched");
    T_OK(str_z(t_cx(), S("ab"), &z));
    assert_string_equal(z, "ab");
}

TEST(test_str_int_writes_the_extremes)
{
    char room[STR_INT_BYTES];

    T_STR(str_int(&t_cx()->mem, INT64_MIN), S("-9223372036854775808"));
    T_STR(str_int(&t_cx()->mem, INT64_MAX), S("9223372036854775807"));
    T_STR(str_int(&t_cx()->mem, 0), S("0"));
    T_STR(str_digits(INT64_MIN, room), S("-9223372036854775808"));
}

TEST(test_str_zdup_copies_and_ends_in_nul)
{
    T_INT(strcmp(str_zdup(&t_cx()->mem, S("ab")), "ab"), 0);
    T_INT(strcmp(str_zdup(&t_cx()->mem, (Str){NULL, 0}), ""), 0);
    T_INT(strcmp(str_zdup(&t_cx()->mem, S("a\0b")), "a"), 0);
}

TEST(test_str_arg_prints_the_text_alone)
{
    char text[32];
    Str words = S("one two");

    (void)snprintf(text, sizeof(text), "<%.*s>", STR_ARG(str_sub(words, 0, 3)));
    T_INT(strcmp(text, "<one>"), 0);
}

T_MAIN(
    T(test_str_to_int_takes_only_plain_decimals),
    T(test_str_is_utf8_refuses_what_unicode_refuses),
    T(test_str_utf8_step_takes_the_longest_broken_piece),
    T(test_str_next_word_and_part_cut), T(test_str_sub_and_trim_never_leave_the_text),
    T(test_str_z_refuses_an_inner_nul), T(test_str_int_writes_the_extremes),
    T(test_str_zdup_copies_and_ends_in_nul), T(test_str_arg_prints_the_text_alone))
