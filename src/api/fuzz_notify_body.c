/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_notify_body.c - any bytes as the body of a notification of Microsoft's. Only items
 * with a token of ours are taken, and no more than a request may have.
 */
#include "api/notify_body.h"
#include "base/json.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct instance_keys keys = {.notify = {1, 2, 3}};
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    struct http_request req = {.has_body = true, .body = {(const char *)data, size}};
    struct call c = {.cx = &cx, .req = &req};
    struct notify_items items = {.n = 0};

    j_start();
    if (notify_body_read(&c, &keys, &items).code == FAIL_NONE) {
        must_be(items.n <= LIMIT_NOTICES_ITEMS);
        for (size_t i = 0; i < items.n; i++) {
            must_be(items.at[i].source == SOURCE_MICROSOFT && items.at[i].what != 0);
        }
    } else {
        must_be(items.n == 0 || c.n_errors > 0 || cx.why.line > 0);
    }
    return 0;
}
