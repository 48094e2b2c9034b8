/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_keys.c - sets of keys, read from their forms; jws_key.c checks each key.
 */
#include "oauth/jws_keys.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "oauth/jwks_text.h"
#include "oauth/jws_key.h"
#include "seal/seal.h"

struct jws_keys {
    struct arena mem; /* holds the secrets, the ids and the issuers */
    size_t n;
    struct jws_key at[LIMIT_JWKS_KEYS];
};

void jws_keys_free(struct jws_keys **k)
{
    if (*k == NULL) {
        return;
    }
    for (size_t i = 0; i < (*k)->n; i++) {
        jws_key_done(&(*k)->at[i]);
    }
    arena_done(&(*k)->mem);
    heap_free(*k);
    *k = NULL;
}

unsigned jws_keys_algs(const struct jws_keys *k)
{
    unsigned algs = 0;

    for (size_t i = 0; i < k->n; i++) {
        algs |= k->at[i].algs;
    }
    return algs;
}

bool jws_keys_know(const struct jws_keys *k, Str kid)
{
    for (size_t i = 0; i < k->n; i++) {
        if (jws_key_is_meant(&k->at[i], kid)) {
            return true;
        }
    }
    return false;
}

const struct jws_key *jws_keys_list(const struct jws_keys *k, size_t *n)
{
    *n = k->n;
    return k->at;
}

/* Takes the key over, and copies its text. */
static void jws_keys_put(struct jws_keys *keys, struct jws_key *key)
{
    must_be(keys->n < COUNT(keys->at));
    struct jws_key *to = &keys->at[keys->n++];

    *to = *key;
    to->secret = str_dup(&keys->mem, key->secret);
    to->kid = str_dup(&keys->mem, key->kid);
    to->issuer = str_dup(&keys->mem, key->issuer);
    *key = (struct jws_key){.public = NULL};
}

/* JWK (RFC 7517 §4, RFC 7518 §6). */

/* The bytes of a member in base64url. */
static Res jwk_member(struct cx *cx, const json_t *jwk, const char *name, Str *ret)
{
    Str text;

    if (!j_text(jwk, name, &text) || b64url_decode(cx, text, ret).code != FAIL_NONE) {
        return fail(cx, FAIL_CONFIG, "a key whose \"%s\" is no base64url", name);
    }
    return OK;
}

static Res jwk_read_rsa(struct cx *cx, const json_t *jwk, struct jws_key *ret)
{
    Str n = S("");
    Str e = S("");

    TRY(jwk_member(cx, jwk, "n", &n));
    TRY(jwk_member(cx, jwk, "e", &e));
    return jws_key_of_rsa(cx, n, e, ret);
}

static Res jwk_read_ec(struct cx *cx, const json_t *jwk, struct jws_key *ret)
{
    Str crv = S("");
    Str x = S("");
    Str y = S("");

    (void)j_text(jwk, "crv", &crv);
    if (!str_eq(crv, S("P-256"))) {
        return fail(cx, FAIL_CONFIG, "an EC key that is not on P-256: ES256 wants that");
    }
    TRY(jwk_member(cx, jwk, "x", &x));
    TRY(jwk_member(cx, jwk, "y", &y));
    return jws_key_of_p256(cx, x, y, ret);
}

static Res jwk_read_secret(struct cx *cx, const json_t *jwk, struct jws_key *ret)
{
    Str k = S("");

    TRY(jwk_member(cx, jwk, "k", &k));
    return jws_key_of_secret(cx, k, ret);
}

static const struct jwk_type {
    Str kty;
    Res (*read)(struct cx *cx, const json_t *jwk, struct jws_key *ret);
} jwk_types[] = {
    {SI("RSA"), jwk_read_rsa},
    {SI("EC"), jwk_read_ec},
    {SI("oct"), jwk_read_secret},
};

static Res jwk_read_type(struct cx *cx, const json_t *jwk, struct jws_key *ret)
{
    Str kty;

    for (size_t i = 0; j_text(jwk, "kty", &kty) && i < COUNT(jwk_types); i++) {
        if (str_eq(jwk_types[i].kty, kty)) {
            return jwk_types[i].read(cx, jwk, ret);
        }
    }
    return fail(cx, FAIL_CONFIG, "a key whose \"kty\" is not RSA, EC or oct");
}

/* Members that rule a key out for every algorithm. */
static Res jwk_check_use(struct cx *cx, const json_t *jwk)
{
    Str use;

    if (!j_is_absent(jwk, "use")
        && !(j_text(jwk, "use", &use) && str_eq(use, S("sig")))) {
        return fail(cx, FAIL_CONFIG, "a key whose \"use\" is not sig");
    }
    if (!j_is_absent(jwk, "d")) {
        return fail(cx, FAIL_CONFIG, "a private key: give the public one only");
    }
    return OK;
}

/* "alg" narrows a key to one of the algorithms that its type and size allow. */
static Res jwk_narrow(struct cx *cx, const json_t *jwk, struct jws_key *key)
{
    const struct jws_alg_row *row;
    Str name = S("");

    if (j_is_absent(jwk, "alg")) {
        return OK;
    }
    (void)j_text(jwk, "alg", &name);
    row = jws_alg_by_name(name);
    if (row == NULL || (key->algs & row->alg) == 0) {
        return fail(cx, FAIL_CONFIG, "a key whose \"alg\" does not suit its type here");
    }
    key->algs = row->alg;
    return OK;
}

static Res jws_keys_add_jwk(struct cx *cx, struct jws_keys *keys, const json_t *jwk)
{
    CLEANUP(jws_key_done) struct jws_key key = {.public = NULL};

    TRY(jwk_check_use(cx, jwk));
    TRY(jwk_read_type(cx, jwk, &key));
    TRY(jwk_narrow(cx, jwk, &key));
    (void)j_text(jwk, "kid", &key.kid);
    (void)j_text(jwk, "issuer", &key.issuer);
    jws_keys_put(keys, &key);
    return OK;
}

static Res jws_keys_add_text(struct cx *cx, struct jws_keys *keys, Str text)
{
    CLEANUP(j_done) json_t *jwk = NULL;

    if (j_parse_kindly(cx, text, LIMIT_SOURCE_JSON_DEPTH, &jwk).code != FAIL_NONE
        || !json_is_object(jwk)) {
        return fail(cx, FAIL_CONFIG, "a key that is no JSON object");
    }
    return jws_keys_add_jwk(cx, keys, jwk);
}

/* Keys that can't be used and keys past the limit are left out; the last reason tells why
 * when none is left. */
static Res jws_keys_add_set(struct cx *cx, struct jws_keys *keys, struct jwks_text *set)
{
    Res res = fail(cx, FAIL_CONFIG, "a JWKS without keys");
    Str key;

    while (keys->n < COUNT(keys->at) && jwks_text_next(set, &key)) {
        res = jws_keys_add_text(cx, keys, key);
    }
    return keys->n > 0 ? OK : res;
}

static Res jws_keys_add_json(struct cx *cx, struct jws_keys *keys, Str text)
{
    const Str mark = S("\xEF\xBB\xBF"); /* a byte order mark */
    struct jwks_text set;

    text = str_trim(str_starts(text, mark) ? str_sub(text, mark.n, text.n) : text);
    if (!str_starts(text, S("{"))) {
        return fail(cx, FAIL_CONFIG, "neither a PEM, nor a JWK or JWKS in JSON");
    }
    return jwks_text_open(text, &set) ? jws_keys_add_set(cx, keys, &set)
                                      : jws_keys_add_text(cx, keys, text);
}

/* PEM (RFC 7468). */

static void bio_done(BIO **b)
{
    (void)BIO_free(*b);
}

static void x509_done(X509 **x)
{
    X509_free(*x);
}

static void pkey_done(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static BIO *bio_of(Str text)
{
    BIO *b = BIO_new_mem_buf(text.p, (int)text.n);

    must_be(b != NULL);
    return b;
}

/* A public key, or that of a certificate, whose dates are the operator's business. NULL:
 * neither. */
static EVP_PKEY *pem_read(Str text)
{
    CLEANUP(bio_done) BIO *as_key = bio_of(text);
    CLEANUP(bio_done) BIO *as_certificate = bio_of(text);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(as_key, NULL, NULL, NULL);

    if (key != NULL) {
        return key;
    }
    CLEANUP(x509_done) X509 *x = PEM_read_bio_X509(as_certificate, NULL, NULL, NULL);

    return x == NULL ? NULL : X509_get_pubkey(x);
}

/* A number of the key, at least `bytes` long; empty when the key has none of that name.
 */
static Str pem_number(struct cx *cx, const EVP_PKEY *key, const char *name, int bytes)
{
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
        return S("");
    }
    int n = BN_num_bytes(number) > bytes ? BN_num_bytes(number) : bytes;
    unsigned char *p = arena_alloc(&cx->mem, (size_t)n);

    must_be(BN_bn2binpad(number, p, n) == n);
    BN_free(number);
    return (Str){(char *)p, (size_t)n};
}

static Res pem_read_rsa(struct cx *cx, const EVP_PKEY *pem, struct jws_key *ret)
{
    return jws_key_of_rsa(
        cx, pem_number(cx, pem, OSSL_PKEY_PARAM_RSA_N, 0),
        pem_number(cx, pem, OSSL_PKEY_PARAM_RSA_E, 0), ret);
}

static Res pem_read_ec(struct cx *cx, const EVP_PKEY *pem, struct jws_key *ret)
{
    char group[32] = "";

    (void)EVP_PKEY_get_group_name(pem, group, sizeof(group), NULL);
    if (strcmp(group, "prime256v1") != 0) {
        return fail(cx, FAIL_CONFIG, "an EC key that is not on P-256: ES256 wants that");
    }
    return jws_key_of_p256(
        cx, pem_number(cx, pem, OSSL_PKEY_PARAM_EC_PUB_X, JWS_P256_BYTES),
        pem_number(cx, pem, OSSL_PKEY_PARAM_EC_PUB_Y, JWS_P256_BYTES), ret);
}

static Res jws_keys_add_pem(struct cx *cx, struct jws_keys *keys, Str text)
{
    CLEANUP(pkey_done) EVP_PKEY *pem = pem_read(text);
    CLEANUP(jws_key_done) struct jws_key key = {.public = NULL};

    ERR_clear_error(); /* a later call of this thread must not find it */
    if (pem == NULL) {
        return fail(
            cx, FAIL_CONFIG, "a PEM that holds neither a PUBLIC KEY nor a CERTIFICATE");
    }
    if (EVP_PKEY_is_a(pem, "RSA")) {
        TRY(pem_read_rsa(cx, pem, &key));
    } else if (EVP_PKEY_is_a(pem, "EC")) {
        TRY(pem_read_ec(cx, pem, &key));
    } else {
        return fail(cx, FAIL_CONFIG, "a PEM whose key is neither RSA nor EC");
    }
    jws_keys_put(keys, &key);
    return OK;
}

/* The set, from whatever there is. */

static Res jws_keys_add_any(struct cx *cx, struct jws_keys *keys, Str text)
{
    if (text.n > LIMIT_JWKS_BYTES) {
        return fail(cx, FAIL_CONFIG, "keys of more than %d bytes", LIMIT_JWKS_BYTES);
    }
    return str_contains(text, S("-----BEGIN ")) ? jws_keys_add_pem(cx, keys, text)
                                                : jws_keys_add_json(cx, keys, text);
}

Res jws_keys_from_text(struct cx *cx, Str pem_jwk_or_jwks, struct jws_keys **ret)
{
    CLEANUP(jws_keys_free) struct jws_keys *keys = heap_alloc(sizeof(*keys));

    TRY(jws_keys_add_any(cx, keys, pem_jwk_or_jwks));
    *ret = keys;
    keys = NULL;
    return OK;
}

Res jws_keys_from_secret(struct cx *cx, Str secret, struct jws_keys **ret)
{
    struct jws_key key;

    TRY(jws_key_of_secret(cx, secret, &key));
    *ret = heap_alloc(sizeof(**ret));
    jws_keys_put(*ret, &key);
    return OK;
}
