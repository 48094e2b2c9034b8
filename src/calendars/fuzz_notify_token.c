/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_notify_token.c - any text as the token of a notification. What is believed is made
 * again as it was.
 */
#include "base/cx.h"
#include "calendars/notify_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void token_holds(struct cx *cx, enum source_id source, Str text)
{
    static const struct instance_keys keys = {.notify = {1, 2, 3}};
    struct notify_token t;

    if (notify_token_check(cx, &keys, source, text, &t)) {
        must_be(t.source == source);
        must_be(str_eq(notify_token_make(&cx->mem, &keys, &t), text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str text = {(const char *)data, size};

    token_holds(&cx, SOURCE_GOOGLE, text);
    token_holds(&cx, SOURCE_MICROSOFT, text);
    return 0;
}
