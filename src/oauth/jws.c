/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.c - the form of a token, and the choice of the key that verifies it.
 *
 * The algorithm must be one that the key allows, so that a public key never serves as a
 * secret (RFC 8725 §3.1).
 */
#include "oauth/jws.h"

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "oauth/jws_key.h"
#include "seal/seal.h"

enum { PARTS = 3 };

static Res jws_read_header(struct cx *cx, Str text, struct jws *ret)
{
    CLEANUP(j_done) json_t *header = NULL;
    Str alg = S("");
    Str kid = S("");

    TRY(j_parse(cx, text, LIMIT_SOURCE_JSON_DEPTH, &header));
    if (!json_is_object(header) || !j_is_absent(header, "crit")) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: a header with crit, or no object");
    }
    if (!j_is_absent(header, "kid") && !j_text(header, "kid", &kid)) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: kid is no text");
    }
    (void)j_text(header, "alg", &alg);
    const struct jws_alg_row *row = jws_alg_by_name(alg);

    if (row == NULL) {
        Str names = jws_alg_names(&cx->mem);

        return fail(cx, FAIL_PARSE_ERROR, "JWS: alg is none of %.*s", STR_ARG(names));
    }
    ret->alg = row->alg;
    ret->kid = str_dup(&cx->mem, kid);
    return OK;
}

static Res jws_check_payload(struct cx *cx, Str payload)
{
    CLEANUP(j_done) json_t *claims = NULL;

    TRY(j_parse(cx, payload, LIMIT_SOURCE_JSON_DEPTH, &claims));
    return json_is_object(claims)
               ? OK
               : fail(cx, FAIL_PARSE_ERROR, "JWS: the payload is no object");
}

/* Exactly three parts, each of canonical base64url. *input: the first two, undecoded. */
static Res jws_decode_parts(struct cx *cx, Str compact, Str bytes[PARTS], Str *input)
{
    Str rest = compact;
    Str part = S("");
    size_t n = 0;

    while (n < PARTS && str_next_part(&rest, '.', &part)) {
        TRY(b64url_decode(cx, part, &bytes[n++]));
    }
    if (n != PARTS || rest.p != NULL) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: not three parts");
    }
    *input = str_sub(compact, 0, compact.n - part.n - 1);
    return OK;
}

Res jws_parse(struct cx *cx, Str compact, size_t max_bytes, struct jws *ret)
{
    struct jws t = {.kid = S("")};
    Str bytes[PARTS] = {{NULL, 0}};

    if (compact.n > max_bytes) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS of %zu bytes", compact.n);
    }
    TRY(jws_decode_parts(cx, compact, bytes, &t.input));
    TRY(jws_read_header(cx, bytes[0], &t));
    TRY(jws_check_payload(cx, bytes[1]));
    t.payload = bytes[1];
    t.signature = bytes[2];
    if (!jws_alg_length_is_possible(jws_alg_row(t.alg), t.signature.n)) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: a signature of %zu bytes", t.signature.n);
    }
    *ret = t;
    return OK;
}

static bool jws_signature_fits(const struct jws *t, const struct jws_key *key)
{
    return (key->algs & t->alg) != 0
           && jws_alg_row(t->alg)->verify(key, t->input, t->signature);
}

Res jws_verify(
    struct cx *cx, const struct jws_keys *k, const struct jws *t, unsigned algs,
    Str *key_issuer)
{
    size_t n;
    const struct jws_key *keys = jws_keys_list(k, &n);
    const struct jws_key *fits = NULL;
    bool is_known = false;

    if ((t->alg & algs) == 0) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: its alg is not allowed here");
    }
    for (size_t i = 0; fits == NULL && i < n; i++) {
        bool is_meant = jws_key_is_meant(&keys[i], t->kid);

        is_known = is_known || is_meant;
        fits = is_meant && jws_signature_fits(t, &keys[i]) ? &keys[i] : NULL;
    }
    if (fits == NULL) {
        return is_known ? fail(cx, FAIL_PARSE_ERROR, "JWS: the signature is wrong")
                        : fail(cx, FAIL_NOT_FOUND, "JWS: no key has its kid");
    }
    if (key_issuer != NULL) {
        *key_issuer = fits->issuer;
    }
    return OK;
}
