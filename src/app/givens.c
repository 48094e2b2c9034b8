/* SPDX-License-Identifier: Apache-2.0 */
/*
 * givens.c - all values that the file and the environment give: known, and each once.
 *
 * A value with an empty text counts as not given.
 */
#include "app/givens.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"

static const Str env_prefix = SI("CALDOCK_");

/* As the names of variables are written: "jwt acme" is JWT_ACME. */
static void add_upper(struct buf *b, Str s)
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

/* "caldock.conf:12: [server] listen", or the variable's name. */
Str given_where(struct cx *cx, const struct givens *g, const struct ini_value *v)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_BYTES};

    if (v->line == 0) {
        buf_add(&b, env_prefix);
        add_upper(&b, v->section);
        buf_add_char(&b, '_');
        add_upper(&b, v->key);
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

const struct ini_value *given_find(
    const struct givens *g, Str section, const struct config_key *key)
{
    const struct ini_value *v = value_in(&g->from_env, section, key);

    return v != NULL ? v : value_in(&g->from_file, section, key);
}

/* [jwt My-App] is [jwt my_app]: so CALDOCK_JWT_MY_APP_… is the same one. */
static void fold_jwt_names(struct arena *mem, struct ini *values)
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

/* Known, and the first of its name. */
static Res check_value(
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
            (int)where.n, where.p);
    }
    if (v->key.n == 0) {
        return OK;
    }
    const struct config_key *key = config_key_find(section, v->key, &from_file);

    if (key == NULL) {
        return fail(
            cx, FAIL_CONFIG,
            "%.*s: there is no such key; `caldock help config` lists them", (int)where.n,
            where.p);
    }
    const struct ini_value *first = value_in(values, v->section, key);

    if (v->text.n > 0 && first != v) {
        Str other = given_where(cx, g, first);

        return fail(
            cx, FAIL_CONFIG, "%.*s: given twice; first is %.*s", (int)where.n, where.p,
            (int)other.n, other.p);
    }
    return OK;
}

static Res check_values(struct cx *cx, const struct givens *g, const struct ini *values)
{
    for (size_t i = 0; i < values->n; i++) {
        TRY(check_value(cx, g, values, &values->at[i]));
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

static Res read_environment(struct cx *cx, struct givens *g)
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
        if (!split_env_name(mem, name, &v.section, &v.key)) {
            continue;
        }
        if (g->from_env.n == LIMIT_CONFIG_VALUES) {
            return fail(cx, FAIL_CONFIG, "more than 1000 variables CALDOCK_…");
        }
        g->from_env.at[g->from_env.n++] = v;
    }
    return check_values(cx, g, &g->from_env);
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
    if (path != NULL && path[0] != 0) {
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

Res givens_read(struct cx *cx, const char *path, struct givens *ret)
{
    struct givens g = {.path = NULL};
    Str text;

    TRY(read_file(cx, path, &g.path, &text));
    if (g.path != NULL) {
        g.file = str_dup(&cx->mem, str_from_z(g.path));
        g.folder = folder_of(g.file);
        TRY(str_z(cx, g.file, &g.path));
        TRY(ini_read(cx, text, g.file, &g.from_file));
        fold_jwt_names(&cx->mem, &g.from_file);
        TRY(check_values(cx, &g, &g.from_file));
    }
    TRY(read_environment(cx, &g));
    *ret = g;
    return OK;
}
