/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - reads a credential and its provider from the store, or verifies a JWT.
 *
 * An entry counts from the moment before its data was read. A provider is read only when
 * the credential has it, so that nobody learns which providers exist.
 */
#include "auth/load.h"

#include <string.h>

#include "auth/cached.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/providers.h"
#include "store/store.h"
#include "store/tokens.h"

struct loading {
    const struct auth_gap *gap;
    int64_t mono_ms; /* when the load began, by both clocks */
    int64_t wall_ms;
    struct cached_credential credential; /* text and arrays in the arena */
    struct cached_provider provider;
    bool has_provider;
};

static void cached_set_life(struct cached *f, const struct loading *l, int64_t last_ms)
{
    f->read_ms = l->mono_ms;
    f->ends_ms = l->mono_ms + (f->is_negative ? LIMIT_CACHE_NEGATIVE_MS : last_ms);
    f->renew_ms = f->is_negative ? INT64_MAX : l->mono_ms + LIMIT_CACHE_RENEW_MS;
}

static int64_t ms_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void load_take_token(struct loading *l, const struct api_token *t)
{
    struct cached_credential *c = &l->credential;
    bool is_mortal = t->expires_ms != 0;

    bool is_over = is_mortal && t->expires_ms <= l->wall_ms;

    c->base.is_negative = t->revoked_ms != 0 || is_over;
    c->reason = t->revoked_ms != 0 ? S("a revoked API token")
                : is_over          ? S("an expired API token")
                                   : S("");
    c->token_id = t->id;
    c->user = t->user;
    c->modes = t->modes;
    c->providers = t->providers;
    c->n_providers = t->n_providers;
    cached_set_life(
        &c->base, l,
        is_mortal ? ms_least(LIMIT_CACHE_MS, t->expires_ms - l->wall_ms)
                  : LIMIT_CACHE_MS);
}

static Res load_token_row(struct cx *cx, struct db *db, struct loading *l)
{
    struct api_token token;
    Str hash = {(const char *)l->gap->hash, sizeof(l->gap->hash)};
    Res found = token_by_hash(cx, db, hash, &token);

    if (found.code == FAIL_NOT_FOUND) {
        l->credential.base.is_negative = true;
        l->credential.reason = S("no such API token");
        cached_set_life(&l->credential.base, l, 0);
        return OK;
    }
    TRY(found);
    load_take_token(l, &token);
    return OK;
}

static Res load_provider_row(struct cx *cx, struct db *db, struct loading *l, int64_t id)
{
    struct provider p = {0};
    Res found = provider_get(cx, db, id, &p);

    if (found.code != FAIL_NONE && found.code != FAIL_NOT_FOUND) {
        return found;
    }
    l->has_provider = true;
    l->provider = (struct cached_provider){
        .base.is_negative = found.code == FAIL_NOT_FOUND,
        .id = id,
        .has_feature = provider_has_feature(&p, S(FEATURE_CALENDARS)),
        .patterns = p.patterns,
        .n_patterns = p.n_patterns,
    };
    cached_set_life(&l->provider.base, l, LIMIT_CACHE_MS);
    return OK;
}

/* 0: the credential may not ask for the provider, or none is asked for. */
static int64_t load_wanted_provider(const struct loading *l)
{
    if (!l->gap->provider || l->credential.base.is_negative) {
        return 0;
    }
    return l->gap->credential
               ? cached_credential_provider(&l->credential, l->gap->provider_id)
               : l->gap->provider_id;
}

static Res load_work(struct cx *cx, struct db *db, void *arg)
{
    struct loading *l = arg;

    bool is_token = l->gap->credential && l->gap->jwt.n == 0;

    TRY(is_token ? load_token_row(cx, db, l) : OK);
    int64_t provider = load_wanted_provider(l);

    return provider == 0 ? OK : load_provider_row(cx, db, l, provider);
}

static Res load_jwt(
    struct cx *cx, const struct auth_settings *settings, struct net *net,
    struct loading *l)
{
    struct jwt_facts facts = {0};
    struct cached_credential *c = &l->credential;
    Res good =
        jwt_verify(cx, &settings->issuers, net, l->gap->jwt, l->wall_ms / 1000, &facts);

    if (good.code != FAIL_NONE && good.code != FAIL_AUTHENTICATION_FAILED) {
        return good;
    }
    c->settings = settings;
    c->base.is_negative = good.code != FAIL_NONE;
    if (c->base.is_negative) {
        c->reason = str_dup(&cx->mem, str_from_z(cx->why.text));
    } else {
        c->issuer = facts.issuer->name;
        c->user_is_refused = !auth_user_is_valid(facts.user);
        c->user = c->user_is_refused ? S("") : facts.user;
        c->modes = facts.modes;
        c->providers = facts.providers;
        c->n_providers = facts.n_providers;
    }
    int64_t left_s = facts.expires_s - l->wall_ms / 1000 + LIMIT_JWT_LEEWAY_S;

    cached_set_life(&c->base, l, ms_least(left_s, LIMIT_CACHE_JWT_MS / 1000) * 1000);
    c->base.renew_ms = INT64_MAX; /* verified again when it ends */
    return OK;
}

Res auth_load(
    struct cx *cx, struct store *store, struct net *net,
    const struct auth_settings *settings, const struct auth_gap *gap,
    struct auth_loaded **ret)
{
    bool is_jwt = gap->jwt.n > 0;
    struct loading l = {
        .gap = gap, .mono_ms = clock_mono_ms(), .wall_ms = clock_now_ms()};

    memcpy(l.credential.hash, gap->hash, sizeof(gap->hash));
    l.credential.kind = is_jwt ? CREDENTIAL_JWT : CREDENTIAL_TOKEN;
    TRY(is_jwt ? load_jwt(cx, settings, net, &l) : OK);
    bool has_rows = !is_jwt || load_wanted_provider(&l) != 0;

    TRY(has_rows ? store_read(cx, store, load_work, &l) : OK);
    struct auth_loaded *loaded = heap_alloc(sizeof(*loaded));

    loaded->is_counted = gap->is_counted;
    if (gap->credential) {
        loaded->credential = cached_credential_new(&l.credential);
    }
    if (l.has_provider) {
        loaded->provider = cached_provider_new(&l.provider);
    }
    *ret = loaded;
    return OK;
}

bool auth_needs_fetch(
    struct cx *cx, const struct auth_settings *settings, const struct auth_gap *gap)
{
    return gap->credential && gap->jwt.n > 0
           && jwt_needs_fetch(cx, &settings->issuers, gap->jwt);
}

void auth_loaded_close(struct auth_loaded **l)
{
    if (*l == NULL) {
        return;
    }
    if ((*l)->credential != NULL) {
        cached_unref(&(*l)->credential->base);
    }
    if ((*l)->provider != NULL) {
        cached_unref(&(*l)->provider->base);
    }
    heap_free(*l);
    *l = NULL;
}
