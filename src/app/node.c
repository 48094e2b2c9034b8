/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - reports this node and its keys to the other nodes, and learns which key seals.
 *
 * `keys use` asks only the nodes that have reported lately whether they have the new key.
 * So a node that could not report, or lacks the key, serves nothing that needs keys or
 * the store until it has reported again.
 */
#include "app/node.h"

#include <limits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "serve/service.h"
#include "store/keys.h"
#include "store/nodes.h"
#include "store/store.h"
#include "version.h"

enum { /* for the store's answer */
       REPORT_WAIT_MS = 3 * 1000,
       CONFIRM_WAIT_MS = 500,
       LEAVE_WAIT_MS = 2 * 1000,
};

enum { SOURCES_BYTES = 256 };

_Static_assert(
    LIMIT_NODE_REPORT_MS + REPORT_WAIT_MS + CONFIRM_WAIT_MS < LIMIT_NODE_TRUST_MS,
    "one report that comes late costs nothing");
_Static_assert(
    REPORT_WAIT_MS + CONFIRM_WAIT_MS + 1000 < LIMIT_STORE_SEEN_MS,
    "a report that waits for a lock makes no store look away");
_Static_assert(
    LIMIT_NODE_TRUST_MS + LIMIT_CACHE_MS < LIMIT_NODE_LIVE_MS,
    "others reckon with a node for as long as it may seal");

struct report {
    struct node node;
    int64_t flow_ms;
    bool is_first, takes_over;
    uint32_t sealing; /* result: the key to seal with */
};

/* What each source said when it last was asked for tokens. */
static Str node_sources(struct arena *mem)
{
    struct buf b = {.mem = mem, .max = SOURCES_BYTES};
    int64_t *refused = NEW_N(mem, int64_t, metric_places(METRIC_CLIENT_REFUSED));

    metric_read(METRIC_CLIENT_REFUSED, refused);
    for (int id = 1; id <= SOURCE_COUNT; id++) {
        const Str words[] = {metric_source((enum source_id)id)};
        int64_t value = refused[metric_place_named(METRIC_CLIENT_REFUSED, words)];

        if (value != METRIC_UNKNOWN) {
            buf_add(&b, words[0]);
            buf_add(&b, value > 0 ? S("=refused ") : S("=accepted "));
        }
    }
    return buf_text(&b);
}

static struct node node_describe(
    struct cx *cx, const struct service *s, Str node, const struct keyring *k)
{
    static const Str unknown = SI("?");
    char host[HOST_NAME_MAX + 1] = "";
    size_t n = keyring_count(k);
    uint32_t *keys = NEW_N(&cx->mem, uint32_t, n);

    for (size_t i = 0; i < n; i++) {
        keys[i] = keyring_id(k, i);
    }
    bool is_named = gethostname(host, sizeof(host) - 1) == 0 && host[0] != 0;

    return (struct node){
        .id = node,
        .host = is_named ? str_dup(&cx->mem, str_from_z(host)) : unknown,
        .keys = keys,
        .n_keys = n,
        .sealing = keyring_sealing(k),
        .version = S(CALDOCK_VERSION),
        .began_ms = s->began_ms,
        .sources = node_sources(&cx->mem),
        .ready = readiness_store_is_seen(&s->readiness) ? NODE_IS_READY : NODE_IS_UNREADY,
    };
}

static Res node_report_work(struct cx *cx, struct db *db, void *arg)
{
    struct report *r = arg;

    TRY(node_check_clock(cx, db));
    TRY(r->takes_over ? node_drop_others(cx, db, r->node.id) : OK);
    return keys_report(cx, db, &r->node, r->flow_ms, &r->sealing);
}

static Res node_confirm_work(struct cx *cx, struct db *db, void *arg)
{
    const struct report *r = arg;

    return keys_confirm(cx, db, r->node.sealing);
}

/* A lock of another program keeps a node from reporting. While its key still seals it
 * goes on to read, where no other node can have the store; the reason stays the report's.
 */
static bool node_may_go_on(struct service *s, struct report *r, Res report)
{
    struct cx own = {.deadline_ms = clock_mono_ms() + CONFIRM_WAIT_MS};
    bool is_confirmed =
        report.code == FAIL_UNAVAILABLE && !r->is_first
        && store_read(&own, s->store, node_confirm_work, r).code == FAIL_NONE;

    cx_done(&own);
    return is_confirmed;
}

Res node_share(
    struct cx *cx, struct service *s, Str node, const struct node_news *news,
    uint32_t *sealing)
{
    struct snapshot *now = snapshots_now(&s->snapshots);
    int64_t began_ms = clock_mono_ms();
    struct report r = {
        .node = node_describe(cx, s, node, now->keyring),
        .flow_ms = now->config->flow_timeout_ms,
        .is_first = atomic_load(&s->readiness.trusted_until_ms) == 0,
        .takes_over = news->takes_over,
    };

    r.node.requests = news->rate.requests;
    r.node.p99_us = news->rate.p99_us;
    snapshot_unref(&now);
    cx->deadline_ms = began_ms + REPORT_WAIT_MS;
    Res res = store_write(cx, s->store, node_report_work, &r);

    cx->deadline_ms = 0;
    if (res.code == FAIL_NONE || node_may_go_on(s, &r, res)) {
        atomic_store(&s->readiness.trusted_until_ms, began_ms + LIMIT_NODE_TRUST_MS);
    }
    if (res.code == FAIL_NONE) {
        *sealing = r.sealing;
    } else if (res.code == FAIL_CONFIG) {
        atomic_store(&s->readiness.trusted_until_ms, 0);
    }
    return res;
}

static Res node_leave_work(struct cx *cx, struct db *db, void *arg)
{
    const Str *node = arg;

    return node_leave(cx, db, *node);
}

void node_end(struct service *s, Str node)
{
    struct cx cx = {.deadline_ms = clock_mono_ms() + LEAVE_WAIT_MS};
    Res res = readiness_may_serve(&s->readiness)
                  ? store_write(&cx, s->store, node_leave_work, &node)
                  : OK;

    if (res.code != FAIL_NONE) { /* other nodes count on this node a little longer */
        log_event(LEVEL_WARN, EVENT_NODE_STILL_LISTED, KZ("reason", cx.why.text));
    }
    cx_done(&cx);
}
