/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "api/call.h"
#include "base/limits.h"
#include "base/testing.h"

static struct http_answer answer;

static struct call call_new(enum format format)
{
    answer = (struct http_answer){0};
    (void)snprintf(t_cx()->request_id, sizeof(t_cx()->request_id), "req-1");
    return (struct call){.cx = t_cx(), .answer = &answer, .format = format};
}

static Str header(Str name)
{
    for (size_t i = 0; i < answer.n_extra; i++) {
        if (str_eq_nocase(answer.extra[i].name, name)) {
            return answer.extra[i].value;
        }
    }
    return S("");
}

static void test_call_answer_fail_writes_the_envelope(void **state)
{
    struct call c = call_new(FORMAT_IS_JSON);

    (void)state;
    T_FAIL(FAIL_LIMIT, fail(t_cx(), FAIL_LIMIT, "an inner reason"));
    call_answer_fail(&c, FAIL_NOT_FOUND);
    T_INT(answer.status, 404);
    T_STR(answer.content_type, S("application/json"));
    T_STR(
        answer.body,
        S("{\"code\":\"not_found\",\"field_errors\":{},\"message\":\"There is nothing "
          "here, or nothing that this credential may see.\",\"type\":"
          "\"invalid_request_error\"}"));
    T_INT(answer.n_extra, 0);
}

static void test_call_answer_fail_gathers_field_errors(void **state)
{
    struct call c = call_new(FORMAT_IS_JSON);

    (void)state;
    T_FAIL(FAIL_PARAMETER_INVALID, call_field_error(&c, S("a"), S("one \"quoted\"")));
    T_FAIL(FAIL_PARAMETER_INVALID, call_field_error(&c, S("b"), S("two")));
    T_FAIL(FAIL_PARAMETER_INVALID, call_field_error(&c, S("a"), S("three")));
    call_answer_fail(&c, FAIL_PARAMETER_INVALID);
    T_INT(answer.status, 400);
    T_TRUE(str_contains(
        answer.body,
        S("\"field_errors\":{\"a\":[\"one \\\"quoted\\\"\",\"three\"],\"b\":[\"two\"]}")));

    c.format = FORMAT_IS_XML;
    call_answer_fail(&c, FAIL_PARAMETER_INVALID);
    T_STR(answer.content_type, S("application/xml; charset=utf-8"));
    T_TRUE(str_contains(
        answer.body,
        S("<code>parameter_invalid</code><field_errors><a><list-item>one "
          "&quot;quoted&quot;</list-item><list-item>three</list-item></a><b><list-item>two"
          "</list-item></b></field_errors>")));
}

static void test_call_answer_fail_challenges(void **state)
{
    static const enum fail kinds[] = {FAIL_NOT_AUTHENTICATED, FAIL_AUTHENTICATION_FAILED};

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct call c = call_new(FORMAT_IS_JSON);

        call_answer_fail(&c, kinds[i]);
        T_INT(answer.status, 401);
        T_STR(
            header(S("WWW-Authenticate")),
            S("Token realm=\"caldock\", JWT realm=\"caldock\", Bearer "
              "realm=\"caldock\""));
    }
}

static void test_call_answer_fail_says_when_to_come_again(void **state)
{
    static const struct {
        enum fail kind;
        int64_t noted;
        Str want;
    } rows[] = {
        {FAIL_UNAVAILABLE,  0,  SI("1") },
        {FAIL_UNAVAILABLE,  5,  SI("5") },
        {FAIL_THROTTLED,    17, SI("17")},
        {FAIL_SOURCE_ERROR, 0,  SI("")  },
        {FAIL_SOURCE_ERROR, 30, SI("30")},
        {FAIL_NOT_FOUND,    0,  SI("")  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(FORMAT_IS_JSON);

        c.retry_after_s = rows[i].noted;
        call_answer_fail(&c, rows[i].kind);
        T_STR(header(S("Retry-After")), rows[i].want);
    }
}

static void test_call_answer_fail_of_ours_names_the_request_only(void **state)
{
    struct call c = call_new(FORMAT_IS_JSON);

    (void)state;
    T_FAIL(FAIL_LIMIT, fail(t_cx(), FAIL_LIMIT, "an inner reason"));
    call_answer_fail(&c, FAIL_LIMIT);
    T_INT(answer.status, 500);
    T_TRUE(str_contains(answer.body, S("\"code\":\"internal_error\"")));
    T_TRUE(str_contains(answer.body, S("req-1")));
    T_TRUE(!str_contains(answer.body, S("inner")));
}

/* The largest body quoted back in its costliest form still fits. */
static void test_call_answer_fail_always_fits(void **state)
{
    char *bytes = NEW_N(&t_cx()->mem, char, LIMIT_BODY_BYTES);

    (void)state;
    for (size_t i = 0; i < LIMIT_BODY_BYTES; i++) {
        bytes[i] = 1;
    }
    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        struct call c = call_new((enum format)format);

        (void)call_field_error(&c, S("calendar_source"), (Str){bytes, LIMIT_BODY_BYTES});
        call_answer_fail(&c, FAIL_PARAMETER_INVALID);
        T_TRUE(answer.body.n > LIMIT_BODY_BYTES);
    }
}

static void test_call_url_is_below_the_public_url(void **state)
{
    struct settings settings = {.public_url = S("https://cal.example/dock")};
    struct call c = call_new(FORMAT_IS_JSON);

    (void)state;
    c.settings = &settings;
    T_STR(call_url(&c, S("/a?b=c")), S("https://cal.example/dock/a?b=c"));
}

T_MAIN(
    T(test_call_answer_fail_writes_the_envelope),
    T(test_call_answer_fail_gathers_field_errors), T(test_call_answer_fail_challenges),
    T(test_call_answer_fail_says_when_to_come_again),
    T(test_call_answer_fail_of_ours_names_the_request_only),
    T(test_call_answer_fail_always_fits), T(test_call_url_is_below_the_public_url))
