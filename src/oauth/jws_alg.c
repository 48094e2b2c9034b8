/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_alg.c - the table of algorithms, and the functions that verify.
 *
 * RFC 7518 §3, RFC 8725 §3.1 and §3.5. A new algorithm is a value of enum jws_alg, a row
 * here, and a function. The lengths of keys and signatures are checked before OpenSSL
 * sees them.
 */
#include "oauth/jws_alg.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "base/buf.h"
#include "base/limits.h"
#include "oauth/jws_key.h"
#include "seal/seal.h"

enum { NAMES_BYTES = 256 };

static void md_ctx_done(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void ecdsa_done(ECDSA_SIG **s)
{
    ECDSA_SIG_free(*s);
}

static bool sha256_verify(const struct jws_key *key, Str input, Str signature)
{
    CLEANUP(md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    must_be(ctx != NULL);
    bool fits = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->public) == 1
                && EVP_DigestVerify(
                       ctx, (const unsigned char *)signature.p, signature.n,
                       (const unsigned char *)input.p, input.n)
                       == 1;

    ERR_clear_error(); /* a later call of this thread must not find it */
    return fits;
}

/* RSASSA-PKCS1-v1_5 (RFC 7518 §3.3). */
static bool rs256_verify(const struct jws_key *key, Str input, Str signature)
{
    return signature.n == (key->bits + 7) / 8 && sha256_verify(key, input, signature);
}

/* The signature is two numbers side by side (RFC 7518 §3.4); OpenSSL takes DER. */
static bool es256_verify(const struct jws_key *key, Str input, Str signature)
{
    CLEANUP(ecdsa_done) ECDSA_SIG *numbers = ECDSA_SIG_new();
    const unsigned char *p = (const unsigned char *)signature.p;
    unsigned char der[2 * JWS_P256_BYTES + 16]; /* at most 8 bytes of tags and lengths */
    unsigned char *to = der;

    must_be(numbers != NULL && signature.n == (size_t)2 * JWS_P256_BYTES);
    must_be(ECDSA_SIG_set0(
        numbers, BN_bin2bn(p, JWS_P256_BYTES, NULL),
        BN_bin2bn(p + JWS_P256_BYTES, JWS_P256_BYTES, NULL)));
    int n = i2d_ECDSA_SIG(numbers, NULL);

    must_be(n > 0 && (size_t)n <= sizeof(der) && i2d_ECDSA_SIG(numbers, &to) == n);
    return sha256_verify(key, input, (Str){(char *)der, (size_t)n});
}

static bool hs256_verify(const struct jws_key *key, Str input, Str signature)
{
    unsigned char mac[SEAL_HASH_BYTES];
    size_t n = 0;

    must_be(
        EVP_Q_mac(
            NULL, "HMAC", NULL, "SHA256", NULL, key->secret.p, key->secret.n,
            (const unsigned char *)input.p, input.n, mac, sizeof(mac), &n)
        != NULL);
    bool fits = seal_equal(signature, (Str){(char *)mac, n});

    seal_wipe(mac, sizeof(mac));
    return fits;
}

/* clang-format off */
static const struct jws_alg_row rows[] = {
    {JWS_RS256, SI("RS256"), JWS_KEY_RSA, LIMIT_RSA_MIN_BITS, 0, rs256_verify},
    {JWS_ES256, SI("ES256"), JWS_KEY_P256, 8 * JWS_P256_BYTES, 64, es256_verify},
    {JWS_HS256, SI("HS256"), JWS_KEY_SECRET, 8 * LIMIT_JWT_SECRET_MIN_BYTES, 32, hs256_verify},
};

/* clang-format on */

const struct jws_alg_row *jws_alg_row(enum jws_alg alg)
{
    size_t i = 0;

    while (i < COUNT(rows) && rows[i].alg != alg) {
        i++;
    }
    must_be(i < COUNT(rows));
    return &rows[i];
}

const struct jws_alg_row *jws_alg_by_name(Str name)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (str_eq(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

Str jws_alg_names(struct arena *mem)
{
    struct buf b = {.mem = mem, .max = NAMES_BYTES};

    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_add(&b, i > 0 ? S(" ") : S(""));
        buf_add(&b, rows[i].name);
    }
    return buf_text(&b);
}

unsigned jws_alg_public(void)
{
    unsigned algs = 0;

    for (size_t i = 0; i < COUNT(rows); i++) {
        algs |= rows[i].type == JWS_KEY_SECRET ? 0U : (unsigned)rows[i].alg;
    }
    return algs;
}

unsigned jws_alg_of_key(enum jws_key_type type, size_t bits, size_t *least_bits)
{
    unsigned algs = 0;

    *least_bits = SIZE_MAX;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct jws_alg_row *row = &rows[i];

        if (row->type == type) {
            algs |= bits >= row->key_bits ? (unsigned)row->alg : 0U;
            *least_bits = row->key_bits < *least_bits ? row->key_bits : *least_bits;
        }
    }
    return algs;
}

bool jws_alg_length_is_possible(const struct jws_alg_row *row, size_t bytes)
{
    return row->signature_bytes > 0 ? bytes == row->signature_bytes
                                    : bytes >= row->key_bits / 8;
}
