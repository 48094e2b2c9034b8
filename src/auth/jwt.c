/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt.c - judges the claims of a JWT; oauth/jws.c judges its form and its signature.
 *
 * RFC 7519 §4.1, RFC 8725. The issuer is read from the payload before the signature is
 * checked, since it decides about the key; no other claim is used before that.
 */
#include "auth/jwt.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/json.h"
#include "base/kinds.h"
#include "base/limits.h"

const struct jwt_issuer *jwt_issuer_find(const struct jwt_issuers *all, Str name)
{
    for (size_t i = 0; i < all->n; i++) {
        if (str_eq(all->at[i].name, name)) {
            return &all->at[i];
        }
    }
    return NULL;
}

/* The claim with a configured name; NULL when it is absent or null. */
static const json_t *claim_named(const json_t *claims, Str name)
{
    const json_t *v = json_object_getn(claims, name.p, name.n);

    return json_is_null(v) ? NULL : v;
}

static bool claim_is(const json_t *j, Str wanted)
{
    return json_is_string(j)
           && str_eq((Str){json_string_value(j), json_string_length(j)}, wanted);
}

/* `aud` is one text or several (RFC 7519 §4.1.3). */
static bool claim_audience_is(const json_t *aud, Str wanted)
{
    if (str_eq(wanted, S("*")) || claim_is(aud, wanted)) {
        return true;
    }
    for (size_t i = 0; i < json_array_size(aud); i++) {
        if (claim_is(json_array_get(aud, i), wanted)) {
            return true;
        }
    }
    return false;
}

static bool claim_audience_fits(const json_t *aud, Str accepted)
{
    Str one;

    while (str_next_word(&accepted, S(" \t,"), &one)) {
        if (claim_audience_is(aud, one)) {
            return true;
        }
    }
    return false;
}

static const struct jwt_issuer *jwt_issuer_of(
    const struct jwt_issuers *all, const json_t *claims)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct jwt_issuer *issuer = &all->at[i];

        if (claim_is(json_object_get(claims, "iss"), issuer->issuer)
            && claim_audience_fits(json_object_get(claims, "aud"), issuer->audience)) {
            return issuer;
        }
    }
    return NULL;
}

static Res jwt_check_signature(
    struct cx *cx, const struct jwt_issuer *issuer, struct net *net, const struct jws *t)
{
    const struct jwks_caller caller = {.net = net, .is_stranger = true};
    Res good = issuer->keys != NULL
                   ? jws_verify(cx, issuer->keys, t, issuer->algs, NULL)
                   : jwks_verify(cx, issuer->jwks, &caller, t, issuer->algs, NULL);

    if (good.code == FAIL_NOT_FOUND || good.code == FAIL_PARSE_ERROR) {
        return (Res){FAIL_AUTHENTICATION_FAILED};
    }
    return good.code == FAIL_NONE ? OK : (Res){FAIL_UNAVAILABLE};
}

/* exp is required; nbf and iat may be absent, but must be times when present. */
static Res jwt_check_times(
    struct cx *cx, const json_t *claims, int64_t now_s, int64_t *exp_s)
{
    static const char *const begins[] = {"nbf", "iat"};

    if (!j_number(claims, "exp", exp_s) || *exp_s + LIMIT_JWT_LEEWAY_S <= now_s) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "JWT: exp is absent or past");
    }
    for (size_t i = 0; i < COUNT(begins); i++) {
        int64_t begin_s = now_s;

        if ((!j_is_absent(claims, begins[i]) && !j_number(claims, begins[i], &begin_s))
            || begin_s - LIMIT_JWT_LEEWAY_S > now_s) {
            return fail(
                cx, FAIL_AUTHENTICATION_FAILED, "JWT: %s is malformed or to come",
                begins[i]);
        }
    }
    return OK;
}

static Res jwt_read_user(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer, Str *ret)
{
    const json_t *j = claim_named(claims, issuer->claim_user);

    if (!json_is_string(j) || json_string_length(j) == 0) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "JWT: no user in the claims");
    }
    *ret = str_dup(&cx->mem, (Str){json_string_value(j), json_string_length(j)});
    return OK;
}

/* Unknown modes are ignored. */
static Res jwt_read_modes(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer, unsigned *ret)
{
    const json_t *j = claim_named(claims, issuer->claim_modes);
    unsigned modes = 0;

    if (j == NULL) {
        *ret = MODE_PROVIDER;
        return OK;
    }
    if (!json_is_array(j)) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "JWT: modes is no array");
    }
    for (size_t i = 0; i < json_array_size(j); i++) {
        const json_t *item = json_array_get(j, i);

        modes |= claim_is(item, S("customer")) ? MODE_CUSTOMER : 0U;
        modes |= claim_is(item, S("provider")) ? MODE_PROVIDER : 0U;
    }
    *ret = modes;
    return OK;
}

static bool jwt_issuer_may_speak_for(const struct jwt_issuer *issuer, int64_t provider)
{
    if (issuer->all_providers) {
        return provider > 0;
    }
    for (size_t i = 0; i < issuer->n_providers; i++) {
        if (issuer->providers[i] == provider) {
            return true;
        }
    }
    return false;
}

static int providers_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Sorts the list and removes duplicates; returns the new length. */
static size_t providers_tidy(int64_t *ids, size_t n)
{
    size_t kept = 0;

    if (n > 0) {
        qsort(ids, n, sizeof(*ids), providers_order);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || ids[i] != ids[kept - 1]) {
            ids[kept++] = ids[i];
        }
    }
    return kept;
}

static Res jwt_read_providers(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer,
    struct jwt_facts *facts)
{
    const json_t *j = claim_named(claims, issuer->claim_providers);
    size_t n = json_array_size(j);
    size_t kept = 0;

    if ((j != NULL && !json_is_array(j)) || n > LIMIT_TOKEN_PROVIDERS) {
        return fail(
            cx, FAIL_AUTHENTICATION_FAILED, "JWT: providers is no array, or too long");
    }
    int64_t *ids = NEW_N(&cx->mem, int64_t, n);

    for (size_t i = 0; i < n; i++) {
        int64_t id;

        if (!j_value_is_int(json_array_get(j, i), &id)) {
            return fail(
                cx, FAIL_AUTHENTICATION_FAILED, "JWT: providers has more than integers");
        }
        if (jwt_issuer_may_speak_for(issuer, id)) {
            ids[kept++] = id;
        }
    }
    facts->providers = ids;
    facts->n_providers = providers_tidy(ids, kept);
    return OK;
}

static Res jwt_read_claims(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer, int64_t now_s,
    struct jwt_facts *ret)
{
    struct jwt_facts facts = {.issuer = issuer};

    TRY(jwt_check_times(cx, claims, now_s, &facts.expires_s));
    TRY(jwt_read_user(cx, claims, issuer, &facts.user));
    TRY(jwt_read_modes(cx, claims, issuer, &facts.modes));
    TRY(jwt_read_providers(cx, claims, issuer, &facts));
    *ret = facts;
    return OK;
}

/* The token and its claims, unverified, and the issuer that the claims name. */
static Res jwt_parse(
    struct cx *cx, const struct jwt_issuers *all, Str token, struct jws *ret,
    json_t **claims, const struct jwt_issuer **issuer)
{
    if (jws_parse(cx, token, LIMIT_CREDENTIAL_BYTES, ret).code != FAIL_NONE
        || j_parse(cx, ret->payload, LIMIT_JSON_DEPTH, claims).code != FAIL_NONE) {
        return (Res){FAIL_AUTHENTICATION_FAILED}; /* the reason is the parser's */
    }
    *issuer = jwt_issuer_of(all, *claims);
    return *issuer != NULL ? OK
                           : fail(
                               cx, FAIL_AUTHENTICATION_FAILED,
                               "JWT: no section has its issuer and audience");
}

Res jwt_verify(
    struct cx *cx, const struct jwt_issuers *all, struct net *net, Str token,
    int64_t now_s, struct jwt_facts *ret)
{
    CLEANUP(j_done) json_t *claims = NULL;
    const struct jwt_issuer *issuer;
    struct jws jws;

    TRY(jwt_parse(cx, all, token, &jws, &claims, &issuer));
    TRY(jwt_check_signature(cx, issuer, net, &jws));
    return jwt_read_claims(cx, claims, issuer, now_s, ret);
}

bool jwt_needs_fetch(struct cx *cx, const struct jwt_issuers *all, Str token)
{
    CLEANUP(j_done) json_t *claims = NULL;
    const struct jwt_issuer *issuer;
    struct jws jws;

    return jwt_parse(cx, all, token, &jws, &claims, &issuer).code == FAIL_NONE
           && issuer->jwks != NULL && (jws.alg & issuer->algs) != 0
           && jwks_needs_fetch(issuer->jwks, jws.kid);
}
