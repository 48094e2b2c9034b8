/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_net_head.c - any values of the fields that are read of an answer's head, a line
 * each: Retry-After, Cache-Control, Age, Content-Type, Date, Content-Encoding.
 *
 * Every number is within its limits or -1, a media type is what it says, and a field that
 * is sent in other white space says the same.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "net/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Str head_next_line(Str *rest)
{
    Str line = S("");

    (void)str_next_part(rest, '\n', &line);
    return line;
}

static void head_check_times(Str retry_after, Str date)
{
    int64_t date_s = head_date_s(date);
    int64_t now_s = date_s < 0 ? 0 : date_s;
    int64_t wait_s = head_retry_after_s(retry_after, now_s, LIMIT_RETRY_AFTER_S);
    int64_t later_s = head_retry_after_s(retry_after, now_s + 1, LIMIT_RETRY_AFTER_S);

    must_be(date_s >= -1);
    must_be(wait_s >= -1 && wait_s <= LIMIT_RETRY_AFTER_S);
    must_be((wait_s == -1) == (later_s == -1));
    must_be(wait_s == later_s || wait_s == later_s + 1);
}

static void head_check_age(struct cx *cx, Str cache_control, Str age)
{
    Str stored = str_cat(&cx->mem, cache_control, S(", no-store"));
    int64_t fresh_s = head_max_age_s(cache_control, age);

    must_be(fresh_s >= -1 && fresh_s <= HEAD_SECONDS);
    must_be(fresh_s <= head_max_age_s(cache_control, S("")));
    must_be(head_max_age_s(stored, age) == 0);
}

static void head_check_type(struct cx *cx, Str type)
{
    Str more = str_cat(&cx->mem, type, S("; charset=utf-8"));
    Str json = S("application/json");

    must_be(head_type_is(type, json) == head_type_is(more, json));
    must_be(!head_type_is(type, json) || str_contains(str_lower(&cx->mem, type), json));
}

static void head_check_coding(struct cx *cx, Str value)
{
    Str line = str_cat(&cx->mem, S("Content-Encoding:"), value);
    Str more = str_cat(&cx->mem, line, S("\r\n"));
    bool is_gzip = head_coding_of(line) == HEAD_GZIP;

    must_be(head_coding_of(line) == head_coding_of(more));
    must_be(!is_gzip || str_contains(str_lower(&cx->mem, value), S("gzip")));
    (void)head_coding_of(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str rest = {(const char *)data, size};
    Str retry_after = head_next_line(&rest);
    Str cache_control = head_next_line(&rest);
    Str age = head_next_line(&rest);
    Str type = head_next_line(&rest);

    head_check_times(retry_after, head_next_line(&rest));
    head_check_age(&cx, cache_control, age);
    head_check_type(&cx, type);
    head_check_coding(&cx, rest);
    return 0;
}
