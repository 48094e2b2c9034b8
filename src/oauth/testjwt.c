/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testjwt.c - RFC 7515 §5.1 by hand.
 */
#include "oauth/testjwt.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/buf.h"
#include "seal/seal.h"

enum { TEXT_BYTES = 64 * 1024, SIGNATURE_BYTES = 1024, COORDINATE_BYTES = 32 };

EVP_PKEY *test_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);

    must_be(key != NULL);
    return key;
}

EVP_PKEY *test_ec(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);

    must_be(key != NULL);
    return key;
}

void test_key_done(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static Str signing_input(struct arena *mem, Str header, Str payload)
{
    Str end = str_cat(mem, S("."), b64url_encode(mem, payload));

    return str_cat(mem, b64url_encode(mem, header), end);
}

static Str with_signature(struct arena *mem, Str input, Str signature)
{
    return str_cat(mem, input, str_cat(mem, S("."), b64url_encode(mem, signature)));
}

Str test_parts(struct arena *mem, Str header, Str payload, Str signature)
{
    return with_signature(mem, signing_input(mem, header, payload), signature);
}

/* ES256 wants the two numbers side by side, OpenSSL gives DER. */
static size_t raw_of_der(unsigned char *p, size_t n)
{
    const unsigned char *from = p;
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &from, (long)n);

    must_be(numbers != NULL);
    must_be(BN_bn2binpad(ECDSA_SIG_get0_r(numbers), p, COORDINATE_BYTES) > 0);
    must_be(
        BN_bn2binpad(ECDSA_SIG_get0_s(numbers), p + COORDINATE_BYTES, COORDINATE_BYTES)
        > 0);
    ECDSA_SIG_free(numbers);
    return (size_t)2 * COORDINATE_BYTES;
}

Str test_token(struct arena *mem, EVP_PKEY *key, Str header, Str payload)
{
    Str input = signing_input(mem, header, payload);
    unsigned char signature[SIGNATURE_BYTES];
    size_t n = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    must_be(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
    must_be(
        EVP_DigestSign(ctx, signature, &n, (const unsigned char *)input.p, input.n) == 1);
    EVP_MD_CTX_free(ctx);
    if (EVP_PKEY_is_a(key, "EC")) {
        n = raw_of_der(signature, n);
    }
    return with_signature(mem, input, (Str){(char *)signature, n});
}

Str test_token_hs256(struct arena *mem, Str secret, Str header, Str payload)
{
    Str input = signing_input(mem, header, payload);
    unsigned char mac[SIGNATURE_BYTES];
    unsigned n = 0;

    must_be(
        HMAC(
            EVP_sha256(), secret.p, (int)secret.n, (const unsigned char *)input.p,
            input.n, mac, &n)
        != NULL);
    return with_signature(mem, input, (Str){(char *)mac, n});
}

static void add_number(struct buf *b, const char *name, EVP_PKEY *key, const char *param)
{
    bool is_rsa = EVP_PKEY_is_a(key, "RSA");
    unsigned char bytes[SIGNATURE_BYTES];
    BIGNUM *number = NULL;

    must_be(EVP_PKEY_get_bn_param(key, param, &number) == 1);
    int n = is_rsa ? BN_num_bytes(number) : COORDINATE_BYTES;

    must_be(BN_bn2binpad(number, bytes, n) == n);
    BN_free(number);
    buf_add(b, S(",\""));
    buf_add(b, str_from_z(name));
    buf_add(b, S("\":\""));
    buf_add(b, b64url_encode(b->mem, (Str){(char *)bytes, (size_t)n}));
    buf_add(b, S("\""));
}

Str test_jwk(struct arena *mem, EVP_PKEY *key, Str more)
{
    struct buf b = {.mem = mem, .max = TEXT_BYTES};

    if (EVP_PKEY_is_a(key, "RSA")) {
        buf_add(&b, S("{\"kty\":\"RSA\""));
        add_number(&b, "n", key, OSSL_PKEY_PARAM_RSA_N);
        add_number(&b, "e", key, OSSL_PKEY_PARAM_RSA_E);
    } else {
        buf_add(&b, S("{\"kty\":\"EC\",\"crv\":\"P-256\""));
        add_number(&b, "x", key, OSSL_PKEY_PARAM_EC_PUB_X);
        add_number(&b, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y);
    }
    buf_add(&b, more);
    buf_add(&b, S("}"));
    return buf_text(&b);
}

Str test_jwks(struct arena *mem, Str keys)
{
    return str_cat(mem, str_cat(mem, S("{\"keys\":["), keys), S("]}"));
}

static Str bio_text(struct arena *mem, BIO *b)
{
    char *p;
    long n = BIO_get_mem_data(b, &p);
    Str text = str_dup(mem, (Str){p, (size_t)n});

    (void)BIO_free(b);
    return text;
}

Str test_pem(struct arena *mem, EVP_PKEY *key)
{
    BIO *b = BIO_new(BIO_s_mem());

    must_be(PEM_write_bio_PUBKEY(b, key) == 1);
    return bio_text(mem, b);
}

Str test_pem_private(struct arena *mem, EVP_PKEY *key)
{
    BIO *b = BIO_new(BIO_s_mem());

    must_be(PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1);
    return bio_text(mem, b);
}

Str test_certificate(struct arena *mem, EVP_PKEY *key)
{
    BIO *b = BIO_new(BIO_s_mem());
    X509 *x = X509_new();

    must_be(X509_gmtime_adj(X509_getm_notBefore(x), 0) != NULL);
    must_be(X509_gmtime_adj(X509_getm_notAfter(x), 3600) != NULL);
    must_be(X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256()) > 0);
    must_be(PEM_write_bio_X509(b, x) == 1);
    X509_free(x);
    return bio_text(mem, b);
}
