/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.c - caldock provider add, list, show, set, remove.
 */
#include <stdio.h>

#include "api/revoke.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "oauth/redirect.h"
#include "store/accounts.h"
#include "store/providers.h"

static const Str feature_calendars = SI(FEATURE_CALENDARS);

/* What a work function of the store gets, and gives back. */
struct wish {
    struct cli *cli;
    int64_t id;
    struct provider *found;
    size_t n_found;
};

static Res check_name(struct cli *cli, Str name)
{
    if (str_trim(name).n == 0 || name.n > LIMIT_NAME_BYTES || !str_is_utf8(name)) {
        return cli_misuse(cli, "--name wants a text of 1 to 200 bytes of UTF-8", S(""));
    }
    return OK;
}

/* "external_calendars", "external_calendars=off". */
static Res parse_feature(struct cli *cli, Str text, struct feature *ret)
{
    size_t at;
    bool has_value = str_find(text, '=', &at);
    Str value = has_value ? str_sub(text, at + 1, text.n) : S("on");

    ret->name = has_value ? str_sub(text, 0, at) : text;
    ret->is_on = str_eq(value, S("on"));
    if (!ret->is_on && !str_eq(value, S("off"))) {
        return cli_misuse(cli, "--feature wants NAME=on or NAME=off, not", text);
    }
    if (!str_eq(ret->name, feature_calendars)) {
        return cli_misuse(
            cli, "there is one feature, " FEATURE_CALENDARS ", and not", ret->name);
    }
    return OK;
}

/* The normal form, or a refusal that names the pattern. */
static Res parse_pattern(struct cli *cli, Str text, Str *ret)
{
    if (redirect_pattern_parse(cli->cx, text, ret).code != FAIL_NONE) {
        struct arena *mem = &cli->cx->mem;
        Str why = str_cat(mem, str_from_z(cli->cx->why.text), (Str){"", 1});

        return cli_misuse(cli, str_cat(mem, S("redirect pattern: "), why).p, text);
    }
    return OK;
}

static Res parse_patterns(struct cli *cli, Str option, Str **ret, size_t *n)
{
    size_t at = 0;
    Str text;

    *ret = NEW_N(&cli->cx->mem, Str, CLI_OPTIONS_MOST);
    *n = 0;
    while (cli_next(cli, option, &at, &text)) {
        TRY(parse_pattern(cli, text, &(*ret)[(*n)++]));
    }
    return OK;
}

static json_t *provider_json(const struct provider *p)
{
    json_t *patterns = json_array();
    json_t *features = json_object();

    for (size_t i = 0; i < p->n_patterns; i++) {
        (void)json_array_append_new(patterns, json_str(p->patterns[i]));
    }
    for (size_t i = 0; i < p->n_features; i++) {
        (void)json_object_setn_new(
            features, p->features[i].name.p, p->features[i].name.n,
            json_boolean(p->features[i].is_on));
    }
    return json_pack(
        "{sI so so so so}", "id", (json_int_t)p->id, "name", json_str(p->name),
        "created_at", json_time(p->created_ms), "redirects", patterns, "features",
        features);
}

static Res not_there(struct cli *cli, Res res, int64_t id)
{
    if (res.code != FAIL_NOT_FOUND) {
        return res;
    }
    return fail(
        cli->cx, FAIL_NOT_FOUND,
        "there is no provider %lld; `caldock provider list` shows them", (long long)id);
}

static Res add_work(struct cx *cx, struct db *db, void *arg)
{
    return provider_add(cx, db, arg);
}

Res provider_add_run(struct cli *cli)
{
    struct provider p = {.name = cli_value(cli, S("--name"))};
    struct feature feature = {feature_calendars, true};
    size_t at = 0;
    Str text;
    Str *patterns;

    TRY(cli_id(cli, cli->words[0], &p.id));
    TRY(check_name(cli, p.name));
    TRY(parse_patterns(cli, S("--redirect"), &patterns, &p.n_patterns));
    while (cli_next(cli, S("--feature"), &at, &text)) {
        TRY(parse_feature(cli, text, &feature));
    }
    p.created_ms = clock_now_ms();
    p.patterns = patterns;
    p.features = &feature;
    p.n_features = 1;
    Res res = store_write(cli->cx, cli->app.store, add_work, &p);

    if (res.code == FAIL_CONFLICT) {
        return fail(
            cli->cx, FAIL_CONFLICT,
            "provider %lld is there already; `caldock provider set` changes it",
            (long long)p.id);
    }
    TRY(res);
    print_one(cli, provider_json(&p));
    return OK;
}

static Res list_work(struct cx *cx, struct db *db, void *arg)
{
    struct wish *w = arg;

    return provider_list(cx, db, &w->found, &w->n_found);
}

Res provider_list_run(struct cli *cli)
{
    struct wish w = {.cli = cli};

    TRY(store_read(cli->cx, cli->app.store, list_work, &w));
    json_t *list = json_array();

    for (size_t i = 0; i < w.n_found; i++) {
        (void)json_array_append_new(list, provider_json(&w.found[i]));
    }
    print_list(cli, list);
    return OK;
}

static Res get_work(struct cx *cx, struct db *db, void *arg)
{
    struct wish *w = arg;

    return provider_get(cx, db, w->id, w->found);
}

static Res show(struct cli *cli, int64_t id)
{
    struct provider p = {0};
    struct wish w = {.cli = cli, .id = id, .found = &p};

    TRY(not_there(cli, store_read(cli->cx, cli->app.store, get_work, &w), id));
    print_one(cli, provider_json(&p));
    return OK;
}

Res provider_show_run(struct cli *cli)
{
    int64_t id;

    TRY(cli_id(cli, cli->words[0], &id));
    return show(cli, id);
}

/* All of it or nothing. */
static Res set_work(struct cx *cx, struct db *db, void *arg)
{
    const struct wish *w = arg;
    struct cli *cli = w->cli;
    size_t at = 0;
    size_t n;
    Str *patterns;
    Str text;

    if (cli_has(cli, S("--name"))) {
        TRY(provider_rename(cx, db, w->id, cli_value(cli, S("--name"))));
    }
    TRY(parse_patterns(cli, S("--add-redirect"), &patterns, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(provider_pattern_add(cx, db, w->id, patterns[i]));
    }
    TRY(parse_patterns(cli, S("--remove-redirect"), &patterns, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(provider_pattern_remove(cx, db, w->id, patterns[i]));
    }
    while (cli_next(cli, S("--feature"), &at, &text)) {
        struct feature feature;

        TRY(parse_feature(cli, text, &feature));
        TRY(provider_feature_set(cx, db, w->id, feature.name, feature.is_on));
    }
    return OK;
}

Res provider_set_run(struct cli *cli)
{
    struct provider before;
    struct wish w = {.cli = cli, .found = &before};

    TRY(cli_id(cli, cli->words[0], &w.id));
    if (cli_has(cli, S("--name"))) {
        TRY(check_name(cli, cli_value(cli, S("--name"))));
    }
    TRY(not_there(cli, store_read(cli->cx, cli->app.store, get_work, &w), w.id));
    TRY(store_write(cli->cx, cli->app.store, set_work, &w));
    return show(cli, w.id);
}

static Res remove_work(struct cx *cx, struct db *db, void *arg)
{
    const struct wish *w = arg;
    struct account *accounts;
    size_t n;

    TRY(account_list_all(cx, db, w->id, &accounts, &n));
    if (n > 0 && !cli_has(w->cli, S("--yes"))) {
        return fail(
            cx, FAIL_CONFLICT,
            "provider %lld has %zu connected accounts; --yes disconnects them",
            (long long)w->id, n);
    }
    for (size_t i = 0; i < n; i++) {
        TRY(account_disconnect(cx, db, &w->cli->app.config->settings, accounts[i].id));
    }
    return provider_remove(cx, db, w->id);
}

Res provider_remove_run(struct cli *cli)
{
    struct wish w = {.cli = cli};

    TRY(cli_id(cli, cli->words[0], &w.id));
    TRY(not_there(cli, store_write(cli->cx, cli->app.store, remove_work, &w), w.id));
    (void)fprintf(stderr, "provider %lld is removed\n", (long long)w.id);
    return OK;
}
