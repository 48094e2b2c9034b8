/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "api/call.h"
#include "base/limits.h"
#include "base/testing.h"

static struct http_answer answer;

static struct call failing_call(enum format format)
{
    answer = (struct http_answer){0};
    (void)snprintf(t_cx()->request_id, sizeof(t_cx()->request_id), "req-1");
    return (struct call){.cx = t_cx(), .answer = &answer, .format = format};
}

static Str extra_header(Str name)
{
    for (size_t i = 0; i < answer.n_extra; i++) {
        if (str_eq_nocase(answer.extra[i].name, name)) {
            return answer.extra[i].value;
        }
    }
    return S("");
}

TEST(test_call_answer_fail_writes_the_envelope)
{
    struct call c = failing_call(FORMAT_IS_JSON);

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

TEST(test_call_answer_fail_gathers_field_errors)
{
    struct call c = failing_call(FORMAT_IS_JSON);

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

TEST(test_call_hint_stands_behind_the_message)
{
    struct call c = failing_call(FORMAT_IS_JSON);

    call_hint(&c, S(""));
    call_hint(&c, S("The last page is 1."));
    call_hint(&c, S("Or \"two\"?"));
    call_answer_fail(&c, FAIL_NOT_FOUND);
    T_TRUE(str_contains(
        answer.body, S("may see. The last page is 1. Or \\\"two\\\"?\",\"type\"")));
}

TEST(test_call_hint_leaves_out_what_is_past_its_limit)
{
    char *bytes = NEW_N(&t_cx()->mem, char, CALL_HINT_BYTES);
    struct call c = failing_call(FORMAT_IS_JSON);

    memset(bytes, 1, CALL_HINT_BYTES);
    call_hint(&c, (Str){bytes, CALL_HINT_BYTES});
    T_INT(c.hint.n, 0);
    call_hint(&c, (Str){bytes, CALL_HINT_BYTES - 1});
    T_INT(c.hint.n, CALL_HINT_BYTES - 1);
    call_hint(&c, S("x"));
    T_INT(c.hint.n, CALL_HINT_BYTES - 1);
    call_answer_fail(&c, FAIL_NOT_FOUND);
    T_INT(answer.status, 404);
}

TEST(test_call_answer_fail_challenges)
{
    static const enum fail kinds[] = {FAIL_NOT_AUTHENTICATED, FAIL_AUTHENTICATION_FAILED};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct call c = failing_call(FORMAT_IS_JSON);

        call_answer_fail(&c, kinds[i]);
        T_INT(answer.status, 401);
        T_STR(
            extra_header(S("WWW-Authenticate")),
            S("Token realm=\"caldock\", JWT realm=\"caldock\", Bearer "
              "realm=\"caldock\""));
    }
}

TEST(test_call_answer_fail_says_when_to_come_again)
{
    static const struct {
        enum fail kind;
        int64_t noted;
        Str want;
    } rows[] = {
        {FAIL_UNAVAILABLE, 5, SI("5")}, {FAIL_THROTTLED, 17, SI("17")},
        {FAIL_SOURCE_ERROR, 0, SI("")}, {FAIL_SOURCE_ERROR, 30, SI("30")},
        {FAIL_NOT_FOUND, 0, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = failing_call(FORMAT_IS_JSON);

        c.work.retry_after_s = rows[i].noted;
        call_answer_fail(&c, rows[i].kind);
        T_STR(extra_header(S("Retry-After")), rows[i].want);
    }
}

/* Those who were refused together don't come back together. */
TEST(test_call_answer_fail_spreads_those_who_come_again)
{
    bool seen[LIMIT_RETRY_SPREAD_S + 2] = {false};
    size_t n = 0;

    while (n < COUNT(seen) - 1) {
        struct call c = failing_call(FORMAT_IS_JSON);
        int64_t wait_s;

        call_answer_fail(&c, FAIL_UNAVAILABLE);
        T_TRUE(str_to_int(extra_header(S("Retry-After")), &wait_s));
        T_TRUE(wait_s >= 1 && wait_s <= LIMIT_RETRY_SPREAD_S + 1);
        n += !seen[wait_s];
        seen[wait_s] = true;
    }
}

TEST(test_call_answer_fail_of_ours_names_the_request_only)
{
    struct call c = failing_call(FORMAT_IS_JSON);

    T_FAIL(FAIL_LIMIT, fail(t_cx(), FAIL_LIMIT, "an inner reason"));
    call_answer_fail(&c, FAIL_LIMIT);
    T_INT(answer.status, 500);
    T_TRUE(str_contains(answer.body, S("\"code\":\"internal_error\"")));
    T_TRUE(str_contains(answer.body, S("req-1")));
    T_TRUE(!str_contains(answer.body, S("inner")));
}

TEST(test_call_answer_fail_tells_any_number_of_field_errors)
{
    static const size_t counts[] = {1, 8, 9, 50, 1000};

    for (size_t i = 0; i < COUNT(counts); i++) {
        struct call c = failing_call(FORMAT_IS_JSON);
        size_t told = 0;

        for (size_t n = 0; n < counts[i]; n++) {
            Str field = str_cat(&t_cx()->mem, S("f"), str_int(&t_cx()->mem, (int64_t)n));

            (void)call_field_error(&c, field, S("This field is required."));
        }
        call_answer_fail(&c, FAIL_PARAMETER_INVALID);
        for (Str rest = answer.body, part; str_next_part(&rest, '[', &part);) {
            told += str_starts(part, S("\"This field is required.\"]"));
        }
        T_INT(told, counts[i]);
    }
}

/* The field errors that don't fit are left out. */
TEST(test_call_answer_fail_fits_however_much_there_is_to_tell)
{
    char *bytes = NEW_N(&t_cx()->mem, char, LIMIT_BODY_BYTES);

    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        struct call c = failing_call((enum format)format);

        for (int i = 0; i < 20; i++) {
            (void)call_field_error(&c, S("f"), (Str){bytes, LIMIT_BODY_BYTES});
        }
        call_answer_fail(&c, FAIL_PARAMETER_INVALID);
        T_INT(answer.status, 400);
        T_INT(c.n_errors, 2); /* of 6 * 64 KiB each */
    }
}

/* The largest body quoted back in its costliest form still fits. */
TEST(test_call_answer_fail_always_fits)
{
    char *bytes = NEW_N(&t_cx()->mem, char, LIMIT_BODY_BYTES);

    for (size_t i = 0; i < LIMIT_BODY_BYTES; i++) {
        bytes[i] = 1;
    }
    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        struct call c = failing_call((enum format)format);

        (void)call_field_error(&c, S("calendar_source"), (Str){bytes, LIMIT_BODY_BYTES});
        call_answer_fail(&c, FAIL_PARAMETER_INVALID);
        T_TRUE(answer.body.n > LIMIT_BODY_BYTES);
    }
}

TEST(test_call_url_is_below_the_public_url)
{
    struct settings settings = {.public_url = S("https://cal.example/dock")};
    struct call c = failing_call(FORMAT_IS_JSON);

    c.work.settings = &settings;
    T_STR(call_url(&c, S("/a?b=c")), S("https://cal.example/dock/a?b=c"));
}

T_MAIN(
    T(test_call_answer_fail_writes_the_envelope),
    T(test_call_answer_fail_gathers_field_errors),
    T(test_call_hint_stands_behind_the_message),
    T(test_call_hint_leaves_out_what_is_past_its_limit),
    T(test_call_answer_fail_challenges), T(test_call_answer_fail_says_when_to_come_again),
    T(test_call_answer_fail_spreads_those_who_come_again),
    T(test_call_answer_fail_of_ours_names_the_request_only),
    T(test_call_answer_fail_tells_any_number_of_field_errors),
    T(test_call_answer_fail_fits_however_much_there_is_to_tell),
    T(test_call_answer_fail_always_fits), T(test_call_url_is_below_the_public_url))
