/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_keys.c - keys from PEM, JWK, JWKS and secrets (RFC 7517, RFC 7518 §6).
 *
 * Whatever it comes as becomes a JWK, and every JWK goes through the same checks.
 */
#include "oauth/jws_keys.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "seal/seal.h"

enum { P256_BYTES = 32, EXPONENT_BYTES = 8 };

void jws_keys_free(struct jws_keys **k)
{
    if (*k == NULL) {
        return;
    }
    for (size_t i = 0; i < (*k)->n; i++) {
        (void)cjose_jwk_release((*k)->at[i].jwk);
    }
    arena_done(&(*k)->mem);
    heap_free(*k);
    *k = NULL;
}

unsigned jws_keys_algs(const struct jws_keys *k)
{
    unsigned algs = 0;

    for (size_t i = 0; i < k->n; i++) {
        algs |= k->at[i].alg;
    }
    return algs;
}

/* The bytes of a member in base64url. */
static Res member_bytes(struct cx *cx, const json_t *jwk, const char *name, Str *ret)
{
    Str text;

    if (!j_text(jwk, name, &text) || b64url_decode(cx, text, ret).code != FAIL_NONE) {
        return fail(cx, FAIL_CONFIG, "a key whose \"%s\" is no base64url", name);
    }
    return OK;
}

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

static Res rsa_check(struct cx *cx, const json_t *jwk)
{
    Str n = S("");
    Str e = S("");

    TRY(member_bytes(cx, jwk, "n", &n));
    TRY(member_bytes(cx, jwk, "e", &e));
    if (bits_of(n) < LIMIT_RSA_MIN_BITS) {
        return fail(
            cx, FAIL_CONFIG, "an RSA key of %zu bits: use at least %d", bits_of(n),
            LIMIT_RSA_MIN_BITS);
    }
    if (e.n == 0 || e.n > EXPONENT_BYTES || bits_of(e) < 2 || (e.p[e.n - 1] & 1) == 0) {
        return fail(cx, FAIL_CONFIG, "an RSA key with an unsafe exponent: use 65537");
    }
    return OK;
}

static Res ec_check(struct cx *cx, const json_t *jwk)
{
    Str crv = S("");
    Str x = S("");
    Str y = S("");

    (void)j_text(jwk, "crv", &crv);
    if (!str_eq(crv, S("P-256"))) {
        return fail(cx, FAIL_CONFIG, "an EC key that is not on P-256: ES256 wants that");
    }
    TRY(member_bytes(cx, jwk, "x", &x));
    TRY(member_bytes(cx, jwk, "y", &y));
    return x.n == P256_BYTES && y.n == P256_BYTES
               ? OK
               : fail(cx, FAIL_CONFIG, "an EC key whose x or y is not 32 bytes");
}

static Res oct_check(struct cx *cx, const json_t *jwk)
{
    Str k = S("");

    TRY(member_bytes(cx, jwk, "k", &k));
    return k.n >= LIMIT_JWT_SECRET_MIN_BYTES
               ? OK
               : fail(
                   cx, FAIL_CONFIG, "a secret of %zu bytes: use at least %d", k.n,
                   LIMIT_JWT_SECRET_MIN_BYTES);
}

static const struct key_type {
    Str kty;
    enum jws_alg alg;
    Str alg_name;
    Res (*check)(struct cx *cx, const json_t *jwk);
} key_types[] = {
    {SI("RSA"), JWS_RS256, SI("RS256"), rsa_check},
    {SI("EC"),  JWS_ES256, SI("ES256"), ec_check },
    {SI("oct"), JWS_HS256, SI("HS256"), oct_check},
};

static const struct key_type *type_of(const json_t *jwk)
{
    Str kty;

    for (size_t i = 0; j_text(jwk, "kty", &kty) && i < COUNT(key_types); i++) {
        if (str_eq(key_types[i].kty, kty)) {
            return &key_types[i];
        }
    }
    return NULL;
}

/* A member that restricts a key is absent, or says exactly this. */
static bool allows(const json_t *jwk, const char *name, Str want)
{
    Str text;

    return json_object_get(jwk, name) == NULL
           || (j_text(jwk, name, &text) && str_eq(text, want));
}

static Res jwk_check(struct cx *cx, const struct key_type *type, const json_t *jwk)
{
    if (!allows(jwk, "use", S("sig")) || !allows(jwk, "alg", type->alg_name)) {
        return fail(
            cx, FAIL_CONFIG, "a key whose \"use\" is not sig, or whose \"alg\" is not %s",
            type->alg_name.p);
    }
    if (json_object_get(jwk, "d") != NULL) {
        return fail(cx, FAIL_CONFIG, "a private key: give the public one only");
    }
    return type->check(cx, jwk);
}

static Res key_add(struct cx *cx, struct jws_keys *keys, json_t *jwk)
{
    const struct key_type *type = type_of(jwk);
    Str kid = S("");
    Str issuer = S("");

    if (type == NULL) {
        return fail(cx, FAIL_CONFIG, "a key whose \"kty\" is not RSA, EC or oct");
    }
    TRY(jwk_check(cx, type, jwk));
    (void)j_text(jwk, "kid", &kid);
    (void)j_text(jwk, "issuer", &issuer);
    /* cjose's name for a jansson object that stands for anything of JOSE */
    cjose_jwk_t *imported = cjose_jwk_import_json((cjose_header_t *)jwk, NULL);

    if (imported == NULL) {
        return fail(cx, FAIL_CONFIG, "a key that OpenSSL does not take");
    }
    must_be(keys->n < COUNT(keys->at));
    keys->at[keys->n++] = (struct jws_key){
        .jwk = imported,
        .alg = type->alg,
        .kid = str_dup(&keys->mem, kid),
        .issuer = str_dup(&keys->mem, issuer),
    };
    return OK;
}

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

static void bn_done(BIGNUM **n)
{
    BN_free(*n);
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

/* Adds a number of the key to its JWK, at least `bytes` long (RFC 7518 §6.2.1.2). */
static bool number_add(
    struct cx *cx, json_t *jwk, const char *name, const EVP_PKEY *key, const char *param,
    int bytes)
{
    CLEANUP(bn_done) BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, param, &number) != 1) {
        return false;
    }
    int n = BN_num_bytes(number) > bytes ? BN_num_bytes(number) : bytes;
    unsigned char *p = arena_alloc(&cx->mem, (size_t)n);

    must_be(BN_bn2binpad(number, p, n) == n);
    Str text = b64url_encode(&cx->mem, (Str){(char *)p, (size_t)n});

    return json_object_set_new(jwk, name, json_stringn(text.p, text.n)) == 0;
}

static bool rsa_to_jwk(struct cx *cx, const EVP_PKEY *key, json_t *jwk)
{
    return json_object_set_new(jwk, "kty", json_string("RSA")) == 0
           && number_add(cx, jwk, "n", key, OSSL_PKEY_PARAM_RSA_N, 0)
           && number_add(cx, jwk, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
}

static bool ec_to_jwk(struct cx *cx, const EVP_PKEY *key, json_t *jwk)
{
    char group[32] = "";

    (void)EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
    const char *crv = strcmp(group, "prime256v1") == 0 ? "P-256" : group;

    return json_object_set_new(jwk, "kty", json_string("EC")) == 0
           && json_object_set_new(jwk, "crv", json_string(crv)) == 0
           && number_add(cx, jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, P256_BYTES)
           && number_add(cx, jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, P256_BYTES);
}

static Res pem_add(struct cx *cx, struct jws_keys *keys, Str text)
{
    CLEANUP(pkey_done) EVP_PKEY *key = pem_read(text);
    CLEANUP(j_done) json_t *jwk = json_object();

    if (key == NULL) {
        return fail(
            cx, FAIL_CONFIG, "a PEM that holds neither a PUBLIC KEY nor a CERTIFICATE");
    }
    if (!(EVP_PKEY_is_a(key, "RSA") && rsa_to_jwk(cx, key, jwk))
        && !(EVP_PKEY_is_a(key, "EC") && ec_to_jwk(cx, key, jwk))) {
        return fail(cx, FAIL_CONFIG, "a PEM whose key is neither RSA nor EC");
    }
    return key_add(cx, keys, jwk);
}

/* Keys of no use are left out; the last reason tells why when none is left. */
static Res jwks_add(struct cx *cx, struct jws_keys *keys, const json_t *list)
{
    Res res = fail(cx, FAIL_CONFIG, "a JWKS without keys");

    if (json_array_size(list) > LIMIT_JWKS_KEYS) {
        return fail(cx, FAIL_CONFIG, "a JWKS of more than %d keys", LIMIT_JWKS_KEYS);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        res = key_add(cx, keys, json_array_get(list, i));
    }
    return keys->n > 0 ? OK : res;
}

static Res json_add(struct cx *cx, struct jws_keys *keys, Str text)
{
    CLEANUP(j_done) json_t *j = NULL;

    if (j_parse(cx, text, LIMIT_SOURCE_JSON_DEPTH, &j).code != FAIL_NONE
        || !json_is_object(j)) {
        return fail(cx, FAIL_CONFIG, "neither a PEM, nor a JWK or JWKS in JSON");
    }
    const json_t *list = json_object_get(j, "keys");

    return list == NULL ? key_add(cx, keys, j) : jwks_add(cx, keys, list);
}

Res jws_keys_from_text(struct cx *cx, Str pem_jwk_or_jwks, struct jws_keys **ret)
{
    CLEANUP(jws_keys_free) struct jws_keys *keys = heap_alloc(sizeof(*keys));

    if (pem_jwk_or_jwks.n > LIMIT_JWKS_BYTES) {
        return fail(cx, FAIL_CONFIG, "keys of more than %d bytes", LIMIT_JWKS_BYTES);
    }
    if (str_contains(pem_jwk_or_jwks, S("-----BEGIN "))) {
        TRY(pem_add(cx, keys, pem_jwk_or_jwks));
    } else {
        TRY(json_add(cx, keys, pem_jwk_or_jwks));
    }
    *ret = keys;
    keys = NULL;
    return OK;
}

Res jws_keys_from_secret(struct cx *cx, Str secret, struct jws_keys **ret)
{
    CLEANUP(jws_keys_free) struct jws_keys *keys = heap_alloc(sizeof(*keys));
    CLEANUP(j_done) json_t *jwk = json_object();
    Str k = b64url_encode(&cx->mem, secret);

    must_be(json_object_set_new(jwk, "kty", json_string("oct")) == 0);
    must_be(json_object_set_new(jwk, "k", json_stringn(k.p, k.n)) == 0);
    TRY(key_add(cx, keys, jwk));
    *ret = keys;
    keys = NULL;
    return OK;
}
