/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push.c - caldock push list, retry: how the writing of events into calendars stands, and
 * another try for what has failed. Never what is in an event (docs/pushing.md §6).
 */
#include "cli/push.h"

#include <stdio.h>

#include "cli/print.h"
#include "cli/provider.h"
#include "cli/push_view.h"
#include "push/copy_state.h"
#include "store/providers.h"
#include "store/steps.h"
#include "store/store.h"

/* The argument and result of a work function of the store. */
struct push_query {
    struct cli *cli;
    struct push_states_filter filter;
    int64_t after; /* the copy that its next page begins behind */
    struct push_states_page page;
    size_t n_unreadable;
    int64_t done; /* copies that are due again */
};

static Res push_provider_work(struct cx *cx, struct db *db, void *arg)
{
    const struct push_query *q = arg;
    struct provider provider;

    return provider_find(cx, db, q->filter.provider, &provider);
}

/* Reads --provider and --status, and opens the store. */
static Res push_begin(struct cli *cli, struct push_query *q)
{
    Str status = cli_value(cli, S("--status"));

    *q = (struct push_query){.cli = cli};
    if (cli_has(cli, S("--provider"))) {
        TRY(cli_id(cli, cli_value(cli, S("--provider")), &q->filter.provider));
    }
    if (cli_has(cli, S("--status"))
        && !push_view_status_parse(status, &q->filter.status)) {
        return cli_misuse(
            cli, "--status wants one of " PUSH_VIEW_STATUSES ", not", status);
    }
    TRY(app_find_store(&cli->app));
    return q->filter.provider == 0
               ? OK
               : provider_refuse_missing(
                   cli, store_read(cli->cx, cli->app.store, push_provider_work, q),
                   q->filter.provider);
}

/* Listing. */

static Res push_page_work(struct cx *cx, struct db *db, void *arg)
{
    struct push_query *q = arg;

    return push_states_list(cx, db, &q->filter, q->after, &q->page);
}

static Res push_print_page(struct cli *cli, void *arg, bool *more)
{
    struct push_query *q = arg;

    TRY(store_read(cli->cx, cli->app.store, push_page_work, q));
    for (size_t i = 0; i < q->page.n; i++) {
        struct writer *w = print_open(cli);

        push_view_write(w, &q->page.at[i], q->page.now_ms);
        TRY(print_item(cli, w));
    }
    q->n_unreadable += q->page.n_unreadable;
    q->after = q->page.last;
    *more = q->page.last != 0;
    return OK;
}

Res push_list_run(struct cli *cli)
{
    struct push_query q;

    TRY(push_begin(cli, &q));
    TRY(print_pages(cli, push_print_page, &q));
    if (q.n_unreadable > 0) {
        (void)fprintf(stderr, "left out: %zu that can't be read\n", q.n_unreadable);
    }
    return OK;
}

/* Trying again. */

static Res push_retry_page_work(struct cx *cx, struct db *db, void *arg)
{
    struct push_query *q = arg;

    TRY(push_page_work(cx, db, arg));
    for (size_t i = 0; i < q->page.n; i++) {
        struct pushed_copy *c = &q->page.at[i].view.copy;

        copy_state_retry(c, q->page.now_ms);
        TRY(pushed_copy_put(cx, db, c));
    }
    return OK;
}

static Res push_retry_step(struct cx *cx, void *arg, bool *more)
{
    struct push_query *q = arg;

    TRY(store_write(cx, q->cli->app.store, push_retry_page_work, q));
    q->done += (int64_t)q->page.n;
    q->after = q->page.last;
    *more = q->page.last != 0;
    return OK;
}

/* One copy, by its number: it may have any status. */
static Res push_retry_one(struct cx *cx, struct db *db, int64_t id, int64_t now_ms)
{
    struct pushed_copy c;
    Res res = pushed_copy_get(cx, db, id, &c);

    if (res.code == FAIL_NOT_FOUND) {
        return fail(
            cx, FAIL_NOT_FOUND, "there is no copy %lld; `caldock push list` shows them",
            (long long)id);
    }
    TRY(res);
    if (c.status != COPY_FAILED) {
        return fail(
            cx, FAIL_CONFLICT, "copy %lld has not failed, so nothing is tried again",
            (long long)id);
    }
    copy_state_retry(&c, now_ms);
    return pushed_copy_put(cx, db, &c);
}

static Res push_retry_named_work(struct cx *cx, struct db *db, void *arg)
{
    struct push_query *q = arg;

    int64_t now_ms;

    TRY(calendar_sync_now(cx, db, &now_ms));
    for (size_t i = 0; i < q->cli->n_words; i++) {
        int64_t id;

        TRY(cli_id(q->cli, q->cli->words[i], &id));
        TRY(push_retry_one(cx, db, id, now_ms));
    }
    q->done = (int64_t)q->cli->n_words;
    return OK;
}

Res push_retry_run(struct cli *cli)
{
    bool is_all = cli_has(cli, S("--failed"));
    struct push_query q;

    if (is_all == (cli->n_words > 0) || (!is_all && cli_has(cli, S("--provider")))) {
        return cli_misuse(cli, "give either COPY… or --failed [--provider ID]", S(""));
    }
    TRY(push_begin(cli, &q));
    q.filter.status = COPY_FAILED;
    TRY(is_all ? steps_run(cli->cx, &(struct steps){.run = push_retry_step, .arg = &q})
               : store_write(cli->cx, cli->app.store, push_retry_named_work, &q));
    (void)fprintf(stderr, "%lld to be written again\n", (long long)q.done);
    return OK;
}
