/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuers.c - what a JWT must say (contract §2, §9), after oauth/jws.c has judged its
 * form and its signature.
 *
 * RFC 7519 §4.1, RFC 8725. The payload names the issuer before the signature is checked;
 * nothing else of it is used until then.
 */
#include "auth/issuers.h"

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

/* A claim by a configured name. */
static const json_t *claim(const json_t *claims, Str name)
{
    return json_object_getn(claims, name.p, name.n);
}

static bool is_text(const json_t *j, Str wanted)
{
    return json_is_string(j)
           && str_eq((Str){json_string_value(j), json_string_length(j)}, wanted);
}

/* `aud` is one text or several (RFC 7519 §4.1.3). */
static bool audience_fits(const json_t *aud, Str wanted)
{
    if (str_eq(wanted, S("*")) || is_text(aud, wanted)) {
        return true;
    }
    for (size_t i = 0; i < json_array_size(aud); i++) {
        if (is_text(json_array_get(aud, i), wanted)) {
            return true;
        }
    }
    return false;
}

static const struct jwt_issuer *issuer_of(
    const struct jwt_issuers *all, const json_t *claims)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct jwt_issuer *issuer = &all->at[i];

        if (is_text(json_object_get(claims, "iss"), issuer->issuer)
            && audience_fits(json_object_get(claims, "aud"), issuer->audience)) {
            return issuer;
        }
    }
    return NULL;
}

static Res check_signature(
    struct cx *cx, const struct jwt_issuer *issuer, struct net *net, const struct jws *t)
{
    Str key_issuer;
    Res good = issuer->keys != NULL
                   ? jws_verify(cx, issuer->keys, t, issuer->algs, NULL)
                   : jwks_verify(cx, issuer->jwks, net, t, issuer->algs, &key_issuer);

    if (good.code == FAIL_NOT_FOUND || good.code == FAIL_PARSE_ERROR) {
        return (Res){FAIL_AUTHENTICATION_FAILED};
    }
    return good.code == FAIL_NONE ? OK : (Res){FAIL_UNAVAILABLE};
}

/* Seconds since 1970, with or without a fraction (RFC 7519 §2, NumericDate). */
static bool claim_time(const json_t *claims, const char *name, int64_t *ret)
{
    const json_t *j = json_object_get(claims, name);
    double s = json_number_value(j);

    if (!json_is_number(j) || !(s > -1e15 && s < 1e15)) {
        return false;
    }
    *ret = (int64_t)s;
    return true;
}

/* exp is required; nbf and iat may be absent, but not be of another type. */
static Res check_times(struct cx *cx, const json_t *claims, int64_t now_s, int64_t *exp_s)
{
    static const char *const begins[] = {"nbf", "iat"};

    if (!claim_time(claims, "exp", exp_s) || *exp_s + LIMIT_JWT_LEEWAY_S <= now_s) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "exp: absent or past");
    }
    for (size_t i = 0; i < COUNT(begins); i++) {
        int64_t begin_s = now_s;
        bool is_there = json_object_get(claims, begins[i]) != NULL;

        if ((is_there && !claim_time(claims, begins[i], &begin_s))
            || begin_s - LIMIT_JWT_LEEWAY_S > now_s) {
            return fail(
                cx, FAIL_AUTHENTICATION_FAILED, "%s: malformed or to come", begins[i]);
        }
    }
    return OK;
}

static Res read_user(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer, Str *ret)
{
    const json_t *j = claim(claims, issuer->claim_user);

    if (!json_is_string(j) || json_string_length(j) == 0) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "no user in the claims");
    }
    *ret = str_dup(&cx->mem, (Str){json_string_value(j), json_string_length(j)});
    return OK;
}

/* Names that are not ours grant nothing. */
static Res read_modes(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer, unsigned *ret)
{
    const json_t *j = claim(claims, issuer->claim_modes);
    unsigned modes = 0;

    if (j == NULL) {
        *ret = MODE_PROVIDER;
        return OK;
    }
    if (!json_is_array(j)) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "modes: not an array");
    }
    for (size_t i = 0; i < json_array_size(j); i++) {
        const json_t *item = json_array_get(j, i);

        modes |= is_text(item, S("customer")) ? MODE_CUSTOMER : 0U;
        modes |= is_text(item, S("provider")) ? MODE_PROVIDER : 0U;
    }
    *ret = modes;
    return OK;
}

static bool may_speak_for(const struct jwt_issuer *issuer, int64_t provider)
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

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Sorted, each once. */
static size_t tidy(int64_t *ids, size_t n)
{
    size_t kept = 0;

    if (n > 0) {
        qsort(ids, n, sizeof(*ids), by_number);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || ids[i] != ids[kept - 1]) {
            ids[kept++] = ids[i];
        }
    }
    return kept;
}

static Res read_providers(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer,
    struct jwt_facts *facts)
{
    const json_t *j = claim(claims, issuer->claim_providers);
    size_t n = json_array_size(j);
    size_t kept = 0;

    if ((j != NULL && !json_is_array(j)) || n > LIMIT_TOKEN_PROVIDERS) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "providers: no array, or too long");
    }
    int64_t *ids = NEW_N(&cx->mem, int64_t, n);

    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(j, i);

        if (!json_is_integer(item)) {
            return fail(cx, FAIL_AUTHENTICATION_FAILED, "providers: not only integers");
        }
        if (may_speak_for(issuer, json_integer_value(item))) {
            ids[kept++] = json_integer_value(item);
        }
    }
    facts->providers = ids;
    facts->n_providers = tidy(ids, kept);
    return OK;
}

static Res read_claims(
    struct cx *cx, const json_t *claims, const struct jwt_issuer *issuer, int64_t now_s,
    struct jwt_facts *ret)
{
    struct jwt_facts facts = {.issuer = issuer};

    TRY(check_times(cx, claims, now_s, &facts.expires_s));
    TRY(read_user(cx, claims, issuer, &facts.user));
    TRY(read_modes(cx, claims, issuer, &facts.modes));
    TRY(read_providers(cx, claims, issuer, &facts));
    *ret = facts;
    return OK;
}

Res jwt_verify(
    struct cx *cx, const struct jwt_issuers *all, struct net *net, Str token,
    int64_t now_s, struct jwt_facts *ret)
{
    CLEANUP(j_done) json_t *claims = NULL;
    struct jws jws;

    if (jws_parse(cx, token, LIMIT_CREDENTIAL_BYTES, &jws).code != FAIL_NONE
        || j_parse(cx, jws.payload, LIMIT_JSON_DEPTH, &claims).code != FAIL_NONE) {
        return (Res){FAIL_AUTHENTICATION_FAILED};
    }
    const struct jwt_issuer *issuer = issuer_of(all, claims);

    if (issuer == NULL) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "no such issuer and audience");
    }
    TRY(check_signature(cx, issuer, net, &jws));
    return read_claims(cx, claims, issuer, now_s, ret);
}
