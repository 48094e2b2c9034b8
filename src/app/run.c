/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - the life of the service: start, signals, reload, drain.
 *
 * The main thread waits for signals and ticks once a second: the background's work, a
 * changed key file, a store that was away.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "app/documents.h"
#include "app/service.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/resident.h"
#include "seal/seal.h"
#include "version.h"

enum { NODE_BYTES = 9, LISTEN_TEXT_BYTES = 4096 };

struct run {
    struct app *app;
    struct service service;
    struct stat key_file; /* as last seen */
    int64_t report_ms;    /* when the keys are to be reported next */
    bool is_refused;      /* they were, the last time */
};

/* Requests' secrets are in plain memory: no core dump; and as many files as are allowed.
 */
static void prepare_process(void)
{
    struct rlimit files;

    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* Blocked in every thread, so that only sigtimedwait gets them. */
static sigset_t block_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    must_be(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    return set;
}

static Str listen_text(struct cx *cx, const struct config *c, struct http_server *server)
{
    struct buf b = {.mem = &cx->mem, .max = LISTEN_TEXT_BYTES};

    for (size_t i = 0; i < c->listen.n; i++) {
        Str address = c->listen.at[i];

        buf_add(&b, i == 0 ? S("") : S(" "));
        if (str_starts(address, S("unix:"))) {
            buf_add(&b, address);
            continue;
        }
        while (!str_ends(address, S(":"))) {
            address.n--;
        }
        buf_add(&b, address);
        buf_add_int(&b, http_server_port(server, i));
    }
    return b.full ? S("…") : buf_text(&b);
}

static bool lists_equal(const struct text_list *a, const struct text_list *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!str_eq(a->at[i], b->at[i])) {
            return false;
        }
    }
    return true;
}

static void log_needs_restart(const char *key)
{
    log_event(LEVEL_WARN, "reload_needs_restart", KZ("key", key));
}

/* What can't change while running is said, and stays. */
static void log_what_stays(const struct config *before, const struct config *now)
{
    static const struct {
        const char *key;
        size_t offset;
    } numbers[] = {
        {"[server] threads",          offsetof(struct config, threads)            },
        {"[server] workers",          offsetof(struct config, workers)            },
        {"[server] queue",            offsetof(struct config, queue)              },
        {"[server] max_connections",  offsetof(struct config, max_connections)    },
        {"[server] request_timeout",  offsetof(struct config, request_timeout_ms) },
        {"[server] idle_timeout",     offsetof(struct config, idle_timeout_ms)    },
        {"[server] shutdown_timeout", offsetof(struct config, shutdown_timeout_ms)},
        {"[store] pool",              offsetof(struct config, store_pool)         },
    };

    for (size_t i = 0; i < COUNT(numbers); i++) {
        const char *a = (const char *)before + numbers[i].offset;
        const char *b = (const char *)now + numbers[i].offset;

        if (*(const int64_t *)(const void *)a != *(const int64_t *)(const void *)b) {
            log_needs_restart(numbers[i].key);
        }
    }
    if (!lists_equal(&before->listen, &now->listen)) {
        log_needs_restart("[server] listen");
    }
    if (!str_eq(before->store.url, now->store.url)) {
        log_needs_restart("[store] url");
    }
}

/* A keyring that lacks a key that the data needs is refused. What it can open beyond the
 * one before is reported once it is in force, not before. */
static Res use(struct cx *cx, struct run *r, struct config *config)
{
    struct keyring *keyring = NULL;
    Res res = keyring_open(cx, config->key_file, &keyring);

    if (res.code == FAIL_NONE && atomic_load(&r->service.store_is_ready)) {
        res = app_prepare_store(cx, r->service.store, keyring);
    }
    if (res.code != FAIL_NONE) {
        keyring_close(&keyring);
        config_free(&config);
        return res;
    }
    log_setup(config->log_level, config->log_format);
    service_use(&r->service, snapshot_new(config, keyring, r->service.node));
    r->report_ms = 0;
    return OK;
}

static void log_use(struct cx *cx, const char *what, Res res)
{
    if (res.code == FAIL_NONE) {
        log_event(LEVEL_INFO, "reloaded", KZ("what", what));
    } else {
        log_event(
            LEVEL_ERROR, "reload_refused", KZ("what", what), KZ("reason", cx->why.text));
    }
}

/* SIGHUP. What is wrong leaves everything as it was. */
static void reload(struct run *r)
{
    struct cx cx = {0};
    struct config *config;
    Res res = config_read(&cx, r->app->config->path, &config);

    if (res.code == FAIL_NONE) {
        log_what_stays(r->app->config, config);
        res = use(&cx, r, config);
    }
    log_use(&cx, "configuration", res);
    cx_done(&cx);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size
           && a->st_mtim.tv_sec == b->st_mtim.tv_sec
           && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The keyring anew, with the configuration in force. */
static Res use_keys(struct cx *cx, struct run *r)
{
    struct snapshot *now = service_snapshot(&r->service);
    Res res = use(cx, r, config_hold(now->config));

    snapshot_drop(&now);
    return res;
}

/* A key file that has changed is read again; one that is gone changes nothing. */
static void look_at_key_file(struct run *r)
{
    struct snapshot *now = service_snapshot(&r->service);
    struct stat seen;
    bool is_new =
        stat(now->config->key_file, &seen) == 0 && !is_same_file(&seen, &r->key_file);

    snapshot_drop(&now);
    if (is_new) {
        struct cx cx = {0};
        Res res = use_keys(&cx, r);

        if (res.code != FAIL_UNAVAILABLE) { /* else again, a second later */
            r->key_file = seen;
            log_use(&cx, "keys", res);
        }
        cx_done(&cx);
    }
}

/* The keys in force stay, and another of them seals. */
static void seal_with(struct cx *cx, struct run *r, uint32_t id)
{
    struct snapshot *now = service_snapshot(&r->service);

    if (id != keyring_sealing(now->keyring)) {
        struct keyring *keyring = keyring_copy(now->keyring);

        must_be(keyring_set_sealing(keyring, id));
        service_use(
            &r->service,
            snapshot_new(config_hold(now->config), keyring, r->service.node));
        r->report_ms = 0;
        log_event(LEVEL_INFO, "sealing_key", KV("id", key_id_text(&cx->mem, id)));
    }
    snapshot_drop(&now);
}

static void log_report(struct run *r, const struct cx *cx, Res res)
{
    bool is_refused = res.code == FAIL_CONFIG;

    if (is_refused && !r->is_refused) {
        log_event(LEVEL_ERROR, "keys_refused", KZ("reason", cx->why.text));
    }
    if (res.code == FAIL_NONE && r->is_refused) {
        log_event(LEVEL_INFO, "keys_accepted", KV("node", r->service.node));
    }
    r->is_refused = is_refused || (r->is_refused && res.code != FAIL_NONE);
}

/* What this node has; from now on it seals as all do. */
static Res report_keys(struct cx *cx, struct run *r)
{
    uint32_t sealing;
    Res res = node_share(cx, &r->service, &sealing);

    if (res.code == FAIL_NONE) {
        r->report_ms = clock_mono_ms() + LIMIT_NODE_REPORT_MS;
        seal_with(cx, r, sealing);
    }
    log_report(r, cx, res);
    return res;
}

/* A store that was away at the start: OK when it is there, or still away. */
static Res look_for_store(struct cx *cx, struct run *r)
{
    Res res = app_prepare_store(cx, r->service.store, NULL);

    if (res.code == FAIL_NONE) {
        atomic_store(&r->service.store_is_ready, true);
        res = use_keys(cx, r);
        atomic_store(&r->service.store_is_ready, res.code == FAIL_NONE);
    }
    if (res.code == FAIL_NONE) {
        log_event(LEVEL_INFO, "store_reached", KV("node", r->service.node));
    }
    return res.code == FAIL_UNAVAILABLE ? OK : res;
}

static Res tick(struct cx *cx, struct run *r)
{
    if (!atomic_load(&r->service.store_is_ready)) {
        TRY(look_for_store(cx, r));
    }
    look_at_key_file(r);
    if (atomic_load(&r->service.store_is_ready) && clock_mono_ms() >= r->report_ms) {
        (void)report_keys(cx, r);
    }
    background_tick(&r->service);
    return OK;
}

/* Until it is told to stop, or can't go on. */
static Res wait_for_the_end(struct cx *cx, struct run *r, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};

    for (;;) {
        int got = sigtimedwait(signals, NULL, &second);

        if (got == SIGTERM || got == SIGINT) {
            return OK;
        }
        if (got == SIGHUP) {
            reload(r);
        }
        struct cx one = {0};
        Res res = tick(&one, r);

        cx->why = one.why;
        cx_done(&one);
        TRY(res);
    }
}

static Res start(struct run *r)
{
    struct service *s = &r->service;
    const struct config *c = r->app->config;
    struct lanes_options lanes = {
        .store = s->store,
        .node = s->node,
        .workers = (int)c->workers,
        .queue = (int)c->queue};
    struct http_options http = {
        .listen = c->listen.at,
        .n_listen = c->listen.n,
        .threads = (int)c->threads,
        .max_connections = (int)c->max_connections,
        .request_timeout_ms = c->request_timeout_ms,
        .idle_timeout_ms = c->idle_timeout_ms,
        .shutdown_timeout_ms = c->shutdown_timeout_ms,
        .handle = serve_handle,
        .thread_start = serve_thread_start,
        .thread_stop = serve_thread_stop,
        .arg = s,
    };

    TRY(openapi_build(&r->app->cx, c->settings.public_url, &s->openapi));
    s->lanes = lanes_open(&lanes);
    background_start(s);
    TRY(http_server_start(&r->app->cx, &http, &s->server));
    Str listen = listen_text(&r->app->cx, c, s->server);

    resident_trim(); /* of what only the start needed */
    log_event(
        LEVEL_INFO, "ready", KV("listen", listen), KZ("version", CALDOCK_VERSION),
        KV("node", s->node));
    return OK;
}

/* Before anything is served. A store that went away just now is no failure. */
static Res begin(struct cx *cx, struct run *r)
{
    if (atomic_load(&r->service.store_is_ready)) {
        Res res = report_keys(cx, r);

        TRY(res.code == FAIL_UNAVAILABLE ? OK : res);
    }
    return start(r);
}

static void service_open(struct run *r)
{
    struct service *s = &r->service;
    struct app *app = r->app;
    unsigned char bytes[NODE_BYTES];

    seal_random(bytes, sizeof(bytes));
    s->node = b64url_encode(&app->cx.mem, (Str){(const char *)bytes, sizeof(bytes)});
    s->store = app->store;
    atomic_init(&s->store_is_ready, app->store_is_ready);
    must_be(pthread_mutex_init(&s->lock, NULL) == 0);
    s->snapshot = snapshot_new(config_hold(app->config), app->keyring, s->node);
    app->keyring = NULL;
    (void)stat(app->config->key_file, &r->key_file);
}

/* What waits for a source gets less than shutdown_timeout: how it ended has to be written
 * and answered too. */
static void hurry(struct service *s)
{
    int64_t most_ms = s->snapshot->config->shutdown_timeout_ms;
    int64_t rest_ms =
        most_ms / 2 < LIMIT_CALLBACK_END_MS ? most_ms / 2 : LIMIT_CALLBACK_END_MS;

    lanes_end_by(s->lanes, clock_mono_ms() + most_ms - rest_ms);
}

static void service_close(struct service *s)
{
    if (s->server != NULL) {
        hurry(s);
        http_server_drain(s->server); /* needs the workers, who may post until it ends */
    }
    lanes_close(&s->lanes);
    http_server_stop(&s->server);
    node_end(s);
    snapshot_drop(&s->snapshot);
    (void)pthread_mutex_destroy(&s->lock);
}

Res app_serve(struct app *app)
{
    struct run *r = NEW(&app->cx.mem, struct run);
    struct cx *cx = &app->cx;

    r->app = app;
    prepare_process();
    sigset_t signals = block_signals();

    if (!app->store_is_ready) {
        log_event(LEVEL_WARN, "store_away", KZ("reason", cx->why.text));
    }
    service_open(r);
    Res res = begin(cx, r);

    if (res.code == FAIL_NONE) {
        res = wait_for_the_end(cx, r, &signals);
        log_event(LEVEL_INFO, "stopping", KV("node", r->service.node));
    }
    must_be(pthread_sigmask(SIG_UNBLOCK, &signals, NULL) == 0); /* a second one kills */
    service_close(&r->service);
    if (res.code == FAIL_NONE) {
        log_event(LEVEL_INFO, "stopped", KV("node", r->service.node));
    }
    return res;
}
