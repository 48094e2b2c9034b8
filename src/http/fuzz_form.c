/* SPDX-License-Identifier: Apache-2.0 */
/* A form that is read, written in the strictest way and read again has the same fields.
 */
#include "http/body_form.h"
#include "http/fuzz_body.h"

/* More of them are nothing new, and cost as much again. */
enum { FIELDS_AGAIN = 100 };

static void form_check_again(struct cx *cx, const struct fields *f)
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
    fields_check_equal(f, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    struct fields f;

    if (body_read_form(&cx, (Str){(const char *)data, size}, &f).code == FAIL_NONE) {
        fields_check_all(&f);
        if (f.n <= FIELDS_AGAIN) {
            form_check_again(&cx, &f);
        }
    }
    return 0;
}
