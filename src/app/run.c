/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - the life of the service: start, signals, drain.
 *
 * The main thread waits for signals and for nothing else, ticks the chores once a second,
 * and tells the supervisor that the service lives. One of the chores, the keeper, watches
 * the store, the key file and the configuration.
 */
#include "app/run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "app/background.h"
#include "app/confine.h"
#include "app/files.h"
#include "app/keeper.h"
#include "app/listens.h"
#include "app/node.h"
#include "app/pools.h"
#include "app/status.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "base/process.h"
#include "base/resident.h"
#include "base/thread.h"
#include "base/unix_address.h"
#include "calendars/notices.h"
#include "calendars/shared.h"
#include "config/watch.h"
#include "grants/refusals.h"
#include "http/inherited.h"
#include "revision.h"
#include "seal/seal.h"
#include "serve/metrics.h"
#include "serve/openapi.h"
#include "serve/serve.h"
#include "store/nodes.h"
#include "store/store.h"
#include "version.h"

enum {
    NODE_BYTES = 9,
    LISTEN_TEXT_BYTES = 4096,
    STOP_MARGIN_MS = 500,
    STOP_REST_MS = 2500, /* libcurl checks for the end once a second */
    STOP_LAST_MS = 2500, /* beyond shutdown_timeout: the process is gone by then */
};

struct run {
    struct app *app;
    int64_t files;  /* the limit of open files */
    int *inherited; /* of listens_inherit */
    struct service service;
    struct http_server *server;
    struct keeper keeper;
    struct supervisor supervisor;
    struct status status;
    Str node; /* the name of this process among the nodes */
};

static sigset_t run_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    return set;
}

static void stop_at_once(int signal)
{
    (void)signal;
    _exit(EXIT_SUCCESS);
}

static void stop_at_once_by(int signal)
{
    const struct sigaction act = {.sa_handler = stop_at_once};

    must_be(sigaction(signal, &act, NULL) == 0);
}

/* From now on another SIGTERM ends the process at once. */
static void run_unblock_stop(void)
{
    sigset_t signals = run_signals();

    (void)sigdelset(&signals, SIGHUP);
    must_be(pthread_sigmask(SIG_UNBLOCK, &signals, NULL) == 0);
}

/* Blocks the signals in every thread to come, so that only sigtimedwait gets them. */
static void run_block_signals(void)
{
    const sigset_t signals = run_signals();

    must_be(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
}

/* Nothing has begun that a cut could harm: a migration is a transaction. */
void run_take_signals(void)
{
    sigset_t hangup;

    (void)sigemptyset(&hangup);
    (void)sigaddset(&hangup, SIGHUP);
    must_be(pthread_sigmask(SIG_BLOCK, &hangup, NULL) == 0);
    stop_at_once_by(SIGTERM);
    stop_at_once_by(SIGINT);
    run_unblock_stop();
}

/* `first` is the server's number of the first address. */
static Str run_listen_text(
    struct cx *cx, const struct text_list *list, struct http_server *server, size_t first)
{
    struct buf b = {.mem = &cx->mem, .max = LISTEN_TEXT_BYTES};

    for (size_t i = 0; i < list->n; i++) {
        Str address = list->at[i];

        buf_add(&b, i == 0 ? S("") : S(" "));
        if (unix_address_is_one(address)) {
            buf_add(&b, unix_address_place(address));
            continue;
        }
        while (!str_ends(address, S(":"))) {
            address.n--;
        }
        buf_add(&b, address);
        buf_add_int(&b, http_server_port(server, first + i));
    }
    return b.full ? S("…") : buf_text(&b);
}

static void run_log_started(struct cx *cx, const struct run *r)
{
    const struct config *c = r->app->config;
    Str metrics = run_listen_text(cx, &c->metrics_listen, r->server, c->listen.n);

    log_event(
        LEVEL_INFO, EVENT_SERVICE_STARTED,
        KV("listen", run_listen_text(cx, &c->listen, r->server, 0)),
        KV("metrics", metrics.n > 0 ? metrics : S("off")),
        KZ("version", CALDOCK_VERSION));
}

/* Ticks until one of `signals` stops the process, or the keeper gives up, or `end_ms`. */
static void run_tick_until(struct run *r, const sigset_t *signals, int64_t end_ms)
{
    int got = 0;
    int64_t tick_ms = status_tick_ms(&r->status);
    int64_t left_ms = end_ms - clock_mono_ms();

    while (got != SIGTERM && got != SIGINT && left_ms > 0
           && !atomic_load(&r->keeper.has_given_up)) {
        int64_t ms = left_ms < tick_ms ? left_ms : tick_ms;
        const struct timespec wait = {
            .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000 * 1000};

        got = sigtimedwait(signals, NULL, &wait);
        if (got == SIGHUP) {
            status_reloading(r->status.supervisor);
            atomic_store(&r->keeper.wants_reload, true);
            chores_want(&r->service.chores, background_keeper());
        }
        chores_tick(&r->service.chores);
        status_tick(&r->status, r->server, &r->service.readiness);
        left_ms = end_ms - clock_mono_ms();
    }
}

/* Waits until a signal stops the process, or the keeper gives up. */
static Res run_until_signal(struct cx *cx, struct run *r)
{
    const sigset_t signals = run_signals();

    run_tick_until(r, &signals, INT64_MAX);
    return atomic_load(&r->keeper.has_given_up)
               ? fail(cx, FAIL_CONFIG, "%s", r->keeper.why)
               : OK;
}

/* Goes on serving, while those in front of this node learn that it will stop. */
static void run_leave(struct run *r)
{
    int64_t delay_ms = r->app->config->shutdown_delay_ms;
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGHUP);
    readiness_note_draining(&r->service.readiness);
    http_server_leave(r->server);
    run_tick_until(r, &signals, clock_mono_ms() + delay_ms);
}

static void run_log_files(const struct files_fit *fit)
{
    if (fit->needed > fit->there) {
        log_event(
            LEVEL_WARN, EVENT_LIMITS_FILES, KN("needed", fit->needed),
            KN("have", fit->there), KN("max_connections", fit->max_connections));
    }
}

static Res run_inherit(struct cx *cx, struct run *r, struct config *c)
{
    struct inherited sockets;

    TRY(inherited_find(cx, &sockets));
    r->inherited = listens_inherit(&cx->mem, &sockets, c);
    return OK;
}

static const struct http_listener *run_listeners(struct run *r, const struct config *c)
{
    size_t n = c->listen.n;
    struct http_listener *all =
        NEW_N(&r->app->cx.mem, struct http_listener, n + c->metrics_listen.n);

    for (size_t i = 0; i < n; i++) {
        all[i] = (struct http_listener){c->listen.at[i], serve_handle, r->inherited[i]};
    }
    for (size_t i = 0; i < c->metrics_listen.n; i++) {
        all[n + i] = (struct http_listener){
            c->metrics_listen.at[i], metrics_handle, r->inherited[n + i]};
    }
    return all;
}

static Res run_start(struct run *r)
{
    struct service *s = &r->service;
    const struct config *c = r->app->config;
    struct lanes_options lanes = {
        .store = s->store, .refusals = s->refusals, .shared = s->shared};
    const struct files_fit fit = files_fit(c, r->files);
    struct http_options http = {
        .listen = run_listeners(r, c),
        .n_listen = c->listen.n + c->metrics_listen.n,
        .threads = (int)c->threads,
        .max_connections = fit.max_connections,
        .request_timeout_ms = c->request_timeout_ms,
        .idle_timeout_ms = c->idle_timeout_ms,
        .shutdown_timeout_ms = c->shutdown_timeout_ms,
        .body_limit = serve_body_limit,
        .thread_start = serve_thread_start,
        .thread_stop = serve_thread_stop,
        .arg = s,
    };

    run_log_files(&fit);
    pools_size(c, lanes.pools);
    s->lanes = lanes_open(&lanes);
    s->chores.lanes = s->lanes;
    s->notices = notices_open(&(struct notices_options){
        .lanes = s->lanes, .shared = s->shared, .readiness = &s->readiness});
    background_open(&s->chores);
    TRY(http_server_start(&r->app->cx, &http, &r->server));
    atomic_store(&r->keeper.listens, true);

    metric_set(METRIC_STARTED, 0, clock_now_ms() * 1000);
    keeper_count_reload(OK);
    resident_trim(); /* gives back memory that only the start needed */
    run_log_started(&r->app->cx, r);
    keeper_tell(&r->keeper);
    return OK;
}

/* Notifications are judged by these. Where they can't be read, the chores try again. */
static void run_read_keys(struct cx *cx, struct service *s)
{
    struct snapshot *now = snapshots_now(&s->snapshots);
    const struct instance_keys *keys;
    Res res = shared_keys(cx, s->shared, s->store, now->keyring, &keys);

    snapshot_unref(&now);
    if (res.code != FAIL_NONE) {
        log_event(LEVEL_WARN, EVENT_KEYS_UNREAD, KZ("reason", cx->why.text));
    }
}

/* Reports the node before it serves. It is no failure when the store has just gone away.
 */
static Res run_begin(struct cx *cx, struct run *r)
{
    if (atomic_load(&r->service.readiness.store_is_ready)) {
        Res res = keeper_report(cx, &r->keeper);

        readiness_note_store(
            &r->service.readiness, res.code == FAIL_NONE ? STORE_OK : STORE_AWAY);

        TRY(res.code == FAIL_UNAVAILABLE ? OK : res);
        if (res.code == FAIL_NONE) {
            run_read_keys(cx, &r->service);
        }
    }
    return run_start(r);
}

_Static_assert(NODE_BYTES * 4 / 3 == NODE_ID_CHARS, "leases begin with their node");

static Str run_build_text(struct app *app)
{
    struct arena *mem = &app->cx.mem;
    Str before =
        S("version=\"" CALDOCK_VERSION "\",revision=\"" CALDOCK_REVISION "\",store=\"");

    return str_cat(mem, str_cat(mem, before, store_kind(app->store)), S("\""));
}

static void service_open(struct run *r)
{
    struct service *s = &r->service;
    struct app *app = r->app;
    unsigned char bytes[NODE_BYTES];

    seal_random(bytes, sizeof(bytes));
    r->node = b64url_encode(&app->cx.mem, (Str){(const char *)bytes, sizeof(bytes)});
    log_name_node(r->node);
    s->began_ms = clock_now_ms();
    s->store = app->store;
    s->build = run_build_text(app);
    s->refusals = refusals_open();
    s->shared = shared_open();
    atomic_init(&s->readiness.store_is_ready, app->store_is_ready);
    snapshots_open(
        &s->snapshots, snapshot_new(config_ref(app->config), app->keyring, r->node));
    app->keyring = NULL;
    s->chores.snapshots = &s->snapshots;
    s->chores.readiness = &s->readiness;
    s->chores.arg = &r->keeper;
    r->keeper = (struct keeper){
        .service = s,
        .node = r->node,
        .started_with = app->config,
        .supervisor = &r->supervisor,
    };
    r->keeper.key_file_stamp = watch_stamp(app->config->key_file);
    if (!app->store_is_ready) {
        keeper_note_unready(&r->keeper, &app->cx);
    }
}

/* Calls to sources end before shutdown_timeout, so that their results can still be
 * written and answered. */
static void service_hurry(struct service *s, int64_t most_ms)
{
    int64_t rest_ms = most_ms / 2 < STOP_REST_MS ? most_ms / 2 : STOP_REST_MS;

    lanes_end_by(s->lanes, clock_mono_ms() + most_ms - rest_ms);
}

/* Leaves work behind that a library or the store delays beyond shutdown_timeout. That is
 * safe: all work survives a cut at any point, as it must when the power fails. */
static void service_abandon(void)
{
    log_event(
        LEVEL_WARN, EVENT_SERVICE_STOPPED,
        KZ("left_behind", "work that did not end in time"));
    log_flush(LIMIT_LOG_STOP_MS);
    _exit(EXIT_SUCCESS);
}

/* The last resort, should the main thread itself be held up by a library. */
static void stop_by(int64_t ms)
{
    const struct itimerval timer = {
        .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

    stop_at_once_by(SIGALRM);
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void service_close(struct run *r)
{
    struct service *s = &r->service;
    int64_t most_ms = r->app->config->shutdown_timeout_ms;
    int64_t end_ms = clock_mono_ms() + most_ms;

    stop_by(most_ms + STOP_LAST_MS);
    if (r->server != NULL) {
        service_hurry(s, most_ms);
        http_server_drain(
            r->server); /* needs the workers: they post to it until it ends */
    }
    if (!lanes_close(&s->lanes, end_ms + STOP_MARGIN_MS)) {
        service_abandon();
    }
    http_server_stop(&r->server);
    notices_close(&s->notices);
    node_end(s, r->node);
    snapshots_close(&s->snapshots);
    refusals_close(&s->refusals);
    shared_close(&s->shared);
}

/* It is no failure when the store is away: the keeper tries again. */
static Res run_open_store(struct cx *cx, struct app *app)
{
    TRY(store_open(cx, &app->config->store, &app->store));
    Res res = app_prepare_store(cx, app->store, app->keyring);

    app->store_is_ready = res.code == FAIL_NONE;
    app->store_is_there = app->store_is_ready || store_is_older(app->store);
    return res.code == FAIL_UNAVAILABLE ? OK : res;
}

Res run_serve(struct app *app)
{
    struct run *r = NEW(&app->cx.mem, struct run);
    struct cx *cx = &app->cx;

    TRY(listens_check(cx, app->config));
    TRY(openapi_describe(cx, app->config));
    TRY(run_inherit(cx, r, app->config));
    app->has_usable_config = true;
    TRY(run_open_store(cx, app));
    r->app = app;
    supervisor_find(&r->supervisor);
    r->status.supervisor = &r->supervisor;
    r->files = process_raise_files();
    run_block_signals();
    thread_set_name("caldock");                     /* whatever the file is called */
    struct confined sandbox = confine_process(app); /* before there are threads */

    log_start();
    service_open(r);
    confine_log(sandbox);
    Res res = run_begin(cx, r);

    if (res.code == FAIL_NONE) {
        status_ready(&r->supervisor);
        res = run_until_signal(cx, r);
        status_stopping(&r->supervisor);
        log_event(LEVEL_INFO, EVENT_SERVICE_DRAINING, K_NONE);
    }
    run_unblock_stop();
    if (res.code == FAIL_NONE) {
        run_leave(r);
    }
    service_close(r);
    if (res.code == FAIL_NONE) {
        log_event(LEVEL_INFO, EVENT_SERVICE_STOPPED, K_NONE);
    }
    supervisor_close(&r->supervisor);
    (void)log_stop(LIMIT_LOG_STOP_MS);
    return res;
}
