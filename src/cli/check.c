/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - caldock check: what a start would find, a line each, with the mend.
 */
#include "cli/cli.h"
#include "seal/keyring.h"
#include "store/providers.h"

enum finding { FINDING_OK, FINDING_NOTE, FINDING_WRONG };

struct check {
    struct cli *cli;
    json_t *list;
    size_t n_wrong;
};

static void find(struct check *c, Str what, enum finding finding, Str text)
{
    static const char *const words[] = {"ok", "note", "wrong"};
    json_int_t id = (json_int_t)json_array_size(c->list) + 1;

    c->n_wrong += finding == FINDING_WRONG;
    (void)json_array_append_new(
        c->list, json_pack(
                     "{sI ss so so}", "id", id, "finding", words[finding], "name",
                     json_str(what), "text", json_str(text)));
}

/* What was just refused, with its reason. */
static void find_failure(struct check *c, Str what, const char *mend)
{
    struct arena *mem = &c->cli->cx->mem;
    Str why = str_dup(mem, str_from_z(c->cli->cx->why.text));

    find(c, what, FINDING_WRONG, str_cat(mem, why, str_from_z(mend)));
}

static Res check_config(struct check *c)
{
    struct app *app = &c->cli->app;
    Res res = app_open(app, cli_config_path(c->cli), APP_CONFIG);

    if (res.code != FAIL_NONE) {
        find_failure(c, S("configuration"), "");
        return res;
    }
    find(
        c, S("configuration"), FINDING_OK,
        app->config->path == NULL ? S("no file: defaults and the environment")
                                  : str_from_z(app->config->path));
    return OK;
}

static void check_keys(struct check *c)
{
    struct app *app = &c->cli->app;
    Res res = keyring_open(c->cli->cx, app->config->key_file, &app->keyring);

    if (res.code != FAIL_NONE) {
        find_failure(c, S("keys"), "");
    } else {
        find(c, S("keys"), FINDING_OK, str_from_z(app->config->key_file));
    }
}

static Res list_work(struct cx *cx, struct db *db, void *arg)
{
    size_t *n = arg;
    struct provider *all;

    return provider_list(cx, db, &all, n);
}

static void check_store(struct check *c)
{
    struct app *app = &c->cli->app;
    struct cx *cx = c->cli->cx;
    size_t n = 0;
    Res res = store_open(cx, &app->config->store, &app->store);

    if (res.code == FAIL_NONE) {
        res = app_prepare_store(cx, app->store, app->keyring);
    }
    if (res.code == FAIL_NONE) {
        res = store_read(cx, app->store, list_work, &n);
    }
    if (res.code != FAIL_NONE) {
        find_failure(c, S("store"), "");
        return;
    }
    find(c, S("store"), FINDING_OK, S("answers"));
    if (n == 0) {
        find(
            c, S("providers"), FINDING_NOTE,
            S("there is none yet; `caldock provider add` makes one"));
    }
}

static void check_jwks(
    struct check *c, Str what, struct jwks *jwks, Str url, struct net *net)
{
    if (jwks_fetch(c->cli->cx, jwks, net).code != FAIL_NONE) {
        find_failure(c, what, "; look at the URL, the network and [oauth] ca_file");
    } else {
        find(
            c, what, FINDING_OK,
            str_cat(&c->cli->cx->mem, S("its keys could be read: "), url));
    }
}

static void check_sources(struct check *c, struct net *net)
{
    const struct settings *settings = &c->cli->app.config->settings;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source_settings *s = &settings->sources[i];
        Str name = source_get(s->id)->name;

        if (s->is_on) {
            check_jwks(c, name, s->jwks, s->jwks_url, net);
        } else {
            find(
                c, name, FINDING_NOTE,
                S("off; give client_id and client_secret to switch it on"));
        }
    }
}

static void check_issuers(struct check *c, struct net *net)
{
    const struct jwt_issuers *all = &c->cli->app.config->settings.auth.issuers;

    for (size_t i = 0; i < all->n; i++) {
        const struct jwt_issuer *issuer = &all->at[i];
        Str name = str_cat(&c->cli->cx->mem, S("jwt "), issuer->name);

        if (issuer->jwks != NULL) {
            check_jwks(c, name, issuer->jwks, issuer->issuer, net);
        } else {
            find(c, name, FINDING_OK, S("its key is here"));
        }
    }
}

static void check_public_url(struct check *c)
{
    Str url = c->cli->app.config->settings.public_url;

    if (str_starts(url, S("http:"))) {
        find(
            c, S("public_url"), FINDING_NOTE,
            S("is on loopback: only browsers on this machine come back to it; give the "
              "https URL that users reach"));
    }
}

/* All that a configuration leads to. */
static void check_rest(struct check *c)
{
    struct net *net = net_open();

    check_public_url(c);
    check_keys(c);
    check_store(c);
    check_sources(c, net);
    check_issuers(c, net);
    net_close(&net);
}

Res check_run(struct cli *cli)
{
    struct check c = {.cli = cli, .list = json_array()};
    Res res = check_config(&c);

    if (res.code == FAIL_NONE) {
        check_rest(&c);
    }
    print_list(cli, c.list);
    if (res.code == FAIL_NONE && c.n_wrong > 0) {
        return fail(cli->cx, FAIL_CONFIG, "%zu to mend", c.n_wrong);
    }
    return res;
}
