/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "http/url.h"

static void test_url_decode_undoes_escapes_once_and_strictly(void **state)
{
    static const struct {
        Str text;
        bool plus;
        enum fail kind;
        Str want;
    } rows[] = {
        {SI(""),                false, FAIL_NONE,        SI("")           },
        {SI("plain"),           false, FAIL_NONE,        SI("plain")      },
        {SI("%41%7a%7A%00%ff"), false, FAIL_NONE,        SI("Azz\0\xFF")  },
        {SI("%2541"),           false, FAIL_NONE,        SI("%41")        },
        {SI("a+b"),             false, FAIL_NONE,        SI("a+b")        },
        {SI("a+b%2B"),          true,  FAIL_NONE,        SI("a b+")       },
        {SI("\xC3\xA9 &="),     false, FAIL_NONE,        SI("\xC3\xA9 &=")},
        {SI("%"),               false, FAIL_PARSE_ERROR, SI("")           },
        {SI("a%4"),             false, FAIL_PARSE_ERROR, SI("")           },
        {SI("%4g"),             false, FAIL_PARSE_ERROR, SI("")           },
        {SI("%g4"),             false, FAIL_PARSE_ERROR, SI("")           },
        {SI("%%41"),            false, FAIL_PARSE_ERROR, SI("")           },
        {SI("% 41"),            false, FAIL_PARSE_ERROR, SI("")           },
        {SI("%+1"),             true,  FAIL_PARSE_ERROR, SI("")           },
        {SI("%u0041"),          false, FAIL_PARSE_ERROR, SI("")           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Str got = S("untouched");

        T_FAIL(rows[i].kind, url_decode(t_cx(), rows[i].text, rows[i].plus, &got));
        T_STR(got, rows[i].kind == FAIL_NONE ? rows[i].want : S("untouched"));
    }
}

enum { MOST = 4 };

/* Segments joined by '|', each in brackets. */
static Str joined(const Str *segments, size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1000};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, S("["));
        buf_add(&b, segments[i]);
        buf_add(&b, S("]"));
    }
    return buf_text(&b);
}

static void test_path_split_decodes_segments_after_splitting(void **state)
{
    static const struct {
        Str path;
        enum fail kind;
        Str want;
    } rows[] = {
        {SI("/"),          FAIL_NONE,      SI("")            },
        {SI("///"),        FAIL_NONE,      SI("")            },
        {SI("/a"),         FAIL_NONE,      SI("[a]")         },
        {SI("/a/b/c/d"),   FAIL_NONE,      SI("[a][b][c][d]")}, /* the edge */
        {SI("/a/b/c/d/"),  FAIL_NONE,      SI("[a][b][c][d]")},
        {SI("/a/b/c/d/e"), FAIL_NOT_FOUND, SI("")            }, /* one past it */
        {SI("//a///b//"),  FAIL_NONE,      SI("[a][b]")      },
        {SI("/a%2Fb/%2f"), FAIL_NONE,      SI("[a/b][/]")    },
        {SI("/%41+b/%00"), FAIL_NONE,      SI("[A+b][\0]")   },
        {SI("/%252F"),     FAIL_NONE,      SI("[%2F]")       },
        {SI("/./.."),      FAIL_NONE,      SI("[.][..]")     }, /* just names */
        {SI("/A/a"),       FAIL_NONE,      SI("[A][a]")      },
        {SI("/a/%4"),      FAIL_NOT_FOUND, SI("")            },
        {SI("/%zz/a"),     FAIL_NOT_FOUND, SI("")            },
        {SI(""),           FAIL_NOT_FOUND, SI("")            },
        {SI("*"),          FAIL_NOT_FOUND, SI("")            },
        {SI("a/b"),        FAIL_NOT_FOUND, SI("")            },
        {SI("%2Fa"),       FAIL_NOT_FOUND, SI("")            },
        {SI("http://h/a"), FAIL_NOT_FOUND, SI("")            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Str segments[MOST];
        size_t n = 77;

        T_FAIL(rows[i].kind, path_split(t_cx(), rows[i].path, segments, MOST, &n));
        if (rows[i].kind == FAIL_NONE) {
            T_STR(joined(segments, n), rows[i].want);
        } else {
            T_INT(n, 77);
        }
    }
}

static void test_query_parse_keeps_the_order_and_what_is_empty(void **state)
{
    static const struct {
        Str query;
        enum fail kind;
        size_t n;
        Str name, value; /* of the last */
    } rows[] = {
        {SI(""),                FAIL_NONE,        0, SI(""),    SI("")      },
        {SI("&&"),              FAIL_NONE,        0, SI(""),    SI("")      },
        {SI("a=1"),             FAIL_NONE,        1, SI("a"),   SI("1")     },
        {SI("a=1&&b=2&"),       FAIL_NONE,        2, SI("b"),   SI("2")     },
        {SI("a"),               FAIL_NONE,        1, SI("a"),   SI("")      },
        {SI("a="),              FAIL_NONE,        1, SI("a"),   SI("")      },
        {SI("=1"),              FAIL_NONE,        1, SI(""),    SI("1")     },
        {SI("a=b=c"),           FAIL_NONE,        1, SI("a"),   SI("b=c")   },
        {SI("%61%3D+=+%26%3d"), FAIL_NONE,        1, SI("a= "), SI(" &=")   },
        {SI("a=1&a=2"),         FAIL_NONE,        2, SI("a"),   SI("2")     },
        {SI("a=1;b=2"),         FAIL_NONE,        1, SI("a"),   SI("1;b=2") },
        {SI("a=%00\xFF"),       FAIL_NONE,        1, SI("a"),   SI("\0\xFF")},
        {SI("a=%"),             FAIL_PARSE_ERROR, 0, SI(""),    SI("")      },
        {SI("%4=a"),            FAIL_PARSE_ERROR, 0, SI(""),    SI("")      },
        {SI("a=%4&b=1"),        FAIL_PARSE_ERROR, 0, SI(""),    SI("")      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct param untouched = {SI("x"), SI("y")};
        struct param *params = &untouched;
        size_t n = 77;

        T_FAIL(rows[i].kind, query_parse(t_cx(), rows[i].query, &params, &n));
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

static void test_query_parse_takes_an_absent_query(void **state)
{
    struct param *params = NULL;
    size_t n = 77;

    (void)state;
    T_OK(query_parse(t_cx(), (Str){NULL, 0}, &params, &n));
    T_INT(n, 0);
}

static void test_query_parse_counts_parameters_up_to_its_limit(void **state)
{
    (void)state;
    for (int count = LIMIT_BODY_FIELDS; count <= LIMIT_BODY_FIELDS + 1; count++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 4 * LIMIT_BODY_FIELDS};
        struct param *params;
        size_t n = 77;

        for (int i = 0; i < count; i++) {
            buf_add(&b, S("a&"));
        }
        T_FAIL(
            count > LIMIT_BODY_FIELDS ? FAIL_PARSE_ERROR : FAIL_NONE,
            query_parse(t_cx(), buf_text(&b), &params, &n));
        T_INT(n, count > LIMIT_BODY_FIELDS ? 77 : LIMIT_BODY_FIELDS);
    }
}

static void test_query_find_counts_and_gives_the_first(void **state)
{
    static const struct param params[] = {
        {SI("a"), SI("1")},
        {SI("b"), SI("") },
        {SI("a"), SI("2")},
        {SI(""),  SI("3")},
    };

    static const struct {
        Str name;
        size_t count;
        Str first;
    } rows[] = {
        {SI("a"), 2, SI("1")},
        {SI("b"), 1, SI("") },
        {SI(""),  1, SI("3")},
        {SI("A"), 0, SI("") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Str value = S("replaced");

        T_INT(query_find(params, COUNT(params), rows[i].name, &value), rows[i].count);
        T_STR(value, rows[i].first);
    }
}

T_MAIN(
    T(test_url_decode_undoes_escapes_once_and_strictly),
    T(test_path_split_decodes_segments_after_splitting),
    T(test_query_parse_keeps_the_order_and_what_is_empty),
    T(test_query_parse_takes_an_absent_query),
    T(test_query_parse_counts_parameters_up_to_its_limit),
    T(test_query_find_counts_and_gives_the_first))
