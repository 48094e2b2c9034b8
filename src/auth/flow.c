/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.c - whether what began a flow may still end it (contract §6).
 *
 * First whether there is a safe place to send the browser to, then why not. That a
 * credential has expired since doesn't count; that it was taken away does.
 */
#include "auth/auth.h"
#include "base/cx.h"
#include "oauth/redirect.h"
#include "store/providers.h"
#include "store/tokens.h"

bool patterns_match(const Str *patterns, size_t n, Str redirect_uri)
{
    for (size_t i = 0; i < n; i++) {
        if (redirect_matches(redirect_uri, patterns[i])) {
            return true;
        }
    }
    return false;
}

static Res find_place(
    struct cx *cx, struct db *db, const struct flow *flow, struct provider *ret)
{
    Res found = provider_get(cx, db, flow->provider, ret);

    if (found.code == FAIL_NOT_FOUND) {
        return fail(cx, FAIL_STATE_INVALID, "the provider is gone");
    }
    TRY(found);
    if (!patterns_match(ret->patterns, ret->n_patterns, flow->redirect_uri)) {
        return fail(cx, FAIL_STATE_INVALID, "the redirect pattern is gone");
    }
    return OK;
}

Res auth_flow_place(struct cx *cx, struct db *db, const struct flow *flow)
{
    struct provider p;

    return find_place(cx, db, flow, &p);
}

static Res check_provider(struct cx *cx, struct db *db, const struct flow *flow)
{
    struct provider p;

    TRY(find_place(cx, db, flow, &p));
    if (!provider_has_feature(&p, S(FEATURE_CALENDARS))) {
        return fail(cx, FAIL_FEATURE_NOT_ENABLED, "external_calendars went off");
    }
    return OK;
}

static bool has(const int64_t *providers, size_t n, int64_t provider)
{
    for (size_t i = 0; i < n; i++) {
        if (providers[i] == provider) {
            return true;
        }
    }
    return false;
}

static Res check_token(struct cx *cx, struct db *db, const struct flow *flow)
{
    struct api_token t;
    Res found = token_by_id(cx, db, flow->token_id, &t);

    if (found.code == FAIL_NOT_FOUND) {
        return fail(cx, FAIL_AUTHORIZATION_WITHDRAWN, "the API token is gone");
    }
    TRY(found);
    if (t.revoked_ms != 0 || !has(t.providers, t.n_providers, flow->provider)) {
        return fail(cx, FAIL_AUTHORIZATION_WITHDRAWN, "the API token was revoked");
    }
    return OK;
}

static Res check_issuer(
    struct cx *cx, const struct jwt_issuers *issuers, const struct flow *flow)
{
    const struct jwt_issuer *i = jwt_issuer_find(issuers, flow->issuer);

    if (i == NULL
        || !(i->all_providers || has(i->providers, i->n_providers, flow->provider))) {
        return fail(cx, FAIL_AUTHORIZATION_WITHDRAWN, "the JWT's issuer is gone");
    }
    return OK;
}

Res auth_flow_check(
    struct cx *cx, struct db *db, const struct auth_settings *settings,
    const struct flow *flow)
{
    TRY(check_provider(cx, db, flow));
    return flow->credential == CREDENTIAL_TOKEN
               ? check_token(cx, db, flow)
               : check_issuer(cx, &settings->issuers, flow);
}
