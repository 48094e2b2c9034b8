/* SPDX-License-Identifier: Apache-2.0 */
/* A form that is read, written in the strictest way and read again has the same fields.
 */
#include "http/fuzz_body.h"

static void check_again(struct cx *cx, const struct fields *f)
{
    struct buf b = {.mem = &cx->mem, .max = SIZE_MAX};
    struct fields again;

    for (size_t i = 0; i < f->n; i++) {
        buf_add_escaped(&b, f->at[i].name);
        buf_add_char(&b, '=');
        buf_add_escaped(&b, f->at[i].text);
        buf_add_char(&b, '&');
    }
    must_be(body_read_form(cx, buf_text(&b), &again).code == FAIL_NONE);
    check_equal(f, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    struct fields f;

    if (body_read_form(&cx, (Str){(const char *)data, size}, &f).code == FAIL_NONE) {
        check_fields(&f);
        check_again(&cx, &f);
    }
    return 0;
}
