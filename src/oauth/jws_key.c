/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_key.c - the checks that every key passes (RFC 7518 §3.2 and §6, RFC 8725 §3.5).
 *
 * Sizes are checked before OpenSSL sees a number. OpenSSL checks that a point is on its
 * curve.
 */
#include "oauth/jws_key.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base/cx.h"
#include "base/limits.h"

enum { EXPONENT_BYTES = 8 };

static void bn_done(BIGNUM **n)
{
    BN_free(*n);
}

static void params_done(OSSL_PARAM **p)
{
    OSSL_PARAM_free(*p);
}

static void param_bld_done(OSSL_PARAM_BLD **b)
{
    OSSL_PARAM_BLD_free(*b);
}

static void pkey_ctx_done(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

void jws_key_done(struct jws_key *k)
{
    EVP_PKEY_free(k->public);
    *k = (struct jws_key){.public = NULL};
}

bool jws_key_is_meant(const struct jws_key *k, Str kid)
{
    return kid.n == 0 || k->kid.n == 0 || str_eq(kid, k->kid);
}

static BIGNUM *bn_of(Str bytes)
{
    BIGNUM *n = BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, NULL);

    must_be(n != NULL);
    return n;
}

/* The significant bits of a number. */
static size_t bits_of(Str number)
{
    size_t bits = number.n * 8;

    for (size_t i = 0; i < number.n; i++) {
        unsigned char byte = (unsigned char)number.p[i];

        if (byte != 0) {
            return bits - (size_t)(__builtin_clz(byte) - 24);
        }
        bits -= 8;
    }
    return 0;
}

static Res key_open(
    struct cx *cx, enum jws_key_type type, size_t bits, struct jws_key *ret)
{
    size_t least;
    unsigned algs = jws_alg_of_key(type, bits, &least);

    if (algs == 0 && type == JWS_KEY_SECRET) {
        return fail(
            cx, FAIL_CONFIG, "a secret of %zu bytes: use at least %zu", bits / 8,
            least / 8);
    }
    if (algs == 0) {
        return fail(cx, FAIL_CONFIG, "a key of %zu bits: use at least %zu", bits, least);
    }
    *ret = (struct jws_key){.type = type, .bits = bits, .algs = algs};
    return OK;
}

static Res pkey_build(
    struct cx *cx, const char *type, OSSL_PARAM_BLD *numbers, struct jws_key *ret)
{
    CLEANUP(params_done) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(numbers);
    CLEANUP(pkey_ctx_done)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    must_be(params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
    bool is_taken =
        EVP_PKEY_fromdata(ctx, &ret->public, EVP_PKEY_PUBLIC_KEY, params) == 1;

    ERR_clear_error(); /* a later call of this thread must not find it */
    return is_taken ? OK
                    : fail(cx, FAIL_CONFIG, "a key of %s that OpenSSL refuses", type);
}

static Res exponent_check(struct cx *cx, Str e)
{
    return e.n > 0 && e.n <= EXPONENT_BYTES && bits_of(e) >= 2 && (e.p[e.n - 1] & 1) != 0
               ? OK
               : fail(cx, FAIL_CONFIG, "an RSA key with an unsafe exponent: use 65537");
}

Res jws_key_of_rsa(struct cx *cx, Str n, Str e, struct jws_key *ret)
{
    CLEANUP(param_bld_done) OSSL_PARAM_BLD *numbers = OSSL_PARAM_BLD_new();
    CLEANUP(bn_done) BIGNUM *modulus = NULL;
    CLEANUP(bn_done) BIGNUM *exponent = NULL;

    if (bits_of(n) > JWS_RSA_MAX_BITS) {
        return fail(
            cx, FAIL_CONFIG, "a key of %zu bits: use at most %d", bits_of(n),
            JWS_RSA_MAX_BITS);
    }
    TRY(exponent_check(cx, e));
    TRY(key_open(cx, JWS_KEY_RSA, bits_of(n), ret));
    modulus = bn_of(n);
    exponent = bn_of(e);
    must_be(
        numbers != NULL && OSSL_PARAM_BLD_push_BN(numbers, OSSL_PKEY_PARAM_RSA_N, modulus)
        && OSSL_PARAM_BLD_push_BN(numbers, OSSL_PKEY_PARAM_RSA_E, exponent));
    return pkey_build(cx, "RSA", numbers, ret);
}

Res jws_key_of_p256(struct cx *cx, Str x, Str y, struct jws_key *ret)
{
    CLEANUP(param_bld_done) OSSL_PARAM_BLD *numbers = OSSL_PARAM_BLD_new();
    unsigned char point[1 + 2 * JWS_P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};

    if (x.n != JWS_P256_BYTES || y.n != JWS_P256_BYTES) {
        return fail(
            cx, FAIL_CONFIG, "an EC key whose x or y is not %d bytes", JWS_P256_BYTES);
    }
    TRY(key_open(cx, JWS_KEY_P256, (size_t)8 * JWS_P256_BYTES, ret));
    memcpy(point + 1, x.p, x.n);
    memcpy(point + 1 + x.n, y.p, y.n);
    must_be(
        numbers != NULL
        && OSSL_PARAM_BLD_push_utf8_string(
            numbers, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0)
        && OSSL_PARAM_BLD_push_octet_string(
            numbers, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)));
    return pkey_build(cx, "EC", numbers, ret);
}

Res jws_key_of_secret(struct cx *cx, Str secret, struct jws_key *ret)
{
    TRY(key_open(cx, JWS_KEY_SECRET, 8 * secret.n, ret));
    ret->secret = secret;
    return OK;
}
