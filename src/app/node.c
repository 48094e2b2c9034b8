/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - what this node tells the others of its keys, and hears of the one that seals.
 *
 * Whoever chooses another sealing key asks the nodes that have reported lately. So one
 * that could not report, or lacks that key, doesn't serve what needs keys or the store
 * until it has reported again (ADR 16).
 */
#include <limits.h>
#include <unistd.h>

#include "app/service.h"
#include "base/clock.h"
#include "base/limits.h"
#include "store/keys.h"

enum { REPORT_WAIT_MS = 5 * 1000, LEAVE_WAIT_MS = 2 * 1000 }; /* for the store */

_Static_assert(
    LIMIT_NODE_REPORT_MS + REPORT_WAIT_MS < LIMIT_NODE_TRUST_MS,
    "one report that comes late costs nothing");
_Static_assert(
    LIMIT_NODE_TRUST_MS + LIMIT_CACHE_MS < LIMIT_NODE_LIVE_MS,
    "others reckon with a node for as long as it may seal");

struct report {
    struct node node;
    int64_t flow_ms;
    uint32_t sealing; /* as it shall be */
};

static struct node describe(
    struct cx *cx, const struct service *s, const struct keyring *k)
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
        .id = s->node,
        .host = is_named ? str_dup(&cx->mem, str_from_z(host)) : unknown,
        .keys = keys,
        .n_keys = n,
        .sealing = keyring_sealing(k),
    };
}

static Res work_report(struct cx *cx, struct db *db, void *arg)
{
    struct report *r = arg;

    return node_report(cx, db, &r->node, clock_now_ms(), r->flow_ms, &r->sealing);
}

Res node_share(struct cx *cx, struct service *s, uint32_t *sealing)
{
    struct snapshot *now = service_snapshot(s);
    int64_t began_ms = clock_mono_ms();
    struct report r = {
        .node = describe(cx, s, now->keyring),
        .flow_ms = now->config->flow_timeout_ms,
    };

    snapshot_drop(&now);
    cx->deadline_ms = began_ms + REPORT_WAIT_MS;
    Res res = store_write(cx, s->store, work_report, &r);

    cx->deadline_ms = 0;
    if (res.code == FAIL_NONE) {
        atomic_store(&s->trusted_until_ms, began_ms + LIMIT_NODE_TRUST_MS);
        *sealing = r.sealing;
    } else if (res.code == FAIL_CONFIG) {
        atomic_store(&s->trusted_until_ms, 0);
    }
    return res;
}

static Res work_leave(struct cx *cx, struct db *db, void *arg)
{
    const struct service *s = arg;

    return node_leave(cx, db, s->node);
}

void node_end(struct service *s)
{
    struct cx cx = {.deadline_ms = clock_mono_ms() + LEAVE_WAIT_MS};

    Res res = node_may_serve(s) ? store_write(&cx, s->store, work_leave, s) : OK;

    if (res.code != FAIL_NONE) { /* others reckon with it a little longer */
        log_event(LEVEL_WARN, "node_still_listed", KZ("reason", cx.why.text));
    }
    cx_done(&cx);
}

bool node_may_serve(struct service *s)
{
    return atomic_load(&s->store_is_ready)
           && clock_mono_ms() < atomic_load(&s->trusted_until_ms);
}
