/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - who asks: the stages of contract §2 in their order, from one thread's caches.
 *
 * The warm path hashes the credential once, allocates only in the request's arena and
 * takes no lock but the rate limit's, where one is configured.
 */
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

static bool is_jwt(const struct fact *f)
{
    return ((const struct credential_fact *)f)->kind == CREDENTIAL_JWT;
}

void auth_cache_clear(struct auth_cache *c)
{
    cache_clear(c->credentials, is_jwt);
}

void auth_keep(struct auth_cache *c, const struct auth_loaded *loaded)
{
    if (loaded->credential != NULL) {
        cache_put(c->credentials, &loaded->credential->fact);
    }
    if (loaded->provider != NULL) {
        cache_put(c->providers, &loaded->provider->fact);
    }
}

static bool is_about(
    const struct credential_fact *f, const struct credential *credential,
    const struct auth_settings *settings)
{
    Str is = {(const char *)f->hash, sizeof(f->hash)};
    Str wanted = {(const char *)credential->hash, sizeof(credential->hash)};

    return seal_equal(is, wanted)
           && (f->kind == CREDENTIAL_TOKEN || f->settings == settings);
}

/* NULL: cold. What was just loaded counts, however long it was under way. */
static const struct credential_fact *find_credential(
    const struct auth_ask *ask, const struct credential *credential)
{
    const struct credential_fact *f =
        ask->loaded == NULL ? NULL : ask->loaded->credential;

    if (f != NULL && is_about(f, credential, ask->settings)) {
        return f;
    }
    f = (const struct credential_fact *)cache_get(
        ask->cache->credentials, fact_key(credential->hash), ask->now_ms);
    return f != NULL && is_about(f, credential, ask->settings) ? f : NULL;
}

static const struct provider_fact *find_provider(const struct auth_ask *ask, int64_t id)
{
    const struct provider_fact *f = ask->loaded == NULL ? NULL : ask->loaded->provider;

    if (f != NULL && f->id == id) {
        return f;
    }
    return (const struct provider_fact *)cache_get(
        ask->cache->providers, (uint64_t)id, ask->now_ms);
}

/* All at once, so that the second call is never cold again. */
static Res need_all(
    const struct auth_ask *ask, const struct credential *credential,
    struct auth_need *need)
{
    need->credential = true;
    memcpy(need->hash, credential->hash, sizeof(need->hash));
    need->jwt = credential->kind == CREDENTIAL_JWT ? credential->text : S("");
    need->provider = true;
    need->provider_id = provider_peek(ask->req);
    return OK;
}

static void need_renewal(
    const struct auth_ask *ask, const struct credential_fact *credential,
    const struct provider_fact *provider, struct auth_need *need)
{
    need->credential =
        cache_renew(ask->cache->credentials, &credential->fact, ask->now_ms);
    need->provider = cache_renew(ask->cache->providers, &provider->fact, ask->now_ms);
    need->is_renewal = need->credential || need->provider;
    memcpy(need->hash, credential->hash, sizeof(need->hash));
    need->provider_id = provider->id;
}

static Res check_rate(
    struct cx *cx, const struct auth_ask *ask, const struct credential_fact *credential,
    struct auth_need *need, struct auth_error *error)
{
    const struct auth_settings *s = ask->settings;

    if (s->rate == 0 || (ask->loaded != NULL && ask->loaded->is_counted)) {
        return OK;
    }
    need->is_counted = true;
    if (!rate_take(
            s->rates, credential->fact.key, ask->now_ms, s->rate, s->burst,
            &error->retry_after_s)) {
        return fail(cx, FAIL_THROTTLED, "over the rate limit");
    }
    return OK;
}

static Res check_provider(
    struct cx *cx, const struct auth_ask *ask, const struct credential_fact *credential,
    int64_t *ret, struct auth_error *error)
{
    int64_t wish;

    TRY(provider_read(cx, ask->req, &wish, error));
    if (wish == 0 && credential->n_providers > 1) {
        return fail(cx, FAIL_PROVIDER_REQUIRED, "credential of several providers");
    }
    *ret = credential_provider(credential, wish);
    if (*ret == 0) {
        return fail(cx, FAIL_PROVIDER_INVALID, "no such provider for this credential");
    }
    return OK;
}

static Res check_mode(
    struct cx *cx, const struct auth_ask *ask, const struct credential_fact *credential,
    enum mode *ret, struct auth_error *error)
{
    enum mode wish;

    TRY(mode_read(cx, ask->req, &wish, error));
    if (wish == MODE_NONE && credential->modes == (MODE_CUSTOMER | MODE_PROVIDER)) {
        return fail(cx, FAIL_MODE_REQUIRED, "credential of both modes");
    }
    *ret = wish == MODE_NONE ? (enum mode)credential->modes : wish;
    if ((*ret & credential->modes) == 0) {
        return fail(cx, FAIL_MODE_NOT_ALLOWED, "mode that the credential does not have");
    }
    return OK;
}

static Res check_user(
    struct cx *cx, const struct auth_ask *ask, const struct credential_fact *credential,
    struct identity *id, struct auth_error *error)
{
    Str wish;

    if (credential->user_is_refused) {
        return fail(cx, FAIL_PERMISSION_DENIED, "subject outside the alphabet");
    }
    TRY(user_read(cx, ask->req, &wish, error));
    if (wish.n > 0 && credential->user.n > 0 && !str_eq(wish, credential->user)) {
        return fail(cx, FAIL_PERMISSION_DENIED, "credential bound to another user");
    }
    id->user = str_dup(&cx->mem, credential->user.n > 0 ? credential->user : wish);
    if (id->mode == MODE_CUSTOMER && id->user.n == 0) {
        return header_invalid(cx, error, header_user, S("This field is required."));
    }
    return OK;
}

static Res check_feature(
    struct cx *cx, const struct provider_fact *provider, struct identity *id)
{
    if (!provider->has_feature) {
        return fail(cx, FAIL_FEATURE_NOT_ENABLED, "external_calendars is off");
    }
    id->patterns = provider->patterns;
    id->n_patterns = provider->n_patterns;
    return OK;
}

Res auth_check(
    struct cx *cx, const struct auth_ask *ask, struct auth_need *need,
    struct identity *ret, struct auth_error *error)
{
    struct credential credential;
    struct identity id = {0};

    *need = (struct auth_need){0};
    TRY(credential_read(cx, ask->req, &credential));
    const struct credential_fact *c = find_credential(ask, &credential);

    if (c == NULL) {
        return need_all(ask, &credential, need);
    }
    if (c->fact.is_negative) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "unknown or ended credential");
    }
    TRY(check_rate(cx, ask, c, need, error));
    TRY(check_provider(cx, ask, c, &id.provider, error));
    const struct provider_fact *p = find_provider(ask, id.provider);

    if (p == NULL) {
        return need_all(ask, &credential, need);
    }
    if (p->fact.is_negative) {
        return fail(cx, FAIL_PROVIDER_INVALID, "provider is gone");
    }
    TRY(check_mode(cx, ask, c, &id.mode, error));
    TRY(check_user(cx, ask, c, &id, error));
    TRY(check_feature(cx, p, &id));
    need_renewal(ask, c, p, need);
    id.credential = c->kind;
    id.token_id = c->token_id;
    id.issuer = str_dup(&cx->mem, c->issuer);
    *ret = id;
    return OK;
}
