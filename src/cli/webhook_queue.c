/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_queue.c - lists the deliveries of an endpoint, and makes some due again.
 */
#include "cli/webhook_queue.h"

#include <stdio.h>

#include "cli/print.h"
#include "cli/webhook.h"
#include "store/outbox.h"
#include "store/steps.h"
#include "store/webhook_endpoints.h"
#include "store/webhook_history.h"

struct replay {
    struct cli *cli;
    int64_t id;
    int64_t since_ms; /* by the database's clock; 0: from the beginning */
    int64_t lasts_ms; /* as --since says it; 0: not given */
    bool only_failed;
    struct webhook_endpoint endpoint;
    struct webhook_history history;
    struct webhook_history page; /* of the step's last try */
    int64_t done;
    int64_t did; /* of the step's last try */
};

static Res replay_find_work(struct cx *cx, struct db *db, void *arg)
{
    struct replay *r = arg;
    int64_t now_ms;

    TRY(webhook_endpoint_get(cx, db, r->id, &r->endpoint));
    TRY(outbox_now(cx, db, &now_ms));
    r->since_ms = r->lasts_ms == 0 || r->lasts_ms > now_ms ? 0 : now_ms - r->lasts_ms;
    return OK;
}

/* Reads the words and options, and looks for the endpoint. */
static Res replay_begin(struct cli *cli, struct replay *r)
{
    Str since = cli_value(cli, S("--since"));

    *r = (struct replay){.cli = cli, .only_failed = cli_has(cli, S("--failed"))};
    TRY(cli_id(cli, cli->words[0], &r->id));
    if (cli_has(cli, S("--since"))
        && (!config_duration_parse(since, &r->lasts_ms) || r->lasts_ms == 0)) {
        return cli_misuse(cli, "--since wants a duration as 12h or 7d, not", since);
    }
    TRY(app_find_store(&cli->app));
    TRY(webhook_refuse_missing(
        cli, store_read(cli->cx, cli->app.store, replay_find_work, r), r->id));
    r->history = (struct webhook_history){.endpoint = r->id, .after_ms = r->since_ms};
    return OK;
}

static bool replay_means(const struct replay *r, const struct webhook_delivery *d)
{
    return !r->only_failed || d->state == WEBHOOK_FAILED;
}

/* Listing. */

static void delivery_view(struct writer *w, const struct webhook_delivery *d)
{
    static const Str states[] = {
        [WEBHOOK_WAITING] = SI("waiting"),
        [WEBHOOK_DELIVERED] = SI("delivered"),
        [WEBHOOK_FAILED] = SI("failed"),
    };
    char status[STR_INT_BYTES];

    writer_text(w, S("message"), d->message);
    writer_text(w, S("type"), d->type);
    writer_int(w, S("attempts"), d->attempts);
    writer_text(w, S("state"), states[d->state]);
    writer_text_or_null(
        w, S("last"), d->status > 0 ? str_digits(d->status, status) : d->failure);
    writer_time(w, S("created_at"), d->made_ms);
    writer_time_or_null(w, S("last_at"), d->last_ms);
    writer_int(w, S("took_ms"), d->took_ms);
    writer_time_or_null(w, S("due_at"), d->state == WEBHOOK_WAITING ? d->due_ms : 0);
}

static Res replay_page_work(struct cx *cx, struct db *db, void *arg)
{
    struct replay *r = arg;

    r->page = r->history;
    return webhook_history_read(cx, db, &r->page);
}

/* The place behind a page outlives the page's memory. */
static void replay_turn_page(struct replay *r)
{
    r->history = r->page;
    r->history.after_message = str_dup(&r->cli->app.cx.mem, r->page.after_message);
}

static Res replay_print_item(
    struct cli *cli, const struct replay *r, const struct webhook_delivery *d)
{
    struct writer *w = print_open(cli);

    if (!replay_means(r, d)) {
        return OK;
    }
    delivery_view(w, d);
    return print_item(cli, w);
}

static Res replay_print_page(struct cli *cli, void *arg, bool *more)
{
    struct replay *r = arg;

    TRY(store_read(cli->cx, cli->app.store, replay_page_work, r));
    for (size_t i = 0; i < r->page.n; i++) {
        TRY(replay_print_item(cli, r, &r->page.at[i]));
    }
    replay_turn_page(r);
    *more = r->page.more;
    return OK;
}

Res webhook_deliveries_run(struct cli *cli)
{
    struct replay r;

    TRY(replay_begin(cli, &r));
    return print_pages(cli, replay_print_page, &r);
}

/* Sending again. */

static Res replay_one(
    struct cx *cx, struct db *db, struct replay *r, const struct webhook_delivery *d)
{
    bool did = false;

    TRY(replay_means(r, d) ? webhook_history_replay(cx, db, r->id, d->message, &did)
                           : OK);
    r->did += did;
    return OK;
}

static Res replay_some_work(struct cx *cx, struct db *db, void *arg)
{
    struct replay *r = arg;

    TRY(replay_page_work(cx, db, arg));
    r->did = 0;
    for (size_t i = 0; i < r->page.n; i++) {
        TRY(replay_one(cx, db, r, &r->page.at[i]));
    }
    return OK;
}

static Res replay_step(struct cx *cx, void *arg, bool *more)
{
    struct replay *r = arg;

    TRY(store_write(cx, r->cli->app.store, replay_some_work, r));
    replay_turn_page(r);
    r->done += r->did;
    *more = r->page.more;
    return OK;
}

static Res replay_named_work(struct cx *cx, struct db *db, void *arg)
{
    struct replay *r = arg;
    size_t at = 0;
    Str message;

    r->done = 0;
    while (cli_next(r->cli, S("--message"), &at, &message)) {
        bool did;
        Res res = webhook_history_replay(cx, db, r->id, message, &did);

        if (res.code == FAIL_NOT_FOUND) {
            return fail(
                cx, FAIL_NOT_FOUND,
                "endpoint %lld was sent no message %.*s; `caldock webhook deliveries "
                "%lld` shows those that are kept",
                (long long)r->id, STR_ARG(message), (long long)r->id);
        }
        TRY(res);
        r->done += did;
    }
    return OK;
}

Res webhook_replay_run(struct cli *cli)
{
    bool is_named = cli_has(cli, S("--message"));
    struct replay r;

    if (is_named == cli_has(cli, S("--since"))
        || (is_named && cli_has(cli, S("--failed")))) {
        return cli_misuse(
            cli, "give either --message MSG… or --since DURATION [--failed]", S(""));
    }
    TRY(replay_begin(cli, &r));
    if (r.endpoint.state == WEBHOOK_DISABLED) {
        return fail(
            cli->cx, FAIL_CONFLICT,
            "endpoint %lld is disabled; `caldock webhook enable %lld` comes first",
            (long long)r.id, (long long)r.id);
    }
    TRY(is_named ? store_write(cli->cx, cli->app.store, replay_named_work, &r)
                 : steps_run(cli->cx, &(struct steps){.run = replay_step, .arg = &r}));
    (void)fprintf(stderr, "%lld to be sent again\n", (long long)r.done);
    return OK;
}
