/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - caldock token create, list, revoke.
 */
#include <stdio.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "store/tokens.h"

struct wish {
    struct api_token token;
    Str hash;
    struct api_token *found;
    size_t n_found;
};

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Ascending, each once. */
static Res read_providers(struct cli *cli, struct api_token *t)
{
    int64_t *ids = NEW_N(&cli->cx->mem, int64_t, CLI_OPTIONS_MOST);
    size_t at = 0;
    size_t n = 0;
    size_t kept = 0;
    Str text;

    while (cli_next(cli, S("--provider"), &at, &text)) {
        TRY(cli_id(cli, text, &ids[n++]));
    }
    if (n == 0) {
        return cli_misuse(cli, "--provider ID is missing", S(""));
    }
    qsort(ids, n, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || ids[i] != ids[kept - 1]) {
            ids[kept++] = ids[i];
        }
    }
    t->providers = ids;
    t->n_providers = kept;
    return OK;
}

static Res read_modes(struct cli *cli, unsigned *ret)
{
    size_t at = 0;
    Str text;

    while (cli_next(cli, S("--mode"), &at, &text)) {
        if (str_eq(text, S("customer"))) {
            *ret |= MODE_CUSTOMER;
        } else if (str_eq(text, S("provider"))) {
            *ret |= MODE_PROVIDER;
        } else {
            return cli_misuse(cli, "--mode wants customer or provider, not", text);
        }
    }
    if (*ret == MODE_NONE) {
        *ret = MODE_PROVIDER;
    }
    return OK;
}

static Res read_token(struct cli *cli, struct api_token *t)
{
    Str expires = cli_value(cli, S("--expires"));
    int64_t lasts_ms = 0;

    t->name = cli_value(cli, S("--name"));
    t->user = cli_value(cli, S("--user"));
    t->created_ms = clock_now_ms();
    TRY(read_providers(cli, t));
    TRY(read_modes(cli, &t->modes));
    if (t->name.n > LIMIT_NAME_BYTES || !str_is_utf8(t->name)) {
        return cli_misuse(cli, "--name wants at most 200 bytes of UTF-8", S(""));
    }
    if (cli_has(cli, S("--user")) && !user_is_valid(t->user)) {
        return cli_misuse(
            cli, "--user wants 1 to 128 characters of A-Z a-z 0-9 . _ : @ | / + = -, not",
            t->user);
    }
    if (cli_has(cli, S("--expires"))
        && (!duration_parse(expires, &lasts_ms) || lasts_ms == 0
            || __builtin_add_overflow(t->created_ms, lasts_ms, &t->expires_ms))) {
        return cli_misuse(cli, "--expires wants a duration as 90d or 12h, not", expires);
    }
    return OK;
}

static Res create_work(struct cx *cx, struct db *db, void *arg)
{
    struct wish *w = arg;

    return token_add(cx, db, &w->token, w->hash, &w->token.id);
}

Res token_create_run(struct cli *cli)
{
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
    struct wish w = {
        .hash = {(const char *)hash, sizeof(hash)}
    };

    TRY(read_token(cli, &w.token));
    Str token = api_token_new(&cli->cx->mem, hash);

    TRY(store_write(cli->cx, cli->app.store, create_work, &w));
    if (cli_has(cli, S("--json"))) {
        print_one(
            cli, json_pack(
                     "{sI so so}", "id", (json_int_t)w.token.id, "name",
                     json_str(w.token.name), "token", json_str(token)));
        return OK;
    }
    (void)printf("%.*s\n", (int)token.n, token.p);
    (void)fprintf(stderr, "token %lld; it is shown this once\n", (long long)w.token.id);
    return OK;
}

static const char *state_of(const struct api_token *t)
{
    if (t->revoked_ms != 0) {
        return "revoked";
    }
    return t->expires_ms != 0 && t->expires_ms <= clock_now_ms() ? "expired" : "active";
}

static json_t *token_json(const struct api_token *t)
{
    json_t *modes = json_array();

    if ((t->modes & MODE_CUSTOMER) != 0) {
        (void)json_array_append_new(modes, json_string("customer"));
    }
    if ((t->modes & MODE_PROVIDER) != 0) {
        (void)json_array_append_new(modes, json_string("provider"));
    }
    return json_pack(
        "{sI so ss so so so so so so}", "id", (json_int_t)t->id, "name",
        json_str(t->name), "state", state_of(t), "providers",
        json_ids(t->providers, t->n_providers), "modes", modes, "user",
        json_str_or_null(t->user), "created_at", json_time(t->created_ms), "expires_at",
        json_time(t->expires_ms), "revoked_at", json_time(t->revoked_ms));
}

static Res list_work(struct cx *cx, struct db *db, void *arg)
{
    struct wish *w = arg;

    return token_list(cx, db, &w->found, &w->n_found);
}

Res token_list_run(struct cli *cli)
{
    struct wish w = {.n_found = 0};

    TRY(store_read(cli->cx, cli->app.store, list_work, &w));
    json_t *list = json_array();

    for (size_t i = 0; i < w.n_found; i++) {
        (void)json_array_append_new(list, token_json(&w.found[i]));
    }
    print_list(cli, list);
    return OK;
}

static Res revoke_work(struct cx *cx, struct db *db, void *arg)
{
    const struct wish *w = arg;

    return token_revoke(cx, db, w->token.id, clock_now_ms());
}

Res token_revoke_run(struct cli *cli)
{
    struct wish w = {.n_found = 0};

    TRY(cli_id(cli, cli->words[0], &w.token.id));
    Res res = store_write(cli->cx, cli->app.store, revoke_work, &w);

    if (res.code == FAIL_NOT_FOUND) {
        return fail(
            cli->cx, FAIL_NOT_FOUND,
            "there is no token %lld; `caldock token list` shows them",
            (long long)w.token.id);
    }
    TRY(res);
    (void)fprintf(stderr, "token %lld is revoked\n", (long long)w.token.id);
    return OK;
}
