/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "api/endpoints.h"
#include "base/testing.h"

/* The value of a header that the answer has once. */
static Str header(const struct http_answer *a, Str name)
{
    Str found = S("");
    size_t n = 0;

    for (size_t i = 0; i < a->n_extra; i++) {
        if (str_eq_nocase(a->extra[i].name, name)) {
            found = a->extra[i].value;
            n++;
        }
    }
    T_TRUE(n <= 1);
    return found;
}

static struct http_answer page_for(enum fail kind, int64_t retry_after_s)
{
    struct http_answer answer = {0};
    struct call c = {.cx = t_cx(), .answer = &answer, .retry_after_s = retry_after_s};

    (void)snprintf(t_cx()->request_id, sizeof(t_cx()->request_id), "req-1.2_3");
    callback_page(&c, kind);
    return answer;
}

static void test_callback_page_has_the_status_of_its_kind(void **state)
{
    static const struct {
        enum fail kind;
        int status;
        Str retry_after;
    } rows[] = {
        {FAIL_STATE_INVALID, 400, SI("") },
        {FAIL_UNAVAILABLE,   503, SI("1")},
        {FAIL_INTERNAL,      500, SI("") },
        {FAIL_CONFLICT,      500, SI("") },
        {FAIL_NONE,          500, SI("") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_answer a = page_for(rows[i].kind, 0);

        T_INT(a.status, rows[i].status);
        T_STR(header(&a, S("Retry-After")), rows[i].retry_after);
    }
}

static void test_callback_page_waits_as_long_as_the_call_says(void **state)
{
    struct http_answer a = page_for(FAIL_UNAVAILABLE, 7);

    (void)state;
    T_STR(header(&a, S("Retry-After")), S("7"));
}

/* oauth-security 12 and 27 */
static void test_callback_page_loads_and_leaks_nothing(void **state)
{
    static const enum fail kinds[] = {
        FAIL_STATE_INVALID, FAIL_UNAVAILABLE, FAIL_INTERNAL};

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct http_answer a = page_for(kinds[i], 0);

        T_STR(a.content_type, S("text/html; charset=utf-8"));
        T_STR(
            header(&a, S("Content-Security-Policy")),
            S("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
              "base-uri 'none'; form-action 'none'"));
        T_TRUE(str_starts(a.body, S("<!doctype html>\n<html lang=\"en\">")));
        T_TRUE(str_contains(a.body, S("<code>req-1.2_3</code>")));
        T_TRUE(!str_contains(a.body, S("://")));
        T_TRUE(!str_contains(a.body, S("<script")));
    }
}

T_MAIN(
    T(test_callback_page_has_the_status_of_its_kind),
    T(test_callback_page_waits_as_long_as_the_call_says),
    T(test_callback_page_loads_and_leaks_nothing))
