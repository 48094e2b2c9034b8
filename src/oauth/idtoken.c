/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idtoken.c - signature first, then every claim that says for whom, by whom and when.
 *
 * What is for people to read (e-mail, user name, domain) is left out when it is unusable;
 * anything else that is odd ends the flow.
 */
#include "oauth/idtoken.h"

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "seal/seal.h"

enum { AT_HASH_BYTES = 16, HOST_BYTES = 253, ISSUER_BYTES = 512 };

static Res invalid(struct cx *cx, const char *what)
{
    return fail(cx, FAIL_IDENTITY_INVALID, "ID token: %s", what);
}

static bool is_no_control(unsigned char c)
{
    return c >= ' ' && c != 0x7F;
}

struct claim {
    const char *name;
    size_t most;
    bool is_required;
    bool is_for_people;
    Str *ret; /* empty when absent */
};

static Res claim_read(struct cx *cx, const json_t *claims, const struct claim *c)
{
    Str text = S("");
    bool is_absent = json_object_get(claims, c->name) == NULL;
    bool is_usable = j_text(claims, c->name, &text) && text.n > 0 && text.n <= c->most
                     && str_is_only(text, is_no_control);

    if (!is_usable && !c->is_for_people && (c->is_required || !is_absent)) {
        return invalid(cx, c->name);
    }
    *c->ret = is_usable ? str_dup(&cx->mem, text) : S("");
    return OK;
}

static Res claims_read(struct cx *cx, const json_t *claims, struct id_claims *ret)
{
    const struct claim table[] = {
        {"iss",                ISSUER_BYTES,         true,  false, &ret->iss  },
        {"sub",                LIMIT_SUBJECT_BYTES,  true,  false, &ret->sub  },
        {"tid",                LIMIT_SUBJECT_BYTES,  false, false, &ret->tid  },
        {"oid",                LIMIT_SUBJECT_BYTES,  false, false, &ret->oid  },
        {"email",              LIMIT_USERNAME_BYTES, false, true,  &ret->email},
        {"preferred_username", LIMIT_USERNAME_BYTES, false, true,
         &ret->preferred_username                                             },
        {"hd",                 HOST_BYTES,           false, true,  &ret->hd   },
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        TRY(claim_read(cx, claims, &table[i]));
    }
    return OK;
}

static bool text_is(const json_t *v, Str want)
{
    return json_is_string(v)
           && str_eq((Str){json_string_value(v), json_string_length(v)}, want);
}

/* Core §3.1.3.7 (3) to (5). */
static Res audience_check(struct cx *cx, const json_t *claims, Str client_id)
{
    const json_t *aud = json_object_get(claims, "aud");
    const json_t *azp = json_object_get(claims, "azp");
    size_t n = json_array_size(aud);
    size_t ours = text_is(aud, client_id);

    for (size_t i = 0; i < n; i++) {
        ours += text_is(json_array_get(aud, i), client_id);
    }
    if (ours == 0) {
        return invalid(cx, "aud is not us");
    }
    if (azp == NULL ? ours < n : !text_is(azp, client_id)) {
        return invalid(cx, "azp is not us");
    }
    return OK;
}

/* Core §3.1.3.7 (9), (10); RFC 7519 §4.1.5. */
static Res times_check(struct cx *cx, const json_t *claims, int64_t now_s)
{
    int64_t exp;
    int64_t iat;
    int64_t nbf = now_s;

    if (!j_int(claims, "exp", &exp) || exp <= now_s - LIMIT_ID_TOKEN_SKEW_S) {
        return invalid(cx, "exp is past, or no integer");
    }
    if (!j_int(claims, "iat", &iat) || iat > now_s + LIMIT_ID_TOKEN_SKEW_S
        || iat < now_s - LIMIT_ID_TOKEN_AGE_S) {
        return invalid(cx, "iat is ahead, long past, or no integer");
    }
    if ((json_object_get(claims, "nbf") != NULL && !j_int(claims, "nbf", &nbf))
        || nbf > now_s + LIMIT_ID_TOKEN_SKEW_S) {
        return invalid(cx, "nbf is ahead, or no integer");
    }
    return OK;
}

/* Core §3.1.3.8: the left half of the hash. */
static bool at_hash_fits(struct cx *cx, const json_t *claims, Str access_token)
{
    unsigned char hash[SEAL_HASH_BYTES];
    Str text;

    if (json_object_get(claims, "at_hash") == NULL) {
        return true;
    }
    seal_sha256(access_token, hash);
    return j_text(claims, "at_hash", &text)
           && seal_equal(
               text, b64url_encode(&cx->mem, (Str){(char *)hash, AT_HASH_BYTES}));
}

static Res binding_check(
    struct cx *cx, const json_t *claims, const struct id_expected *expected)
{
    Str nonce;

    if (!j_text(claims, "nonce", &nonce) || !seal_equal(nonce, expected->nonce)) {
        return invalid(cx, "nonce is not this flow's");
    }
    return at_hash_fits(cx, claims, expected->access_token)
               ? OK
               : invalid(cx, "at_hash is not of this access token");
}

Res id_claims_check(
    struct cx *cx, Str payload, Str key_issuer, const struct id_expected *expected,
    struct id_claims *ret)
{
    CLEANUP(j_done) json_t *claims = NULL;
    struct id_claims c;

    if (j_parse(cx, payload, LIMIT_SOURCE_JSON_DEPTH, &claims).code != FAIL_NONE
        || !json_is_object(claims)) {
        return invalid(cx, "the payload is no JSON object");
    }
    TRY(claims_read(cx, claims, &c));
    TRY(audience_check(cx, claims, expected->client_id));
    TRY(times_check(cx, claims, expected->now_s));
    TRY(binding_check(cx, claims, expected));
    if (!expected->issuer_fits(&c, key_issuer, expected->issuer)) {
        return invalid(cx, "iss is not this source's");
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
    TRY(claims_read(cx, claims, &c));
    TRY(audience_check(cx, claims, client_id));
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
    Res res = jwks_verify(cx, jwks, net, &t, JWS_RS256, &key_issuer);

    if (res.code == FAIL_NOT_FOUND || res.code == FAIL_PARSE_ERROR) {
        return (Res){FAIL_IDENTITY_INVALID};
    }
    TRY(res);
    return id_claims_check(cx, t.payload, key_issuer, expected, ret);
}
