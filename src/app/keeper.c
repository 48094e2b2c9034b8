/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.c - the chore that keeps a node in step. Its pool has one worker, so nothing
 * here needs a lock.
 */
#include "app/keeper.h"

#include <stdio.h>

#include "app/app.h"
#include "app/listens.h"
#include "app/node.h"
#include "app/status.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "calendars/kept.h"
#include "calendars/shared.h"
#include "config/changes.h"
#include "config/watch.h"
#include "serve/openapi.h"
#include "serve/service.h"
#include "store/store.h"

enum { KEEPER_WAIT_MS = 5 * 1000 }; /* for the store's answer, in one step */

static struct cx keeper_cx(void)
{
    return (struct cx){.deadline_ms = clock_mono_ms() + KEEPER_WAIT_MS};
}

/* Reads the key file again and puts it in force with `config`. Refuses a keyring that
 * lacks a key that the data needs. A new key is reported after it is in force and never
 * before, because the other nodes count on it from then on. */
static Res keeper_use(struct cx *cx, struct keeper *k, struct config *config)
{
    struct service *s = k->service;
    struct keyring *keyring = NULL;
    Res res = keyring_open(cx, config->key_file, &keyring);

    if (res.code == FAIL_NONE && atomic_load(&s->readiness.store_is_ready)) {
        res = app_prepare_store(cx, s->store, keyring);
    }
    if (res.code != FAIL_NONE) {
        keyring_close(&keyring);
        config_unref(&config);
        return res;
    }
    log_setup(config->log_level, config->log_format);
    snapshots_use(&s->snapshots, snapshot_new(config, keyring, k->node));
    k->report_ms = 0;
    return OK;
}

/* Of the files that the configuration in force names. */
static uint64_t keeper_changes(struct keeper *k)
{
    struct snapshot *now = snapshots_now(&k->service->snapshots);
    uint64_t changes = watch_changes(now->config);

    snapshot_unref(&now);
    return changes;
}

/* The keys of the configuration that a reload changes: `changed` from now on, `waiting`
 * at the next start. `tried` are both, against the configuration in force. */
struct reload {
    struct config *config;
    Str changed;
    Str waiting;
    Str tried;
};

static void keeper_log_refused(const struct cx *cx, const struct reload *r)
{
    log_event(
        LEVEL_ERROR, EVENT_CONFIG_REFUSED, KZ("reason", cx->why.text),
        KV("changed", r->tried));
}

static Res keeper_reread(struct cx *cx, struct keeper *k, struct reload *ret)
{
    struct snapshot *now = snapshots_now(&k->service->snapshots);
    struct config *config;
    Res res = config_reread(cx, now->config, &config);

    *ret = (struct reload){
        config,
        config_changes(&cx->mem, now->config, config, CONFIG_AT_ONCE),
        config_changes(&cx->mem, k->started_with, config, CONFIG_AT_RESTART),
        config_changes(&cx->mem, now->config, config, CONFIG_EVER),
    };
    if (res.code == FAIL_NONE) {
        res = listens_check(cx, config);
    }
    if (res.code == FAIL_NONE) {
        res = openapi_describe(cx, config);
    }
    if (res.code != FAIL_NONE) {
        config_unref(&ret->config);
    }
    snapshot_unref(&now);
    return res;
}

/* The answer to a signal: the operator gets it at any level. */
static void keeper_answer_reload(const struct reload *r)
{
    log_answer(
        LEVEL_INFO, EVENT_CONFIG_RELOADED,
        KV("changed", r->changed.n > 0 ? r->changed : S("nothing")));
    if (r->waiting.n > 0) {
        log_answer(LEVEL_WARN, EVENT_CONFIG_NEEDS_RESTART, KV("keys", r->waiting));
    }
}

/* Of files that were changed. Orchestrators replace all at once, also those that stay the
 * same: of these there is nothing to say. */
static void keeper_log_reload(const struct reload *r)
{
    if (r->changed.n > 0) {
        log_event(LEVEL_INFO, EVENT_CONFIG_RELOADED, KV("changed", r->changed));
    }
    if (r->waiting.n > 0) {
        log_event(LEVEL_WARN, EVENT_CONFIG_NEEDS_RESTART, KV("keys", r->waiting));
    }
}

void keeper_count_reload(Res res)
{
    metric_set(METRIC_RELOAD_OK, 0, res.code == FAIL_NONE);
    if (res.code == FAIL_NONE) {
        metric_set(METRIC_RELOAD_TIME, 0, clock_now_ms() * 1000);
    }
}

static Res keeper_reread_and_use(struct cx *cx, struct keeper *k, struct reload *reload)
{
    TRY(keeper_reread(cx, k, reload));
    return keeper_use(cx, k, reload->config);
}

/* Reads the configuration again. A configuration that can't be used changes nothing. */
static void keeper_reload(struct keeper *k)
{
    struct cx cx = keeper_cx();
    struct reload reload;

    uint64_t changes = keeper_changes(k);
    Res res = keeper_reread_and_use(&cx, k, &reload);

    if (res.code != FAIL_UNAVAILABLE) {
        k->files_tried = changes;
    }
    keeper_count_reload(res);
    if (res.code == FAIL_NONE) {
        keeper_answer_reload(&reload);
    } else {
        keeper_log_refused(&cx, &reload);
    }
    status_ready(k->supervisor);
    cx_done(&cx);
}

/* Does so by itself when a file that the configuration names has changed. While the store
 * is away, the next run tries again. */
static void keeper_watch_files(struct keeper *k)
{
    uint64_t changes = keeper_changes(k);

    if (changes == 0 || changes == k->files_tried) {
        return;
    }
    struct cx cx = keeper_cx();
    struct reload reload;
    Res res = keeper_reread_and_use(&cx, k, &reload);

    if (res.code != FAIL_UNAVAILABLE) {
        k->files_tried = changes;
        keeper_count_reload(res);
    }
    if (res.code == FAIL_NONE) {
        keeper_log_reload(&reload);
    } else if (res.code != FAIL_UNAVAILABLE) {
        keeper_log_refused(&cx, &reload);
    }
    cx_done(&cx);
}

/* Reads the key file again, with the configuration in force. */
static Res keeper_use_keys(struct cx *cx, struct keeper *k)
{
    struct snapshot *now = snapshots_now(&k->service->snapshots);
    Res res = keeper_use(cx, k, config_ref(now->config));

    snapshot_unref(&now);
    return res;
}

static void keeper_log_keys(const struct cx *cx, Res res)
{
    if (res.code == FAIL_NONE) {
        log_event(LEVEL_INFO, EVENT_KEYS_RELOADED, K_NONE);
    } else {
        log_event(LEVEL_ERROR, EVENT_KEYS_REFUSED, KZ("reason", cx->why.text));
    }
}

/* Reads the key file when it has changed. A missing file changes nothing. */
static void keeper_watch_key_file(struct keeper *k)
{
    struct snapshot *now = snapshots_now(&k->service->snapshots);
    uint64_t stamp = watch_stamp(now->config->key_file);

    snapshot_unref(&now);
    if (stamp != 0 && stamp != k->key_file_stamp) {
        struct cx cx = keeper_cx();
        Res res = keeper_use_keys(&cx, k);

        if (res.code
            != FAIL_UNAVAILABLE) { /* after a failure, the next run tries again */
            k->key_file_stamp = stamp;
            keeper_log_keys(&cx, res);
        }
        cx_done(&cx);
    }
}

/* Makes another of the loaded keys the sealing key. */
static void keeper_seal_with(struct cx *cx, struct keeper *k, uint32_t id)
{
    struct snapshots *all = &k->service->snapshots;
    struct snapshot *now = snapshots_now(all);

    if (id != keyring_sealing(now->keyring)) {
        struct keyring *keyring = keyring_copy(now->keyring);

        must_be(keyring_set_sealing(keyring, id));
        snapshots_use(all, snapshot_new(config_ref(now->config), keyring, k->node));
        k->report_ms = 0;
        log_event(LEVEL_INFO, EVENT_KEYS_SEALING, KV("id", key_id_text(&cx->mem, id)));
    }
    snapshot_unref(&now);
}

/* Keeps the reason for the line that says that the node isn't ready. */
static void keeper_note_reason(struct keeper *k, const struct cx *cx)
{
    (void)snprintf(k->unready, sizeof(k->unready), "%s", cx->why.text);
}

/* A second process that is started by mistake can't listen, so the first one, which
 * lives, keeps its leases. */
static bool keeper_takes_over(const struct keeper *k)
{
    return atomic_load(&k->listens) && !k->has_taken_over;
}

Res keeper_report(struct cx *cx, struct keeper *k)
{
    uint32_t sealing;
    const struct node_news news = {
        .rate = traffic_note(&k->traffic, &cx->mem, clock_mono_ms()),
        .takes_over = keeper_takes_over(k),
    };
    Res res = node_share(cx, k->service, k->node, &news, &sealing);

    if (res.code == FAIL_NONE) {
        k->report_ms = clock_mono_ms() + LIMIT_NODE_REPORT_MS;
        k->has_taken_over = k->has_taken_over || news.takes_over;
        keeper_seal_with(cx, k, sealing);
    } else {
        keeper_note_reason(k, cx);
    }
    return res;
}

/* Asks the store. /readyz shows the result. */
static void keeper_probe_store(struct keeper *k)
{
    struct cx cx = keeper_cx();
    enum store_state state;

    if (store_check(&cx, k->service->store, &state).code != FAIL_NONE) {
        keeper_note_reason(k, &cx);
    }
    readiness_note_store(&k->service->readiness, state);
    cx_done(&cx);
}

static void keeper_tell_store(struct keeper *k, enum store_state state)
{
    bool is_away = state == STORE_AWAY;

    if (is_away && !k->store_is_away) {
        log_event(LEVEL_WARN, EVENT_STORE_AWAY, KZ("reason", k->unready));
    }
    if (!is_away && k->store_is_away) {
        log_event(LEVEL_INFO, EVENT_STORE_BACK, K_NONE);
    }
    k->store_is_away = is_away;
}

/* Says when this node is ready and when it isn't any more, or for another reason. */
void keeper_tell(struct keeper *k)
{
    const struct readiness *r = &k->service->readiness;
    enum store_state state = readiness_store(r);
    bool is_ready = readiness_is_ready(r);
    bool is_news = !k->has_told || is_ready != k->is_ready || state != k->state;

    keeper_tell_store(k, state);
    if (is_news && is_ready) {
        log_event(LEVEL_INFO, EVENT_SERVICE_READY, K_NONE);
    } else if (is_news) {
        log_event(
            state == STORE_AWAY ? LEVEL_WARN : LEVEL_ERROR, EVENT_SERVICE_UNREADY,
            KZ("reason", k->unready));
    }
    k->has_told = true;
    k->is_ready = is_ready;
    k->state = state;
}

void keeper_note_unready(struct keeper *k, const struct cx *cx)
{
    keeper_note_reason(k, cx);
    readiness_note_store(
        &k->service->readiness,
        store_is_older(k->service->store) ? STORE_TOO_OLD : STORE_AWAY);
}

/* Tries to reach a store that was away at the start. OK also when it is still away. */
static Res keeper_reach_store(struct cx *cx, struct keeper *k)
{
    struct readiness *r = &k->service->readiness;
    Res res = app_prepare_store(cx, k->service->store, NULL);

    if (res.code == FAIL_NONE) {
        atomic_store(&r->store_is_ready, true);
        res = keeper_use_keys(cx, k);
        atomic_store(&r->store_is_ready, res.code == FAIL_NONE);
    }
    if (res.code != FAIL_NONE) {
        keeper_note_unready(k, cx);
    }
    return res.code == FAIL_UNAVAILABLE ? OK : res;
}

/* Where the schema is too new, other nodes had better not count on this one. */
static void keeper_report_when_due(struct cx *cx, struct keeper *k)
{
    bool is_due = (clock_mono_ms() >= k->report_ms || keeper_takes_over(k))
                  && readiness_store(&k->service->readiness) != STORE_TOO_NEW;
    Res res = is_due ? keeper_report(cx, k) : OK;

    (void)res; /* its reason is kept; the next run tries again */
}

/* Ends the process: a store that answers and can't be used won't mend itself. The main
 * thread reads the reason. */
static void keeper_give_up(struct keeper *k, const struct cx *cx)
{
    (void)snprintf(k->why, sizeof(k->why), "%s", cx->why.text);
    atomic_store(&k->has_given_up, true);
}

Res keeper_run(struct cx *cx, struct work *work, const struct chore *chore)
{
    struct keeper *k = chore->all->arg;
    const struct readiness *ready = &k->service->readiness;

    (void)work;
    cx->deadline_ms = clock_mono_ms() + KEEPER_WAIT_MS;
    if (atomic_exchange(&k->wants_reload, false)) {
        keeper_reload(k);
    }
    if (!atomic_load(&ready->store_is_ready)
        && keeper_reach_store(cx, k).code != FAIL_NONE) {
        keeper_give_up(k, cx);
        return OK;
    }
    keeper_watch_key_file(k);
    keeper_watch_files(k);
    kept_forget(shared_kept(k->service->shared), clock_mono_ms() - LIMIT_KEPT_IMAGES_MS);
    if (atomic_load(&ready->store_is_ready)) {
        keeper_probe_store(k);
        keeper_report_when_due(cx, k);
    }
    keeper_tell(k);
    return OK;
}
