/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id_token.c - the signature first, then every claim that says for whom, by whom and
 * when.
 *
 * Claims for people to read (e-mail, user name, domain) are left out when they can't be
 * used; any other claim that can't be used ends the flow. A claim that is null is absent.
 */
#include "oauth/id_token.h"

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "seal/seal.h"

enum { AT_HASH_BYTES = 16, HOST_BYTES = 253, ISSUER_BYTES = 512 };

static Res id_token_invalid(struct cx *cx, const char *what)
{
    return fail(cx, FAIL_IDENTITY_INVALID, "ID token: %s", what);
}

static bool char_is_of_claim(unsigned char c)
{
    return c >= ' ' && c != 0x7F;
}

struct id_claim {
    const char *name;
    size_t most;
    bool is_required;
    bool is_for_people;
    Str *ret; /* empty when absent */
};

static Res id_claim_read(struct cx *cx, const json_t *claims, const struct id_claim *c)
{
    Str text = S("");
    bool is_usable = j_text(claims, c->name, &text) && text.n > 0 && text.n <= c->most
                     && str_is_only(text, char_is_of_claim);

    if (!is_usable && !c->is_for_people
        && (c->is_required || !j_is_absent(claims, c->name))) {
        return id_token_invalid(cx, c->name);
    }
    *c->ret = is_usable ? str_dup(&cx->mem, text) : S("");
    return OK;
}

static Res id_claims_read(struct cx *cx, const json_t *claims, struct id_claims *ret)
{
    const struct id_claim table[] = {
        {"iss", ISSUER_BYTES, true, false, &ret->iss},
        {"sub", LIMIT_SUBJECT_BYTES, true, false, &ret->sub},
        {"tid", LIMIT_SUBJECT_BYTES, false, false, &ret->tid},
        {"oid", LIMIT_SUBJECT_BYTES, false, false, &ret->oid},
        {"email", LIMIT_USERNAME_BYTES, false, true, &ret->email},
        {"preferred_username", LIMIT_USERNAME_BYTES, false, true,
         &ret->preferred_username},
        {"hd", HOST_BYTES, false, true, &ret->hd},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        TRY(id_claim_read(cx, claims, &table[i]));
    }
    return OK;
}

static bool id_claim_is(const json_t *v, Str want)
{
    return json_is_string(v)
           && str_eq((Str){json_string_value(v), json_string_length(v)}, want);
}

/* Core §3.1.3.7 (3) to (5). */
static Res id_audience_check(struct cx *cx, const json_t *claims, Str client_id)
{
    const json_t *aud = j_get(claims, "aud");
    const json_t *azp = j_get(claims, "azp");
    size_t n = json_array_size(aud);
    size_t ours = id_claim_is(aud, client_id);

    for (size_t i = 0; i < n; i++) {
        ours += id_claim_is(json_array_get(aud, i), client_id);
    }
    if (ours == 0) {
        return id_token_invalid(cx, "aud is not us");
    }
    if (azp == NULL ? ours < n : !id_claim_is(azp, client_id)) {
        return id_token_invalid(cx, "azp is not us");
    }
    return OK;
}

/* Core §3.1.3.7 (9), (10); RFC 7519 §4.1.5. */
static Res id_times_check(struct cx *cx, const json_t *claims, int64_t now_s)
{
    int64_t exp;
    int64_t iat;
    int64_t nbf = now_s;

    if (!j_number(claims, "exp", &exp) || exp <= now_s - LIMIT_ID_TOKEN_SKEW_S) {
        return id_token_invalid(cx, "exp is past, or no time");
    }
    if (!j_number(claims, "iat", &iat) || iat > now_s + LIMIT_ID_TOKEN_SKEW_S
        || iat < now_s - LIMIT_ID_TOKEN_AGE_S) {
        return id_token_invalid(cx, "iat is ahead, long past, or no time");
    }
    if ((!j_is_absent(claims, "nbf") && !j_number(claims, "nbf", &nbf))
        || nbf > now_s + LIMIT_ID_TOKEN_SKEW_S) {
        return id_token_invalid(cx, "nbf is ahead, or no time");
    }
    return OK;
}

/* Core §3.1.3.8: the left half of the hash. */
static bool id_at_hash_fits(struct cx *cx, const json_t *claims, Str access_token)
{
    unsigned char hash[SEAL_HASH_BYTES];
    Str text;

    if (j_is_absent(claims, "at_hash")) {
        return true;
    }
    seal_sha256(access_token, hash);
    return j_text(claims, "at_hash", &text)
           && seal_equal(
               text, b64url_encode(&cx->mem, (Str){(char *)hash, AT_HASH_BYTES}));
}

static Res id_binding_check(
    struct cx *cx, const json_t *claims, const struct id_expected *expected)
{
    Str nonce;

    if (!j_text(claims, "nonce", &nonce) || !seal_equal(nonce, expected->nonce)) {
        return id_token_invalid(cx, "nonce is not this flow's");
    }
    return id_at_hash_fits(cx, claims, expected->access_token)
               ? OK
               : id_token_invalid(cx, "at_hash is not of this access token");
}

Res id_claims_check(
    struct cx *cx, Str payload, Str key_issuer, const struct id_expected *expected,
    struct id_claims *ret)
{
    CLEANUP(j_done) json_t *claims = NULL;
    struct id_claims c;

    if (j_parse(cx, payload, LIMIT_SOURCE_JSON_DEPTH, &claims).code != FAIL_NONE
        || !json_is_object(claims)) {
        return id_token_invalid(cx, "the payload is no JSON object");
    }
    TRY(id_claims_read(cx, claims, &c));
    TRY(id_audience_check(cx, claims, expected->client_id));
    TRY(id_times_check(cx, claims, expected->now_s));
    TRY(id_binding_check(cx, claims, expected));
    if (!expected->issuer_fits(&c, key_issuer, expected->issuer)) {
        return id_token_invalid(cx, "iss is not this source's");
    }
    *ret = c;
    return OK;
}

Res id_token_read(struct cx *cx, Str token, Str client_id, struct id_claims *ret)
{
    CLEANUP(j_done) json_t *claims = NULL;
    struct id_claims c;
    struct jws t;

    if (jws_parse(cx, token, LIMIT_ID_TOKEN_BYTES, &t).code != FAIL_NONE
        || j_parse(cx, t.payload, LIMIT_SOURCE_JSON_DEPTH, &claims).code != FAIL_NONE
        || !json_is_object(claims)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an ID token that cannot be read");
    }
    TRY(id_claims_read(cx, claims, &c));
    TRY(id_audience_check(cx, claims, client_id));
    *ret = c;
    return OK;
}

Res id_token_verify(
    struct cx *cx, struct net *net, struct jwks *jwks, Str token,
    const struct id_expected *expected, struct id_claims *ret)
{
    struct jws t;
    Str key_issuer;

    if (jws_parse(cx, token, LIMIT_ID_TOKEN_BYTES, &t).code != FAIL_NONE) {
        return (Res){FAIL_IDENTITY_INVALID}; /* the reason is the parser's */
    }
    const struct jwks_caller caller = {.net = net};
    Res res = jwks_verify(cx, jwks, &caller, &t, JWS_RS256, &key_issuer);

    if (res.code == FAIL_NOT_FOUND || res.code == FAIL_PARSE_ERROR) {
        return (Res){FAIL_IDENTITY_INVALID};
    }
    TRY(res);
    return id_claims_check(cx, t.payload, key_issuer, expected, ret);
}
