/* SPDX-License-Identifier: Apache-2.0 */
#include "api/endpoints.h"
#include "base/testing.h"

static const Str colours[] = {SI("RED"), SI("BLUE")};
static const struct api_field fields[] = {
    {.name = SI("colour"), .is_required = true, .choices = colours, .n_choices = 2},
    {.name = SI("target"),      .is_required = true                        },
    {.name = SI("note"),.is_nullable = true},
};
static const struct api_shape shape = {SI("Thing"), fields, COUNT(fields)};

static struct http_header media = {SI("Content-Type"), SI("application/json")};

static struct http_request request(Str body)
{
    return (struct http_request){
        .method = METHOD_POST,
        .headers = &media,
        .n_headers = 1,
        .body = body,
        .has_body = true};
}

static const struct row {
    const char *name;
    Str body;
    enum fail want;
    Str colour, target;
    Str colour_error, target_error; /* empty: none */
} rows[] = {
    {"all is well",                           SI("{\"colour\":\"RED\",\"target\":\"t\"}"),             FAIL_NONE,              SI("RED"),
     SI("t"),                                                                                                                                         SI(""),                               SI("")                           },
    {"white space around",                    SI("{\"colour\":\" BLUE\\n\",\"target\":\"\\t t t \"}"),
     FAIL_NONE,                                                                                                                SI("BLUE"), SI("t t"), SI(""),                               SI("")                           },
    {"unknown fields are ignored",
     SI("{\"colour\":\"RED\",\"target\":\"t\",\"more\":[1]}"),                                         FAIL_NONE,              SI("RED"),
     SI("t"),                                                                                                                                         SI(""),                               SI("")                           },
    {"both missing",                          SI("{}"),                                                FAIL_PARAMETER_INVALID, SI(""),     SI(""),
     SI("This field is required."),                                                                                                                                                         SI("This field is required.")    },
    {"both null",                             SI("{\"colour\":null,\"target\":null}"),                 FAIL_PARAMETER_INVALID, SI(""),
     SI(""),                                                                                                                                          SI("This field may not be null."),    SI("This field may not be null.")},
    {"both empty",                            SI("{\"colour\":\"\",\"target\":\"\"}"),                 FAIL_PARAMETER_INVALID,
     SI(""),                                                                                                                               SI(""),    SI("\"\" is not a valid choice."),
     SI("This field may not be blank.")                                                                                                                                                                                      },
    {"both blank",                            SI("{\"colour\":\" \",\"target\":\" \\t\"}"),            FAIL_PARAMETER_INVALID,
     SI(""),                                                                                                                               SI(""),    SI("\"\" is not a valid choice."),
     SI("This field may not be blank.")                                                                                                                                                                                      },
    {"numbers",                               SI("{\"colour\":1,\"target\":2.5}"),                     FAIL_PARAMETER_INVALID, SI(""),
     SI(""),                                                                                                                                          SI("Not a valid string."),            SI("Not a valid string.")        },
    {"an array and an object",                SI("{\"colour\":[],\"target\":{}}"),
     FAIL_PARAMETER_INVALID,                                                                                                   SI(""),     SI(""),    SI("Not a valid string."),
     SI("Not a valid string.")                                                                                                                                                                                               },
    {"booleans",                              SI("{\"colour\":true,\"target\":false}"),                FAIL_PARAMETER_INVALID, SI(""),
     SI(""),                                                                                                                                          SI("Not a valid string."),            SI("Not a valid string.")        },
    {"no such choice, in other capitals too", SI("{\"colour\":\"red\",\"target\":\"t\"}"),
     FAIL_PARAMETER_INVALID,                                                                                                   SI(""),     SI("t"),   SI("\"red\" is not a valid choice."),
     SI("")                                                                                                                                                                                                                  },
    {"one is well, the other is not",         SI("{\"colour\":\"RED\"}"),                              FAIL_PARAMETER_INVALID,
     SI("RED"),                                                                                                                            SI(""),    SI(""),                               SI("This field is required.")    },
};

static Str error_of(const struct call *c, Str field)
{
    for (size_t i = 0; i < c->n_errors; i++) {
        if (str_eq(c->errors[i].field, field)) {
            return c->errors[i].message;
        }
    }
    return S("");
}

static void test_call_read_body_speaks_as_drf(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_request req = request(rows[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        Str in[COUNT(fields)];

        print_message("%s\n", rows[i].name);
        T_FAIL(rows[i].want, call_read_body(&c, &shape, in));
        T_STR(in[0], rows[i].colour);
        T_STR(in[1], rows[i].target);
        T_STR(in[2], S(""));
        T_STR(error_of(&c, S("colour")), rows[i].colour_error);
        T_STR(error_of(&c, S("target")), rows[i].target_error);
        T_INT(c.n_errors, (rows[i].colour_error.n > 0) + (rows[i].target_error.n > 0));
    }
}

static void test_call_read_body_lets_the_optional_be_absent_or_null(void **state)
{
    static const struct {
        Str body, want;
    } notes[] = {
        {SI("{\"colour\":\"RED\",\"target\":\"t\"}"),                SI("") },
        {SI("{\"colour\":\"RED\",\"target\":\"t\",\"note\":null}"),  SI("") },
        {SI("{\"colour\":\"RED\",\"target\":\"t\",\"note\":\"n\"}"), SI("n")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(notes); i++) {
        struct http_request req = request(notes[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        Str in[COUNT(fields)];

        T_OK(call_read_body(&c, &shape, in));
        T_STR(in[2], notes[i].want);
    }
}

static void test_call_read_body_reads_forms_and_nothing(void **state)
{
    struct http_header form = {S("Content-Type"), S("application/x-www-form-urlencoded")};
    struct http_request req = request(S("colour=RED&target=+a%20b"));
    struct call c = {.cx = t_cx(), .req = &req};
    Str in[COUNT(fields)];

    (void)state;
    req.headers = &form;
    T_OK(call_read_body(&c, &shape, in));
    T_STR(in[0], S("RED"));
    T_STR(in[1], S("a b"));
    req = (struct http_request){.method = METHOD_POST};
    T_FAIL(FAIL_PARAMETER_INVALID, call_read_body(&c, &shape, in));
    T_STR(error_of(&c, S("colour")), S("This field is required."));
}

static void test_call_read_body_looks_at_type_then_size_then_text(void **state)
{
    static const struct http_header text = {SI("Content-Type"), SI("text/plain")};

    static const struct {
        bool is_text, is_large;
        Str body;
        enum fail want;
    } cases[] = {
        {true,  true,  SI("{"),  FAIL_UNSUPPORTED_MEDIA_TYPE},
        {true,  false, SI("{"),  FAIL_UNSUPPORTED_MEDIA_TYPE},
        {false, true,  SI("{"),  FAIL_PAYLOAD_TOO_LARGE     },
        {false, false, SI("{"),  FAIL_PARSE_ERROR           },
        {false, false, SI(""),   FAIL_PARSE_ERROR           },
        {false, false, SI("{}"), FAIL_PARAMETER_INVALID     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_request req = request(cases[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        Str in[COUNT(fields)];

        req.headers = cases[i].is_text ? &text : &media;
        req.body_too_large = cases[i].is_large;
        T_FAIL(cases[i].want, call_read_body(&c, &shape, in));
        T_INT(c.n_errors > 0, cases[i].want == FAIL_PARAMETER_INVALID);
    }
}

T_MAIN(
    T(test_call_read_body_speaks_as_drf),
    T(test_call_read_body_lets_the_optional_be_absent_or_null),
    T(test_call_read_body_reads_forms_and_nothing),
    T(test_call_read_body_looks_at_type_then_size_then_text))
