/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "oauth/jws.h"
#include "oauth/jws_key.h"
#include "oauth/testjwt.h"
#include "seal/seal.h"

#define RS256   S("{\"alg\":\"RS256\"}")
#define RS256_1 S("{\"alg\":\"RS256\",\"kid\":\"1\"}")
#define ES256   S("{\"alg\":\"ES256\"}")
#define HS256   S("{\"alg\":\"HS256\"}")
#define SECRET  S("0123456789abcdef0123456789abcdef")

enum { ALL = JWS_RS256 | JWS_ES256 | JWS_HS256, MOST = 8192 };

static EVP_PKEY *rsa; /* made once: it takes a while */
static EVP_PKEY *other_rsa;
static EVP_PKEY *ec;

static struct arena *t_mem(void)
{
    return &t_cx()->mem;
}

static struct jws_keys *t_keys(Str text)
{
    struct jws_keys *k = NULL;

    T_OK(jws_keys_from_text(t_cx(), text, &k));
    return k;
}

static struct jws t_parsed(Str compact)
{
    struct jws t = {.alg = JWS_RS256};

    T_OK(jws_parse(t_cx(), compact, MOST, &t));
    return t;
}

TEST(test_jws_parse_reads_header_and_payload)
{
    struct jws t;

    T_OK(jws_parse(
        t_cx(),
        test_forged(
            t_mem(), S("{\"alg\":\"HS256\",\"kid\":\"k\",\"typ\":\"whatever\"}"),
            S("{\"sub\":\"x\"}")),
        MOST, &t));
    T_INT(t.alg, JWS_HS256);
    T_INT(t.signature.n, 32);
    T_TRUE(str_ends(t.input, S(".eyJzdWIiOiJ4In0")));
    T_STR(t.kid, S("k"));
    T_STR(t.payload, S("{\"sub\":\"x\"}"));
}

/* SECURITY 40: alg none, HS256 where only RS256 is configured, RS384, or missing,
 * is refused; 41: so is crit; docs/api.md §9: duplicate members. */
TEST(test_jws_parse_refuses_headers)
{
    static const struct {
        Str header;
        enum fail want;
    } rows[] = {
        {SI("{\"alg\":\"RS256\"}"), FAIL_NONE},
        {SI("{\"alg\":\"HS256\"}"), FAIL_NONE},
        {SI("{\"alg\":\"RS256\",\"jku\":\"https://evil\",\"jwk\":{}}"), FAIL_NONE},
        {SI("{\"alg\":\"none\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"None\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"rs256\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS384\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"PS256\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"ES384\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":null}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":[\"RS256\"]}"), FAIL_PARSE_ERROR},
        {SI("{}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"none\",\"alg\":\"RS256\"}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS256\",\"crit\":[\"exp\"]}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS256\",\"crit\":[]}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS256\",\"kid\":7}"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS256\",\"kid\":null,\"crit\":null}"), FAIL_NONE},
        {SI("[\"RS256\"]"), FAIL_PARSE_ERROR},
        {SI("\"RS256\""), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS256\"} "), FAIL_NONE},
        {SI("{\"alg\":\"RS256\"}x"), FAIL_PARSE_ERROR},
        {SI("{\"alg\":\"RS256\",\"a\":\"\xFF\"}"), FAIL_PARSE_ERROR},
        {SI(""), FAIL_PARSE_ERROR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str text = test_forged(t_mem(), rows[i].header, S("{}"));
        struct jws t = {.kid = S("untouched")};

        if (jws_parse(t_cx(), text, MOST, &t).code != rows[i].want) {
            T_STR(rows[i].header, S("the other answer"));
        }
        T_TRUE(rows[i].want == FAIL_NONE || str_eq(t.kid, S("untouched")));
    }
}

/* {"alg":"HS256"}, and 32 zeros */
#define HEAD "eyJhbGciOiJIUzI1NiJ9"
#define SIGN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* SECURITY 43: truncated tokens, two or four parts, base64url that is not canonical,
 * padding, or white space, are refused. */
TEST(test_jws_parse_refuses_shapes)
{
    static const struct {
        Str text;
        enum fail want;
    } rows[] = {
        {SI(HEAD ".e30." SIGN), FAIL_NONE},
        {SI(HEAD ".e30"), FAIL_PARSE_ERROR},
        {SI(HEAD ".e30." SIGN ".cw"), FAIL_PARSE_ERROR},
        {SI(HEAD ".e30." SIGN "."), FAIL_PARSE_ERROR},
        {SI(HEAD ".e30."), FAIL_PARSE_ERROR},
        {SI(HEAD ".." SIGN), FAIL_PARSE_ERROR},
        {SI(".e30." SIGN), FAIL_PARSE_ERROR},
        {SI(".."), FAIL_PARSE_ERROR},
        {SI(""), FAIL_PARSE_ERROR},
        {SI(HEAD ".e30." SIGN "="), FAIL_PARSE_ERROR},
        {SI(HEAD ".e30=." SIGN), FAIL_PARSE_ERROR},
        {SI(HEAD ".e31." SIGN), FAIL_PARSE_ERROR},     /* left-over bits */
        {SI(HEAD ".e30." SIGN "A"), FAIL_PARSE_ERROR}, /* 33 bytes */
        {SI(HEAD ".e30.+" SIGN), FAIL_PARSE_ERROR},
        {SI(HEAD ".e30." SIGN "\n"), FAIL_PARSE_ERROR},
        {SI(" " HEAD ".e30." SIGN), FAIL_PARSE_ERROR},
        {SI(HEAD ".e30." SIGN "\0"), FAIL_PARSE_ERROR},
        {SI(HEAD ".W10." SIGN), FAIL_PARSE_ERROR}, /* [] */
        {SI(HEAD ".eA." SIGN), FAIL_PARSE_ERROR},  /* x */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jws t;

        if (jws_parse(t_cx(), rows[i].text, MOST, &t).code != rows[i].want) {
            T_STR(rows[i].text, S("the other answer"));
        }
    }
}

/* No library sees a signature of a length that its algorithm doesn't have. */
TEST(test_jws_parse_knows_how_long_signatures_are)
{
    const struct {
        Str header;
        size_t bytes;
        enum fail want;
    } rows[] = {
        {HS256, 1, FAIL_PARSE_ERROR},  {HS256, 31, FAIL_PARSE_ERROR},
        {HS256, 32, FAIL_NONE},        {HS256, 33, FAIL_PARSE_ERROR},
        {ES256, 63, FAIL_PARSE_ERROR}, {ES256, 64, FAIL_NONE},
        {ES256, 65, FAIL_PARSE_ERROR}, {RS256, 255, FAIL_PARSE_ERROR},
        {RS256, 256, FAIL_NONE},       {RS256, 2048, FAIL_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str signature = {arena_alloc(t_mem(), rows[i].bytes), rows[i].bytes};
        struct jws t;

        T_FAIL(
            rows[i].want,
            jws_parse(
                t_cx(), test_parts(t_mem(), rows[i].header, S("{}"), signature), MOST,
                &t));
    }
}

/* A signature with RSA has the length of its key's modulus. */
TEST(test_jws_verify_wants_a_signature_as_long_as_the_key)
{
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwk(t_mem(), rsa, S("")));
    struct jws t = t_parsed(test_token(t_mem(), rsa, RS256, S("{}")));
    char *longer = NEW_N(t_mem(), char, t.signature.n + 1);

    T_OK(jws_verify(t_cx(), k, &t, ALL, NULL));
    memcpy(longer + 1, t.signature.p, t.signature.n); /* the same number */
    t.signature = (Str){longer, t.signature.n + 1};
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
}

TEST(test_jws_parse_stops_at_max_bytes)
{
    struct jws t;

    Str text = test_forged(t_mem(), RS256, S("{}"));

    T_OK(jws_parse(t_cx(), text, text.n, &t));
    T_FAIL(FAIL_PARSE_ERROR, jws_parse(t_cx(), text, text.n - 1, &t));
}

TEST(test_jws_verify_takes_each_algorithm)
{
    CLEANUP(jws_keys_free)
    struct jws_keys *by_rsa = t_keys(test_jwk(t_mem(), rsa, S("")));
    CLEANUP(jws_keys_free) struct jws_keys *by_ec = t_keys(test_jwk(t_mem(), ec, S("")));
    CLEANUP(jws_keys_free) struct jws_keys *by_secret = NULL;

    T_OK(jws_keys_from_secret(t_cx(), SECRET, &by_secret));
    T_INT(jws_keys_algs(by_rsa), JWS_RS256);
    T_INT(jws_keys_algs(by_ec), JWS_ES256);
    T_INT(jws_keys_algs(by_secret), JWS_HS256);

    struct jws t = t_parsed(test_token(t_mem(), rsa, RS256_1, S("{\"a\":1}")));
    Str issuer = S("x");

    T_OK(jws_verify(t_cx(), by_rsa, &t, ALL, &issuer));
    T_STR(issuer, S(""));
    t = t_parsed(test_token(t_mem(), ec, ES256, S("{\"a\":1}")));
    T_OK(jws_verify(t_cx(), by_ec, &t, ALL, NULL));
    t = t_parsed(test_token_hs256(t_mem(), SECRET, HS256, S("{\"a\":1}")));
    T_OK(jws_verify(t_cx(), by_secret, &t, ALL, NULL));
}

/* SECURITY 40: a token is not verified by an algorithm that is not asked for, or
 * that does not fit the key: HS256 keyed with the text of the public key. */
TEST(test_jws_verify_refuses_another_algorithm)
{
    Str pem = test_pem(t_mem(), rsa);
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(pem);
    CLEANUP(jws_keys_free) struct jws_keys *by_ec = t_keys(test_pem(t_mem(), ec));

    struct jws t = t_parsed(test_token(t_mem(), rsa, RS256, S("{}")));

    T_OK(jws_verify(t_cx(), k, &t, JWS_RS256, NULL));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, JWS_ES256 | JWS_HS256, NULL));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, 0, NULL));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), by_ec, &t, ALL, NULL));
    t = t_parsed(test_token_hs256(t_mem(), pem, HS256, S("{}")));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, JWS_RS256, NULL));
    t = t_parsed(test_token(t_mem(), rsa, RS256, S("{}")));
    t.alg = JWS_HS256;
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
}

/* SECURITY 43: a wrong signature is refused. */
TEST(test_jws_verify_refuses_every_altered_token)
{
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwk(t_mem(), ec, S("")));
    Str text = test_token(t_mem(), ec, ES256, S("{\"sub\":\"x\"}"));
    char altered[1024];
    int refused = 0;

    for (size_t i = 0; i < text.n; i++) {
        struct jws t;

        memcpy(altered, text.p, text.n);
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        if (jws_parse(t_cx(), (Str){altered, text.n}, MOST, &t).code == FAIL_NONE) {
            T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
            refused++;
        }
    }
    T_TRUE(refused > 64); /* the parser alone did not refuse all of them */
}

TEST(test_jws_verify_refuses_a_signature_that_fits_elsewhere)
{
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwk(t_mem(), rsa, S("")));
    size_t dot = 0;

    struct jws t = t_parsed(test_token(t_mem(), other_rsa, RS256, S("{}")));

    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
    Str text = test_token(t_mem(), rsa, RS256, S("{\"sub\":\"a\"}"));
    Str other = test_token(t_mem(), rsa, RS256, S("{\"sub\":\"b\"}"));

    while (str_find(str_sub(text, dot, text.n), '.', &(size_t){0})) {
        dot++;
    }
    t = t_parsed(str_cat(t_mem(), str_sub(other, 0, dot), str_sub(text, dot, text.n)));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
}

/* SECURITY 41: key material in the header is ignored: the token names its own key
 * and is signed with it. */
TEST(test_jws_verify_ignores_keys_in_the_header)
{
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwk(t_mem(), rsa, S("")));
    struct buf b = {.mem = t_mem(), .max = 4096};

    buf_add(&b, S("{\"alg\":\"RS256\",\"jku\":\"https://evil.example/jwks\",\"jwk\":"));
    buf_add(&b, test_jwk(t_mem(), other_rsa, S("")));
    buf_add(&b, S("}"));
    struct jws t = t_parsed(test_token(t_mem(), other_rsa, buf_text(&b), S("{}")));

    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
    t = t_parsed(test_token(t_mem(), rsa, buf_text(&b), S("{}")));
    T_OK(jws_verify(t_cx(), k, &t, ALL, NULL));
}

/* SECURITY 42, 44: the key is the one that kid names; and its own issuer is told.
 */
TEST(test_jws_verify_picks_the_key_by_its_id)
{
    Str one =
        test_jwk(t_mem(), rsa, S(",\"kid\":\"1\",\"issuer\":\"https://i/{tenantid}\""));
    Str two = test_jwk(t_mem(), other_rsa, S(",\"kid\":\"2\",\"use\":\"sig\""));
    Str both = str_cat(t_mem(), one, str_cat(t_mem(), S(","), two));
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwks(t_mem(), both));
    Str issuer = S("");

    struct jws t = t_parsed(test_token(t_mem(), rsa, RS256_1, S("{}")));

    T_OK(jws_verify(t_cx(), k, &t, ALL, &issuer));
    T_STR(issuer, S("https://i/{tenantid}"));
    t = t_parsed(test_token(t_mem(), other_rsa, RS256_1, S("{}")));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, &issuer));
    t = t_parsed(
        test_token(t_mem(), rsa, S("{\"alg\":\"RS256\",\"kid\":\"3\"}"), S("{}")));
    T_FAIL(FAIL_NOT_FOUND, jws_verify(t_cx(), k, &t, ALL, &issuer));
    t = t_parsed(
        test_token(t_mem(), other_rsa, RS256, S("{}"))); /* no kid: each is tried */
    T_OK(jws_verify(t_cx(), k, &t, ALL, &issuer));
    T_STR(issuer, S(""));
}

TEST(test_jws_keys_from_text_reads_pem)
{
    const Str texts[] = {
        test_pem(t_mem(), rsa),
        test_certificate(t_mem(), rsa),
        str_cat(t_mem(), S("a comment\n\n"), test_pem(t_mem(), rsa)),
    };
    struct jws t = t_parsed(test_token(t_mem(), rsa, RS256_1, S("{}")));

    for (size_t i = 0; i < COUNT(texts); i++) {
        CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(texts[i]);

        T_INT(jws_keys_algs(k), JWS_RS256);
        T_OK(jws_verify(t_cx(), k, &t, ALL, NULL));
    }
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_pem(t_mem(), ec));

    t = t_parsed(test_token(t_mem(), ec, ES256, S("{}")));
    T_INT(jws_keys_algs(k), JWS_ES256);
    T_OK(jws_verify(t_cx(), k, &t, ALL, NULL));
}

/* SECURITY 42: a key with use other than sig, of another kty, or RSA under 2,048
 * bits, is refused; each with words that an operator can act on. */
TEST(test_jws_keys_from_text_refuses_and_says_why)
{
    CLEANUP(test_key_done) EVP_PKEY *small = test_rsa(2040);
    CLEANUP(test_key_done) EVP_PKEY *p384 = test_ec("P-384");
    CLEANUP(test_key_done) EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    const struct {
        Str text;
        Str why;
    } rows[] = {
        {test_jwk(t_mem(), small, S("")), S("2040 bits")},
        {test_pem(t_mem(), small), S("2040 bits")},
        {test_pem(t_mem(), p384), S("P-256")},
        {test_pem(t_mem(), ed), S("neither RSA nor EC")},
        {test_pem_private(t_mem(), rsa), S("PUBLIC KEY")},
        {S("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
         S("PUBLIC KEY")},
        {test_jwk(t_mem(), rsa, S(",\"use\":\"enc\"")), S("use")},
        {test_jwk(t_mem(), rsa, S(",\"use\":7")), S("use")},
        {test_jwk(t_mem(), rsa, S(",\"alg\":\"RS512\"")), S("alg")},
        {test_jwk(t_mem(), rsa, S(",\"alg\":\"HS256\"")), S("alg")},
        {test_jwk(t_mem(), rsa, S(",\"d\":\"AQAB\"")), S("private")},
        {test_jwk(t_mem(), rsa, S(",\"kty\":\"oct\"")), S("JSON")}, /* twice */
        {S("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}"), S("kty")},
        {S("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}"), S("P-256")},
        {S("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"),
         S("32 bytes")},
        {S("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
           "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}"),
         S("OpenSSL")},
        {S("{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}"), S("1 bits")},
        {S("{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}"), S("0 bits")},
        {S("{\"kty\":\"RSA\",\"n\":\"A A\",\"e\":\"AQAB\"}"), S("base64url")},
        {S("{\"kty\":\"RSA\",\"e\":\"AQAB\"}"), S("base64url")},
        {S("{\"kty\":\"oct\",\"k\":\"AAAA\"}"), S("3 bytes")},
        {S("{\"keys\":[]}"), S("without keys")},
        {S("{\"keys\":{}}"), S("without keys")},
        {S("{\"keys\":[7]}"), S("JSON object")},
        {S("{}"), S("kty")},
        {S("[]"), S("JSON")},
        {S(""), S("JSON")},
        {S("secret"), S("JSON")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jws_keys *k = NULL;

        T_FAIL(FAIL_CONFIG, jws_keys_from_text(t_cx(), rows[i].text, &k));
        T_TRUE(k == NULL);
        if (!str_contains(str_from_z(t_cx()->why.text), rows[i].why)) {
            T_STR(str_from_z(t_cx()->why.text), rows[i].why);
        }
    }
}

/* A modulus that only looks long, and exponents that make anybody's signature fit. */
TEST(test_jws_keys_from_text_counts_real_bits)
{
    char n[512];
    const char *exponents[] = {"AQ", "Ag", "", "AA", "AAAAAAAAAAAAAQ"};
    struct jws_keys *k = NULL;

    memset(n, 'A', sizeof(n)); /* 384 bytes of zeros, then one bit */
    struct buf b = {.mem = t_mem(), .max = 2048};

    buf_add(&b, S("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""));
    buf_add(&b, (Str){n, sizeof(n)});
    buf_add(&b, S("AQAB\"}"));
    T_FAIL(FAIL_CONFIG, jws_keys_from_text(t_cx(), buf_text(&b), &k));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("17 bits")));
    for (size_t i = 0; i < COUNT(exponents); i++) {
        b = (struct buf){.mem = t_mem(), .max = 2048};
        memset(n, '_', sizeof(n));
        buf_add(&b, S("{\"kty\":\"RSA\",\"n\":\""));
        buf_add(&b, (Str){n, sizeof(n)});
        buf_add(&b, S("\",\"e\":\""));
        buf_add(&b, str_from_z(exponents[i]));
        buf_add(&b, S("\"}"));
        T_FAIL(FAIL_CONFIG, jws_keys_from_text(t_cx(), buf_text(&b), &k));
        T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("exponent")));
    }
}

static Str t_rsa_of_bits(size_t bits)
{
    size_t bytes = (bits + 7) / 8;
    char *n = NEW_N(t_mem(), char, bytes);

    n[0] = (char)(1 << ((bits - 1) % 8));
    n[bytes - 1] = 1;
    Str text = b64url_encode(t_mem(), (Str){n, bytes});
    Str rest = str_cat(t_mem(), text, S("\"}"));

    return str_cat(t_mem(), S("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""), rest);
}

TEST(test_jws_keys_from_text_holds_rsa_to_its_sizes)
{
    static const struct {
        size_t bits;
        enum fail want;
    } rows[] = {
        {LIMIT_RSA_MIN_BITS - 1, FAIL_CONFIG},
        {LIMIT_RSA_MIN_BITS, FAIL_NONE},
        {JWS_RSA_MAX_BITS, FAIL_NONE},
        {JWS_RSA_MAX_BITS + 1, FAIL_CONFIG},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(jws_keys_free) struct jws_keys *k = NULL;

        T_FAIL(rows[i].want, jws_keys_from_text(t_cx(), t_rsa_of_bits(rows[i].bits), &k));
    }
}

TEST(test_jws_keys_from_text_leaves_unusable_keys_out)
{
    CLEANUP(test_key_done) EVP_PKEY *small = test_rsa(1024);
    struct buf b = {.mem = t_mem(), .max = 16 * 1024};

    buf_add(&b, S("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"},7,"));
    buf_add(&b, test_jwk(t_mem(), small, S(",\"kid\":\"1\"")));
    buf_add(&b, S(","));
    buf_add(&b, test_jwk(t_mem(), other_rsa, S(",\"kid\":\"1\",\"use\":\"enc\"")));
    buf_add(&b, S(","));
    buf_add(
        &b,
        test_jwk(t_mem(), rsa, S(",\"kid\":\"1\",\"x5c\":[\"AAAA\"],\"alg\":\"RS256\"")));
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwks(t_mem(), buf_text(&b)));
    struct jws t = t_parsed(test_token(t_mem(), rsa, RS256_1, S("{}")));

    T_OK(jws_verify(t_cx(), k, &t, ALL, NULL));
    t = t_parsed(test_token(t_mem(), other_rsa, RS256_1, S("{}")));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
}

/* The keys past the limit are left out. */
TEST(test_jws_keys_from_text_takes_100_keys)
{
    Str key = test_jwk(t_mem(), ec, S(""));
    struct jws t = t_parsed(test_token(t_mem(), rsa, RS256_1, S("{}")));

    for (size_t n = LIMIT_JWKS_KEYS; n <= LIMIT_JWKS_KEYS + 1; n++) {
        struct buf b = {.mem = t_mem(), .max = LIMIT_JWKS_BYTES};

        for (size_t i = 1; i < n; i++) {
            buf_add(&b, key);
            buf_add(&b, S(","));
        }
        buf_add(&b, test_jwk(t_mem(), rsa, S(",\"kid\":\"1\"")));
        CLEANUP(jws_keys_free)
        struct jws_keys *k = t_keys(test_jwks(t_mem(), buf_text(&b)));

        T_INT(jws_keys_algs(k), n > LIMIT_JWKS_KEYS ? JWS_ES256 : JWS_ES256 | JWS_RS256);
        T_FAIL(
            n > LIMIT_JWKS_KEYS ? FAIL_PARSE_ERROR : FAIL_NONE,
            jws_verify(t_cx(), k, &t, ALL, NULL));
    }
}

/* A key that nobody needs may be malformed in any way. */
TEST(test_jws_keys_from_text_leaves_malformed_keys_out)
{
    static const Str odd[] = {
        SI("{\"kty\":\"RSA\",\"kty\":\"RSA\"}"),
        SI("{\"kty\":\"\xFF\"}"),
        SI("{\"a\":1e}"),
        SI("{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"),
        SI("null"),
        SI("\"}]\\\"\""),
        SI("[{}]")};

    for (size_t i = 0; i < COUNT(odd); i++) {
        Str good = test_jwk(t_mem(), rsa, S(",\"kid\":\"1\",\"use\":null,\"alg\":null"));
        Str both = str_cat(t_mem(), odd[i], str_cat(t_mem(), S(" , "), good));
        CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwks(t_mem(), both));
        struct jws t = t_parsed(test_token(t_mem(), rsa, RS256_1, S("{}")));

        T_OK(jws_verify(t_cx(), k, &t, ALL, NULL));
    }
}

TEST(test_jws_keys_from_text_takes_its_limit_and_no_more)
{
    Str key = test_jwk(t_mem(), ec, S(""));
    static char text[LIMIT_JWKS_BYTES + 1];

    memset(text, ' ', sizeof(text));
    memcpy(text, key.p, key.n);
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys((Str){text, LIMIT_JWKS_BYTES});
    struct jws_keys *more = NULL;

    T_INT(jws_keys_algs(k), JWS_ES256);
    T_FAIL(FAIL_CONFIG, jws_keys_from_text(t_cx(), (Str){text, sizeof(text)}, &more));
}

TEST(test_jws_keys_from_secret_wants_32_bytes)
{
    CLEANUP(jws_keys_free) struct jws_keys *k = NULL;
    struct jws_keys *none = NULL;

    T_FAIL(FAIL_CONFIG, jws_keys_from_secret(t_cx(), str_sub(SECRET, 0, 31), &none));
    T_TRUE(none == NULL);
    T_OK(jws_keys_from_secret(t_cx(), SECRET, &k));
    struct jws t = t_parsed(test_token_hs256(t_mem(), SECRET, HS256, S("{}")));

    T_OK(jws_verify(t_cx(), k, &t, ALL, NULL));
    t = t_parsed(test_token_hs256(t_mem(), str_sub(SECRET, 0, 31), HS256, S("{}")));
    T_FAIL(FAIL_PARSE_ERROR, jws_verify(t_cx(), k, &t, ALL, NULL));
}

struct jws_shared {
    const struct jws_keys *keys;
    Str good[3];
    Str bad[3];
};

static void *jws_verify_many(void *user)
{
    const struct jws_shared *s = user;
    struct cx cx = {.deadline_ms = 0};
    size_t right = 0;

    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < 3; i++) {
            struct jws t;

            right += jws_parse(&cx, s->good[i], MOST, &t).code == FAIL_NONE
                     && jws_verify(&cx, s->keys, &t, ALL, NULL).code == FAIL_NONE;
            right += jws_parse(&cx, s->bad[i], MOST, &t).code == FAIL_NONE
                     && jws_verify(&cx, s->keys, &t, ALL, NULL).code == FAIL_PARSE_ERROR;
        }
    }
    cx_done(&cx);
    return right == 300 ? user : NULL;
}

/* Under a thread sanitizer too. */
TEST(test_jws_verify_shares_keys_between_threads)
{
    struct buf b = {.mem = t_mem(), .max = 16 * 1024};
    pthread_t threads[4];

    buf_add(&b, test_jwk(t_mem(), rsa, S("")));
    buf_add(&b, S(","));
    buf_add(&b, test_jwk(t_mem(), ec, S("")));
    buf_add(
        &b, S(",{\"kty\":\"oct\",\"k\":\""
              "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}"));
    CLEANUP(jws_keys_free) struct jws_keys *k = t_keys(test_jwks(t_mem(), buf_text(&b)));
    struct jws_shared s = {
        .keys = k,
        .good =
            {test_token(t_mem(), rsa, RS256, S("{}")),
             test_token(t_mem(), ec, ES256, S("{}")),
             test_token_hs256(t_mem(), SECRET, HS256, S("{}"))},
        .bad =
            {test_token(t_mem(), other_rsa, RS256, S("{}")),
             test_forged(t_mem(), ES256, S("{}")),
             test_token_hs256(t_mem(), S("x"), HS256, S("{}"))},
    };

    T_INT(jws_keys_algs(k), ALL);
    for (size_t i = 0; i < COUNT(threads); i++) {
        T_INT(pthread_create(&threads[i], NULL, jws_verify_many, &s), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *result = NULL;

        T_INT(pthread_join(threads[i], &result), 0);
        T_TRUE(result == &s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_jws_parse_reads_header_and_payload),
        T(test_jws_parse_refuses_headers),
        T(test_jws_parse_refuses_shapes),
        T(test_jws_parse_knows_how_long_signatures_are),
        T(test_jws_parse_stops_at_max_bytes),
        T(test_jws_verify_wants_a_signature_as_long_as_the_key),
        T(test_jws_verify_takes_each_algorithm),
        T(test_jws_verify_refuses_another_algorithm),
        T(test_jws_verify_refuses_every_altered_token),
        T(test_jws_verify_refuses_a_signature_that_fits_elsewhere),
        T(test_jws_verify_ignores_keys_in_the_header),
        T(test_jws_verify_picks_the_key_by_its_id),
        T(test_jws_keys_from_text_reads_pem),
        T(test_jws_keys_from_text_refuses_and_says_why),
        T(test_jws_keys_from_text_counts_real_bits),
        T(test_jws_keys_from_text_holds_rsa_to_its_sizes),
        T(test_jws_keys_from_text_leaves_unusable_keys_out),
        T(test_jws_keys_from_text_takes_100_keys),
        T(test_jws_keys_from_text_leaves_malformed_keys_out),
        T(test_jws_keys_from_text_takes_its_limit_and_no_more),
        T(test_jws_keys_from_secret_wants_32_bytes),
        T(test_jws_verify_shares_keys_between_threads),
    };

    rsa = test_rsa(LIMIT_RSA_MIN_BITS);
    other_rsa = test_rsa(LIMIT_RSA_MIN_BITS);
    ec = test_ec("P-256");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    test_key_done(&rsa);
    test_key_done(&other_rsa);
    test_key_done(&ec);
    return failed;
}
