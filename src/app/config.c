/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - from the values that were given, by the table of keys.c, to a checked
 * configuration.
 *
 * Each value is read by its key's type; then what several say together is checked.
 */
#include "app/config.h"

#include <sched.h>

#include "app/givens.h"
#include "app/keys.h"
#include "base/limits.h"

struct reading {
    struct cx *cx;
    struct givens givens;
};

/* A key's value into the draft at `base`, by its type; its default when it isn't given.
 */
static Res read_key(
    struct reading *r, Str section, const struct config_key *key, void *base)
{
    const struct ini_value *v = given_find(&r->givens, section, key);
    struct given given = {key->fallback, S("default"), r->givens.folder};

    if (v == NULL && key->fallback.n == 0) {
        return OK;
    }
    if (v != NULL) {
        given.text = v->text;
        given.where = given_where(r->cx, &r->givens, v);
    }
    if (v != NULL && key->is_secret && !str_eq(v->key, key->name)) {
        TRY(value_from_file(r->cx, &given, &given.text));
    }
    return key->read(r->cx, key, &given, (char *)base + key->offset);
}

static Res read_section(
    struct reading *r, Str name, const struct config_section *section, void *base)
{
    for (size_t i = 0; i < section->n; i++) {
        TRY(read_key(r, name, &section->keys[i], base));
    }
    return OK;
}

/* Where the key stands, or else its section begins: the first of its lines. */
static const struct ini_value *find_line(struct reading *r, Str section, Str key)
{
    bool from_file;
    const struct config_key *k =
        config_key_find(config_section_find(section), key, &from_file);
    const struct ini_value *v = k == NULL ? NULL : given_find(&r->givens, section, k);
    const struct ini *all[] = {&r->givens.from_file, &r->givens.from_env};

    for (size_t i = 0; i < COUNT(all); i++) {
        for (size_t n = 0; v == NULL && n < all[i]->n; n++) {
            v = str_eq(all[i]->at[n].section, section) ? &all[i]->at[n] : NULL;
        }
    }
    return v;
}

/* `key` empty: the section as a whole is to blame. */
static Res refuse(struct reading *r, Str section, Str key, const char *why)
{
    Str where = given_where(r->cx, &r->givens, find_line(r, section, key));

    return fail(r->cx, FAIL_CONFIG, "%.*s: %s", (int)where.n, where.p, why);
}

/* The same with the reason that was just noted. */
static Res refuse_again(struct reading *r, Str section, Str key)
{
    Str why = str_cat(&r->cx->mem, str_from_z(r->cx->why.text), (Str){"", 1});

    return refuse(r, section, key, why.p);
}

/* The sections [jwt NAME], in the order in which they are first named. */
static Res read_jwt_sections(struct reading *r, const struct ini *values, struct draft *d)
{
    for (size_t i = 0; i < values->n; i++) {
        Str name = values->at[i].section;
        const struct config_section *section = config_section_find(name);
        Str short_name = str_sub(name, S("jwt ").n, name.n);
        bool is_known = !section->is_jwt;

        for (size_t j = 0; j < d->n_jwt; j++) {
            is_known |= str_eq(d->jwt[j].issuer.name, short_name);
        }
        if (is_known) {
            continue;
        }
        if (d->n_jwt == CONFIG_JWT_MOST) {
            return refuse(r, name, S(""), "one issuer too many: 32 at most");
        }
        d->jwt[d->n_jwt].issuer.name = short_name;
        TRY(read_section(r, name, section, &d->jwt[d->n_jwt++]));
    }
    return OK;
}

static Res finish_source(struct reading *r, struct source_draft *draft, enum source_id id)
{
    const struct source *source = source_get(id);
    struct source_settings *s = &draft->s;

    s->id = id;
    s->is_on = s->client.client_id.n > 0;
    if (s->is_on && s->client.client_secret.n == 0) {
        return refuse(
            r, source->name, S("client_id"),
            "without a client_secret; give client_secret or client_secret_file");
    }
    source->defaults(&r->cx->mem, draft->tenant, s);
    return OK;
}

static void place_source(
    struct config *c, struct arena *mem, const struct source_draft *d)
{
    struct source_settings *s = &c->settings.sources[d->s.id - 1];

    *s = d->s;
    s->client.redirect_uri = str_cat(
        mem, str_cat(mem, c->settings.public_url, S("/oauth2/callback/")),
        source_get(s->id)->name);
    if (s->is_on) {
        s->jwks = jwks_open(s->jwks_url, &c->settings.net);
    }
}

static Res read_key_file(struct reading *r, Str section, struct jwt_draft *d)
{
    Str text;

    if (file_read(r->cx, d->key_file, LIMIT_SECRET_FILE_BYTES, &text).code != FAIL_NONE) {
        return refuse_again(r, section, S("key_file"));
    }
    if (jws_keys_from_text(r->cx, text, &d->issuer.keys).code != FAIL_NONE) {
        return refuse_again(r, section, S("key_file"));
    }
    return OK;
}

/* Exactly one of the three, and algorithms that its keys can do. */
static Res finish_jwt_keys(struct reading *r, Str section, struct jwt_draft *d)
{
    int ways = (d->secret.n > 0) + (d->key_file != NULL) + (d->jwks_url.n > 0);
    unsigned able = JWS_RS256 | JWS_ES256;

    if (ways != 1) {
        return refuse(
            r, section, S(""), "wants exactly one of secret, key_file and jwks_url");
    }
    if (d->secret.n > 0
        && jws_keys_from_secret(r->cx, d->secret, &d->issuer.keys).code != FAIL_NONE) {
        return refuse_again(r, section, S("secret"));
    }
    if (d->key_file != NULL) {
        TRY(read_key_file(r, section, d));
    }
    if (d->issuer.keys != NULL) {
        able = jws_keys_algs(d->issuer.keys);
    }
    if ((d->issuer.algs & ~able) != 0) {
        return refuse(
            r, section, S("algorithms"), "one of them doesn't fit the type of the key");
    }
    d->issuer.algs = d->issuer.algs == 0 ? able : d->issuer.algs;
    return OK;
}

static Res finish_jwt(struct reading *r, struct draft *d, struct jwt_draft *jwt)
{
    struct jwt_issuer *issuer = &jwt->issuer;
    Str section = str_cat(&r->cx->mem, S("jwt "), issuer->name);

    if (issuer->issuer.n == 0 || issuer->audience.n == 0) {
        return refuse(r, section, S(""), "wants issuer and audience");
    }
    if (jwt->providers.n == 0 && !jwt->providers.is_all) {
        return refuse(r, section, S(""), "wants providers: IDs, or * for all");
    }
    for (struct jwt_draft *other = d->jwt; other < jwt; other++) {
        if (str_eq(other->issuer.issuer, issuer->issuer)) {
            return refuse(
                r, section, S("issuer"), "another section has the same; one of the two");
        }
    }
    issuer->providers = jwt->providers.at;
    issuer->n_providers = jwt->providers.n;
    issuer->all_providers = jwt->providers.is_all;
    TRY(finish_jwt_keys(r, section, jwt));
    if (jwt->jwks_url.n > 0) {
        issuer->jwks = jwks_open(jwt->jwks_url, &d->config.settings.net);
    }
    return OK;
}

static int64_t cpu_count(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

static Str path_of(Str url)
{
    size_t at = 0;

    (void)str_find(url, ':', &at);
    url = str_sub(url, at + S("://").n, url.n);
    at = url.n;
    (void)str_find(url, '/', &at);
    return str_sub(url, at, url.n);
}

static void finish_server(struct reading *r, struct config *c)
{
    c->threads = c->threads == 0 ? cpu_count() : c->threads;
    c->store.pool = (int)c->store_pool;
    c->store.folder = r->givens.folder;
    c->settings.public_path = path_of(c->settings.public_url);
    c->store.is_unprepared = !c->store_prepares;
    c->settings.flow_timeout_s = c->flow_timeout_ms / 1000;
    c->settings.cors_origins = c->cors_origins.at;
    c->settings.n_cors_origins = c->cors_origins.n;
    if (c->settings.auth.rate > 0) {
        c->settings.auth.rates = rate_table_open();
    }
}

/* What the keys say together. What owns memory is made last, into the configuration. */
static Res finish(struct reading *r, struct draft *d)
{
    struct config *c = &d->config;
    struct jwt_issuer *issuers = NEW_N(&r->cx->mem, struct jwt_issuer, d->n_jwt);

    finish_server(r, c);
    TRY(finish_source(r, &d->google, SOURCE_GOOGLE));
    TRY(finish_source(r, &d->microsoft, SOURCE_MICROSOFT));
    place_source(c, &r->cx->mem, &d->google);
    place_source(c, &r->cx->mem, &d->microsoft);
    c->settings.auth.issuers = (struct jwt_issuers){issuers, d->n_jwt};
    for (size_t i = 0; i < d->n_jwt; i++) {
        Res res = finish_jwt(r, d, &d->jwt[i]);

        issuers[i] = d->jwt[i].issuer; /* with its keys, so that they are freed */
        TRY(res);
    }
    return OK;
}

static Res read_values(struct reading *r, struct draft *d)
{
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        TRY(s->is_jwt ? OK : read_section(r, s->name, s, d));
    }
    TRY(read_jwt_sections(r, &r->givens.from_file, d));
    TRY(read_jwt_sections(r, &r->givens.from_env, d));
    return finish(r, d);
}

static Res read_all(struct reading *r, const char *path, struct draft *d)
{
    TRY(givens_read(r->cx, path, &r->givens));
    d->config.path = r->givens.path;
    d->config.folder = r->givens.folder;
    return read_values(r, d);
}

Res config_read(struct cx *cx, const char *path, struct config **ret)
{
    struct config *c = heap_alloc(sizeof(*c));
    struct cx own = {
        .deadline_ms = cx->deadline_ms}; /* its memory becomes the config's */
    struct draft *d = NEW(&own.mem, struct draft);
    struct reading r = {.cx = &own};
    Res res = read_all(&r, path, d);

    *c = d->config;
    c->mem = own.mem;
    atomic_init(&c->holders, 1);
    if (res.code != FAIL_NONE) {
        cx->why = own.why;
        config_free(&c);
        return res;
    }
    *ret = c;
    return OK;
}

struct config *config_hold(struct config *c)
{
    (void)atomic_fetch_add(&c->holders, 1);
    return c;
}

void config_free(struct config **config)
{
    struct config *c = *config;

    *config = NULL;
    if (c == NULL || atomic_fetch_sub(&c->holders, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        jwks_close(&c->settings.sources[i].jwks);
    }
    for (size_t i = 0; i < c->settings.auth.issuers.n; i++) {
        struct jwt_issuer issuer = c->settings.auth.issuers.at[i];

        jws_keys_free(&issuer.keys);
        jwks_close(&issuer.jwks);
    }
    rate_table_close(&c->settings.auth.rates);
    arena_done(&c->mem);
    heap_free(c);
}
