/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given.c - collects the values of the file and the environment, and refuses unknown and
 * repeated keys.
 *
 * An empty value counts as not given.
 */
#include "config/given.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"

static const Str env_prefix = SI("CALDOCK_");

/* Adds a section or key as variables have it: "jwt acme" is JWT_ACME. */
static void given_add_upper(struct buf *b, Str s)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz ";
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

    for (size_t i = 0; i < s.n; i++) {
        size_t at;

        if (str_find((Str){lower, sizeof(lower) - 1}, s.p[i], &at)) {
            buf_add_char(b, upper[at]);
        } else {
            buf_add_char(b, s.p[i]);
        }
    }
}

Str given_where(struct cx *cx, const struct givens *g, const struct ini_value *v)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_BYTES};

    if (v->line == 0) {
        buf_add(&b, env_prefix);
        given_add_upper(&b, v->section);
        buf_add_char(&b, '_');
        given_add_upper(&b, v->key);
        return buf_text(&b);
    }
    buf_add(&b, g->file);
    buf_add_char(&b, ':');
    buf_add_int(&b, v->line);
    buf_add(&b, S(": ["));
    buf_add(&b, v->section);
    buf_add(&b, v->key.n > 0 ? S("] ") : S("]"));
    buf_add(&b, v->key);
    return buf_text(&b);
}

/* Finds the value of a key, under its own name or its twin's. NULL: not given. */
static const struct ini_value *given_find_in(
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

const struct ini_value *given_find(
    const struct givens *g, Str section, const struct config_key *key)
{
    const struct ini_value *v = given_find_in(&g->from_env, section, key);

    return v != NULL ? v : given_find_in(&g->from_file, section, key);
}

/* Makes [jwt My-App] the same as [jwt my_app], which CALDOCK_JWT_MY_APP_… can name. */
static void given_fold_jwt_names(struct arena *mem, struct ini *values)
{
    for (size_t i = 0; i < values->n; i++) {
        Str *section = &values->at[i].section;
        struct buf b = {.mem = mem, .max = LIMIT_CONFIG_NAME_BYTES};

        if (!str_starts(*section, S("jwt "))) {
            continue;
        }
        for (size_t at = 0; at < section->n; at++) {
            Str c = str_sub(*section, at, at + 1);

            buf_add(&b, str_eq(c, S("-")) ? S("_") : c);
        }
        *section = str_lower(mem, buf_text(&b));
    }
}

/* A value must have a known key, and be the only one of that key. */
static Res given_check_value(
    struct cx *cx, const struct givens *g, const struct ini *values,
    const struct ini_value *v)
{
    const struct config_section *section = config_section_find(v->section);
    Str where = given_where(cx, g, v);
    bool from_file;

    if (section == NULL) {
        return fail(
            cx, FAIL_CONFIG,
            "%.*s: there is no such section; `caldock help config` lists them (a name "
            "after jwt is of letters, digits, _ and -)",
            STR_ARG(where));
    }
    if (v->key.n == 0) {
        return OK;
    }
    const struct config_key *key = config_key_find(section, v->key, &from_file);

    if (key == NULL) {
        return fail(
            cx, FAIL_CONFIG,
            "%.*s: there is no such key; `caldock help config` lists them",
            STR_ARG(where));
    }
    const struct ini_value *first = given_find_in(values, v->section, key);

    if (v->text.n > 0 && first != v) {
        Str other = given_where(cx, g, first);

        return fail(
            cx, FAIL_CONFIG, "%.*s: given twice; first is %.*s", STR_ARG(where),
            STR_ARG(other));
    }
    return OK;
}

static Res given_check_values(
    struct cx *cx, const struct givens *g, const struct ini *values)
{
    for (size_t i = 0; i < values->n; i++) {
        TRY(given_check_value(cx, g, values, &values->at[i]));
    }
    return OK;
}

/* What follows "_port_": "5432_tcp", perhaps with "_addr", "_port" or "_proto". */
static bool variable_is_port_link(Str rest)
{
    static const Str ends[] = {SI(""), SI("_addr"), SI("_port"), SI("_proto")};
    static const Str protocols[] = {SI("_tcp"), SI("_udp"), SI("_sctp")};
    size_t digits = 0;

    while (digits < rest.n && char_is_digit((unsigned char)rest.p[digits])) {
        digits++;
    }
    Str tail = str_sub(rest, digits, rest.n);

    for (size_t i = 0; i < COUNT(protocols) * COUNT(ends); i++) {
        Str protocol = protocols[i / COUNT(ends)];

        if (digits > 0 && str_starts(tail, protocol)
            && str_eq(str_sub(tail, protocol.n, tail.n), ends[i % COUNT(ends)])) {
            return true;
        }
    }
    return false;
}

/* Kubernetes sets <SERVICE>_SERVICE_HOST, <SERVICE>_PORT_80_TCP_ADDR and the like for
 * every service. They are no misspelt keys, also when a service's name begins like a
 * section's. */
static bool variable_is_service_link(Str name)
{
    for (size_t at = 0; at < name.n; at++) {
        Str rest = str_sub(name, at, name.n);

        if (str_eq(rest, S("_service_host")) || str_eq(rest, S("_service_port"))
            || str_starts(rest, S("_service_port_")) || str_eq(rest, S("_port"))
            || (str_starts(rest, S("_port_"))
                && variable_is_port_link(str_sub(rest, S("_port_").n, rest.n)))) {
            return true;
        }
    }
    return false;
}

/* "jwt_acme_key_file" is key_file of [jwt acme]: the end of the name that is a key, the
 * longest one, is the key. */
static void variable_split_jwt(struct arena *mem, Str name, Str *section, Str *key)
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

static bool variable_is_key(Str section, Str key)
{
    const struct config_section *s = config_section_find(section);
    bool from_file;

    return s != NULL && config_key_find(s, key, &from_file) != NULL;
}

/* The keys of [jwt …] are common words, and don't count. */
static bool variable_is_key_of_any(Str key)
{
    bool from_file;

    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        if (!s->is_jwt && config_key_find(s, key, &from_file) != NULL) {
            return true;
        }
    }
    return false;
}

/* Splits a name that begins with no section where it ends in the name of a key:
 * "goggle_client_id" is a slip, and "url" or "test_secret" is for somebody else. */
static bool variable_split_slip(Str name, Str *section, Str *key)
{
    for (size_t at = 0; at < name.n; at++) {
        *section = str_sub(name, 0, at);
        *key = str_sub(name, at + 1, name.n);
        if (name.p[at] == '_' && variable_is_key_of_any(*key)) {
            return !variable_is_service_link(name);
        }
    }
    return false;
}

/* Splits a name that is in lower case and without its prefix. false: it is not for
 * Caldock. */
static bool variable_split(struct arena *mem, Str name, Str *section, Str *key)
{
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        if (!str_starts(name, str_cat(mem, s->name, S("_")))) {
            continue;
        }
        *section = s->name;
        *key = str_sub(name, s->name.n + 1, name.n);
        if (s->is_jwt) {
            variable_split_jwt(mem, name, section, key);
        }
        return variable_is_key(*section, *key) || !variable_is_service_link(name);
    }
    return variable_split_slip(name, section, key);
}

static Res given_read_environment(struct cx *cx, struct givens *g)
{
    struct arena *mem = &cx->mem;

    g->from_env.at = NEW_N(mem, struct ini_value, LIMIT_CONFIG_VALUES);
    for (char **e = environ; *e != NULL; e++) {
        Str text = str_from_z(*e);
        struct ini_value v = {.line = 0};
        size_t at;

        if (!str_starts(text, env_prefix) || !str_find(text, '=', &at)) {
            continue;
        }
        Str name = str_lower(mem, str_sub(text, env_prefix.n, at));

        v.text = str_dup(mem, str_trim(str_sub(text, at + 1, text.n)));
        if (!variable_split(mem, name, &v.section, &v.key)) {
            continue;
        }
        if (g->from_env.n == LIMIT_CONFIG_VALUES) {
            return fail(
                cx, FAIL_CONFIG, "more than %d variables CALDOCK_…", LIMIT_CONFIG_VALUES);
        }
        g->from_env.at[g->from_env.n++] = v;
    }
    return given_check_values(cx, g, &g->from_env);
}

static Str given_folder(Str path)
{
    size_t at = path.n;

    while (at > 0 && path.p[at - 1] != '/') {
        at--;
    }
    return str_sub(path, 0, at > 1 ? at - 1 : at);
}

/* Sets *found to the path of the file. No file is no failure, unless one was asked for.
 */
static Res given_read_file(struct cx *cx, const char *path, const char **found, Str *ret)
{
    static const char *const usual[] = {"caldock.conf", "/etc/caldock/caldock.conf"};

    *ret = S("");
    if (path == NULL) {
        path =
            getenv("CALDOCK_CONFIG"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    }
    if (path != NULL && path[0] != 0) {
        Res res = config_file_read(cx, path, LIMIT_CONFIG_BYTES, ret);

        *found = path;
        return res.code == FAIL_NONE ? OK : (Res){FAIL_CONFIG};
    }
    for (size_t i = 0; i < COUNT(usual); i++) {
        Res res = config_file_read(cx, usual[i], LIMIT_CONFIG_BYTES, ret);

        if (res.code != FAIL_NOT_FOUND) {
            *found = usual[i];
            return res;
        }
    }
    return OK;
}

Res given_read(struct cx *cx, const char *path, struct givens *ret)
{
    struct givens g = {.path = NULL};
    Str text;

    TRY(given_read_file(cx, path, &g.path, &text));
    if (g.path != NULL) {
        g.file = str_dup(&cx->mem, str_from_z(g.path));
        g.folder = given_folder(g.file);
        TRY(str_z(cx, g.file, &g.path));
        TRY(ini_read(cx, text, g.file, &g.from_file));
        given_fold_jwt_names(&cx->mem, &g.from_file);
        TRY(given_check_values(cx, &g, &g.from_file));
    }
    TRY(given_read_environment(cx, &g));
    *ret = g;
    return OK;
}
