/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - makes a checked configuration of the given values, by the table of table.c.
 *
 * Each value is read by the type of its key. Then the rules that join several keys are
 * checked.
 */
#include "config/config.h"

#include <sched.h>

#include "base/limits.h"
#include "base/uri.h"
#include "config/given.h"
#include "config/table.h"
#include "config/watch.h"

struct config_reading {
    struct cx *cx;
    const struct config *before; /* NULL: the first one */
    const struct config_file *files;
    struct givens givens;
    const struct config_value **last_value; /* where the next one is linked */
    Res refused; /* what the first value was refused for, and the reason is in `why` */
    struct cx_why why;
};

/* Before it is read, so that a change meanwhile is noticed. */
static void config_note_file(
    struct config_reading *r, const struct given *given, bool is_watched)
{
    struct config_file *file = NEW(&r->cx->mem, struct config_file);
    const char *path = str_zdup(&r->cx->mem, value_resolve(r->cx, given));

    *file = (struct config_file){path, is_watched ? watch_stamp(path) : 0, r->files};
    r->files = file;
}

static struct config_value *config_note_value(
    struct config_reading *r, Str section, const struct config_key *key,
    const struct given *given)
{
    struct config_value *value = NEW(&r->cx->mem, struct config_value);

    *value = (struct config_value){
        .section = section,
        .key = key->name,
        .text = given->text,
        .where = given->where,
        .needs_restart = key->needs_restart,
    };
    *r->last_value = value;
    r->last_value = &value->next;
    return value;
}

static Res config_read_secret_file(struct config_reading *r, struct given *given)
{
    config_note_file(r, given, true);
    return value_from_file(r->cx, given, &given->text);
}

/* Reads a key's value, or its default, into the draft at `base`. */
static Res config_read_key(
    struct config_reading *r, Str section, const struct config_key *key, void *base)
{
    const struct ini_value *v = given_find(&r->givens, section, key);
    struct given given = {key->fallback, S("default"), r->givens.folder};

    if (v != NULL) {
        given.text = v->text;
        given.where = given_where(r->cx, &r->givens, v);
    }
    struct config_value *value = config_note_value(r, section, key, &given);

    if (v != NULL && key->is_secret && !str_eq(v->key, key->name)) {
        value->text = S("");
        TRY(config_read_secret_file(r, &given));
        value->text = given.text;
    }

    if (v == NULL && key->fallback.n == 0) {
        return OK;
    }
    void *to = (char *)base + key->offset;

    if (key->read == value_path || key->read == value_file) {
        config_note_file(r, &given, key->read == value_file);
    }
    TRY(key->read(r->cx, key, &given, to));
    if (key->read == value_file) {
        value->mark = ((const struct file_value *)to)->mark;
    }
    return OK;
}

/* Reads on after a value that is refused, so that a reload can tell all that changed. The
 * first reason is the one that counts. */
static void config_read_section(
    struct config_reading *r, Str name, const struct config_section *section, void *base)
{
    for (size_t i = 0; i < section->n; i++) {
        Res res = config_read_key(r, name, &section->keys[i], base);

        if (res.code != FAIL_NONE && r->refused.code == FAIL_NONE) {
            r->refused = res;
            r->why = r->cx->why;
        }
    }
}

/* Finds the line of the key, or else the first line of its section. */
static const struct ini_value *config_find_line(
    struct config_reading *r, Str section, Str key)
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

/* Refuses a key. `key` empty: the section as a whole. */
static Res config_refuse(struct config_reading *r, Str section, Str key, const char *why)
{
    Str where = given_where(r->cx, &r->givens, config_find_line(r, section, key));

    return fail(r->cx, FAIL_CONFIG, "%.*s: %s", STR_ARG(where), why);
}

/* Refuses a key with the reason that was just noted. */
static Res config_refuse_again(struct config_reading *r, Str section, Str key)
{
    Str why = str_cat(&r->cx->mem, str_from_z(r->cx->why.text), (Str){"", 1});

    return config_refuse(r, section, key, why.p);
}

_Static_assert(CONFIG_JWT_MOST == 32, "\"32 at most\"");

/* Reads the sections [jwt NAME], in the order of their first lines. */
static Res config_read_jwt_sections(
    struct config_reading *r, const struct ini *values, struct draft *d)
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
            return config_refuse(r, name, S(""), "one issuer too many: 32 at most");
        }
        d->jwt[d->n_jwt].issuer.name = short_name;
        config_read_section(r, name, section, &d->jwt[d->n_jwt++]);
    }
    return OK;
}

/* Of a client secret (RFC 6749 appendix A.2). */
static bool char_is_visible(unsigned char c)
{
    return c >= ' ' && c < 0x7F;
}

static Res config_check_secret(
    struct config_reading *r, const struct source *source, Str key, Str secret)
{
    return str_is_only(secret, char_is_visible)
               ? OK
               : config_refuse(
                   r, source->name, key,
                   "holds what no client secret has: it is of printable ASCII alone");
}

static Res config_finish_source(
    struct config_reading *r, struct source_draft *draft, enum source_id id)
{
    const struct source *source = source_get(id);
    struct source_settings *s = &draft->s;

    s->id = id;
    s->is_on = s->client.client_id.n > 0;
    if (s->is_on && s->client.client_secret.n == 0) {
        return config_refuse(
            r, source->name, S("client_id"),
            "without a client_secret; give client_secret or client_secret_file");
    }
    TRY(config_check_secret(r, source, S("client_secret"), s->client.client_secret));
    TRY(config_check_secret(
        r, source, S("client_secret_next"), s->client.client_secret_next));
    source->defaults(&r->cx->mem, draft->tenant, s);
    return OK;
}

/* Keeps the keys that were fetched from the same URL before, also for another section. */
static struct jwks *config_jwks(
    const struct config_reading *r, Str url, const struct net_options *options)
{
    const struct settings *before = r->before == NULL ? NULL : &r->before->settings;
    struct jwks *same = NULL;

    for (size_t i = 0; before != NULL && same == NULL && i < SOURCE_COUNT; i++) {
        same = jwks_ref_same(before->sources[i].jwks, url, options);
    }
    for (size_t i = 0; before != NULL && same == NULL && i < before->auth.issuers.n;
         i++) {
        same = jwks_ref_same(before->auth.issuers.at[i].jwks, url, options);
    }
    return same != NULL ? same : jwks_open(url, options);
}

/* Keeps the counts of the rate limit across a reload. */
static struct rate_table *config_rates(const struct config_reading *r)
{
    struct rate_table *before = r->before == NULL ? NULL : r->before->settings.auth.rates;

    return before != NULL ? rate_table_ref(before) : rate_table_open();
}

static void config_place_source(
    struct config *c, const struct config_reading *r, const struct source_draft *d)
{
    struct arena *mem = &r->cx->mem;
    struct source_settings *s = &c->settings.sources[d->s.id - 1];

    *s = d->s;
    s->client.source = s->id;
    s->client.redirect_uri = str_cat(
        mem, str_cat(mem, c->settings.public_url, S("/oauth2/callback/")),
        source_get(s->id)->name);
    if (s->is_on) {
        s->jwks = config_jwks(r, s->jwks_url, &c->settings.net);
        jwks_note_source(s->jwks, s->id);
    }
}

static Res jwt_read_key_file(struct config_reading *r, Str section, struct jwt_draft *d)
{
    Str text;

    if (config_file_read(r->cx, d->key_file.path, LIMIT_SECRET_FILE_BYTES, &text).code
        != FAIL_NONE) {
        return config_refuse_again(r, section, S("key_file"));
    }
    if (jws_keys_from_text(r->cx, text, &d->issuer.keys).code != FAIL_NONE) {
        return config_refuse_again(r, section, S("key_file"));
    }
    return OK;
}

/* An issuer has exactly one of secret, key_file and jwks_url, and algorithms that fit its
 * keys. */
static Res jwt_finish_keys(struct config_reading *r, Str section, struct jwt_draft *d)
{
    int ways = (d->secret.n > 0) + (d->key_file.path != NULL) + (d->jwks_url.n > 0);
    unsigned able = jws_alg_public();

    if (ways != 1) {
        return config_refuse(
            r, section, S(""), "wants exactly one of secret, key_file and jwks_url");
    }
    if (d->secret.n > 0
        && jws_keys_from_secret(r->cx, d->secret, &d->issuer.keys).code != FAIL_NONE) {
        return config_refuse_again(r, section, S("secret"));
    }
    if (d->key_file.path != NULL) {
        TRY(jwt_read_key_file(r, section, d));
    }
    if (d->issuer.keys != NULL) {
        able = jws_keys_algs(d->issuer.keys);
    }
    if ((d->issuer.algs & ~able) != 0) {
        return config_refuse(
            r, section, S("algorithms"), "one of them doesn't fit the type of the key");
    }
    d->issuer.algs = d->issuer.algs == 0 ? able : d->issuer.algs;
    return OK;
}

static Res jwt_finish(struct config_reading *r, struct draft *d, struct jwt_draft *jwt)
{
    struct jwt_issuer *issuer = &jwt->issuer;
    Str section = str_cat(&r->cx->mem, S("jwt "), issuer->name);

    if (issuer->issuer.n == 0 || issuer->audience.n == 0) {
        return config_refuse(r, section, S(""), "wants issuer and audience");
    }
    if (jwt->providers.n == 0 && !jwt->providers.is_all) {
        return config_refuse(r, section, S(""), "wants providers: IDs, or * for all");
    }
    for (struct jwt_draft *other = d->jwt; other < jwt; other++) {
        if (str_eq(other->issuer.issuer, issuer->issuer)) {
            return config_refuse(
                r, section, S("issuer"), "another section has the same; one of the two");
        }
    }
    issuer->providers = jwt->providers.at;
    issuer->n_providers = jwt->providers.n;
    issuer->all_providers = jwt->providers.is_all;
    TRY(jwt_finish_keys(r, section, jwt));
    if (jwt->jwks_url.n > 0) {
        issuer->jwks = config_jwks(r, jwt->jwks_url, &d->config.settings.net);
    }
    return OK;
}

static int64_t cpu_count(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

static void config_finish_server(struct config_reading *r, struct config *c)
{
    c->threads = c->threads == 0 ? cpu_count() : c->threads;
    c->store.pool = (int)c->store_pool;
    c->store.folder = r->givens.folder;
    c->settings.public_path = uri_split(c->settings.public_url).path;
    c->settings.net.ca_file = c->ca_file.path;
    c->settings.net.ca_mark = c->ca_file.mark;
    c->store.is_unprepared = !c->store_prepares;
    c->store.is_migrated_by_hand = c->store_migration == MIGRATION_MANUAL;
    c->settings.flow_timeout_s = c->flow_timeout_ms / 1000;
    c->settings.cors_origins = c->cors_origins.at;
    c->settings.n_cors_origins = c->cors_origins.n;
    if (c->settings.auth.rate > 0) {
        c->settings.auth.rates = config_rates(r);
    }
}

static void config_finish_hooks(struct config_reading *r, struct config *c)
{
    struct hook_settings *hooks = &c->settings.hooks;
    struct net_guard *guard = NEW(&r->cx->mem, struct net_guard);

    *guard = c->private_networks;
    hooks->net.guard = guard;
    hooks->net.connect_timeout_ms = hooks->net.timeout_ms;
    hooks->net.ca_file = c->webhook_ca_file.path;
    hooks->net.ca_mark = c->webhook_ca_file.mark;
}

/* Checks the rules that join several keys. Objects that own memory are made last, so that
 * config_unref can release them. */
static Res config_finish(struct config_reading *r, struct draft *d)
{
    struct config *c = &d->config;
    struct jwt_issuer *issuers = NEW_N(&r->cx->mem, struct jwt_issuer, d->n_jwt);

    config_finish_server(r, c);
    config_finish_hooks(r, c);
    TRY(config_finish_source(r, &d->google, SOURCE_GOOGLE));
    TRY(config_finish_source(r, &d->microsoft, SOURCE_MICROSOFT));
    config_place_source(c, r, &d->google);
    config_place_source(c, r, &d->microsoft);
    c->settings.auth.issuers = (struct jwt_issuers){issuers, d->n_jwt};
    for (size_t i = 0; i < d->n_jwt; i++) {
        Res res = jwt_finish(r, d, &d->jwt[i]);

        issuers[i] =
            d->jwt[i].issuer; /* also after a failure, so that its keys are freed */
        TRY(res);
    }
    return OK;
}

static Res config_read_values(struct config_reading *r, struct draft *d)
{
    r->last_value = &d->config.values;
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        if (!s->is_jwt) {
            config_read_section(r, s->name, s, d);
        }
    }
    TRY(config_read_jwt_sections(r, &r->givens.from_file, d));
    TRY(config_read_jwt_sections(r, &r->givens.from_env, d));
    d->config.files = r->files;
    if (r->refused.code != FAIL_NONE) {
        r->cx->why = r->why;
        return r->refused;
    }
    return config_finish(r, d);
}

static Res config_read_all(struct config_reading *r, const char *path, struct draft *d)
{
    TRY(given_read(r->cx, path, &r->givens));
    d->config.path = r->givens.path;
    d->config.folder = r->givens.folder;
    return config_read_values(r, d);
}

/* `ret` is set also after a refusal. */
static Res config_read_after(
    struct cx *cx, const char *path, const struct config *before, struct config **ret)
{
    struct config *c = heap_alloc(sizeof(*c));
    struct cx own = {
        .deadline_ms = cx->deadline_ms}; /* its memory becomes the config's */
    struct draft *d = NEW(&own.mem, struct draft);
    struct config_reading r = {.cx = &own, .before = before};
    Res res = config_read_all(&r, path, d);

    *c = d->config;
    c->mem = own.mem;
    atomic_init(&c->refs, 1);
    cx->why = own.why;
    *ret = c;
    return res;
}

Res config_read(struct cx *cx, const char *path, struct config **ret)
{
    struct config *c;
    Res res = config_read_after(cx, path, NULL, &c);

    if (res.code == FAIL_NONE) {
        *ret = c;
    } else {
        config_unref(&c);
    }
    return res;
}

Res config_reread(struct cx *cx, const struct config *before, struct config **ret)
{
    return config_read_after(cx, before->path, before, ret);
}

struct config *config_ref(struct config *c)
{
    (void)atomic_fetch_add(&c->refs, 1);
    return c;
}

void config_unref(struct config **config)
{
    struct config *c = *config;

    *config = NULL;
    if (c == NULL || atomic_fetch_sub(&c->refs, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        jwks_unref(&c->settings.sources[i].jwks);
    }
    for (size_t i = 0; i < c->settings.auth.issuers.n; i++) {
        struct jwt_issuer issuer = c->settings.auth.issuers.at[i];

        jws_keys_free(&issuer.keys);
        jwks_unref(&issuer.jwks);
    }
    rate_table_unref(&c->settings.auth.rates);
    arena_done(&c->mem);
    heap_free(c);
}
