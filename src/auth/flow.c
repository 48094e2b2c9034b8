/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.c - what may have been taken away between the start of a flow and its end.
 *
 * The safe place is checked first: without it the browser is not redirected at all. A
 * credential that has expired since may still end its flow; one that was revoked may not.
 */
#include "auth/flow.h"

#include "base/cx.h"
#include "oauth/redirect.h"
#include "store/providers.h"
#include "store/tokens.h"

bool auth_flow_patterns_match(const Str *patterns, size_t n, Str redirect_uri)
{
    for (size_t i = 0; i < n; i++) {
        if (redirect_matches(redirect_uri, patterns[i])) {
            return true;
        }
    }
    return false;
}

static Res flow_find_place(
    struct cx *cx, struct db *db, const struct flow *flow, struct provider *ret)
{
    Res found = provider_get(cx, db, flow->provider, ret);

    if (found.code == FAIL_NOT_FOUND) {
        return fail(cx, FAIL_STATE_INVALID, "the provider is gone");
    }
    TRY(found);
    if (!auth_flow_patterns_match(ret->patterns, ret->n_patterns, flow->redirect_uri)) {
        return fail(cx, FAIL_STATE_INVALID, "the redirect pattern is gone");
    }
    return OK;
}

Res auth_flow_place(struct cx *cx, struct db *db, const struct flow *flow)
{
    struct provider p;

    return flow_find_place(cx, db, flow, &p);
}

static Res flow_check_provider(struct cx *cx, struct db *db, const struct flow *flow)
{
    struct provider p;

    TRY(flow_find_place(cx, db, flow, &p));
    if (!provider_has_feature(&p, S(FEATURE_CALENDARS))) {
        return fail(cx, FAIL_FEATURE_NOT_ENABLED, "external_calendars went off");
    }
    return OK;
}

static bool providers_have(const int64_t *providers, size_t n, int64_t provider)
{
    for (size_t i = 0; i < n; i++) {
        if (providers[i] == provider) {
            return true;
        }
    }
    return false;
}

static Res flow_check_token(struct cx *cx, struct db *db, const struct flow *flow)
{
    struct api_token t;
    Res found = token_by_id(cx, db, flow->token_id, &t);

    if (found.code == FAIL_NOT_FOUND) {
        return fail(cx, FAIL_AUTHORIZATION_WITHDRAWN, "the API token is gone");
    }
    TRY(found);
    if (t.revoked_ms != 0
        || !providers_have(t.providers, t.n_providers, flow->provider)) {
        return fail(cx, FAIL_AUTHORIZATION_WITHDRAWN, "the API token was revoked");
    }
    return OK;
}

static Res flow_check_issuer(
    struct cx *cx, const struct jwt_issuers *issuers, const struct flow *flow)
{
    const struct jwt_issuer *i = jwt_issuer_find(issuers, flow->issuer);

    if (i == NULL
        || !(
            i->all_providers
            || providers_have(i->providers, i->n_providers, flow->provider))) {
        return fail(cx, FAIL_AUTHORIZATION_WITHDRAWN, "the JWT's issuer is gone");
    }
    return OK;
}

Res auth_flow_check(
    struct cx *cx, struct db *db, const struct auth_settings *settings,
    const struct flow *flow)
{
    TRY(flow_check_provider(cx, db, flow));
    return flow->credential == CREDENTIAL_TOKEN
               ? flow_check_token(cx, db, flow)
               : flow_check_issuer(cx, &settings->issuers, flow);
}
