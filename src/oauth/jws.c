/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.c - our strict reading first, then cjose's verification.
 *
 * cjose_jws_verify only reads its key (no reference is counted, and OpenSSL locks what it
 * caches in one), so a set of keys may be shared by threads as long as it lives; who
 * frees it waits for all of them. cjose itself takes padded base64url, unknown `crit`,
 * tiny keys, and signatures of ES256 of any length: all that is refused here.
 */
#include "oauth/jws.h"

#include <cjose/jwk.h>
#include <cjose/jws.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "oauth/jws_keys.h"
#include "seal/seal.h"

enum { PARTS = 3, ES256_SIGNATURE_BYTES = 64 };

static const struct {
    Str name;
    enum jws_alg alg;
} algs_known[] = {
    {SI("RS256"), JWS_RS256},
    {SI("ES256"), JWS_ES256},
    {SI("HS256"), JWS_HS256},
};

static Res header_read(struct cx *cx, Str text, struct jws *ret)
{
    CLEANUP(j_done) json_t *header = NULL;
    Str alg = S("");
    Str kid = S("");

    TRY(j_parse(cx, text, LIMIT_SOURCE_JSON_DEPTH, &header));
    if (!json_is_object(header) || json_object_get(header, "crit") != NULL) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: a header with crit, or no object");
    }
    if (json_object_get(header, "kid") != NULL && !j_text(header, "kid", &kid)) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: kid is no text");
    }
    (void)j_text(header, "alg", &alg);
    for (size_t i = 0; i < COUNT(algs_known); i++) {
        if (str_eq(algs_known[i].name, alg)) {
            ret->alg = algs_known[i].alg;
            ret->kid = str_dup(&cx->mem, kid);
            return OK;
        }
    }
    return fail(cx, FAIL_PARSE_ERROR, "JWS: alg is not RS256, ES256 or HS256");
}

static Res payload_check(struct cx *cx, Str payload)
{
    CLEANUP(j_done) json_t *claims = NULL;

    TRY(j_parse(cx, payload, LIMIT_SOURCE_JSON_DEPTH, &claims));
    return json_is_object(claims)
               ? OK
               : fail(cx, FAIL_PARSE_ERROR, "JWS: the payload is no object");
}

/* Exactly three, each of canonical base64url. */
static Res parts_decode(struct cx *cx, Str compact, Str bytes[PARTS])
{
    Str part;
    size_t n = 0;

    while (n < PARTS && str_next_part(&compact, '.', &part)) {
        TRY(b64url_decode(cx, part, &bytes[n++]));
    }
    return n == PARTS && compact.p == NULL
               ? OK
               : fail(cx, FAIL_PARSE_ERROR, "JWS: not three parts");
}

Res jws_parse(struct cx *cx, Str compact, size_t max_bytes, struct jws *ret)
{
    struct jws t = {.compact = compact};
    Str bytes[PARTS] = {
        {NULL, 0}
    };

    if (compact.n > max_bytes) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS of %zu bytes", compact.n);
    }
    TRY(parts_decode(cx, compact, bytes));
    TRY(header_read(cx, bytes[0], &t));
    TRY(payload_check(cx, bytes[1]));
    if (bytes[2].n == 0 || (t.alg == JWS_ES256 && bytes[2].n != ES256_SIGNATURE_BYTES)) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: a signature of %zu bytes", bytes[2].n);
    }
    t.payload = bytes[1];
    *ret = t;
    return OK;
}

static void cjose_jws_done(cjose_jws_t **t)
{
    cjose_jws_release(*t);
}

static bool signature_fits(const struct jws *t, const struct jws_key *key)
{
    CLEANUP(cjose_jws_done)
    cjose_jws_t *parsed = cjose_jws_import(t->compact.p, t->compact.n, NULL);

    return parsed != NULL && cjose_jws_verify(parsed, key->jwk, NULL);
}

/* A key without an id (a PEM, a secret) may be meant by any token. */
static bool is_meant(const struct jws *t, const struct jws_key *key)
{
    return t->kid.n == 0 || key->kid.n == 0 || str_eq(t->kid, key->kid);
}

Res jws_verify(
    struct cx *cx, const struct jws_keys *k, const struct jws *t, unsigned algs,
    Str *key_issuer)
{
    const struct jws_key *fits = NULL;
    bool is_known = false;

    if ((t->alg & algs) == 0) {
        return fail(cx, FAIL_PARSE_ERROR, "JWS: its alg is not allowed here");
    }
    for (size_t i = 0; fits == NULL && i < k->n; i++) {
        const struct jws_key *key = &k->at[i];
        bool is_this = is_meant(t, key);

        is_known = is_known || is_this;
        fits = is_this && key->alg == t->alg && signature_fits(t, key) ? key : NULL;
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
