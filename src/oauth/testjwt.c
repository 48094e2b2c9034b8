/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testjwt.c - signs as RFC 7515 §5.1 says.
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

/* Keys that guard nothing, as RSAPrivateKey (RFC 8017 A.1.2) in base64: under valgrind,
 * making one takes a quarter of a minute. */
static const struct {
    unsigned bits;
    const char *text;
} rsa_keys[] = {
    {2048, "MIIEowIBAAKCAQEA0LfeNGzz1xabnNFn3z5OPePpNsi0rYfZedL5FgtlEbvpXLFQEMpmWf/7S2mz"
           "puRSm8iAfHZtgREA8Xgzwq3b7xhV29buy32n2rBwTA8i0x/BL/zWf1ocSuCFY8QWKRFsg1y7tZhu"
           "I7B3NEhdWKVamueC2bysXYw1MA3oOyPs/qBMEfIRBP2c7A254o8X51QfV5NqBYKuCJ6nR0B6bj3b"
           "DIC65q8VG+Z0/ffm8okxTXaAQ4egWxLgu7/QJAFy1rA4yOu6vS2GpKYC+dYTQxcXyU47Cjckp1Jy"
           "MsoEzkL3GyDYzgGfzDYk5mHmKI7GORHmQKAkUr2Soo9dMGIW6tpvzwIDAQABAoIBAE+1kJ5b56nC"
           "gA5dKLqovE/FjQi3kMze3063pBnnoyMpLP+R1d57taf0az+LMClx9Bx7b5pYzgwm9sHBIp9cL2y5"
           "0fxhspOzOtn5XQGnHCkd7PULLc24F6r+4OJPfhkUBumKDkPVYWau229znXafu6EB/kZyWC9nvt5J"
           "yWFgoH9C/ksy51Kqx8eEKxQsTboTyxpyLg6ldi8ZLKqFteOzAIGPlZUU65KEjK+BExn5a8lkCIUJ"
           "esGMjHBIe1KWGpPreZ0iqsLpk6yBVDpt/vIFKHB1v5Erk8JufIBjgOH6Si7oiVtkOkmzbwj25uyJ"
           "55Iwo6aFL0AcZB26jdJiVKo3uoUCgYEA/XzehOEDX6gfnZGUOc6qtg65pQhe04SZqdnfTdFw7rlH"
           "LEKacS9l1T4HMRjDp19CwctKh5axv8JbtirNNTFn478P3wXa7f5OXq6hAXBjI6MRPAz7PDutCQmt"
           "6HPU0rOqzZsjAKvH5h3ZT2ZvA6CdoARUq7rMEUYUaLVWjup+ZqUCgYEA0slpqipEUZDJUXwf0Ybk"
           "coidyQ0fI9ovOaUElUevvAa3RwFL7ET/LVxO9/IZeZkFuPdTZtmXAbfVUq8Moo7ltH+cFetuvRpN"
           "DuQRSst0gfq8N0Lglwni4kAEIKzG3xRdI+AUoBle7lam4EupQ4HnVvZcN5rQ662yWeZ/T3lXZmMC"
           "gYEA3rQYI5I1DpN8w0ile2ww2yZwv6ds+FRlVK6P26SInZO2DhKt8Yb85q5KTz48lw3AbtaWMi2Z"
           "GKo/PPq5s2QmrBaucPiJ8dIdNF4kIkmFMEgR2jpld/POAES6v6EUd9FV3LHRvMMvKuNKitGp8vvn"
           "wDBN21qP8xUo1R2MYJ9wUekCgYAXRsCRVuuGakug4OkOlSvC7g0md3l51w0h+3P/HBRu2fsBL0Z4"
           "B8J5+tiJjsV7ZQd5vm4KTHrdaLR41fW6Obdp8DGHRiFLZo0d2NeD/+WUuOBx5cOxShkwzMrn5Mxt"
           "M+15GbSNXV/bR9xTpmdBmiW2t6vFRCZP8DVisg5a81ZQawKBgBQK8+9+CJ9pOPbq5VsIV+n5Bp53"
           "MN9brZlqjtMvw3ntrx9E7jY4B4SnQb19Sh7w/uZrltvo20u9TA4VzYq8JCuRO7K6UgDjNoxs/Qey"
           "BIVoR9nl6IYtwq/Rw6+0R1EJUnhslxJX0QY7JtX9c4uZQ5G5/SF4aS3uDAHJRcoqqm8H"},
    {2048, "MIIEpQIBAAKCAQEAr8smh3P49p5LcSLAbZUB7Qla3DLiOOpfffYi8KnFD+BZ2AEQk1Gdr/Sc6Pek"
           "afHyPeXxqI6a9eVSfc2EuxB5fY2VRk5ybnCE7noRM2y5yIPIIQM/pm/r6Dd+z0YEwgPSBurffxJA"
           "kTG1Ahr30rDfXeDmPQuGgO/N+BGwVy9LK8e/UGZ4+cbvs37K/CCwXGCGW3uqB5o1Sp+7xPHan1UF"
           "Njr8BxPl3WtIxMbs27Y8AFlvShgL9N2MDEdoZIKD+AajqHNrxnKMXjJy6ucU83gxzzKo+W8i4m+k"
           "oolvkAgGQMK/06gAMaUTZZEx0hjmnBg66O+Z0t8uP9fs8azvHT/a3QIDAQABAoIBAApPftKEqvkC"
           "qXJuHd2E1v3pRbgoOdwpuZvAiHsXZ1Sk4tAdpom6yJC4kaLDsj55L4KRjojFgxw3V40ZCpcS18qq"
           "jQijHZNnARJK/DWebmUZfu7vawJ0NQtuhH8Gtc0P/qJjkI6PlP7kbJ/o0gPnANWCP9lxEsdUM/8/"
           "665UD/N2JQVbgkWpK0wPlCcNRqJSRI8UkHgjnUB79ZfBQyFVif8KA74NKtMdQMAdPdOoIozgKt7N"
           "27Z2WWvN9bd/Hr5lg1XKwvs121njKXNuOdFZl4+JSCkwubbNTVIZN/PY1REC3mq5hMGmVnX5qWHu"
           "dU62B6UQzHMZKfxbvCG6+r0AE8cCgYEA1NxMfleX1+M/vSKSIwmFDLRvWvmTkjgTqmSkr1FMeU4s"
           "ZPxURJ/HPCfHCzXtUyQLgGpqr4N/ujLos9ixz7ABRyL//ZajuHN6OYF3+96H5YpjxCcFOeq9jX93"
           "v6x9ZINam07ldnwjOwbeCij/hZkvo70MNQMO26JgOZVaZMKUivMCgYEA02u65g3Ko/r9XGsSaHQ4"
           "LfXfTlSxuqGZ8uoeM5Q61HChi/iKF2/2k26XQaiVpaCBUipXzQrag53v7O/tGrNAmRLnOtywyXpJ"
           "W1l+YJVIgTUXBRHCD84DlCFErV1g8iL/pAHfZjYEX8qpYqD5MfVJ3qNfbK1t7SuiF6EoS7qp1u8C"
           "gYEAscQ5bdohSX7ToFTazsAIiY+237dG8vo6EjdzAadXwobytHO2vIjjju15YXdr999Ga7xz1Jhx"
           "d0NE682w0c4fgxVLzLCdklF+ZcAmQAacX6qvnwUnbDMKkr09eKnJHsRESygcolMR6R3XGY0buKsy"
           "CgC7zRn8sphs3CpLD5MhEtkCgYEAxdvbVLNxgpdBB325A4JIlVK2QmNm1UepgLlzvEer6ubheNIH"
           "wjlpJL7p1WvFaPTWMiQoeV7/8w8a274KQuOgv+D9/4tL87J69n/BkvgCm9Eokvj0ib/+f2HHGQv7"
           "z3/LiRyrisdgvpk2fnQx4nwxPqfchSOlbcFY+A49XOn7SocCgYEAyZUpaCIPst983EujN5/lei7x"
           "/+kV7ok+quFzDT2JIH3NyPB19+pJHBAVo9b/VrF2CPDS93DAwTHC+Uu+n9rDBUsY6ehHmUKj3z0S"
           "YnaJ4trBCcTUJ9YJl/m/FZZXkqZdKyjfDM8xeU/IomB7Eh2DQsZhdLJziOoymFsKKxH0A0Y="},
    {2040, "MIIEnQIBAAKCAQAA6VFufX0ScIVDwCj0IN9lueadWsEBXcXgA8MHKhIMmMGOKWyO7wshWp79FOWL"
           "/ul8UBbtOEjFSUWxTE5xWKjdD3H0We7Rvv3mIA6fLuu84pHBtPYML8ZX1nkcH+hkju819VbDjTNp"
           "HjvGvq7oWV5Q88gzaIoah9m97VAQYz3j87z5BNPrU8Azn1iaD6DwtiUYnq+wBTY2RIDLGLKPPI26"
           "6BwF9lYp/CKQxx0ABWU+ywJv/bWKnQw1VkbAhktZ7m1ORJqtHS04e8NHCnSABYUfwqJoeIDKoeP5"
           "/Vmrdy+pGPOw55Y5WYBNxdr5dNmFNeDRnwrX/awyO5bGNtn38daXAgMBAAECgf90M5pT5XbJk5Wq"
           "nrr3pEuFytWT3YxQp7xqIzfuPA8KBVxIRUjqxSBXgdeKEMkorCC9wq1i2ttnIs6qsmbBQVjX2Gla"
           "YRcViF6UmLOvKrloHi/bcK+hG6ejqa3YNmXeykSVbCD4siIobJ0PWw1ddRvcTllMN3v/LPLqvnVq"
           "9+gP7VYRQgsqN3Fp97/wo26WGiVnEpVlGCVm8Gj6MSuLobTzDXuMD01kmKx7thymb0FkYfjXI5LX"
           "SeHsNXNH40qlIc+M6i4/uTxle2TRLMab2PCwAP3lfP+0kKHrVyeRlHAg6INrSSVLAhhusG09RQG7"
           "/DA8v68y+Ycud8j0YR3tkAECgYAPnmuh3/BFgN23bNt/D1yGBBK1KGfTfAcjg+JO8WtueHacwy7W"
           "68vue0BK0hCi1GM7o1HT6Kw+NrpqOl7m1Ef+Bk03t1qCipw8PoVmaQH2Mc7HEskIgLTKQSOFBFwp"
           "hKRd8X/92zrEMqYUSbDlLKwmemtW+eTiY8sLH2DLcI380QKBgA7wMZo6ukxNGSZelLu8wfX0aWf8"
           "IozPVEiSrKWUTgGjqTIYagwYIloZYegTINavBR1o1dK/GDv6Kz0nzl5aalpJm5OwKUJNQXlmSa+I"
           "5DB2am6NGez0NEAyW2QQsyZBJpZ3eA+0TJszVmuc1aGHtuuwGrsNYsJSpMHuRSl9vNbnAoGACtFP"
           "fNNMZ+ckKRm1QOCT1aJWjrBIkPpzO07p3IFrRh0bEeJBu8ue+DLXSbsKmKx/elvYneul+IURQefh"
           "uQBISJF2w+MzRfzYzwUCgfayzCCdNdY19LSoAvlwr31gk8TxzrsoSdugbSkjTCPp6CCzrwbU922m"
           "8IHrrG10LhNr1DECgYAGL5sq1fT90dN/Wx1WXQUpF+xqXjPkgZrSbsLF0pM3BJH1J70Kgxf+nZI4"
           "q2sm29VPZ3FcUzvy4lbzfT9tPR3bg63ES+faB+n8HsqWwSZVl0PdwdqhkELu7qt/1ZaKWeJj3tc+"
           "EZjDkE/SQmEJAg1SrltzaEikVdraYBQN6X7AswKBgAcjJn2vvgDWEv5kJSJa13I1nO26P7xYxVWM"
           "CB7CTYiWaL+tFn3cN8CnqZCjgi0S0DZTTaVn0tfzLGje2hZdbwZ/9zZ+RmejNkqYvV5Ezje+UpQ3"
           "4apWDFgb0R+ufUY29IgsuaxifjYJ4K0/Id/zPzcvwqXbXG5Im9A4EMEN7PMr"},
    {1024, "MIICXAIBAAKBgQDRbXAsR1vyfOTeNTud3T9zsCWVqfEvwXTHVp8K7zKg42aLiP9imkTRixwumKuI"
           "zowg64JsXfxZ2i6hs+CZeJwLIlIAM69RBN7i/6Do9C/Nq3kTJ9TKLhAhRgptoxE5cqd0L2oGx6As"
           "n/+hpns9YK24AAVsW0nfyDqyjeYIYTi6MwIDAQABAoGAMzZJyeohR+jWpqfpzi6+R3H5nuGRwxXR"
           "krVR6wCXJtS0zMZRfTEwRvV3jMV0nN21Uo+Esy9AeFBsOsqbz6u4rGbmZg7O3Z5aolu7xVhALcgQ"
           "O9Xfgm4zzyf9FxUz+rlm7jVkkBReQmPbHBT6AvvyvcyLsR8A2oPoH5xd8uGJL8ECQQD1eI6qBXjd"
           "B+PH66/uM7lERnhAj1QAJKC/fiNGxcjGGRCnzYoEDANcuqjG7K0XBl/hi16hs7AzsVrLhf/Clcoj"
           "AkEA2mkZRyH+iaksCO8QQdzuB5OqPJ15SG7Z0t44XnttZK20QeNjemmHw2vScDdgv+Xe4zBzVzgK"
           "5ETKOK+YrouosQJALHpqx030h4BdeqUvHKdMo51tPq152AjLA8e0VqeR6Ks0BGPO5UrT9SJxYJIU"
           "Dv79sp2RSRWJEOTLAePG4xhHJwJAPKdjNbXjEifA6to5EZFhKQmBBURWIh9mroC39sUgJA15ObME"
           "NUKJSWPwFOnMHH6h30XdQiN2It5XqlZZeF+ggQJBAIvPQ850eJjkyp66zyYdMeLxolCcM5DiIr2a"
           "xrXq6jS2+ImdpZakYgTq4ip6d5DpbiRK0WiKWs6lGu6Hn41WPhE="},
};

static EVP_PKEY *rsa_open(const char *text)
{
    unsigned char der[TEXT_BYTES];
    const unsigned char *at = der;
    int n = EVP_DecodeBlock(der, (const unsigned char *)text, (int)strlen(text));
    EVP_PKEY *key = n < 0 ? NULL : d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, n);

    must_be(key != NULL);
    return key;
}

EVP_PKEY *test_rsa(unsigned bits)
{
    static size_t last = COUNT(rsa_keys) - 1;
    size_t next = last;

    do {
        next = (next + 1) % COUNT(rsa_keys);
    } while (rsa_keys[next].bits != bits && next != last);
    must_be(rsa_keys[next].bits == bits);
    last = next;
    return rsa_open(rsa_keys[next].text);
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

Str test_forged(struct arena *mem, Str header, Str payload)
{
    size_t n = str_contains(header, S("HS256"))   ? 32
               : str_contains(header, S("ES256")) ? 64
                                                  : 256;

    return test_parts(mem, header, payload, (Str){arena_alloc(mem, n), n});
}

/* ES256 wants the two numbers side by side; OpenSSL gives DER. */
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
