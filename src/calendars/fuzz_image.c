/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_image.c - any bytes as an image. What is believed is written again as it was, and
 * lies over a range.
 */
#include "base/cx.h"
#include "calendars/busy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WEEK_S = 7 * 86400 };

static void busy_holds(struct cx *cx, const struct image *image)
{
    struct busy b = {
        .from_s = image->from_s, .to_s = image->to_s, .days.folder = "/nowhere"};

    if (image->to_s - image->from_s > WEEK_S * INT64_C(100)) {
        return;
    }
    must_be(busy_add(cx, &b, image, &(struct busy_rules){0}).code == FAIL_NONE);
    busy_join(&b);
    for (size_t i = 0; i < b.n; i++) {
        must_be(b.at[i].start_s >= b.from_s && b.at[i].end_s <= b.to_s);
        must_be(b.at[i].start_s < b.at[i].end_s);
        must_be(i == 0 || b.at[i - 1].end_s < b.at[i].start_s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str bytes = {(const char *)data, size};
    struct image image;
    Str again;

    if (image_decode(&cx, bytes, &image).code == FAIL_NONE) {
        must_be(image_encode(&cx, &image, &again).code == FAIL_NONE);
        must_be(str_eq(again, bytes));
        busy_holds(&cx, &image);
    }
    return 0;
}
