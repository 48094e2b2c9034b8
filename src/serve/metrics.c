/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - the handler of the addresses where metrics are read. It runs on an HTTP
 * thread and waits for nothing: what the store has to say, a chore has asked before.
 *
 * It has no credential, since its addresses are the operator's alone, and it says nothing
 * of providers, users and accounts but how many there are.
 */
#include "serve/metrics.h"

#include "api/errors.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/process.h"
#include "oauth/jwks.h"
#include "serve/visit.h"
#include "store/store.h"

static bool metrics_method_is_right(enum method method)
{
    return method == METHOD_GET || method == METHOD_HEAD;
}

static Res metrics_admit(struct http_exchange *ex)
{
    const struct http_request *req = &ex->req;

    if (req->refusal != FAIL_NONE) {
        ex->answer.close = true;
        return (Res){req->refusal};
    }
    if (!str_eq(req->path, S("/metrics"))) {
        return (Res){FAIL_NOT_FOUND};
    }
    if (!metrics_method_is_right(req->method)) {
        http_answer_header(&ex->answer, S("Allow"), S("GET, HEAD"));
        return (Res){FAIL_METHOD_NOT_ALLOWED};
    }
    return OK;
}

static void metrics_look_process(void)
{
    struct process_use use;

    process_look(&use);
    metric_set(METRIC_CPU, 0, use.cpu_us);
    metric_set(METRIC_RESIDENT, 0, use.resident_bytes);
    metric_set(METRIC_VIRTUAL, 0, use.virtual_bytes);
    metric_set(METRIC_FILES, 0, use.files);
    metric_set(METRIC_FILES_MOST, 0, use.files_most);
}

static void metrics_look_sources(const struct settings *s)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct jwks *j = s->sources[i].jwks;
        int64_t age_s = j == NULL ? -1 : jwks_age_s(j);
        int64_t expires_s = s->sources[i].secret_expires_s;

        metric_set(
            METRIC_KEYS_AGE, i, age_s < 0 ? METRIC_UNKNOWN : age_s * CLOCK_SECOND_US);
        metric_set(
            METRIC_CREDENTIAL_EXPIRY, i,
            expires_s == 0 ? METRIC_UNKNOWN : expires_s * CLOCK_SECOND_US);
    }
}

static void metrics_look_lanes(struct lanes *lanes)
{
    struct lanes_state now;

    lanes_look(lanes, &now);
    for (size_t i = POOL_NONE + 1; i < POOLS; i++) {
        metric_set(METRIC_QUEUE_DEPTH, i - 1, (int64_t)now.queued[i]);
    }
    for (size_t i = 0; i < PARK_WHATS; i++) {
        metric_set(METRIC_PARKED, i, (int64_t)now.parked[i]);
    }
    metric_set(METRIC_WORKERS, METRIC_WORKER_IDLE, (int64_t)now.idle);
    metric_set(METRIC_WORKERS, METRIC_WORKER_BUSY, (int64_t)(now.workers - now.idle));
}

static void metrics_look_store(const struct service *s)
{
    size_t lent, open;

    store_look(s->store, &lent, &open);
    metric_set(METRIC_STORE_POOL, METRIC_POOL_LENT, (int64_t)lent);
    metric_set(METRIC_STORE_POOL, METRIC_POOL_IDLE, (int64_t)(open - lent));
    metric_set(METRIC_STORE_UP, 0, readiness_store_is_seen(&s->readiness));
    metric_set(METRIC_MAY_SERVE, 0, readiness_may_serve(&s->readiness));
}

static void metrics_look_ring(const struct keyring *k)
{
    metric_set(METRIC_KEYS, 0, 1);
    metric_set(METRIC_KEYS, 1, (int64_t)keyring_count(k) - 1);
}

/* What is only known by looking, as it is now. */
static Str metrics_now(struct arena *mem, struct service *s)
{
    struct snapshot *now = snapshots_now(&s->snapshots);

    metrics_look_process();
    metrics_look_lanes(s->lanes);
    metrics_look_store(s);
    metrics_look_sources(&now->settings);
    metrics_look_ring(now->keyring);
    snapshot_unref(&now);
    return metrics_text(mem, s->build);
}

void metrics_handle(struct http_exchange *ex)
{
    const struct loop *loop = ex->loop_data;
    struct http_answer *a = &ex->answer;
    Res res = metrics_admit(ex);

    a->status = res.code == FAIL_NONE ? 200 : error_row(res.code)->status;
    a->content_type = S("text/plain; version=0.0.4; charset=utf-8");
    a->body = res.code == FAIL_NONE ? metrics_now(&ex->cx.mem, loop->service)
                                    : error_row(res.code)->message;
    http_answer_header(a, S("Cache-Control"), S("no-store"));
    http_answer_header(a, S("X-Content-Type-Options"), S("nosniff"));
    http_send(ex);
}
