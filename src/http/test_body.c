/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "http/body.h"

/* name=text, name: null, name: other; each between brackets. */
static Str shown(const struct fields *f)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1024 * 1024};

    for (size_t i = 0; i < f->n; i++) {
        static const Str words[] = {
            [FIELD_TEXT] = SI("="),
            [FIELD_NULL] = SI(": null"),
            [FIELD_OTHER] = SI(": other"),
        };

        buf_add(&b, S("["));
        buf_add(&b, f->at[i].name);
        buf_add(&b, words[f->at[i].kind]);
        buf_add(&b, f->at[i].text);
        buf_add(&b, S("]"));
    }
    return buf_text(&b);
}

struct body_row {
    Str body;
    enum fail kind;
    Str want;
};

static void check_rows(enum body_type type, const struct body_row *rows, size_t n)
{
    const struct body_media media = {type, SI("b")};

    for (size_t i = 0; i < n; i++) {
        static const struct field untouched = {SI("untouched"), SI(""), FIELD_NULL};
        struct fields f = {&untouched, 1};
        Str body = str_dup(&t_cx()->mem, rows[i].body);
        Res res = body_read(t_cx(), &media, body, &f);

        if (res.code != rows[i].kind) {
            print_error("row %zu: %.*s\n", i, (int)body.n, body.p);
        }
        T_FAIL(rows[i].kind, res);
        T_STR(
            shown(&f), rows[i].kind == FAIL_NONE ? rows[i].want : S("[untouched: null]"));
    }
}

#define TYPE(value)                                                                      \
    {                                                                                    \
        SI("Content-Type"), SI(value)                                                    \
    }
#define ENCODING(value)                                                                  \
    {                                                                                    \
        SI("Content-Encoding"), SI(value)                                                \
    }

static void test_body_media_judges_type_charset_and_encoding(void **state)
{
    static const struct {
        struct http_header headers[2];
        bool has_body;
        enum fail kind;
        enum body_type type;
        Str boundary;
    } rows[] = {
  /* none */
        {{{SI(""), SI("")}},                                             false, FAIL_NONE,                   BODY_NONE, SI("")    },
        {{{SI(""), SI("")}},                                             true,  FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
        {{TYPE("")},                                                     false, FAIL_NONE,                   BODY_NONE, SI("")    },
        {{TYPE("")},                                                     true,  FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
 /* the three */
        {{TYPE("application/json")},                                     true,  FAIL_NONE,                   BODY_JSON, SI("")    },
        {{TYPE("application/json")},                                     false, FAIL_NONE,                   BODY_JSON, SI("")    },
        {{TYPE("Application/JSON")},                                     true,  FAIL_NONE,                   BODY_JSON, SI("")    },
        {{TYPE("application/x-www-form-urlencoded")},                    true,  FAIL_NONE,                   BODY_FORM, SI("")    },
        {{TYPE("multipart/form-data; boundary=b")},
         true,                                                                  FAIL_NONE,
         BODY_MULTIPART,                                                                                                SI("b")   },
        {{TYPE("multipart/form-data; Boundary=\"b c\\d\"")},
         true,                                                                  FAIL_NONE,
         BODY_MULTIPART,                                                                                                SI("b cd")},
        {{TYPE("multipart/form-data")},
         true,                                                                  FAIL_NONE,
         BODY_MULTIPART,                                                                                                SI("")    }, /* body_read refuses it */
        {{TYPE("multipart/form-data;boundary=b;boundary=c")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
 /* others */
        {{TYPE("text/plain")},                                           true,  FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
        {{TYPE("text/plain")},                                           false, FAIL_NONE,                   BODY_NONE, SI("")    },
        {{TYPE("text/json")},                                            true,  FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
        {{TYPE("application/xml")},                                      true,  FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
        {{TYPE("application/merge-patch+json")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("multipart/mixed; boundary=b")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/*")},                                        true,  FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
 /* charset and other parameters */
        {{TYPE("application/json;charset=utf-8")},                       true,  FAIL_NONE,                   BODY_JSON, SI("")    },
        {{TYPE("application/json ; Charset=\"UTF-8\" ;")},
         true,                                                                  FAIL_NONE,
         BODY_JSON,                                                                                                     SI("")    },
        {{TYPE("application/json; x=\"a;b\\\"c\"; y=z")},
         true,                                                                  FAIL_NONE,
         BODY_JSON,                                                                                                     SI("")    },
        {{TYPE("application/json; charset=latin1")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json; charset=\"utf-16\"")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json; charset=utf-8; charset=x")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/x-www-form-urlencoded;charset=iso-8859-1")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("text/plain; charset=latin1")},
         false,                                                                 FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
 /* malformed */
        {{TYPE("json")},                                                 true,  FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
        {{TYPE("application/json charset=utf-8")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json; charset")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json; charset=")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json; charset=\"utf-8")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json, text/plain")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
 /* twice */
        {{TYPE("application/json"), TYPE("application/json")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json"), TYPE("")},                           true,  FAIL_NONE,                   BODY_JSON, SI("")    },
 /* any Content-Encoding */
        {{TYPE("application/json"), ENCODING("gzip")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json"), ENCODING("identity")},
         true,                                                                  FAIL_UNSUPPORTED_MEDIA_TYPE,
         BODY_NONE,                                                                                                     SI("")    },
        {{TYPE("application/json"), ENCODING("")},                       true,  FAIL_NONE,                   BODY_JSON, SI("")    },
        {{ENCODING("gzip")},                                             false, FAIL_UNSUPPORTED_MEDIA_TYPE, BODY_NONE, SI("")    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct http_request req = {
            .headers = rows[i].headers, .n_headers = 2, .has_body = rows[i].has_body};
        struct body_media media = {BODY_FORM, SI("untouched")};
        Res res = body_media(t_cx(), &req, &media);
        bool ok = rows[i].kind == FAIL_NONE;

        if (res.code != rows[i].kind) {
            print_error("row %zu: %s\n", i, rows[i].headers[0].value.p);
        }
        T_FAIL(rows[i].kind, res);
        T_INT(media.type, ok ? rows[i].type : BODY_FORM);
        T_STR(media.boundary, ok ? rows[i].boundary : S("untouched"));
    }
}

static void test_body_read_without_a_body_has_no_fields(void **state)
{
    static const struct body_row rows[] = {
        {SI(""), FAIL_NONE, SI("")},
    };

    (void)state;
    check_rows(BODY_NONE, rows, COUNT(rows));
}

static void test_body_read_json_takes_one_object(void **state)
{
    static const struct body_row rows[] = {
        {SI("{}"),                                               FAIL_NONE,        SI("")             },
        {SI("{\"a\":\"b\"}"),                                    FAIL_NONE,        SI("[a=b]")        },
        {SI(" \r\n\t{ \"a\" : \" b \" } \n"),                    FAIL_NONE,        SI("[a= b ]")      },
        {SI("{\"a\":null,\"b\":\"\"}"),                          FAIL_NONE,        SI("[a: null][b=]")},
        {SI("{\"a\":1,\"b\":true,\"c\":[],\"d\":{},\"e\":1.5}"), FAIL_NONE,
         SI("[a: other][b: other][c: other][d: other][e: other]")                                     },
        {SI("{\"\":\"x\"}"),                                     FAIL_NONE,        SI("[=x]")         },
        {SI("{\"\\u0061\":\"\\u00e9\\ud83d\\udcc5\\n\"}"),       FAIL_NONE,
         SI("[a=\xC3\xA9\xF0\x9F\x93\x85\n]")                                                         },
        {SI("{\"a\":\"\xC3\xA9\"}"),                             FAIL_NONE,        SI("[a=\xC3\xA9]") },
        {SI(""),                                                 FAIL_PARSE_ERROR, SI("")             },
        {SI("  "),                                               FAIL_PARSE_ERROR, SI("")             },
        {SI("[]"),                                               FAIL_PARSE_ERROR, SI("")             },
        {SI("\"a\""),                                            FAIL_PARSE_ERROR, SI("")             },
        {SI("null"),                                             FAIL_PARSE_ERROR, SI("")             },
        {SI("1"),                                                FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"b\""),                                     FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"b\",}"),                                   FAIL_PARSE_ERROR, SI("")             },
        {SI("{'a':'b'}"),                                        FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"b\"}{}"),                                  FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"b\"} x"),                                  FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"b\"}\0"),                                  FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":1,\"a\":1}"),                                FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":1,\"\\u0061\":1}"),                          FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"x\":{\"a\":1,\"a\":1}}"),                        FAIL_PARSE_ERROR, SI("")             },
        {SI("\xEF\xBB\xBF{}"),                                   FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"\xFF\"}"),                                 FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"\\ud83d\"}"),                              FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"\\u0000\"}"),                              FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"\\u0000\":\"a\"}"),                              FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":\"\n\"}"),                                   FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":NaN}"),                                      FAIL_PARSE_ERROR, SI("")             },
        {SI("{\"a\":01}"),                                       FAIL_PARSE_ERROR, SI("")             },
        {SI("{}/**/"),                                           FAIL_PARSE_ERROR, SI("")             },
    };

    (void)state;
    check_rows(BODY_JSON, rows, COUNT(rows));
}

static Str repeated(Str head, Str unit, size_t n, Str tail)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1024 * 1024};

    buf_add(&b, head);
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, unit);
    }
    buf_add(&b, tail);
    return buf_text(&b);
}

static void test_body_read_json_counts_the_outermost_object_as_depth_one(void **state)
{
    (void)state;
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        Str open = repeated(S("{\"a\":"), S("["), depth - 1, S(""));
        Str body = repeated(open, S("]"), depth - 1, S("}"));
        struct fields f = {0};

        T_FAIL(
            depth > LIMIT_JSON_DEPTH ? FAIL_PARSE_ERROR : FAIL_NONE,
            body_read_json(t_cx(), body, &f));
        T_INT(f.n, depth > LIMIT_JSON_DEPTH ? 0 : 1);
    }
}

static void test_body_read_form_is_strict(void **state)
{
    static const struct body_row rows[] = {
        {SI(""),                                 FAIL_NONE,        SI("")                        },
        {SI("a=b"),                              FAIL_NONE,        SI("[a=b]")                   },
        {SI("a=b&c=d"),                          FAIL_NONE,        SI("[a=b][c=d]")              },
        {SI("a=&b"),                             FAIL_NONE,        SI("[a=][b=]")                },
        {SI("&a=b&&"),                           FAIL_NONE,        SI("[a=b]")                   },
        {SI("a=https%3A%2F%2Fx%2F%3Fy%3D1%26z"), FAIL_NONE,        SI("[a=https://x/?y=1&z]")    },
        {SI("a=+b%20c%2B"),                      FAIL_NONE,        SI("[a= b c+]")               },
        {SI("a=b=c;d\r\n"),                      FAIL_NONE,        SI("[a=b=c;d\r\n]")           },
        {SI("a=%C3%A9&\xC3\xA9=1"),              FAIL_NONE,        SI("[a=\xC3\xA9][\xC3\xA9=1]")},
        {SI("a=1&A=2"),                          FAIL_NONE,        SI("[a=1][A=2]")              },
        {SI("a=%"),                              FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=%4"),                             FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=%4&b=c"),                         FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=%zz"),                            FAIL_PARSE_ERROR, SI("")                        },
        {SI("%=a"),                              FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=%00"),                            FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=\0"),                             FAIL_PARSE_ERROR, SI("")                        },
        {SI("a%00=b"),                           FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=\xFF"),                           FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=%ff"),                            FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=%C3&b=%A9"),                      FAIL_PARSE_ERROR, SI("")                        },
        {SI("%ff=a"),                            FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=1&a=1"),                          FAIL_PARSE_ERROR, SI("")                        },
        {SI("a=1&b=2&%61=3"),                    FAIL_PARSE_ERROR, SI("")                        },
        {SI("a&a"),                              FAIL_PARSE_ERROR, SI("")                        },
        {SI("\xEF\xBB\xBF"
            "a=b"),
         FAIL_PARSE_ERROR,                                         SI("")                        },
    };

    (void)state;
    check_rows(BODY_FORM, rows, COUNT(rows));
}

/* `count` fields of different names. */
static Str many_fields(enum body_type type, int count)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1024 * 1024};

    buf_add(&b, type == BODY_JSON ? S("{") : S(""));
    for (int i = 0; i < count; i++) {
        if (type == BODY_JSON) {
            buf_add(&b, i == 0 ? S("\"f") : S(",\"f"));
            buf_add_int(&b, i);
            buf_add(&b, S("\":\"\""));
        } else if (type == BODY_FORM) {
            buf_add(&b, S("&f"));
            buf_add_int(&b, i);
        } else {
            buf_add(&b, S("--b\r\nContent-Disposition: form-data; name=f"));
            buf_add_int(&b, i);
            buf_add(&b, S("\r\n\r\n\r\n"));
        }
    }
    buf_add(&b, type == BODY_JSON ? S("}") : S(""));
    buf_add(&b, type == BODY_MULTIPART ? S("--b--") : S(""));
    return buf_text(&b);
}

static void test_body_read_counts_fields_up_to_the_limit(void **state)
{
    (void)state;
    for (int type = BODY_JSON; type <= BODY_MULTIPART; type++) {
        const struct body_media media = {(enum body_type)type, SI("b")};

        for (int n = LIMIT_BODY_FIELDS; n <= LIMIT_BODY_FIELDS + 1; n++) {
            struct fields f = {0};
            bool ok = n <= LIMIT_BODY_FIELDS;

            T_FAIL(
                ok ? FAIL_NONE : FAIL_PARSE_ERROR,
                body_read(t_cx(), &media, many_fields(media.type, n), &f));
            T_INT(f.n, ok ? n : 0);
        }
    }
}

static void test_fields_find_knows_exact_names_only(void **state)
{
    static const struct field at[] = {
        {SI("a"), SI("1"), FIELD_TEXT},
        {SI("b"), SI("2"), FIELD_TEXT},
    };
    const struct fields f = {at, COUNT(at)};

    (void)state;
    T_TRUE(fields_find(&f, S("b")) == &at[1]);
    T_TRUE(fields_find(&f, S("B")) == NULL);
    T_TRUE(fields_find(&f, S("")) == NULL);
    T_TRUE(fields_find(&(struct fields){0}, S("a")) == NULL);
}

#define PART(name)  "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n"
#define DISP(value) "--b\r\nContent-Disposition: " value "\r\n\r\nx\r\n--b--\r\n"
#define HEAD(line)  PART("a") line "\r\n\r\nx\r\n--b--\r\n"

static void test_body_read_multipart_takes_what_clients_send(void **state)
{
    static const struct body_row rows[] = {
        {SI("--b--"),                                                                     FAIL_NONE, SI("")             },
        {SI("--b--\r\n"),                                                                 FAIL_NONE, SI("")             },
        {SI(PART("a") "\r\nx\r\n--b--\r\n"),                                              FAIL_NONE, SI("[a=x]")        },
        {SI(PART("a") "\r\nx\r\n--b--"),                                                  FAIL_NONE, SI("[a=x]")        },
        {SI(PART("a") "\r\nx\r\n" PART("b") "\r\n y \r\n--b--\r\n"),                      FAIL_NONE,
         SI("[a=x][b= y ]")                                                                                             },
        {SI(PART("a") "\r\n\r\n--b--\r\n"),                                               FAIL_NONE, SI("[a=]")         },
        {SI(PART("a") "\r\n--b--\r\n"),                                                   FAIL_NONE, SI("[a=]")         }, /* no content at all */
        {SI(PART("a") "\r\n\r\nx\r\n\r\n--b--\r\n"),                                      FAIL_NONE, SI("[a=\r\nx\r\n]")},
        {SI(PART("a") "\r\nx\n--b\n--\r-b--\r\n--b--\r\n"),                               FAIL_NONE,
         SI("[a=x\n--b\n--\r-b--]")                                                                                     },
        {SI(PART("a") "\r\nx--b--\r\n--b--\r\n"),                                         FAIL_NONE, SI("[a=x--b--]")   },
        {SI(PART("a") "\r\n\xC3\xA9\r\n--b--\r\n"),                                       FAIL_NONE, SI("[a=\xC3\xA9]") },
        {SI(PART("\xC3\xA9\\\"\\\\ ;") "\r\nx\r\n--b--\r\n"),                             FAIL_NONE,
         SI("[\xC3\xA9\"\\ ;=x]")                                                                                       },
 /* preamble, epilogue, padding */
        {SI("this is ignored\r\n" PART("a") "\r\nx\r\n--b--\r\n"),                        FAIL_NONE,
         SI("[a=x]")                                                                                                    },
        {SI("\r\n" PART("a") "\r\nx\r\n--b--\r\nso is this\0\xFF"),                       FAIL_NONE,
         SI("[a=x]")                                                                                                    },
        {SI(PART("a") "\r\nx\r\n--b--\r\n" PART("b")),                                    FAIL_NONE, SI("[a=x]")        },
        {SI("--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b-- \t\r\n"),
         FAIL_NONE,                                                                                  SI("[a=x]")        },
 /* the disposition */
        {SI(DISP("form-data; name=a")),                                                   FAIL_NONE, SI("[a=x]")        },
        {SI(DISP("FORM-DATA ; NAME=\"a\" ;")),                                            FAIL_NONE, SI("[a=x]")        },
        {SI(DISP("form-data; x=y; name=a")),                                              FAIL_NONE, SI("[a=x]")        },
        {SI("--b\r\ncontent-disposition:form-data;name=a\r\n\r\nx\r\n--b--"),             FAIL_NONE,
         SI("[a=x]")                                                                                                    },
 /* files */
        {SI(DISP("form-data; name=a; filename=\"f.txt\"")),                               FAIL_NONE, SI("[a: other]")   },
        {SI(DISP("form-data; filename=\"\"; name=a")),                                    FAIL_NONE, SI("[a: other]")   },
        {SI(DISP("form-data; name=a; filename*=UTF-8''f")),                               FAIL_NONE, SI("[a: other]")   },
        {SI("--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n"
            "Content-Type: image/png\r\n\r\n\x89PNG\0\xFF\r\n--b--"),
         FAIL_NONE,                                                                                  SI("[a: other]")   },
 /* other headers */
        {SI(HEAD("Content-Type: text/plain")),                                            FAIL_NONE, SI("[a=x]")        },
        {SI(HEAD("Content-Type: text/plain; charset=\"Utf-8\"")),                         FAIL_NONE, SI("[a=x]")        },
        {SI(HEAD("Content-Transfer-Encoding: 8BIT")),                                     FAIL_NONE, SI("[a=x]")        },
        {SI(HEAD("Content-Transfer-Encoding: binary")),                                   FAIL_NONE, SI("[a=x]")        },
        {SI(HEAD("Content-Transfer-Encoding:7bit")),                                      FAIL_NONE, SI("[a=x]")        },
        {SI(HEAD("X-Other: \xC3\xA9 \"\r\nX-Other:")),                                    FAIL_NONE, SI("[a=x]")        },
    };

    (void)state;
    check_rows(BODY_MULTIPART, rows, COUNT(rows));
}

static void test_body_read_multipart_refuses_the_rest(void **state)
{
    static const Str rows[] = {
        SI(""),
        SI("--b"),
        SI("--b-"),
        SI("--b\r\n"),
        SI("\n--b--"),
        SI("x--b--"),
        SI("--c--"),
        SI("--b--x"),
        SI("--b--\n"),
        SI("\xEF\xBB\xBF--b--"),
        SI("\xEF\xBB\xBF\r\n--b--"),
        /* delimiters */
        SI(PART("a") "\r\nx"),
        SI(PART("a") "\r\nx\r\n"),
        SI(PART("a") "\r\nx\r\n--b"),
        SI(PART("a") "\r\nx\r\n--b-"),
        SI(PART("a") "\r\nx\r\n--b\r\n"),
        SI(PART("a") "\r\nx\n--b--\n"),
        SI(PART("a") "\r\nx\r\n--bb\r\n--b--"),
        SI(PART("a") "\r\nx\r\n--b -\r\n--b--"),
        SI("--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\n"),
        SI("--b\r\n--b--"),
        SI("--b\r\n\r\n--b--"),
        SI("--b\r\n\r\nx\r\n--b--"),
        SI("--b\r\n--b:\r\n"
           "Content-Disposition: form-data; name=a\r\n\r\nx\r\n--b--"),
        /* a part's name */
        SI(DISP("form-data")),
        SI(DISP("form-data; name")),
        SI(DISP("form-data; name=")),
        SI(DISP("form-data; name=\"\"")),
        SI(DISP("form-data; name=\"a")),
        SI(DISP("form-data; name=a b")),
        SI(DISP("form-data; name=\"a\"b")),
        SI(DISP("form-data; name=a; name=b")),
        SI(DISP("form-data; name=\"\"; name=b")),
        SI(DISP("form-data; name*=UTF-8''a")),
        SI(DISP("form-data; filename=f")),
        SI(DISP("form-data, name=a")),
        SI(DISP("attachment; name=a")),
        SI(DISP("; name=a")),
        SI("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"),
        SI(PART("a") "\r\nx\r\n" PART("a") "\r\ny\r\n--b--"),
        SI(PART("a") "\r\nx\r\n" PART(
            "c") "\r\nx\r\n"
                 "--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n\r\n--b--"),
        /* headers */
        SI(HEAD("Content-Disposition: form-data; name=a")),
        SI(HEAD("Content-Type: text/plain\r\nContent-Type: text/plain")),
        SI(HEAD("Content-Type: text/plain; charset=latin1")),
        SI(HEAD("Content-Type: text")),
        SI(HEAD("Content-Type: text/plain; charset")),
        SI(HEAD("Content-Type:")),
        SI(HEAD("Content-Transfer-Encoding: base64")),
        SI(HEAD("Content-Transfer-Encoding: quoted-printable")),
        SI(HEAD("Content-Transfer-Encoding:")),
        SI(HEAD("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: 7bit")),
        SI(HEAD("no colon")),
        SI(HEAD("X-Space : a")),
        SI(HEAD(" folded: a")),
        SI(HEAD("X-Folded: a\r\n b")),
        SI(HEAD(": a")),
        SI(HEAD("X-Nul: \0")),
        SI(HEAD("X-Cr: \r a")),
        SI(HEAD("X-Lf: \n a")),
        SI(HEAD("X-Latin: \xE9")),
        SI("--b\r\nContent-Disposition: form-data; name=a\r\n--b--"),
        SI("--b\r\nContent-Disposition: form-data; name=a\r\nx\r\n--b--"),
        SI("--b\r\nContent-Disposition: form-data; name=\"a\0\"\r\n\r\nx\r\n--b--"),
        SI("--b\r\nContent-Disposition: form-data; name=\"\xFF\"\r\n\r\nx\r\n--b--"),
        /* text */
        SI(PART("a") "\r\n\0\r\n--b--"),
        SI(PART("a") "\r\n\xFF\r\n--b--"),
        SI(PART("a") "\r\n\xC3\r\n--b--"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct body_row row = {rows[i], FAIL_PARSE_ERROR, SI("")};

        check_rows(BODY_MULTIPART, &row, 1);
    }
}

static void test_body_read_multipart_checks_the_boundary(void **state)
{
    static const struct {
        Str boundary;
        bool ok;
    } rows[] = {
        {SI("b"),                                                                       true },
        {SI("azAZ09'()+_,-./:=? b"),                                                    true },
        {SI("----WebKitFormBoundary7MA4YWxkTrZu0gW"),                                   true },
        {SI("1234567890123456789012345678901234567890123456789012345678901234567890"),
         true                                                                                },
        {SI("12345678901234567890123456789012345678901234567890123456789012345678901"),
         false                                                                               },
        {SI(""),                                                                        false},
        {SI("b "),                                                                      false},
        {SI(" "),                                                                       false},
        {SI("b\r\n"),                                                                   false},
        {SI("b\0"),                                                                     false},
        {SI("b;"),                                                                      false},
        {SI("\xC3\xA9"),                                                                false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Str body = str_cat(&t_cx()->mem, S("--"), rows[i].boundary);
        struct fields f = {NULL, 77};

        body = str_cat(&t_cx()->mem, body, S("--"));
        T_FAIL(
            rows[i].ok ? FAIL_NONE : FAIL_PARSE_ERROR,
            body_read_multipart(t_cx(), body, rows[i].boundary, &f));
        T_INT(f.n, rows[i].ok ? 0 : 77);
    }
}

T_MAIN(
    T(test_body_media_judges_type_charset_and_encoding),
    T(test_body_read_without_a_body_has_no_fields),
    T(test_body_read_json_takes_one_object),
    T(test_body_read_json_counts_the_outermost_object_as_depth_one),
    T(test_body_read_form_is_strict), T(test_body_read_counts_fields_up_to_the_limit),
    T(test_fields_find_knows_exact_names_only),
    T(test_body_read_multipart_takes_what_clients_send),
    T(test_body_read_multipart_refuses_the_rest),
    T(test_body_read_multipart_checks_the_boundary))
