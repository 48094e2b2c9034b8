/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pem.c - any bytes as the DER of a public key, after a 'c' as that of a
 * certificate, after a 'b' as the body of a PEM. The first byte is no part of them.
 *
 * A key is of a type and a size that an algorithm takes, or is refused with words for the
 * operator; it verifies no token that nobody signed.
 */
#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/jws.h"
#include "oauth/testjwt.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_BYTES = 64 };

static void fuzz_verify_none(struct cx *cx, const struct jws_keys *keys)
{
    static const Str headers[] = {
        SI("{\"alg\":\"RS256\"}"), SI("{\"alg\":\"ES256\"}"), SI("{\"alg\":\"HS256\"}")};

    for (size_t i = 0; i < COUNT(headers); i++) {
        struct jws t = {.alg = JWS_RS256};
        Str token = test_forged(&cx->mem, headers[i], S("{}"));

        must_be(jws_parse(cx, token, 1024, &t).code == FAIL_NONE);
        must_be(
            jws_verify(cx, keys, &t, jws_keys_algs(keys), NULL).code == FAIL_PARSE_ERROR);
    }
}

static void fuzz_read(struct cx *cx, Str pem)
{
    CLEANUP(jws_keys_free) struct jws_keys *keys = NULL;
    Res res = jws_keys_from_text(cx, pem, &keys);

    must_be((res.code == FAIL_NONE) == (keys != NULL));
    if (res.code != FAIL_NONE) {
        must_be(res.code == FAIL_CONFIG && cx->why.text[0] != 0);
        return;
    }
    must_be((jws_keys_algs(keys) & ~jws_alg_public()) == 0 && jws_keys_algs(keys) != 0);
    fuzz_verify_none(cx, keys);
}

/* Standard base64 in lines, whose last group is padded. */
static Str fuzz_base64(struct cx *cx, Str der)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_JWKS_BYTES};
    Str text = b64url_encode(&cx->mem, der);

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        buf_add_char(&b, c == '-' ? '+' : c == '_' ? '/' : c);
        buf_add(&b, i % LINE_BYTES == LINE_BYTES - 1 ? S("\n") : S(""));
    }
    buf_add(&b, str_sub(S("=="), 0, (4 - text.n % 4) % 4));
    return buf_text(&b);
}

static Str fuzz_pem_of(struct cx *cx, Str what, Str body)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_JWKS_BYTES};

    buf_add(&b, S("-----BEGIN "));
    buf_add(&b, what);
    buf_add(&b, S("-----\n"));
    buf_add(&b, body);
    buf_add(&b, S("\n-----END "));
    buf_add(&b, what);
    buf_add(&b, S("-----\n"));
    return buf_text(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str input = {(const char *)data, size < LIMIT_JWKS_BYTES / 2 ? size : 0};
    Str body = str_sub(input, 1, input.n);
    Str what = str_starts(input, S("c")) ? S("CERTIFICATE") : S("PUBLIC KEY");

    must_be(seal_start());
    body = str_starts(input, S("b")) ? body : fuzz_base64(&cx, body);
    fuzz_read(&cx, fuzz_pem_of(&cx, what, body));
    return 0;
}
