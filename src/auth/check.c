/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - the stages of identification in the order of docs/api.md §2.
 *
 * A warm request hashes its credential once, allocates only in its own arena, and takes
 * no lock but that of the rate limit, where one is configured.
 */
#include "auth/check.h"

#include <string.h>

#include "auth/cache.h"
#include "auth/headers.h"
#include "base/arena.h"
#include "base/cx.h"
#include "seal/seal.h"

struct auth_cache {
    struct cache *credentials;
    struct cache *providers;
};

struct auth_cache *auth_cache_open(void)
{
    struct auth_cache *c = heap_alloc(sizeof(*c));

    c->credentials = cache_open();
    c->providers = cache_open();
    return c;
}

void auth_cache_close(struct auth_cache **c)
{
    if (*c != NULL) {
        cache_close(&(*c)->credentials);
        cache_close(&(*c)->providers);
        heap_free(*c);
        *c = NULL;
    }
}

static bool cached_is_jwt(const struct cached *found)
{
    return ((const struct cached_credential *)found)->kind == CREDENTIAL_JWT;
}

void auth_cache_clear(struct auth_cache *c)
{
    cache_clear(c->credentials, cached_is_jwt);
}

void auth_keep(struct auth_cache *c, const struct auth_loaded *loaded)
{
    if (loaded->credential != NULL) {
        cache_put(c->credentials, &loaded->credential->base);
    }
    if (loaded->provider != NULL) {
        cache_put(c->providers, &loaded->provider->base);
    }
}

static bool cached_is_about(
    const struct cached_credential *found, const struct credential *credential,
    const struct auth_settings *settings)
{
    Str is = {(const char *)found->hash, sizeof(found->hash)};
    Str wanted = {(const char *)credential->hash, sizeof(credential->hash)};

    return seal_equal(is, wanted)
           && (found->kind == CREDENTIAL_TOKEN || found->settings == settings);
}

/* NULL: cold. An entry that was loaded for this request counts even when its time is
 * over. */
static const struct cached_credential *cached_credential_find(
    const struct auth_ask *ask, const struct credential *credential)
{
    const struct cached_credential *found =
        ask->loaded == NULL ? NULL : ask->loaded->credential;

    if (found != NULL && cached_is_about(found, credential, ask->settings)) {
        return found;
    }
    found = (const struct cached_credential *)cache_get(
        ask->cache->credentials, cached_key(credential->hash), ask->now_ms);
    return found != NULL && cached_is_about(found, credential, ask->settings) ? found
                                                                              : NULL;
}

static const struct cached_provider *cached_provider_find(
    const struct auth_ask *ask, int64_t id)
{
    const struct cached_provider *found =
        ask->loaded == NULL ? NULL : ask->loaded->provider;

    if (found != NULL && found->id == id) {
        return found;
    }
    return (const struct cached_provider *)cache_get(
        ask->cache->providers, (uint64_t)id, ask->now_ms);
}

/* Asks for everything at once, so that the second call is never cold again. */
static Res gap_all(
    const struct auth_ask *ask, const struct credential *credential, struct auth_gap *gap)
{
    gap->credential = true;
    memcpy(gap->hash, credential->hash, sizeof(gap->hash));
    gap->jwt = credential->kind == CREDENTIAL_JWT ? credential->text : S("");
    gap->provider = true;
    gap->provider_id = header_peek_provider(ask->req);
    return OK;
}

static void gap_renewal(
    const struct auth_ask *ask, const struct cached_credential *credential,
    const struct cached_provider *provider, struct auth_gap *gap)
{
    gap->credential =
        cache_renew(ask->cache->credentials, &credential->base, ask->now_ms);
    gap->provider = cache_renew(ask->cache->providers, &provider->base, ask->now_ms);
    gap->is_renewal = gap->credential || gap->provider;
    memcpy(gap->hash, credential->hash, sizeof(gap->hash));
    gap->provider_id = provider->id;
}

static Res identity_check_rate(
    struct cx *cx, const struct auth_ask *ask, const struct cached_credential *credential,
    struct auth_gap *gap, struct auth_error *error)
{
    const struct auth_settings *s = ask->settings;

    if (s->rate == 0 || (ask->loaded != NULL && ask->loaded->is_counted)) {
        return OK;
    }
    gap->is_counted = true;
    if (!rate_take(
            s->rates, credential->base.key, ask->now_ms, s->rate, s->burst,
            &error->retry_after_s)) {
        return fail(cx, FAIL_THROTTLED, "over the rate limit");
    }
    return OK;
}

static Res identity_choose_provider(
    struct cx *cx, const struct auth_ask *ask, const struct cached_credential *credential,
    int64_t *ret, struct auth_error *error)
{
    int64_t named;

    TRY(header_read_provider(cx, ask->req, &named, error));
    if (named == 0 && credential->n_providers > 1) {
        return fail(cx, FAIL_PROVIDER_REQUIRED, "credential of several providers");
    }
    *ret = cached_credential_provider(credential, named);
    if (*ret == 0) {
        return fail(cx, FAIL_PROVIDER_INVALID, "no such provider for this credential");
    }
    return OK;
}

static Res identity_choose_mode(
    struct cx *cx, const struct auth_ask *ask, const struct cached_credential *credential,
    enum mode *ret, struct auth_error *error)
{
    enum mode named;

    TRY(header_read_mode(cx, ask->req, &named, error));
    if (named == MODE_NONE && credential->modes == (MODE_CUSTOMER | MODE_PROVIDER)) {
        return fail(cx, FAIL_MODE_REQUIRED, "credential of both modes");
    }
    *ret = named == MODE_NONE ? (enum mode)credential->modes : named;
    if ((*ret & credential->modes) == 0) {
        return fail(cx, FAIL_MODE_NOT_ALLOWED, "mode that the credential does not have");
    }
    return OK;
}

static Res identity_add_user(
    struct cx *cx, const struct auth_ask *ask, const struct cached_credential *credential,
    struct identity *id, struct auth_error *error)
{
    Str named;

    if (credential->user_is_refused) {
        return fail(cx, FAIL_PERMISSION_DENIED, "subject outside the alphabet");
    }
    TRY(header_read_user(cx, ask->req, &named, error));
    if (named.n > 0 && credential->user.n > 0 && !str_eq(named, credential->user)) {
        return fail(cx, FAIL_PERMISSION_DENIED, "credential bound to another user");
    }
    id->user = str_dup(&cx->mem, credential->user.n > 0 ? credential->user : named);
    if (id->mode == MODE_CUSTOMER && id->user.n == 0) {
        return header_invalid(cx, error, header_user, S("This field is required."));
    }
    return OK;
}

static Res identity_add_patterns(
    struct cx *cx, const struct cached_provider *provider, struct identity *id)
{
    if (!provider->has_feature) {
        return fail(cx, FAIL_FEATURE_NOT_ENABLED, "external_calendars is off");
    }
    id->patterns = provider->patterns;
    id->n_patterns = provider->n_patterns;
    return OK;
}

/* OK with gap->provider set and not is_renewal: the provider is cold. */
static Res identity_find(
    struct cx *cx, const struct auth_ask *ask, const struct cached_credential *c,
    struct auth_gap *gap, struct identity *ret, struct auth_error *error)
{
    struct identity id = {.credential = c->kind, .token_id = c->token_id};

    if (c->base.is_negative) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "%.*s", STR_ARG(c->reason));
    }
    TRY(identity_check_rate(cx, ask, c, gap, error));
    TRY(identity_choose_provider(cx, ask, c, &id.provider, error));
    const struct cached_provider *p = cached_provider_find(ask, id.provider);

    if (p == NULL) {
        gap->provider = true;
        return OK;
    }
    if (p->base.is_negative) {
        return fail(cx, FAIL_PROVIDER_INVALID, "provider is gone");
    }
    TRY(identity_choose_mode(cx, ask, c, &id.mode, error));
    TRY(identity_add_user(cx, ask, c, &id, error));
    TRY(identity_add_patterns(cx, p, &id));
    gap_renewal(ask, c, p, gap);
    id.issuer = str_dup(&cx->mem, c->issuer);
    *ret = id;
    return OK;
}

/* A token that nobody gave out has no number. */
static void credential_tell(
    struct cx *cx, const struct cached_credential *c, struct auth_error *error)
{
    if (c->token_id != 0 || c->issuer.n > 0) {
        error->who = (struct identity){
            .credential = c->kind,
            .token_id = c->token_id,
            .issuer = str_dup(&cx->mem, c->issuer),
        };
    }
}

Res auth_check(
    struct cx *cx, const struct auth_ask *ask, struct auth_gap *gap, struct identity *ret,
    struct auth_error *error)
{
    struct credential credential;

    *gap = (struct auth_gap){0};
    Res read = header_read_credential(cx, ask->req, &credential);

    if (read.code != FAIL_NONE) {
        error->hint = header_credential_hint(ask->req);
        return read;
    }
    gap->kind = credential.kind;
    const struct cached_credential *c = cached_credential_find(ask, &credential);

    if (c == NULL) {
        return gap_all(ask, &credential, gap);
    }
    Res res = identity_find(cx, ask, c, gap, ret, error);

    if (res.code != FAIL_NONE) {
        credential_tell(cx, c, error);
        return res;
    }
    return gap->provider && !gap->is_renewal ? gap_all(ask, &credential, gap) : OK;
}

void auth_detach(struct arena *mem, struct identity *who)
{
    Str *own = NEW_N(mem, Str, who->n_patterns);

    for (size_t i = 0; i < who->n_patterns; i++) {
        own[i] = str_dup(mem, who->patterns[i]);
    }
    who->patterns = own;
}
