/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_b64url.c - what decodes, encodes to the same text again; so there is one text for
 * each value.
 */
#include "base/cx.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size};
    struct cx cx = {0};
    Str bytes;

    must_be(seal_start());
    if (b64url_decode(&cx, text, &bytes).code == FAIL_NONE) {
        must_be(bytes.n == size * 3 / 4);
        must_be(str_eq(b64url_encode(&cx.mem, bytes), text));
    }
    must_be(b64url_decode(&cx, b64url_encode(&cx.mem, text), &bytes).code == FAIL_NONE);
    must_be(str_eq(bytes, text));
    cx_done(&cx);
    return 0;
}
