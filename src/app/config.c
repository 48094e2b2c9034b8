/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - from text and environment, by the table of keys.c, to a checked
 * configuration.
 *
 * First the values are gathered (known, given once), then each is read by its key's type,
 * then what several say together is checked. The environment wins over the file.
 */
#include "app/config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/inifile.h"
#include "app/keys.h"
#include "base/buf.h"
#include "base/limits.h"

static const Str env_prefix = SI("CALDOCK_");

struct reading {
    struct cx *cx;
    Str file; /* its path as given; empty: there is none */
    Str folder;
    struct ini from_file;
    struct ini from_env; /* section and key as the file would have them; line 0 */
};

/* "caldock.conf:12: [server] listen", or the variable's name. */
static Str value_where(struct reading *r, const struct ini_value *v)
{
    struct buf b = {.mem = &r->cx->mem, .max = LIMIT_CONFIG_BYTES};

    if (v->line > 0) {
        buf_add(&b, r->file);
        buf_add_char(&b, ':');
        buf_add_int(&b, v->line);
        buf_add(&b, S(": "));
    } else {
        buf_add(&b, S("environment: "));
    }
    buf_add_char(&b, '[');
    buf_add(&b, v->section);
    buf_add(&b, S("] "));
    buf_add(&b, v->key);
    return buf_text(&b);
}

/* The value of a key, by its own name or its twin's; NULL when it isn't given. */
static const struct ini_value *value_in(
    const struct ini *values, Str section, const struct config_key *key)
{
    bool from_file;
    const struct config_section *s = config_section_find(section);

    for (size_t i = 0; i < values->n; i++) {
        const struct ini_value *v = &values->at[i];

        if (str_eq(v->section, section) && v->text.n > 0
            && config_key_find(s, v->key, &from_file) == key) {
            return v;
        }
    }
    return NULL;
}

static const struct ini_value *value_find(
    const struct reading *r, Str section, const struct config_key *key)
{
    const struct ini_value *v = value_in(&r->from_env, section, key);

    return v != NULL ? v : value_in(&r->from_file, section, key);
}

/* Known, and the first of its name. */
static Res check_value(
    struct reading *r, const struct ini *values, const struct ini_value *v)
{
    const struct config_section *section = config_section_find(v->section);
    Str where = value_where(r, v);
    bool from_file;

    if (section == NULL) {
        return fail(
            r->cx, FAIL_CONFIG,
            "%.*s: there is no such section; see `caldock help config` (a name after jwt "
            "is of a-z, 0-9 and _)",
            (int)where.n, where.p);
    }
    const struct config_key *key = config_key_find(section, v->key, &from_file);

    if (key == NULL) {
        return fail(
            r->cx, FAIL_CONFIG, "%.*s: there is no such key; see `caldock help config`",
            (int)where.n, where.p);
    }
    const struct ini_value *first = value_in(values, v->section, key);

    if (v->text.n > 0 && first != v) {
        return fail(
            r->cx, FAIL_CONFIG, "%.*s: given twice, first on line %d; remove one",
            (int)where.n, where.p, first->line);
    }
    return OK;
}

static Res check_values(struct reading *r, const struct ini *values)
{
    for (size_t i = 0; i < values->n; i++) {
        TRY(check_value(r, values, &values->at[i]));
    }
    return OK;
}

/* Kubernetes sets <SERVICE>_PORT, <SERVICE>_SERVICE_HOST and more of the kind for every
 * service, whatever its name: these are no keys with a slip of the pen. */
static bool is_service_link(Str key)
{
    return str_starts(key, S("port")) || str_starts(key, S("service_"));
}

/* "jwt_acme_key_file" is key_file of [jwt acme]: the longest key that fits its end. */
static void split_jwt_name(struct arena *mem, Str name, Str *section, Str *key)
{
    const struct config_section *jwt = config_section_find(S("jwt x"));
    size_t longest = 0;
    bool from_file;

    for (size_t at = S("jwt_").n + 1; at + 1 < name.n; at++) {
        Str end = str_sub(name, at + 1, name.n);

        if (name.p[at] == '_' && config_key_find(jwt, end, &from_file) != NULL) {
            longest = end.n;
            break;
        }
    }
    if (longest == 0) {
        *section = S("jwt");
        *key = str_sub(name, S("jwt_").n, name.n);
        return;
    }
    *section = str_cat(mem, S("jwt "), str_sub(name, S("jwt_").n, name.n - longest - 1));
    *key = str_sub(name, name.n - longest, name.n);
}

/* `name` without the prefix, in lower case. Other sections' variables are none of ours.
 */
static bool split_env_name(struct arena *mem, Str name, Str *section, Str *key)
{
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        if (!str_starts(name, str_cat(mem, s->name, S("_")))) {
            continue;
        }
        *section = s->name;
        *key = str_sub(name, s->name.n + 1, name.n);
        if (s->is_jwt) {
            split_jwt_name(mem, name, section, key);
        }
        return !is_service_link(*key);
    }
    return false;
}

static Res read_environment(struct reading *r)
{
    struct arena *mem = &r->cx->mem;

    r->from_env.at = NEW_N(mem, struct ini_value, LIMIT_CONFIG_VALUES);
    for (char **e = environ; *e != NULL; e++) {
        Str text = str_from_z(*e);
        struct ini_value v = {.line = 0};
        size_t at;

        if (!str_starts(text, env_prefix) || !str_find(text, '=', &at)) {
            continue;
        }
        Str name = str_lower(mem, str_sub(text, env_prefix.n, at));

        v.text = str_dup(mem, str_trim(str_sub(text, at + 1, text.n)));
        if (!split_env_name(mem, name, &v.section, &v.key)) {
            continue;
        }
        if (r->from_env.n == LIMIT_CONFIG_VALUES) {
            return fail(r->cx, FAIL_CONFIG, "more than 1000 variables CALDOCK_…");
        }
        r->from_env.at[r->from_env.n++] = v;
    }
    return check_values(r, &r->from_env);
}

/* A key's value into the draft at `base`, by its type; its default when it isn't given.
 */
static Res read_key(
    struct reading *r, Str section, const struct config_key *key, void *base)
{
    const struct ini_value *v = value_find(r, section, key);
    struct given given = {key->fallback, S("default"), r->folder};

    if (v == NULL && key->fallback.n == 0) {
        return OK;
    }
    if (v != NULL) {
        given.text = v->text;
        given.where = value_where(r, v);
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

/* Where a section that lacks something begins, for the reason. */
static Res section_refuse(struct reading *r, Str section, const char *why)
{
    int line = 0;

    for (size_t i = r->from_file.n; i > 0; i--) {
        if (str_eq(r->from_file.at[i - 1].section, section)) {
            line = r->from_file.at[i - 1].line;
        }
    }
    if (line == 0) {
        return fail(
            r->cx, FAIL_CONFIG, "environment: [%.*s] %s", (int)section.n, section.p, why);
    }
    return fail(
        r->cx, FAIL_CONFIG, "%.*s:%d: [%.*s] %s", (int)r->file.n, r->file.p, line,
        (int)section.n, section.p, why);
}

/* The same with the reason that was just noted. */
static Res section_refuse_because(struct reading *r, Str section, Str what)
{
    struct arena *mem = &r->cx->mem;
    Str why = str_cat(mem, what, str_from_z(r->cx->why.text));

    return section_refuse(r, section, str_cat(mem, why, (Str){"", 1}).p);
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
            return section_refuse(r, name, "is one too many: 32 issuers at most");
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
        return section_refuse(
            r, source->name,
            "has a client_id and no client_secret; give client_secret or "
            "client_secret_file");
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
        return section_refuse_because(r, section, S("key_file: "));
    }
    if (jws_keys_from_text(r->cx, text, &d->issuer.keys).code != FAIL_NONE) {
        return section_refuse_because(r, section, S("key_file: "));
    }
    return OK;
}

/* Exactly one of the three, and algorithms that its keys can do. */
static Res finish_jwt_keys(struct reading *r, Str section, struct jwt_draft *d)
{
    int ways = (d->secret.n > 0) + (d->key_file != NULL) + (d->jwks_url.n > 0);
    unsigned able = JWS_RS256 | JWS_ES256;

    if (ways != 1) {
        return section_refuse(
            r, section, "wants exactly one of secret, key_file and jwks_url");
    }
    if (d->secret.n > 0
        && jws_keys_from_secret(r->cx, d->secret, &d->issuer.keys).code != FAIL_NONE) {
        return section_refuse_because(r, section, S("secret: "));
    }
    if (d->key_file != NULL) {
        TRY(read_key_file(r, section, d));
    }
    if (d->issuer.keys != NULL) {
        able = jws_keys_algs(d->issuer.keys);
    }
    if ((d->issuer.algs & ~able) != 0) {
        return section_refuse(
            r, section, "algorithms: one of them does not fit the type of the key");
    }
    d->issuer.algs = d->issuer.algs == 0 ? able : d->issuer.algs;
    return OK;
}

static Res finish_jwt(struct reading *r, struct draft *d, struct jwt_draft *jwt)
{
    struct jwt_issuer *issuer = &jwt->issuer;
    Str section = str_cat(&r->cx->mem, S("jwt "), issuer->name);

    if (issuer->issuer.n == 0 || issuer->audience.n == 0) {
        return section_refuse(r, section, "wants issuer and audience");
    }
    if (jwt->providers.n == 0 && !jwt->providers.is_all) {
        return section_refuse(r, section, "wants providers: IDs, or * for all");
    }
    for (struct jwt_draft *other = d->jwt; other < jwt; other++) {
        if (str_eq(other->issuer.issuer, issuer->issuer)) {
            return section_refuse(r, section, "has the issuer of another section");
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

static void finish_server(struct reading *r, struct config *c)
{
    c->threads = c->threads == 0 ? cpu_count() : c->threads;
    c->store.pool = (int)c->store_pool;
    c->store.folder = r->folder;
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
        const struct config_section *section = &config_sections[i];

        if (!section->is_jwt) {
            TRY(read_section(r, section->name, section, d));
        }
    }
    TRY(read_jwt_sections(r, &r->from_file, d));
    TRY(read_jwt_sections(r, &r->from_env, d));
    return finish(r, d);
}

static Str folder_of(Str path)
{
    size_t at = path.n;

    while (at > 0 && path.p[at - 1] != '/') {
        at--;
    }
    return str_sub(path, 0, at > 1 ? at - 1 : at);
}

/* *found says which file it is; none is fine when none was asked for. */
static Res read_file(struct cx *cx, const char *path, const char **found, Str *ret)
{
    static const char *const usual[] = {"caldock.conf", "/etc/caldock/caldock.conf"};

    *ret = S("");
    if (path == NULL) {
        path =
            getenv("CALDOCK_CONFIG"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    }
    if (path != NULL) {
        Res res = file_read(cx, path, LIMIT_CONFIG_BYTES, ret);

        *found = path;
        return res.code == FAIL_NONE ? OK : (Res){FAIL_CONFIG};
    }
    for (size_t i = 0; i < COUNT(usual); i++) {
        Res res = file_read(cx, usual[i], LIMIT_CONFIG_BYTES, ret);

        if (res.code != FAIL_NOT_FOUND) {
            *found = usual[i];
            return res;
        }
    }
    return OK;
}

static Res read_all(struct reading *r, const char *path, struct draft *d)
{
    const char *found = NULL;
    Str text;

    TRY(read_file(r->cx, path, &found, &text));
    if (found != NULL) {
        r->file = str_dup(&r->cx->mem, str_from_z(found));
        r->folder = folder_of(r->file);
        TRY(str_z(r->cx, r->file, &d->config.path));
        TRY(ini_read(r->cx, text, r->file, &r->from_file));
        TRY(check_values(r, &r->from_file));
    }
    d->config.folder = r->folder;
    TRY(read_environment(r));
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

static void add_key(
    struct buf *b, const struct config_section *s, const struct config_key *k)
{
    Str fallback = config_key_default(s, k);

    buf_add(b, S("# "));
    buf_add(b, k->about);
    buf_add(b, S("\n#"));
    buf_add(b, k->name);
    buf_add(b, fallback.n > 0 ? S(" = ") : S(" ="));
    buf_add(b, fallback);
    buf_add_char(b, '\n');
}

Res config_sample(struct cx *cx, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_BYTES};

    buf_add(
        &b, S("# Caldock's configuration. What is commented out shows the default.\n"
              "# Every key can also be given as CALDOCK_<SECTION>_<KEY>, which wins.\n"
              "# Lists are separated by white space or commas. Secrets can be read\n"
              "# from a file: client_secret_file = PATH.\n"));
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        buf_add(&b, S("\n# "));
        buf_add(&b, s->about);
        buf_add(&b, s->is_jwt ? S("\n#[") : S("\n["));
        buf_add(&b, s->name);
        buf_add(&b, s->is_jwt ? S(" NAME]\n") : S("]\n"));
        for (size_t k = 0; k < s->n; k++) {
            add_key(&b, s, &s->keys[k]);
        }
    }
    return buf_done(cx, &b, ret);
}

Res config_help(struct cx *cx, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_BYTES};

    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        for (size_t k = 0; k < s->n; k++) {
            Str fallback = config_key_default(s, &s->keys[k]);

            buf_add(&b, S("["));
            buf_add(&b, s->name);
            buf_add(&b, s->is_jwt ? S(" NAME] ") : S("] "));
            buf_add(&b, s->keys[k].name);
            buf_add(&b, fallback.n > 0 ? S(" = ") : S(""));
            buf_add(&b, fallback);
            buf_add(&b, S("\n    "));
            buf_add(&b, s->keys[k].about);
            buf_add_char(&b, '\n');
        }
    }
    return buf_done(cx, &b, ret);
}
