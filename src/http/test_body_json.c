/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "http/body_json.h"
#include "http/body_plain.h"
#include "http/test_body.h"

TEST(test_body_read_json_takes_one_object)
{
    static const struct body_row rows[] = {
        ROW("{}", ""),
        ROW("{\"a\":\"b\"}", "[a=b]"),
        ROW(" \r\n\t{ \"a\" : \" b \" } \n", "[a= b ]"),
        ROW("{\"a\":null,\"b\":\"\"}", "[a: null][b=]"),
        ROW("{\"a\":1,\"b\":true,\"c\":[\"x\"]}", "[a: int 1][b: true][c: other]"),
        ROW("{\"a\":-0,\"b\":false}", "[a: int 0][b: false]"),
        ROW("{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
            "[a: int 9223372036854775807][b: int -9223372036854775808]"),
        ROW("{\"a\":9223372036854775808,\"b\":7}", "[a: other][b: int 7]"),
        ROW("{\"a\":-9223372036854775809,\"b\":7}", "[a: other][b: int 7]"),
        ROW("{\"a\":1.0,\"b\":1e2}", "[a: other][b: other]"),
        ROW("{\"a\":{\"b\":\"c\"},\"b\":1.5}", "[a: other][b: other]"),
        ROW("{\"a\":{\"b\":{},\"id\":-7},\"b\":{\"id\":\"7\"}}", "[a: id -7][b: other]"),
        ROW("{\"a\":{\"id\":7.0},\"b\":[{\"id\":7}]}", "[a: other][b: other]"),
        ROW("{\"\":\"x\"}", "[=x]"),
        ROW("{\"\\u0061\":\"\\u00e9\\ud83d\\udcc5\\n\"}",
            "[a=\xC3\xA9\xF0\x9F\x93\x85\n]"),
        ROW("{\"a\":\"\xC3\xA9\xEF\xBB\xBF\"}", "[a=\xC3\xA9\xEF\xBB\xBF]"),
    };

    body_check_takes(BODY_JSON, rows, COUNT(rows));
}

TEST(test_body_read_json_refuses_the_rest)
{
    static const Str bodies[] = {
        SI(""),
        SI("  "),
        SI("[]"),
        SI("[{}]"),
        SI("\"a\""),
        SI("null"),
        SI("1"),
        SI("{\"a\":\"b\""),
        SI("{\"a\":\"b\",}"),
        SI("{'a':'b'}"),
        SI("{\"a\":\"b\"}{}"),
        SI("{\"a\":\"b\"} x"),
        SI("{\"a\":\"b\"}\0"),
        SI("{\"a\":1,\"a\":1}"),
        SI("{\"a\":1,\"\\u0061\":1}"),
        SI("{\"x\":{\"a\":1,\"a\":1}}"),
        SI("\xEF\xBB\xBF{}"),
        SI("{\"a\":\"\xFF\"}"),
        SI("{\"\xC0\xAF\":\"a\"}"),
        SI("{\"a\":\"\\ud83d\"}"),
        SI("{\"a\":\"\\u0000\"}"),
        SI("{\"\\u0000\":\"a\"}"),
        SI("{\"a\":\"\n\"}"),
        SI("{\"a\":NaN}"),
        SI("{\"a\":01}"),
        SI("{\"a\":1e999}"),
        SI("{}/**/"),
    };

    body_check_refuses(BODY_JSON, bodies, COUNT(bodies));
}

TEST(test_body_read_json_counts_the_outermost_object_as_depth_one)
{
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        Str open = text_repeated(S("{\"a\":"), S("["), depth - 1, S(""));
        Str body = text_repeated(open, S("]"), depth - 1, S("}"));
        struct fields f = {0};

        T_FAIL(
            depth > LIMIT_JSON_DEPTH ? FAIL_PARSE_ERROR : FAIL_NONE,
            body_read_json(t_cx(), body, &f));
        T_INT(f.n, depth > LIMIT_JSON_DEPTH ? 0 : 1);
    }
}

/* n fields a0, a1, …, of "x". */
static Str object_of(size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 4096};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, i == 0 ? S("{\"a") : S(",\"a"));
        buf_add_int(&b, (int64_t)i);
        buf_add(&b, S("\":\"x\""));
    }
    buf_add(&b, S("}"));
    return buf_text(&b);
}

/* Each is read alike with a tree, or refused there. */
TEST(test_body_read_plain_reads_only_what_is_usual)
{
    static const struct {
        Str body;
        Str want; /* p == NULL: left to the other */
    } rows[] = {
        ROW("{\"a\":\"b\"}", "[a=b]"),
        ROW("\t\r\n {\n\"a\" :\"b\" ,\r\"\":\t\"\" }\n", "[a=b][=]"),
        ROW("{\"a\":\" ~\"}", "[a= ~]"),
        {SI("{\"a\":\"\x7F\"}"), {0}},
        {SI("{\"a\":\"\x1F\"}"), {0}},
        {SI("{\"a\":\"\xC3\xA9\"}"), {0}},
        {SI("{\"a\":\"\\n\"}"), {0}},
        ROW("{\"a\":null}", "[a: null]"),
        ROW("{\"a\":true,\"b\" : false }", "[a: true][b: false]"),
        ROW("{\"a\":0,\"b\":-12}", "[a: int 0][b: int -12]"),
        ROW("{\"a\":999999999999999999}", "[a: int 999999999999999999]"),
        {SI("{\"a\":1000000000000000000}"), {0}},
        {SI("{\"a\":-0}"), {0}},
        {SI("{\"a\":01}"), {0}},
        {SI("{\"a\":--1}"), {0}},
        {SI("{\"a\":-}"), {0}},
        {SI("{\"a\":1.5}"), {0}},
        {SI("{\"a\":1e5}"), {0}},
        {SI("{\"a\":1 2}"), {0}},
        {SI("{\"a\":True}"), {0}},
        {SI("{\"a\":nulll}"), {0}},
        {SI("{\"a\":}"), {0}},
        {SI("{\"a\":[]}"), {0}},
        {SI("{\"a\":1"), {0}},
        {SI("{\"a\":tru"), {0}},
        {SI("{\"a\":\"b\",\"a\":\"b\"}"), {0}},
        {SI("{\"a\":\"b\",}"), {0}},
        {SI("{\"a\":\"b\" \"c\":\"d\"}"), {0}},
        {SI("{\"a\":\"b\"}}"), {0}},
        {SI("{\"a\":\"b\"},"), {0}},
        {SI("{\"a\":\"b\""), {0}},
        {SI("{\"a\":\"b"), {0}},
        {SI("{\"a\":\""), {0}},
        {SI("{\"a\":"), {0}},
        {SI("{\"a\""), {0}},
        {SI("{\"a"), {0}},
        {SI("{a:b}"), {0}},
        {SI("{\"a\",\"b\"}"), {0}},
        {SI("{}"), {0}},
        {SI("{"), {0}},
        {SI("}"), {0}},
        {SI("\"a\":\"b\"}"), {0}},
        {SI(""), {0}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str body = str_dup(&t_cx()->mem, rows[i].body); /* so that ASan sees its end */
        struct fields f = {.n = 99};

        T_INT(body_read_plain(t_cx(), body, &f), rows[i].want.p != NULL);
        if (rows[i].want.p == NULL) {
            T_INT(f.n, 99);
        } else {
            T_STR(fields_shown(&f), rows[i].want);
            T_OK(body_read_tree(t_cx(), body, &f));
            T_STR(fields_shown(&f), rows[i].want);
        }
    }
}

TEST(test_body_read_plain_leaves_many_fields_to_the_other)
{
    for (size_t n = 8; n <= 9; n++) {
        struct fields f;

        T_INT(body_read_plain(t_cx(), object_of(n), &f), n == 8);
        T_OK(body_read_json(t_cx(), object_of(n), &f));
        T_INT(f.n, n);
    }
}

T_MAIN(
    T(test_body_read_plain_reads_only_what_is_usual),
    T(test_body_read_plain_leaves_many_fields_to_the_other),
    T(test_body_read_json_takes_one_object), T(test_body_read_json_refuses_the_rest),
    T(test_body_read_json_counts_the_outermost_object_as_depth_one))
