/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input's first line is the boundary. A body that is read, written in the plainest
 * way and read again has the same fields.
 */
#include "http/body_multipart.h"
#include "http/fuzz_body.h"

static void multipart_name_add(struct buf *b, Str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"' || name.p[i] == '\\') {
            buf_add_char(b, '\\');
        }
        buf_add_char(b, name.p[i]);
    }
}

static void multipart_check_again(struct cx *cx, const struct fields *f, Str boundary)
{
    struct buf b = {.mem = &cx->mem, .max = SIZE_MAX};
    struct fields again;

    for (size_t i = 0; i < f->n; i++) {
        buf_add(&b, S("--"));
        buf_add(&b, boundary);
        buf_add(&b, S("\r\nContent-Disposition: form-data; name=\""));
        multipart_name_add(&b, f->at[i].name);
        buf_add(&b, f->at[i].kind == FIELD_OTHER ? S("\"; filename=\"\"") : S("\""));
        buf_add(&b, S("\r\n\r\n"));
        buf_add(&b, f->at[i].text);
        buf_add(&b, S("\r\n"));
    }
    buf_add(&b, S("--"));
    buf_add(&b, boundary);
    buf_add(&b, S("--"));
    must_be(body_read_multipart(cx, buf_text(&b), boundary, &again).code == FAIL_NONE);
    fields_check_equal(f, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    Str body = {(const char *)data, size};
    Str boundary;
    struct fields f;

    if (str_next_part(&body, '\n', &boundary)
        && body_read_multipart(&cx, body, boundary, &f).code == FAIL_NONE) {
        fields_check_all(&f);
        multipart_check_again(&cx, &f, boundary);
    }
    return 0;
}
