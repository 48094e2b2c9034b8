/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "http/url.h"

TEST(test_url_decode_undoes_escapes_once_and_strictly)
{
    static const struct {
        Str text;
        bool plus;
        enum fail kind;
        Str want;
    } rows[] = {
        {SI(""), false, FAIL_NONE, SI("")},
        {SI("plain"), false, FAIL_NONE, SI("plain")},
        {SI("%41%7a%7A%00%ff"), false, FAIL_NONE, SI("Azz\0\xFF")},
        {SI("%2541"), false, FAIL_NONE, SI("%41")},
        {SI("a+b"), false, FAIL_NONE, SI("a+b")},
        {SI("a+b%2B"), true, FAIL_NONE, SI("a b+")},
        {SI("\xC3\xA9 &="), false, FAIL_NONE, SI("\xC3\xA9 &=")},
        {SI("%"), false, FAIL_PARSE_ERROR, SI("")},
        {SI("a%4"), false, FAIL_PARSE_ERROR, SI("")},
        {SI("%4g"), false, FAIL_PARSE_ERROR, SI("")},
        {SI("%g4"), false, FAIL_PARSE_ERROR, SI("")},
        {SI("%%41"), false, FAIL_PARSE_ERROR, SI("")},
        {SI("% 41"), false, FAIL_PARSE_ERROR, SI("")},
        {SI("%+1"), true, FAIL_PARSE_ERROR, SI("")},
        {SI("%u0041"), false, FAIL_PARSE_ERROR, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str got = S("untouched");

        T_FAIL(rows[i].kind, url_decode(t_cx(), rows[i].text, rows[i].plus, &got));
        T_STR(got, rows[i].kind == FAIL_NONE ? rows[i].want : S("untouched"));
    }
}

enum { MOST = 4 };

/* Segments joined by '|', each in brackets. */
static Str segments_joined(const Str *segments, size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1000};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, S("["));
        buf_add(&b, segments[i]);
        buf_add(&b, S("]"));
    }
    return buf_text(&b);
}

TEST(test_path_split_decodes_segments_after_splitting)
{
    static const struct {
        Str path;
        enum fail kind;
        Str want;
    } rows[] = {
        {SI("/"), FAIL_NONE, SI("")},
        {SI("///"), FAIL_NONE, SI("")},
        {SI("/a"), FAIL_NONE, SI("[a]")},
        {SI("/a/b/c/d"), FAIL_NONE, SI("[a][b][c][d]")}, /* the edge */
        {SI("/a/b/c/d/"), FAIL_NONE, SI("[a][b][c][d]")},
        {SI("/a/b/c/d/e"), FAIL_NOT_FOUND, SI("")}, /* one past it */
        {SI("//a///b//"), FAIL_NONE, SI("[a][b]")},
        {SI("/a%2Fb/%2f"), FAIL_NONE, SI("[a/b][/]")},
        {SI("/%41+b/%00"), FAIL_NONE, SI("[A+b][\0]")},
        {SI("/%252F"), FAIL_NONE, SI("[%2F]")},
        {SI("/./.."), FAIL_NONE, SI("[.][..]")}, /* just names */
        {SI("/A/a"), FAIL_NONE, SI("[A][a]")},
        {SI("/a/%4"), FAIL_NOT_FOUND, SI("")},
        {SI("/%zz/a"), FAIL_NOT_FOUND, SI("")},
        {SI(""), FAIL_NOT_FOUND, SI("")},
        {SI("*"), FAIL_NOT_FOUND, SI("")},
        {SI("a/b"), FAIL_NOT_FOUND, SI("")},
        {SI("%2Fa"), FAIL_NOT_FOUND, SI("")},
        {SI("http://h/a"), FAIL_NOT_FOUND, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str segments[MOST];
        size_t n = 77;

        T_FAIL(rows[i].kind, url_path_split(t_cx(), rows[i].path, segments, MOST, &n));
        if (rows[i].kind == FAIL_NONE) {
            T_STR(segments_joined(segments, n), rows[i].want);
        } else {
            T_INT(n, 77);
        }
    }
}

TEST(test_query_parse_keeps_the_order_and_what_is_empty)
{
    static const struct {
        Str query;
        enum fail kind;
        size_t n;
        Str name, value; /* of the last */
    } rows[] = {
        {SI(""), FAIL_NONE, 0, SI(""), SI("")},
        {SI("&&"), FAIL_NONE, 0, SI(""), SI("")},
        {SI("a=1"), FAIL_NONE, 1, SI("a"), SI("1")},
        {SI("a=1&&b=2&"), FAIL_NONE, 2, SI("b"), SI("2")},
        {SI("a"), FAIL_NONE, 1, SI("a"), SI("")},
        {SI("a="), FAIL_NONE, 1, SI("a"), SI("")},
        {SI("=1"), FAIL_NONE, 1, SI(""), SI("1")},
        {SI("a=b=c"), FAIL_NONE, 1, SI("a"), SI("b=c")},
        {SI("%61%3D+=+%26%3d"), FAIL_NONE, 1, SI("a= "), SI(" &=")},
        {SI("a=1&a=2"), FAIL_NONE, 2, SI("a"), SI("2")},
        {SI("a=1;b=2"), FAIL_NONE, 1, SI("a"), SI("1;b=2")},
        {SI("a=%00\xFF"), FAIL_NONE, 1, SI("a"), SI("\0\xFF")},
        {SI("a=%"), FAIL_PARSE_ERROR, 0, SI(""), SI("")},
        {SI("%4=a"), FAIL_PARSE_ERROR, 0, SI(""), SI("")},
        {SI("a=%4&b=1"), FAIL_PARSE_ERROR, 0, SI(""), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct param untouched = {SI("x"), SI("y")};
        struct param *params = &untouched;
        size_t n = 77;

        T_FAIL(rows[i].kind, url_query_parse(t_cx(), rows[i].query, &params, &n));
        if (rows[i].kind != FAIL_NONE) {
            T_TRUE(params == &untouched && n == 77);
            continue;
        }
        T_INT(n, rows[i].n);
        if (n > 0) {
            T_STR(params[n - 1].name, rows[i].name);
            T_STR(params[n - 1].value, rows[i].value);
        }
    }
}

TEST(test_query_parse_takes_an_absent_query)
{
    struct param *params = NULL;
    size_t n = 77;

    T_OK(url_query_parse(t_cx(), (Str){NULL, 0}, &params, &n));
    T_INT(n, 0);
}

TEST(test_query_parse_counts_parameters_up_to_its_limit)
{
    for (int count = LIMIT_BODY_FIELDS; count <= LIMIT_BODY_FIELDS + 1; count++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 4 * LIMIT_BODY_FIELDS};
        struct param *params;
        size_t n = 77;

        for (int i = 0; i < count; i++) {
            buf_add(&b, S("a&"));
        }
        T_FAIL(
            count > LIMIT_BODY_FIELDS ? FAIL_PARSE_ERROR : FAIL_NONE,
            url_query_parse(t_cx(), buf_text(&b), &params, &n));
        T_INT(n, count > LIMIT_BODY_FIELDS ? 77 : LIMIT_BODY_FIELDS);
    }
}

/* [name=value] of each, ! for an unreadable value. */
static Str params_shown(const struct param *params, size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1000};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, S("["));
        buf_add(&b, params[i].name);
        buf_add(&b, params[i].is_unreadable ? S("!") : S("="));
        buf_add(&b, params[i].value);
        buf_add(&b, S("]"));
    }
    return buf_text(&b);
}

TEST(test_query_parse_each_decodes_one_by_one)
{
    static const struct {
        Str query, want;
    } rows[] = {
        {SI(""), SI("")},
        {SI("&&"), SI("")},
        {SI("a=1&&b=+%26&c"), SI("[a=1][b= &][c=]")},
        {SI("a=1&b=%&c=3"), SI("[a=1][b!][c=3]")},
        {SI("b=x%4&b=y%4g&b=%u0421"), SI("[b!][b!][b!]")},
        {SI("%zz=1&a=2"), SI("[a=2]")},
        {SI("%=%&%4"), SI("")},
        {SI("a=100%"), SI("[a!]")},
        {SI("%61=%00"), SI("[a=\0]")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct param *params;
        size_t n;

        url_query_parse_each(
            &t_cx()->mem, str_dup(&t_cx()->mem, rows[i].query), &params, &n);
        T_STR(params_shown(params, n), rows[i].want);
    }
}

TEST(test_query_parse_each_takes_any_number)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_HEAD_BYTES};
    struct param *params;
    Str value;
    size_t n;

    while (b.n < LIMIT_HEAD_BYTES - sizeof("state=s")) {
        buf_add(&b, S("a&"));
    }
    buf_add(&b, S("state=s"));
    url_query_parse_each(&t_cx()->mem, buf_text(&b), &params, &n);
    T_TRUE(n > LIMIT_BODY_FIELDS);
    T_INT(url_query_find(params, n, S("state"), &value), 1);
    T_STR(value, S("s"));
}

TEST(test_query_has_repeats_compares_all_names)
{
    static const struct {
        Str query;
        bool want;
    } rows[] = {
        {SI(""), false},
        {SI("a"), false},
        {SI("a&b&c"), false},
        {SI("a&A&aa"), false},
        {SI("a&b&a"), true},
        {SI("a=1&%61=2"), true},
        {SI("=1&=2"), true},
        {SI("a=1&a=%"), true},
        {SI("%zz=1&%zz=1"), false}, /* names that can't be decoded are left out */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct param *params;
        size_t n;

        url_query_parse_each(&t_cx()->mem, rows[i].query, &params, &n);
        T_INT(url_query_has_repeats(&t_cx()->mem, params, n), rows[i].want);
    }
}

TEST(test_query_is_unreadable_asks_for_one_name)
{
    struct param *params;
    size_t n;

    url_query_parse_each(&t_cx()->mem, S("a=1&b=%&a=%"), &params, &n);
    T_TRUE(url_query_is_unreadable(params, n, S("a"))); /* the second */
    T_TRUE(url_query_is_unreadable(params, n, S("b")));
    T_TRUE(!url_query_is_unreadable(params, n, S("c")));
}

TEST(test_query_find_counts_and_gives_the_first)
{
    static const struct param params[] = {
        {SI("a"), SI("1")},
        {SI("b"), SI("")},
        {SI("a"), SI("2")},
        {SI(""), SI("3")},
    };

    static const struct {
        Str name;
        size_t count;
        Str first;
    } rows[] = {
        {SI("a"), 2, SI("1")},
        {SI("b"), 1, SI("")},
        {SI(""), 1, SI("3")},
        {SI("A"), 0, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str value = S("replaced");

        T_INT(url_query_find(params, COUNT(params), rows[i].name, &value), rows[i].count);
        T_STR(value, rows[i].first);
    }
}

T_MAIN(
    T(test_url_decode_undoes_escapes_once_and_strictly),
    T(test_path_split_decodes_segments_after_splitting),
    T(test_query_parse_keeps_the_order_and_what_is_empty),
    T(test_query_parse_takes_an_absent_query),
    T(test_query_parse_counts_parameters_up_to_its_limit),
    T(test_query_parse_each_decodes_one_by_one),
    T(test_query_parse_each_takes_any_number),
    T(test_query_has_repeats_compares_all_names),
    T(test_query_is_unreadable_asks_for_one_name),
    T(test_query_find_counts_and_gives_the_first))
