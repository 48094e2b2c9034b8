/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - caldock token create, list, revoke.
 */
#include "cli/token.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/api_token.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/audit.h"
#include "cli/print.h"
#include "store/tokens.h"

/* The argument and result of a work function of the store. */
struct token_query {
    struct api_token token;
    Str hash;
    int64_t after; /* of a list: the id that its next page begins behind */
    int64_t now_ms;
    int64_t left_out; /* of a list: those that are over */
    struct token_page page;
};

static int id_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Sorts the providers, and drops repeated ones. */
static Res token_read_providers(struct cli *cli, struct api_token *t)
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
    qsort(ids, n, sizeof(*ids), id_compare);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || ids[i] != ids[kept - 1]) {
            ids[kept++] = ids[i];
        }
    }
    t->providers = ids;
    t->n_providers = kept;
    return OK;
}

static Res token_read_modes(struct cli *cli, unsigned *ret)
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

static Res token_read_options(struct cli *cli, struct api_token *t)
{
    Str expires = cli_value(cli, S("--expires"));
    int64_t lasts_ms = 0;

    t->name = cli_value(cli, S("--name"));
    t->user = cli_value(cli, S("--user"));
    t->created_ms = clock_now_ms();
    TRY(token_read_providers(cli, t));
    TRY(token_read_modes(cli, &t->modes));
    if (t->name.n > LIMIT_NAME_BYTES || !str_is_utf8(t->name)) {
        return cli_misuse(cli, "--name wants at most 200 bytes of UTF-8", S(""));
    }
    if (cli_has(cli, S("--user")) && !auth_user_is_valid(t->user)) {
        return cli_misuse(
            cli, "--user wants 1 to 128 characters of A-Z a-z 0-9 . _ : @ | / + = -, not",
            t->user);
    }
    if (cli_has(cli, S("--expires"))
        && (!config_duration_parse(expires, &lasts_ms) || lasts_ms == 0
            || __builtin_add_overflow(t->created_ms, lasts_ms, &t->expires_ms)
            || t->expires_ms > CLOCK_MOST_MS)) {
        return cli_misuse(cli, "--expires wants a duration as 90d or 12h, not", expires);
    }
    return OK;
}

static Res token_create_work(struct cx *cx, struct db *db, void *arg)
{
    struct token_query *q = arg;

    return token_add(cx, db, &q->token, q->hash, &q->token.id);
}

static Res token_revoke_work(struct cx *cx, struct db *db, void *arg)
{
    const struct token_query *q = arg;

    return token_revoke(cx, db, q->token.id, clock_now_ms());
}

static Res token_print(struct cli *cli, const struct api_token *t, Str secret)
{
    if (!cli_has(cli, S("--json"))) {
        (void)printf("%.*s\n", STR_ARG(secret));
        return print_flush(cli);
    }
    struct writer *w = print_open(cli);

    writer_int(w, S("id"), t->id);
    writer_text(w, S("name"), t->name);
    writer_text(w, S("token"), secret);
    TRY(print_one(cli, w));
    return print_flush(cli);
}

Res token_create_run(struct cli *cli)
{
    unsigned char hash[AUTH_TOKEN_HASH_BYTES];
    struct token_query q = {.hash = {(const char *)hash, sizeof(hash)}};

    TRY(token_read_options(cli, &q.token));
    Str secret = api_token_new(&cli->cx->mem, hash);

    TRY(app_find_store(&cli->app));
    TRY(store_write(cli->cx, cli->app.store, token_create_work, &q));
    Res res = token_print(cli, &q.token, secret);

    if (res.code != FAIL_NONE) {
        return cli_take_back(
            cli,
            &(struct cli_undo){
                token_revoke_work, &q, q.token.id, "token", "is revoked again",
                "token revoke", "this token"},
            res);
    }
    audit_id(cli, EVENT_TOKEN_CREATED, "token", q.token.id);
    (void)fprintf(stderr, "token %lld; it is shown this once\n", (long long)q.token.id);
    return OK;
}

static const Str active = SI("active");

static Str token_state(const struct api_token *t, int64_t now_ms)
{
    if (t->revoked_ms != 0) {
        return S("revoked");
    }
    return t->expires_ms != 0 && t->expires_ms <= now_ms ? S("expired") : active;
}

static void token_write(struct writer *w, const struct api_token *t, Str state)
{
    writer_int(w, S("id"), t->id);
    writer_text(w, S("name"), t->name);
    writer_text(w, S("state"), state);
    writer_array(w, S("providers"));
    for (size_t i = 0; i < t->n_providers; i++) {
        writer_int(w, S(""), t->providers[i]);
    }
    writer_end(w);
    writer_array(w, S("modes"));
    if ((t->modes & MODE_CUSTOMER) != 0) {
        writer_text(w, S(""), S("customer"));
    }
    if ((t->modes & MODE_PROVIDER) != 0) {
        writer_text(w, S(""), S("provider"));
    }
    writer_end(w);
    writer_text_or_null(w, S("user"), t->user);
    writer_time_or_null(w, S("created_at"), t->created_ms);
    writer_time_or_null(w, S("expires_at"), t->expires_ms);
    writer_time_or_null(w, S("revoked_at"), t->revoked_ms);
}

static Res token_list_work(struct cx *cx, struct db *db, void *arg)
{
    struct token_query *q = arg;

    return token_list(cx, db, q->after, &q->page);
}

/* Whoever gives out short-lived tokens has many that are over for each that is not. */
static Res token_print_item(
    struct cli *cli, struct token_query *q, const struct api_token *t)
{
    Str state = token_state(t, q->now_ms);

    if (!cli_has(cli, S("--all")) && !str_eq(state, active)) {
        q->left_out++;
        return OK;
    }
    struct writer *w = print_open(cli);

    token_write(w, t, state);
    return print_item(cli, w);
}

static Res token_print_page(struct cli *cli, void *arg, bool *more)
{
    struct token_query *q = arg;

    TRY(store_read(cli->cx, cli->app.store, token_list_work, q));
    for (size_t i = 0; i < q->page.n; i++) {
        TRY(token_print_item(cli, q, &q->page.at[i]));
    }
    q->after = q->page.last;
    *more = q->page.last != 0;
    return OK;
}

Res token_list_run(struct cli *cli)
{
    struct token_query q = {.now_ms = clock_now_ms()};

    TRY(app_find_store(&cli->app));
    TRY(print_pages(cli, token_print_page, &q));
    if (q.left_out > 0) {
        (void)fprintf(
            stderr, "left out: %lld revoked or expired; --all lists them too\n",
            (long long)q.left_out);
    }
    return OK;
}

Res token_revoke_run(struct cli *cli)
{
    struct token_query q = {.after = 0};

    TRY(cli_id(cli, cli->words[0], &q.token.id));
    TRY(app_find_store(&cli->app));
    Res res = store_write(cli->cx, cli->app.store, token_revoke_work, &q);

    if (res.code == FAIL_NOT_FOUND) {
        return fail(
            cli->cx, FAIL_NOT_FOUND,
            "there is no token %lld; `caldock token list` shows them",
            (long long)q.token.id);
    }
    TRY(res);
    audit_id(cli, EVENT_TOKEN_REVOKED, "token", q.token.id);
    (void)fprintf(stderr, "token %lld is revoked\n", (long long)q.token.id);
    return OK;
}
