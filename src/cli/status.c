/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - caldock status: what the store knows of nodes, accounts, flows and of what
 * waits. What nobody wrote down is null, or "unknown" on the screen. It asks no source,
 * and no node.
 */
#include "cli/status.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "api/account_view.h"
#include "base/clock.h"
#include "calendars/channels.h"
#include "cli/print.h"
#include "cli/screen.h"
#include "seal/keyring.h"
#include "sources/source.h"
#include "store/overview.h"
#include "version.h"

enum { REDRAW_S = 2 };

static Res status_read_work(struct cx *cx, struct db *db, void *arg)
{
    return overview_read(cx, db, arg);
}

/* Nodes. */

static void status_write_keys(struct cli *cli, struct writer *w, const struct node *n)
{
    writer_array(w, S("keys"));
    for (size_t i = 0; i < n->n_keys; i++) {
        writer_text(w, S(""), key_id_text(&cli->cx->mem, n->keys[i]));
    }
    writer_end(w);
    writer_text(w, S("seals_with"), key_id_text(&cli->cx->mem, n->sealing));
}

static void status_write_ready(struct writer *w, enum node_ready ready)
{
    if (ready == NODE_IS_READY || ready == NODE_IS_UNREADY) {
        writer_bool(w, S("ready"), ready == NODE_IS_READY);
    } else {
        writer_null(w, S("ready"));
    }
}

/* A bucket of the histogram says no more than where it ends. */
static Str status_p99(struct arena *mem, int64_t us)
{
    bool is_more = us < 0 && us > INT64_MIN;
    Str ms = str_int(mem, (is_more ? -us : us) / 1000);

    return str_cat(mem, str_cat(mem, is_more ? S("> ") : S("<= "), ms), S(" ms"));
}

static void status_write_traffic(struct cli *cli, struct writer *w, const struct node *n)
{
    if (n->requests >= 0) {
        writer_thousandths(w, S("requests_per_second"), n->requests);
    } else {
        writer_null(w, S("requests_per_second"));
    }
    writer_text_or_null(
        w, S("p99"), n->p99_us == 0 ? S("") : status_p99(&cli->cx->mem, n->p99_us));
}

static void status_write_nodes(
    struct cli *cli, struct writer *w, const struct overview *o)
{
    writer_array(w, S("nodes"));
    for (size_t i = 0; i < o->n_nodes; i++) {
        const struct node *n = &o->nodes[i];
        bool is_time = n->began_ms > 0 && n->began_ms <= CLOCK_MOST_MS;

        writer_object(w, S(""));
        writer_text(w, S("id"), n->id);
        writer_text(w, S("host"), n->host);
        writer_text_or_null(w, S("version"), n->version);
        writer_time_or_null(w, S("since"), is_time ? n->began_ms : 0);
        writer_int(w, S("seen_s"), (o->now_ms - n->seen_ms) / 1000);
        status_write_keys(cli, w, n);
        status_write_ready(w, n->ready);
        status_write_traffic(cli, w, n);
        writer_end(w);
    }
    writer_end(w);
}

/* Accounts, flows, sources. */

static void status_write_accounts(struct writer *w, const struct overview *o)
{
    writer_array(w, S("accounts"));
    for (int i = 0; i < SOURCE_COUNT * 2; i++) {
        const struct overview_accounts *a = &o->accounts[i / 2][i % 2];

        writer_object(w, S(""));
        writer_text(w, S("source"), source_get((enum source_id)(i / 2 + 1))->name);
        writer_text(
            w, S("status"), account_view_status((enum account_status)(i % 2 + 1)));
        writer_int(w, S("accounts"), a->n);
        writer_int(w, S("came_in_24h"), a->lately);
        writer_end(w);
    }
    writer_end(w);
}

static void status_write_flows(struct writer *w, const struct overview *o)
{
    writer_array(w, S("flows_in_1h"));
    for (size_t i = 0; i < o->n_flows; i++) {
        Str outcome = o->flows[i].outcome;

        writer_object(w, S(""));
        writer_text(w, S("outcome"), outcome.n > 0 ? outcome : S("under_way"));
        writer_int(w, S("flows"), o->flows[i].n);
        writer_end(w);
    }
    writer_end(w);
}

/* One node that is refused is one too many. Empty: no node has asked since its start. */
static Str status_client(struct arena *mem, const struct overview *o, Str source)
{
    Str refused = str_cat(mem, source, S("=refused"));
    Str accepted = str_cat(mem, source, S("=accepted"));
    Str ret = S("");

    for (size_t i = 0; i < o->n_nodes; i++) {
        if (str_contains(o->nodes[i].sources, refused)) {
            return S("refused");
        }
        ret = str_contains(o->nodes[i].sources, accepted) ? S("accepted") : ret;
    }
    return ret;
}

static Str status_notifications(const struct config *c, bool is_refused)
{
    if (!channels_are_wanted(&c->settings)) {
        return S("off");
    }
    return is_refused ? S("refused") : S("on");
}

static void status_write_sources(
    struct cli *cli, struct writer *w, const struct overview *o)
{
    const struct config *c = cli->app.config;

    writer_array(w, S("sources"));
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source_settings *s = &c->settings.sources[i];

        writer_object(w, S(""));
        writer_text(w, S("source"), source_get(s->id)->name);
        writer_bool(w, S("configured"), s->is_on);
        writer_text_or_null(
            w, S("client"), status_client(&cli->cx->mem, o, source_get(s->id)->name));
        writer_text(
            w, S("notifications"),
            status_notifications(c, o->refuses_channels[s->id - 1]));
        writer_end(w);
    }
    writer_end(w);
}

/* What waits. */

static void status_write_oldest(
    struct writer *w, const struct overview_waiting *waiting, int64_t now_ms)
{
    int64_t age_ms = now_ms - waiting->oldest_ms;

    if (waiting->n > 0 && waiting->oldest_ms == 0) {
        writer_null(w, S("oldest_s"));
    } else {
        writer_int(w, S("oldest_s"), waiting->n == 0 || age_ms < 0 ? 0 : age_ms / 1000);
    }
}

static void status_write_waiting(struct writer *w, const struct overview *o)
{
    static const Str names[WORK_COUNT] = {
        [WORK_REVOCATIONS] = SI("revocations"),
        [WORK_REFRESHES] = SI("refreshes"),
        [WORK_SYNCS] = SI("syncs"),
        [WORK_PUSHES] = SI("pushes"),
        [WORK_WEBHOOKS] = SI("webhooks"),
    };

    writer_array(w, S("waiting"));
    for (size_t i = 0; i < WORK_COUNT; i++) {
        const struct overview_waiting *waiting = &o->waiting[i];
        bool is_more = waiting->n > OVERVIEW_MOST;

        writer_object(w, S(""));
        writer_text(w, S("work"), names[i]);
        writer_int(w, S("waiting"), is_more ? OVERVIEW_MOST : waiting->n);
        writer_bool(w, S("more"), is_more);
        status_write_oldest(w, waiting, o->now_ms);
        writer_end(w);
    }
    writer_end(w);
}

/* All of it. */

static void status_write(
    struct cli *cli, struct writer *w, int64_t schema, const struct overview *o)
{
    Str url = cli->app.config->store.url;

    writer_text(w, S("version"), S(CALDOCK_VERSION));
    writer_text(
        w, S("store"), str_starts(url, S("postgres")) ? S("postgresql") : S("sqlite"));
    writer_int(w, S("schema"), schema);
    writer_time(w, S("at"), o->now_ms);
    status_write_nodes(cli, w, o);
    status_write_accounts(w, o);
    status_write_flows(w, o);
    status_write_sources(cli, w, o);
    status_write_waiting(w, o);
}

/* Where it is drawn again and again, it has to fit. */
static struct screen_size status_size(struct cli *cli)
{
    struct winsize size = {0};

    if (cli_has(cli, S("--watch"))) {
        (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* of a terminal alone */
    }
    return (struct screen_size){size.ws_row, size.ws_col};
}

static Res status_print(struct cli *cli)
{
    int64_t schema = 0;
    struct overview o;

    TRY(store_version(cli->cx, cli->app.store, &schema));
    TRY(store_read(cli->cx, cli->app.store, status_read_work, &o));
    struct writer *w = print_open(cli);

    status_write(cli, w, schema, &o);
    if (cli_has(cli, S("--json"))) {
        return print_one(cli, w);
    }
    CLEANUP(j_done) json_t *object = NULL;

    TRY(print_read(cli, w, &object));
    const struct screen_size size = status_size(cli);

    screen_print(object, &size, stdout);
    return OK;
}

/* What can't be written is told after the terminal was cleared, so that it is seen. */
static Res status_draw(struct cli *cli)
{
    if (isatty(STDOUT_FILENO) == 1) {
        (void)fputs("\033[H\033[2J", stdout);
    }
    Res res = status_print(cli);

    if (res.code != FAIL_NONE) {
        (void)fflush(stdout);
        return res;
    }
    return print_flush(cli);
}

/* A store that is away for a while is what an operator watches for: it ends nothing. */
static Res status_redraw(struct cli *cli)
{
    struct cx *whole = cli->cx;
    struct cx own = {0};

    cli->cx = &own;
    Res res = status_draw(cli);

    if (res.code == FAIL_UNAVAILABLE) {
        (void)fprintf(stderr, "caldock: %s\n", own.why.text);
        res = OK;
    }
    whole->why = own.why;
    cli->cx = whole;
    cx_done(&own);
    return res;
}

Res status_run(struct cli *cli)
{
    const struct timespec pause = {.tv_sec = REDRAW_S};
    Res res;

    TRY(app_find_store(&cli->app));
    if (!cli_has(cli, S("--watch"))) {
        return status_print(cli);
    }
    while (res = status_redraw(cli), res.code == FAIL_NONE) {
        (void)nanosleep(&pause, NULL); /* until Ctrl-C */
    }
    return res;
}
