/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - in a worker: what the store, or an issuer's signature, says about a credential
 * and the provider that it asks for.
 *
 * Facts count from the moment before they were read. A provider is only read when the
 * credential has it, so nobody learns which ones exist.
 */
#include <string.h>

#include "auth/facts.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/providers.h"
#include "store/store.h"
#include "store/tokens.h"

struct load {
    const struct auth_need *need;
    int64_t mono_ms; /* when it began, by both clocks */
    int64_t wall_ms;
    struct credential_fact credential; /* text and arrays in the arena */
    struct provider_fact provider;
    bool has_provider;
};

static void fact_last(struct fact *f, const struct load *l, int64_t last_ms)
{
    f->read_ms = l->mono_ms;
    f->ends_ms = l->mono_ms + (f->is_negative ? LIMIT_CACHE_NEGATIVE_MS : last_ms);
    f->renew_ms = f->is_negative ? INT64_MAX : l->mono_ms + LIMIT_CACHE_RENEW_MS;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void take_token(struct load *l, const struct api_token *t)
{
    struct credential_fact *c = &l->credential;
    bool is_mortal = t->expires_ms != 0;

    c->fact.is_negative =
        t->revoked_ms != 0 || (is_mortal && t->expires_ms <= l->wall_ms);
    c->token_id = t->id;
    c->user = t->user;
    c->modes = t->modes;
    c->providers = t->providers;
    c->n_providers = t->n_providers;
    fact_last(
        &c->fact, l,
        is_mortal ? least(LIMIT_CACHE_MS, t->expires_ms - l->wall_ms) : LIMIT_CACHE_MS);
}

static Res load_token(struct cx *cx, struct db *db, struct load *l)
{
    struct api_token token;
    Str hash = {(const char *)l->need->hash, sizeof(l->need->hash)};
    Res found = token_by_hash(cx, db, hash, &token);

    if (found.code == FAIL_NOT_FOUND) {
        l->credential.fact.is_negative = true;
        fact_last(&l->credential.fact, l, 0);
        return OK;
    }
    TRY(found);
    take_token(l, &token);
    return OK;
}

static Res load_provider(struct cx *cx, struct db *db, struct load *l, int64_t id)
{
    struct provider p = {0};
    Res found = provider_get(cx, db, id, &p);

    if (found.code != FAIL_NONE && found.code != FAIL_NOT_FOUND) {
        return found;
    }
    l->has_provider = true;
    l->provider = (struct provider_fact){
        .fact.is_negative = found.code == FAIL_NOT_FOUND,
        .id = id,
        .has_feature = provider_has_feature(&p, S(FEATURE_CALENDARS)),
        .patterns = p.patterns,
        .n_patterns = p.n_patterns,
    };
    fact_last(&l->provider.fact, l, LIMIT_CACHE_MS);
    return OK;
}

/* 0: none that this credential may ask for. */
static int64_t wanted_provider(const struct load *l)
{
    if (!l->need->provider || l->credential.fact.is_negative) {
        return 0;
    }
    return l->need->credential ? credential_provider(&l->credential, l->need->provider_id)
                               : l->need->provider_id;
}

static Res load_rows(struct cx *cx, struct db *db, void *arg)
{
    struct load *l = arg;

    bool is_token = l->need->credential && l->need->jwt.n == 0;

    TRY(is_token ? load_token(cx, db, l) : OK);
    int64_t provider = wanted_provider(l);

    return provider == 0 ? OK : load_provider(cx, db, l, provider);
}

static Res load_jwt(
    struct cx *cx, const struct auth_settings *settings, struct net *net, struct load *l)
{
    struct jwt_facts facts = {0};
    struct credential_fact *c = &l->credential;
    Res good =
        jwt_verify(cx, &settings->issuers, net, l->need->jwt, l->wall_ms / 1000, &facts);

    if (good.code != FAIL_NONE && good.code != FAIL_AUTHENTICATION_FAILED) {
        return good;
    }
    c->settings = settings;
    c->fact.is_negative = good.code != FAIL_NONE;
    if (!c->fact.is_negative) {
        c->issuer = facts.issuer->name;
        c->user_is_refused = !user_is_valid(facts.user);
        c->user = c->user_is_refused ? S("") : facts.user;
        c->modes = facts.modes;
        c->providers = facts.providers;
        c->n_providers = facts.n_providers;
    }
    int64_t left_s = facts.expires_s - l->wall_ms / 1000 + LIMIT_JWT_LEEWAY_S;

    fact_last(&c->fact, l, least(left_s, LIMIT_CACHE_JWT_MS / 1000) * 1000);
    c->fact.renew_ms = INT64_MAX; /* verified again when it ends */
    return OK;
}

Res auth_load(
    struct cx *cx, struct store *store, struct net *net,
    const struct auth_settings *settings, const struct auth_need *need,
    struct auth_loaded **ret)
{
    bool is_jwt = need->jwt.n > 0;
    struct load l = {.need = need, .mono_ms = clock_mono_ms(), .wall_ms = clock_now_ms()};

    memcpy(l.credential.hash, need->hash, sizeof(need->hash));
    l.credential.kind = is_jwt ? CREDENTIAL_JWT : CREDENTIAL_TOKEN;
    TRY(is_jwt ? load_jwt(cx, settings, net, &l) : OK);
    bool has_rows = !is_jwt || wanted_provider(&l) != 0;

    TRY(has_rows ? store_read(cx, store, load_rows, &l) : OK);
    struct auth_loaded *loaded = heap_alloc(sizeof(*loaded));

    loaded->is_counted = need->is_counted;
    if (need->credential) {
        loaded->credential = credential_fact_new(&l.credential);
    }
    if (l.has_provider) {
        loaded->provider = provider_fact_new(&l.provider);
    }
    *ret = loaded;
    return OK;
}

void auth_loaded_close(struct auth_loaded **l)
{
    if (*l == NULL) {
        return;
    }
    if ((*l)->credential != NULL) {
        fact_drop(&(*l)->credential->fact);
    }
    if ((*l)->provider != NULL) {
        fact_drop(&(*l)->provider->fact);
    }
    heap_free(*l);
    *l = NULL;
}
