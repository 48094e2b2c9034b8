/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pushed_event_body.c - any JSON as the body that says what an event is to be: what
 * is taken keeps every limit, and has no control character that a source could stumble
 * over.
 */
#include "api/endpoints.h"
#include "api/pushed_event_body.h"
#include "base/clock.h"
#include "base/limits.h"

enum { UTF8_MOST = 4 };

static void text_holds(Str s, size_t most_chars, bool has_lines)
{
    must_be(str_is_utf8(s) && s.n <= UTF8_MOST * most_chars && str_trim(s).n == s.n);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        must_be(c != 0x7F && (c >= ' ' || (has_lines && (c == '\n' || c == '\r'))));
    }
}

static void values_hold(const struct event_values *v)
{
    int64_t length_s = event_values_end_s(v) - event_values_start_s(v);
    int64_t ahead_s = (LIMIT_PUSHED_AHEAD_DAYS + 1) * CLOCK_DAY_S;

    must_be(v->title.n > 0);
    text_holds(v->title, LIMIT_PUSHED_TITLE, false);
    text_holds(v->description, LIMIT_PUSHED_DESCRIPTION, true);
    text_holds(v->location, LIMIT_PUSHED_LOCATION, true);
    text_holds(v->link, LIMIT_PUSHED_LINK, false);
    must_be(v->link.n == 0 || str_eq_nocase(str_sub(v->link, 0, 8), S("https://")));
    must_be(length_s > 0 && length_s <= LIMIT_PUSHED_DAYS * CLOCK_DAY_S);
    must_be(event_values_start_s(v) >= 0);
    must_be(event_values_start_s(v) <= clock_now_s() + ahead_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    const struct http_header type = {S("Content-Type"), S("application/json")};
    const struct http_request req = {
        .headers = &type,
        .n_headers = 1,
        .has_body = true,
        .body = {(const char *)data, size},
    };
    struct http_answer answer = {.status = 0};
    struct call c = {.cx = &cx, .req = &req, .answer = &answer};
    struct wanted_event wanted = {.version = 0};
    Res res = pushed_event_body_read(&c, &wanted);

    if (res.code == FAIL_NONE) {
        must_be(c.n_errors == 0 && wanted.version >= PUSHED_NO_VERSION);
        values_hold(&wanted.values);
    } else {
        must_be((res.code == FAIL_PARAMETER_INVALID) == (c.n_errors > 0));
    }
    return 0;
}
