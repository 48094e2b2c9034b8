/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/testserver.h"
#include "oauth/id_token.h"
#include "oauth/testjwt.h"
#include "seal/seal.h"

/* base64url of the first 16 bytes of SHA-256("access") */
#define AT_HASH "\"oFYf1knNtrqnhAVfBRuteQ\""

enum { NOW_S = 1800000000 };

static bool t_issuer_fits(const struct id_claims *claims, Str key_issuer, Str configured)
{
    return str_eq(claims->iss, configured)
           && (key_issuer.n == 0 || str_eq(key_issuer, configured));
}

static const struct id_expected expected = {
    .client_id = SI("us"),
    .nonce = SI("nonce-of-43-characters"),
    .access_token = SI("access"),
    .now_s = NOW_S,
    .issuer_fits = t_issuer_fits,
    .issuer = SI("https://i"),
};

/* A payload that stands, with members replaced or added: the last one of a name wins. */
static Str claims_with(Str name, Str value)
{
    static const struct {
        Str name;
        Str value;
    } good[] = {
        {SI("iss"), SI("\"https://i\"")}, {SI("sub"), SI("\"person\"")},
        {SI("aud"), SI("\"us\"")},        {SI("exp"), SI("1800003600")},
        {SI("iat"), SI("1800000000")},    {SI("nonce"), SI("\"nonce-of-43-characters\"")},
    };
    struct buf b = {.mem = &t_cx()->mem, .max = 64 * 1024};
    bool is_new = name.n > 0;

    for (size_t i = 0; i < COUNT(good); i++) {
        bool is_it = str_eq(good[i].name, name);

        is_new = is_new && !is_it;
        if (is_it && value.n == 0) {
            continue; /* left out */
        }
        buf_add(&b, b.n == 0 ? S("{\"") : S(",\""));
        buf_add(&b, good[i].name);
        buf_add(&b, S("\":"));
        buf_add(&b, is_it ? value : good[i].value);
    }
    if (is_new) {
        buf_add(&b, S(",\""));
        buf_add(&b, name);
        buf_add(&b, S("\":"));
        buf_add(&b, value);
    }
    buf_add(&b, S("}"));
    return buf_text(&b);
}

static enum fail check_with(const char *name, const char *value)
{
    struct id_claims c = {.iss = S("untouched")};
    Res res = id_claims_check(
        t_cx(), claims_with(str_from_z(name), str_from_z(value)), S(""), &expected, &c);

    T_TRUE(res.code == FAIL_NONE || str_eq(c.iss, S("untouched")));
    return res.code;
}

/* Rows of one member each. */
struct id_claims_row {
    const char *name;
    const char *value; /* empty: left out */
    bool ok;
};

static void id_claims_check_rows(const struct id_claims_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum fail want = rows[i].ok ? FAIL_NONE : FAIL_IDENTITY_INVALID;

        if (check_with(rows[i].name, rows[i].value) != want) {
            print_error("%s: %s\n", rows[i].name, rows[i].value);
            T_TRUE(false);
        }
    }
}

TEST(test_id_claims_check_gives_the_claims)
{
    struct id_claims c;

    T_OK(id_claims_check(
        t_cx(),
        S("{\"iss\":\"https://i\",\"sub\":\"s\",\"aud\":\"us\",\"exp\":1800003600,"
          "\"iat\":1800000000,\"nbf\":1800000000,\"nonce\":\"nonce-of-43-characters\","
          "\"azp\":\"us\",\"tid\":\"t\",\"oid\":\"o\",\"email\":\"a@b.example\","
          "\"preferred_username\":\"p\",\"hd\":\"b.example\",\"ver\":\"2.0\",\"x\":{}}"),
        S("https://i"), &expected, &c));
    T_STR(c.iss, S("https://i"));
    T_STR(c.sub, S("s"));
    T_STR(c.tid, S("t"));
    T_STR(c.oid, S("o"));
    T_STR(c.email, S("a@b.example"));
    T_STR(c.preferred_username, S("p"));
    T_STR(c.hd, S("b.example"));
    T_OK(id_claims_check(t_cx(), claims_with(S(""), S("")), S(""), &expected, &c));
    T_STR(c.sub, S("person"));
    T_STR(c.tid, S(""));
    T_STR(c.email, S(""));
}

/* SECURITY 44: given iss not in the accepted set, or a key whose own issuer is
 * another, it is refused. */
TEST(test_id_claims_check_asks_the_source_about_iss)
{
    static const struct id_claims_row rows[] = {
        {"iss", "\"https://i\"", true},
        {"iss", "\"https://i/\"", false},
        {"iss", "\"https://I\"", false},
        {"iss", "\"https://evil\"", false},
        {"iss", "\"\"", false},
        {"iss", "7", false},
        {"iss", "", false},
    };
    struct id_claims c;

    id_claims_check_rows(rows, COUNT(rows));
    T_FAIL(
        FAIL_IDENTITY_INVALID,
        id_claims_check(
            t_cx(), claims_with(S(""), S("")), S("https://other"), &expected, &c));
}

/* SECURITY 45: aud without our client id, an array with a foreign audience and no
 * azp that is us, or azp that is not us; 49: a sibling of the same project. */
TEST(test_id_claims_check_wants_us_for_audience)
{
    static const struct id_claims_row rows[] = {
        {"aud", "\"us\"", true},
        {"aud", "[\"us\"]", true},
        {"aud", "[\"us\",\"us\"]", true},
        {"aud", "[\"us\",\"them\"],\"azp\":\"us\"", true},
        {"aud", "[\"them\",\"us\"],\"azp\":\"us\"", true},
        {"aud", "[\"us\",\"them\"]", false},
        {"aud", "[\"us\",\"them\"],\"azp\":\"them\"", false},
        {"aud", "[\"us\",7]", false},
        {"aud", "\"them\"", false},
        {"aud", "\"them\",\"azp\":\"us\"", false},
        {"aud", "[\"them\"],\"azp\":\"us\"", false},
        {"aud", "[]", false},
        {"aud", "\"\"", false},
        {"aud", "{\"us\":\"us\"}", false},
        {"aud", "[[\"us\"]]", false},
        {"aud", "", false},
        {"azp", "\"us\"", true},
        {"azp", "\"them\"", false},
        {"azp", "null", true},
        {"aud", "[\"us\",\"them\"],\"azp\":null", false},
        {"azp", "[\"us\"]", false},
    };

    id_claims_check_rows(rows, COUNT(rows));
}

/* SECURITY 46: exp at or before now - 60, nbf or iat after now + 60, iat older than
 * an hour, missing or no number; one second around each edge. */
TEST(test_id_claims_check_moves_the_clock_around_each_edge)
{
    static const struct id_claims_row rows[] = {
        {"exp", "1799999940", false}, /* now - 60 */
        {"exp", "1799999941", true},
        {"exp", "1799999940.9", false},
        {"exp", "1799999941.5", true},
        {"exp", "9007199254740992", true}, /* 2^53 */
        {"exp", "9007199254740993", false},
        {"exp", "9223372036854775807", false},
        {"exp", "9223372036854775808", false},
        {"exp", "-9223372036854775808", false},
        {"exp", "1800003600.0", true},
        {"exp", "\"1800003600\"", true},
        {"exp", "\"1800003600.5\"", true},
        {"exp", "\"soon\"", false},
        {"exp", "null", false},
        {"exp", "", false},
        {"iat", "1800000060", true}, /* now + 60 */
        {"iat", "1800000061", false},
        {"iat", "1799996400", true}, /* now - 3600 */
        {"iat", "1799996399", false},
        {"iat", "9223372036854775807", false},
        {"iat", "-9223372036854775808", false},
        {"iat", "1.8e9", true},
        {"iat", "1799999999.123", true},
        {"iat", "null", false},
        {"iat", "true", false},
        {"iat", "", false},
        {"nbf", "1800000060", true},
        {"nbf", "1800000061", false},
        {"nbf", "0", true},
        {"nbf", "9223372036854775807", false},
        {"nbf", "\"0\"", true},
        {"nbf", "\"\"", false},
        {"nbf", "null", true},
        {"nbf", "[]", false},
    };

    id_claims_check_rows(rows, COUNT(rows));
}

/* SECURITY 47, 31, 70: given nonce missing or different, it is refused: a code
 * injected from another session. */
TEST(test_id_claims_check_wants_this_flows_nonce)
{
    static const struct id_claims_row rows[] = {
        {"nonce", "\"nonce-of-43-characterz\"", false},
        {"nonce", "\"nonce-of-43-character\"", false},
        {"nonce", "\"nonce-of-43-characters \"", false},
        {"nonce", "\"\"", false},
        {"nonce", "7", false},
        {"nonce", "null", false},
        {"nonce", "", false},
    };

    id_claims_check_rows(rows, COUNT(rows));
}

/* SECURITY 48: given at_hash present and wrong, it is refused; absent is accepted.
 */
TEST(test_id_claims_check_holds_at_hash_to_the_access_token)
{
    static const struct id_claims_row rows[] = {
        {"at_hash", "\"UpClx-ZxcJfoPnGqFLYGhA\"", false},
        {"at_hash", "\"\"", false},
        {"at_hash", "null", true},
        {"at_hash", "7", false},
        {"at_hash", AT_HASH, true},
        {"at_hash", "[" AT_HASH "]", false},
    };

    id_claims_check_rows(rows, COUNT(rows));
}

TEST(test_id_claims_check_holds_ids_to_their_limits)
{
    static const char *ids[] = {"sub", "tid", "oid"};
    static const struct id_claims_row rows[] = {
        {"sub", "\"\"", false},      {"sub", "7", false},
        {"sub", "null", false},      {"sub", "", false},
        {"sub", "\"a\\nb\"", false}, {"sub", "\"a\\u007f\"", false},
        {"sub", "\"a b\"", true},    {"tid", "\"\"", false},
        {"tid", "7", false},         {"oid", "[]", false},
    };
    char value[LIMIT_SUBJECT_BYTES + 4];

    id_claims_check_rows(rows, COUNT(rows));
    for (size_t i = 0; i < COUNT(ids); i++) {
        for (size_t n = LIMIT_SUBJECT_BYTES; n <= LIMIT_SUBJECT_BYTES + 1; n++) {
            memset(value, 'x', sizeof(value));
            value[0] = '"';
            value[n + 1] = '"';
            value[n + 2] = 0;
            T_INT(
                check_with(ids[i], value),
                n > LIMIT_SUBJECT_BYTES ? FAIL_IDENTITY_INVALID : FAIL_NONE);
        }
    }
}

/* SECURITY 52: e-mail and user name are no key: odd ones don't end the flow. */
TEST(test_id_claims_check_leaves_odd_names_out)
{
    static const char *names[] = {"email", "preferred_username", "hd"};
    static const char *odd[] = {"7", "null", "\"\"", "\"a\\nb\"", "[\"a\"]"};
    char value[LIMIT_USERNAME_BYTES + 4];

    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t k = 0; k < COUNT(odd); k++) {
            struct id_claims c;

            T_OK(id_claims_check(
                t_cx(), claims_with(str_from_z(names[i]), str_from_z(odd[k])), S(""),
                &expected, &c));
            T_INT(c.email.n + c.preferred_username.n + c.hd.n, 0);
        }
    }
    for (size_t n = LIMIT_USERNAME_BYTES; n <= LIMIT_USERNAME_BYTES + 1; n++) {
        struct id_claims c;

        memset(value, 'x', sizeof(value));
        value[0] = '"';
        value[n + 1] = '"';
        T_OK(id_claims_check(
            t_cx(), claims_with(S("email"), (Str){value, n + 2}), S(""), &expected, &c));
        T_INT(c.email.n, n > LIMIT_USERNAME_BYTES ? 0 : LIMIT_USERNAME_BYTES);
    }
}

TEST(test_id_claims_check_refuses_what_is_no_object)
{
    static const Str rows[] = {
        SI(""), SI("[]"), SI("null"), SI("\"x\""), SI("{"), SI("{}"), SI("{}{}"),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct id_claims c;

        T_FAIL(
            FAIL_IDENTITY_INVALID,
            id_claims_check(t_cx(), rows[i], S(""), &expected, &c));
    }
    T_INT(check_with("sub", "\"a\",\"sub\":\"b\""), FAIL_IDENTITY_INVALID);
}

/* A whole token against a scripted key URL: the key first, then what is signed with it.
 */
static enum fail verify_at(struct server *s, EVP_PKEY *published, Str token)
{
    const struct net_options generous = {
        .connect_timeout_ms = 60000, .timeout_ms = 60000};
    struct arena *mem = &t_cx()->mem;
    Str keys = test_jwks(mem, test_jwk(mem, published, S(",\"kid\":\"1\"")));
    const struct step step = {
        str_cat(
            mem,
            S("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
              "Connection: close\r\n\r\n"),
            keys),
        THEN_CLOSE};
    struct net *net = net_open();
    struct id_claims c = {.sub = S("")};

    testserver_start(s, &step, 1);
    struct jwks *jwks = jwks_open(testserver_url(mem, s, "/keys"), &generous);
    Res res = id_token_verify(t_cx(), net, jwks, token, &expected, &c);

    T_TRUE(res.code != FAIL_NONE || str_eq(c.sub, S("person")));
    jwks_unref(&jwks);
    net_close(&net);
    testserver_stop(s);
    return res.code;
}

/* SECURITY 40 to 43, on a whole ID token. */
TEST(test_id_token_verify_wants_rs256_by_a_published_key)
{
    CLEANUP(test_key_done) EVP_PKEY *key = test_rsa(LIMIT_RSA_MIN_BITS);
    CLEANUP(test_key_done) EVP_PKEY *evil = test_rsa(LIMIT_RSA_MIN_BITS);
    CLEANUP(test_key_done) EVP_PKEY *ec = test_ec("P-256");
    static struct server s;
    struct arena *mem = &t_cx()->mem;
    static const Str header = SI("{\"alg\":\"RS256\",\"kid\":\"1\"}");

    Str payload = claims_with(S(""), S(""));
    Str good = test_token(mem, key, header, payload);

    T_INT(verify_at(&s, key, good), FAIL_NONE);
    T_INT(verify_at(&s, evil, good), FAIL_IDENTITY_INVALID);
    T_INT(verify_at(&s, key, str_sub(good, 0, good.n - 1)), FAIL_IDENTITY_INVALID);
    T_INT(
        verify_at(&s, key, test_parts(mem, S("{\"alg\":\"none\"}"), payload, S(""))),
        FAIL_IDENTITY_INVALID);
    T_INT(
        verify_at(
            &s, ec, test_token(mem, ec, S("{\"alg\":\"ES256\",\"kid\":\"1\"}"), payload)),
        FAIL_IDENTITY_INVALID);
    T_INT(
        verify_at(
            &s, key,
            test_token_hs256(
                mem, test_pem(mem, key), S("{\"alg\":\"HS256\",\"kid\":\"1\"}"),
                payload)),
        FAIL_IDENTITY_INVALID);
    T_INT(
        verify_at(
            &s, key,
            test_token(mem, key, S("{\"alg\":\"RS256\",\"kid\":\"2\"}"), payload)),
        FAIL_IDENTITY_INVALID);
    T_INT(
        verify_at(
            &s, key, test_token(mem, key, header, claims_with(S("aud"), S("\"them\"")))),
        FAIL_IDENTITY_INVALID);
}

TEST(test_id_token_verify_holds_a_token_to_its_limit)
{
    CLEANUP(test_key_done) EVP_PKEY *key = test_rsa(LIMIT_RSA_MIN_BITS);
    static struct server s;
    static char filler[LIMIT_ID_TOKEN_BYTES];
    static const Str header = SI("{\"alg\":\"RS256\",\"kid\":\"1\"}");
    struct arena *mem = &t_cx()->mem;
    bool has_fitted = false;

    memset(filler, '7', sizeof(filler));
    Str shortest = test_token(mem, key, header, claims_with(S("x"), S("1")));
    size_t near = (LIMIT_ID_TOKEN_BYTES - shortest.n) * 3 / 4;

    for (size_t n = near - 2; n < near + 5; n++) { /* the text grows by 1 or 2 */
        filler[0] = filler[n] = '"';
        Str value = {filler, n + 1};
        Str token = test_token(mem, key, header, claims_with(S("x"), value));
        bool fits = token.n <= LIMIT_ID_TOKEN_BYTES;

        has_fitted = has_fitted || token.n == LIMIT_ID_TOKEN_BYTES;
        T_INT(verify_at(&s, key, token), fits ? FAIL_NONE : FAIL_IDENTITY_INVALID);
        filler[n] = '7';
    }
    T_TRUE(has_fitted);
}

TEST(test_id_token_verify_says_when_the_keys_are_away)
{
    const struct net_options generous = {
        .connect_timeout_ms = 60000, .timeout_ms = 60000};
    static const struct step step = {
        SI("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static struct server s;
    struct net *net = net_open();
    struct id_claims c;

    Str token =
        test_forged(&t_cx()->mem, S("{\"alg\":\"RS256\"}"), claims_with(S(""), S("")));

    testserver_start(&s, &step, 1);
    struct jwks *jwks = jwks_open(testserver_url(&t_cx()->mem, &s, "/keys"), &generous);

    T_FAIL(
        FAIL_SOURCE_UNAVAILABLE,
        id_token_verify(t_cx(), net, jwks, token, &expected, &c));
    jwks_unref(&jwks);
    net_close(&net);
    testserver_stop(&s);
}

/* Core §12.2, SECURITY 50: neither signature nor times matter, only whom it names.
 */
TEST(test_id_token_read_tells_whom_it_names)
{
    static const struct {
        Str header;
        Str name, value;
        enum fail want;
    } rows[] = {
        {SI("{\"alg\":\"RS256\"}"), SI(""), SI(""), FAIL_NONE},
        {SI("{\"alg\":\"RS256\"}"), SI("exp"), SI("1"), FAIL_NONE},
        {SI("{\"alg\":\"RS256\"}"), SI("nonce"), SI(""), FAIL_NONE},
        {SI("{\"alg\":\"RS256\"}"), SI("aud"), SI("\"them\""), FAIL_IDENTITY_INVALID},
        {SI("{\"alg\":\"RS256\"}"), SI("azp"), SI("\"them\""), FAIL_IDENTITY_INVALID},
        {SI("{\"alg\":\"RS256\"}"), SI("sub"), SI(""), FAIL_IDENTITY_INVALID},
        {SI("{\"alg\":\"none\"}"), SI(""), SI(""), FAIL_SOURCE_ERROR},
        {SI("not json"), SI(""), SI(""), FAIL_SOURCE_ERROR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct id_claims c = {.sub = S("kept")};
        Str token = test_forged(
            &t_cx()->mem, rows[i].header, claims_with(rows[i].name, rows[i].value));

        T_FAIL(rows[i].want, id_token_read(t_cx(), token, S("us"), &c));
        T_STR(c.sub, rows[i].want == FAIL_NONE ? S("person") : S("kept"));
    }
    struct id_claims c;

    T_FAIL(FAIL_SOURCE_ERROR, id_token_read(t_cx(), S("a.b"), S("us"), &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_id_claims_check_gives_the_claims),
        T(test_id_claims_check_asks_the_source_about_iss),
        T(test_id_claims_check_wants_us_for_audience),
        T(test_id_claims_check_moves_the_clock_around_each_edge),
        T(test_id_claims_check_wants_this_flows_nonce),
        T(test_id_claims_check_holds_at_hash_to_the_access_token),
        T(test_id_claims_check_holds_ids_to_their_limits),
        T(test_id_claims_check_leaves_odd_names_out),
        T(test_id_claims_check_refuses_what_is_no_object),
        T(test_id_token_verify_wants_rs256_by_a_published_key),
        T(test_id_token_verify_holds_a_token_to_its_limit),
        T(test_id_token_verify_says_when_the_keys_are_away),
        T(test_id_token_read_tells_whom_it_names),
    };

    return net_start() && seal_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
