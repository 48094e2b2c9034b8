/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "oauth/state.h"
#include "oauth/testring.h"

static const struct flow sample = {
    .credential = CREDENTIAL_TOKEN,
    .token_id = 7,
    .provider = INT64_MAX,
    .mode = MODE_PROVIDER,
    .user = SI("user-1"),
    .source = SOURCE_MICROSOFT,
    .redirect_uri = SI("https://app.example/cb?x=1"),
    .expires_s = 1800000000,
};

static Str t_flow_id(const struct flow *f)
{
    return (Str){(const char *)f->id, sizeof(f->id)};
}

static Str t_flow_secret(const char text[FLOW_SECRET_TEXT])
{
    return (Str){text, FLOW_SECRET_TEXT};
}

static void t_flow_is(const struct flow *got, const struct flow *want)
{
    T_STR(t_flow_id(got), t_flow_id(want));
    T_INT(got->key_id, want->key_id);
    T_INT(got->credential, want->credential);
    T_INT(got->token_id, want->token_id);
    T_STR(got->issuer, want->issuer);
    T_INT(got->provider, want->provider);
    T_INT(got->mode, want->mode);
    T_STR(got->user, want->user);
    T_INT(got->source, want->source);
    T_STR(got->redirect_uri, want->redirect_uri);
    T_INT(got->expires_s, want->expires_s);
    T_INT(got->account, want->account);
}

TEST(test_state_open_gives_back_what_was_sealed)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    const struct flow jwt = {
        .credential = CREDENTIAL_JWT,
        .issuer = S("app"),
        .provider = 1,
        .mode = MODE_CUSTOMER,
        .source = SOURCE_GOOGLE,
        .redirect_uri = S("com.example:/done"),
        .expires_s = -1, /* any number survives */
    };
    struct flow again = sample;

    again.account = INT64_MAX;
    const struct flow *flows[] = {&sample, &jwt, &again};

    for (size_t i = 0; i < COUNT(flows); i++) {
        struct flow flow = *flows[i];
        struct flow got;
        Str text;

        T_OK(state_seal(t_cx(), k, &flow, &text));
        T_INT(flow.key_id, 1);
        T_TRUE(text.n <= LIMIT_STATE_BYTES);
        T_OK(state_open(t_cx(), k, text, &got));
        t_flow_is(&got, &flow);
    }
}

TEST(test_state_seal_fits_the_longest_user_and_redirect_uri)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    static char long_text[LIMIT_STATE_BYTES];
    struct flow flow = sample;
    struct flow got;
    Str text = S("untouched");

    memset(long_text, 'x', sizeof(long_text));
    flow.user = (Str){long_text, LIMIT_USER_BYTES};
    flow.redirect_uri = (Str){long_text, LIMIT_REDIRECT_URI_BYTES};
    T_OK(state_seal(t_cx(), k, &flow, &text));
    T_TRUE(text.n <= LIMIT_STATE_BYTES);
    T_OK(state_open(t_cx(), k, text, &got));
    T_INT(got.redirect_uri.n, LIMIT_REDIRECT_URI_BYTES);
}

/* Grows the flow until it doesn't fit: the last that does is within the limit. */
TEST(test_state_seal_stops_at_its_limit)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    static char long_text[LIMIT_STATE_BYTES];
    struct flow flow = sample;
    struct flow got;
    Str text = S("");
    Str longest = S("");

    memset(long_text, 'x', sizeof(long_text));
    for (size_t n = 1300; n < sizeof(long_text); n++) {
        flow.redirect_uri = (Str){long_text, n};
        struct flow before = flow;
        Res res = state_seal(t_cx(), k, &flow, &text);

        if (res.code != FAIL_NONE) {
            T_FAIL(FAIL_LIMIT, res);
            t_flow_is(&flow, &before);
            break;
        }
        longest = text;
    }
    T_INT(longest.n, LIMIT_STATE_BYTES);
    T_STR(text, longest); /* a failed call leaves its result alone */
    T_OK(state_open(t_cx(), k, longest, &got));
}

/* SECURITY 3: given two starts, their state, nonce and verifier all differ, each
 * with at least 128 bits of randomness. */
TEST(test_state_seal_never_gives_the_same_twice)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct flow flows[2] = {sample, sample};
    struct flow_secrets secrets[2];
    Str texts[2];

    for (size_t i = 0; i < 2; i++) {
        T_OK(state_seal(t_cx(), k, &flows[i], &texts[i]));
        T_OK(state_derive_secrets(t_cx(), k, &flows[i], &secrets[i]));
    }
    T_INT(sizeof(flows[0].id), 24);
    T_TRUE(!str_eq(texts[0], texts[1]));
    T_TRUE(!str_eq(t_flow_id(&flows[0]), t_flow_id(&flows[1])));
    T_TRUE(
        !str_eq(t_flow_secret(secrets[0].verifier), t_flow_secret(secrets[1].verifier)));
    T_TRUE(!str_eq(t_flow_secret(secrets[0].nonce), t_flow_secret(secrets[1].nonce)));
    T_TRUE(!str_eq(t_flow_secret(secrets[0].nonce), t_flow_secret(secrets[0].verifier)));
}

/* SECURITY 13: given a callback with a state that is altered, of wrong length or
 * alphabet, it is refused before anything else. */
TEST(test_state_open_refuses_every_altered_text)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct flow flow = sample;
    struct flow got = {.provider = 77};
    char text[LIMIT_STATE_BYTES + 1];
    Str sealed;

    T_OK(state_seal(t_cx(), k, &flow, &sealed));
    for (size_t i = 0; i < sealed.n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(text, sealed.p, sealed.n);
            text[i] = (char)(text[i] ^ 1 << bit);
            T_FAIL(
                FAIL_STATE_INVALID, state_open(t_cx(), k, (Str){text, sealed.n}, &got));
        }
    }
    for (size_t n = 0; n < sealed.n; n++) {
        T_FAIL(FAIL_STATE_INVALID, state_open(t_cx(), k, (Str){sealed.p, n}, &got));
    }
    memcpy(text, sealed.p, sealed.n);
    text[sealed.n] = 'A';
    T_FAIL(FAIL_STATE_INVALID, state_open(t_cx(), k, (Str){text, sealed.n + 1}, &got));
    memset(text, 'A', sizeof(text));
    T_FAIL(FAIL_STATE_INVALID, state_open(t_cx(), k, (Str){text, sizeof(text)}, &got));
    T_INT(got.provider, 77); /* a failed call leaves its result alone */
}

TEST(test_state_open_wants_the_key_that_it_names)
{
    CLEANUP(keyring_close)
    struct keyring *both = ring_of(t_cx(), S(RING_KEY_1 RING_KEY_2));
    CLEANUP(keyring_close) struct keyring *second = ring_of(t_cx(), S(RING_KEY_2));
    struct flow flow = sample;
    struct flow got;
    struct flow_secrets secrets;
    Str text;

    T_OK(state_seal(t_cx(), both, &flow, &text));
    T_INT(flow.key_id, 1);
    T_FAIL(FAIL_STATE_INVALID, state_open(t_cx(), second, text, &got));
    T_FAIL(FAIL_STATE_INVALID, state_derive_secrets(t_cx(), second, &flow, &secrets));
    T_TRUE(keyring_set_sealing(both, 2)); /* what key 1 sealed still opens */
    T_OK(state_open(t_cx(), both, text, &got));
    T_INT(got.key_id, 1);
    T_OK(state_seal(t_cx(), both, &flow, &text));
    T_INT(flow.key_id, 2);
    T_OK(state_open(t_cx(), second, text, &got));
}

/* A newer node may seal what this one doesn't know: a third source, say. */
TEST(test_state_open_refuses_values_that_are_unknown_here)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct flow flows[] = {sample, sample, sample, sample, sample, sample, sample};

    flows[0].source = (enum source_id)(SOURCE_COUNT + 1);
    flows[1].source = (enum source_id)0;
    flows[2].mode = (enum mode)(MODE_CUSTOMER | MODE_PROVIDER);
    flows[3].mode = MODE_NONE;
    flows[4].credential = (enum credential_kind)3;
    flows[5].provider = 0;
    flows[6].provider = -1;
    for (size_t i = 0; i < COUNT(flows); i++) {
        struct flow got;
        Str text;

        T_OK(state_seal(t_cx(), k, &flows[i], &text));
        T_FAIL(FAIL_STATE_INVALID, state_open(t_cx(), k, text, &got));
    }
}

/* The same keys, but sealed as something else. */
TEST(test_state_open_refuses_what_was_sealed_for_another_purpose)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct flow got;
    Str record = keyring_seal(&t_cx()->mem, k, KEY_GRANT, S("text"), S(""));

    T_FAIL(
        FAIL_STATE_INVALID,
        state_open(t_cx(), k, b64url_encode(&t_cx()->mem, record), &got));
}

/* SECURITY 5: any verifier is 43 to 128 characters of the alphabet, and derived
 * again on any node that has the key. */
TEST(test_flow_derive_gives_the_same_again)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    CLEANUP(keyring_close)
    struct keyring *copy = ring_of(t_cx(), S(RING_KEY_2 RING_KEY_1));
    struct flow flow = sample;
    struct flow opened;
    struct flow_secrets a;
    struct flow_secrets b;
    unsigned char hash[SEAL_HASH_BYTES];
    char challenge[FLOW_SECRET_TEXT];
    Str text;
    Str bytes;

    T_OK(state_seal(t_cx(), k, &flow, &text));
    T_OK(state_derive_secrets(t_cx(), k, &flow, &a));
    T_OK(state_open(t_cx(), copy, text, &opened));
    Str name = str_dup(&t_cx()->mem, str_from_z(t_cx()->flow));

    T_INT(name.n, 16);
    T_OK(state_derive_secrets(t_cx(), copy, &opened, &b));
    T_STR(str_from_z(t_cx()->flow), name);
    T_INT(memcmp(&a, &b, sizeof(a)), 0);
    T_OK(b64url_decode(t_cx(), t_flow_secret(a.verifier), &bytes));
    T_INT(bytes.n, 32);
    state_pkce_challenge(&t_cx()->mem, t_flow_secret(a.verifier), hash, challenge);
    T_STR(t_flow_secret(a.challenge), t_flow_secret(challenge));
}

/* SECURITY 5: the vector of RFC 7636, appendix B. */
TEST(test_pkce_challenge_gives_the_vector_of_rfc_7636)
{
    char got[FLOW_SECRET_TEXT];
    unsigned char hash[SEAL_HASH_BYTES];

    must_be(seal_start());
    state_pkce_challenge(
        &t_cx()->mem, S("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), hash, got);
    T_STR(t_flow_secret(got), S("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
}

T_MAIN(
    T(test_state_open_gives_back_what_was_sealed),
    T(test_state_seal_fits_the_longest_user_and_redirect_uri),
    T(test_state_seal_stops_at_its_limit), T(test_state_seal_never_gives_the_same_twice),
    T(test_state_open_refuses_every_altered_text),
    T(test_state_open_wants_the_key_that_it_names),
    T(test_state_open_refuses_values_that_are_unknown_here),
    T(test_state_open_refuses_what_was_sealed_for_another_purpose),
    T(test_flow_derive_gives_the_same_again),
    T(test_pkce_challenge_gives_the_vector_of_rfc_7636))
