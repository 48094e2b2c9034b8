/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/body_hint.h"
#include "http/test_body.h"

static Str hint_for(Str type, Str body)
{
    const struct http_header header = {S("Content-Type"), type};
    const struct http_request req = {
        .headers = &header,
        .n_headers = 1,
        .has_body = true,
        .body = str_dup(&t_cx()->mem, body)}; /* so that ASan sees its end */

    return body_hint(t_cx(), &req);
}

TEST(test_body_hint_says_where_json_goes_wrong)
{
    static const struct {
        Str body;
        int line, column;
        Str problem;
    } rows[] = {
        {SI("{'a':1}"), 1, 2, SI("write strings in double quotes.")},
        {SI("{\n  \"a\": 'b'\n}"), 2, 8, SI("write strings in double quotes.")},
        {SI("{\"\xC3\xA9\":'x'}"), 1, 6, SI("write strings in double quotes.")},
        {SI("{\"a\":1,}"), 1, 8, SI("remove the comma before the bracket.")},
        {SI("{\"a\":[1, ]}"), 1, 10, SI("remove the comma before the bracket.")},
        {SI("{\"a\":1,\"a\":2}"), 1, 8, SI("this name comes twice.")},
        {SI("{\"a\":1}}"), 1, 8, SI("nothing may follow the object.")},
        {SI("{\"a\":1} x"), 1, 9, SI("nothing may follow the object.")},
        {SI("\xEF\xBB\xBF{}"), 1, 1, SI("remove the byte order mark.")},
        {SI("{\"a\":\"b\"\n\"c\":\"d\"}"), 2, 1, SI("'}' expected.")},
        {SI("{\"a\" 1}"), 1, 6, SI("':' expected.")},
        {SI("{a:1}"), 1, 2, SI("string or '}' expected.")},
        {SI("{\"a\":NaN}"), 1, 6, SI("invalid token.")},
        {SI("a=b"), 1, 1, SI("invalid token.")},
        {SI("{\"a\":"), 1, 6, SI("unexpected token near end of file.")},
        {SI("\xFF"), 1, 1, SI("unable to decode byte 0xff.")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 1000};

        buf_add(&b, S("The JSON can't be read at line "));
        buf_add_int(&b, rows[i].line);
        buf_add(&b, S(", column "));
        buf_add_int(&b, rows[i].column);
        buf_add(&b, S(": "));
        buf_add(&b, rows[i].problem);
        T_STR(hint_for(S("application/json"), rows[i].body), buf_text(&b));
    }
}

TEST(test_body_hint_says_what_json_is_expected)
{
    static const struct {
        Str body, want;
    } rows[] = {
        {SI("{\"a\":1}"), SI("")},
        {SI(""), SI("The body is empty: send a JSON object.")},
        {SI(" \n"), SI("The body is empty: send a JSON object.")},
        {SI("[]"), SI("The JSON must be an object.")},
        {SI("null"), SI("The JSON must be an object.")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(hint_for(S("application/json; charset=utf-8"), rows[i].body), rows[i].want);
    }
}

TEST(test_body_hint_names_the_depth)
{
    T_STR(
        hint_for(S("application/json"), text_repeated(S(""), S("["), 33, S(""))),
        S("The JSON is nested too deep."));
}

/* Whatever is wrong, and however long it is. */
TEST(test_body_hint_always_fits)
{
    static const Str units[] = {SI("{"), SI("\""),   SI("'"),       SI("\\"),    SI("\n"),
                                SI("x"), SI("\xFF"), SI("{\"a\":"), SI("{\"x\\")};

    for (size_t i = 0; i < COUNT(units); i++) {
        (void)hint_for(S("application/json"), text_repeated(S(""), units[i], 999, S("")));
        (void)hint_for(
            S("application/json"), text_repeated(S("{\""), units[i], 999, S("")));
    }
}

#define AS_FORM                                                                          \
    "The body was read as a form and looks like JSON: send it with Content-Type: "       \
    "application/json."
#define AS_JSON "The body looks like JSON: send it with Content-Type: application/json."

TEST(test_body_hint_sees_json_under_another_type)
{
    static const struct {
        Str type, body, want;
    } rows[] = {
        {SI("application/x-www-form-urlencoded"), SI("{\"a\":1}"), SI(AS_FORM)},
        {SI("application/x-www-form-urlencoded"), SI(" [1]\n"), SI(AS_FORM)},
        {SI("Application/X-WWW-Form-Urlencoded;charset=x"), SI("{}"), SI(AS_FORM)},
        {SI("application/x-www-form-urlencoded"), SI("{a=1"), SI("")},
        {SI("application/x-www-form-urlencoded"), SI("a=}"), SI("")},
        {SI("application/x-www-form-urlencoded"), SI(""), SI("")},
        {SI("text/plain;charset=UTF-8"), SI("{\"a\":1}"), SI(AS_JSON)},
        {SI("text/json"), SI("{\"a\":1}"), SI(AS_JSON)},
        {SI("multipart/form-data; boundary=b"), SI("{\"a\":1}"), SI(AS_JSON)},
        {SI("json"), SI("{\"a\":1}"), SI(AS_JSON)},
        {SI(""), SI("{\"a\":1}"), SI(AS_JSON)},
        {SI("text/plain"), SI("a=b"), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(hint_for(rows[i].type, rows[i].body), rows[i].want);
    }
}

#define QUOTE(boundary) "Write the boundary in quotes: boundary=\"" boundary "\"."

TEST(test_body_hint_names_a_boundary_that_needs_quotes)
{
    static const struct {
        Str params, want;
    } rows[] = {
        {SI("; boundary=a:b"), SI(QUOTE("a:b"))},
        {SI(";Boundary=----=_Part_7_1.2"), SI(QUOTE("----=_Part_7_1.2"))},
        {SI("; x=y; boundary=a/b ; charset=utf-8"), SI(QUOTE("a/b"))},
        {SI("; boundary=a b"), SI(QUOTE("a b"))},
        {SI("; boundary=b"), SI("")},
        {SI("; boundary=\"a:b\""), SI("")},
        {SI("; boundary="), SI("")},
        {SI("; boundary"), SI("")},
        {SI("; boundary=\xC3\xA9"), SI("")},
        {SI("; x=a:b"), SI("")},
        {SI(""), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str type = str_cat(&t_cx()->mem, S("multipart/form-data"), rows[i].params);

        T_STR(hint_for(type, S("--")), rows[i].want);
    }
}

T_MAIN(
    T(test_body_hint_says_where_json_goes_wrong),
    T(test_body_hint_says_what_json_is_expected), T(test_body_hint_names_the_depth),
    T(test_body_hint_always_fits), T(test_body_hint_sees_json_under_another_type),
    T(test_body_hint_names_a_boundary_that_needs_quotes))
