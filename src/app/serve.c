/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - the way of a request: admit, identify, act, finish (contract §2, last line).
 *
 * On its loop thread a request never blocks. A cold credential and a slow endpoint leave
 * as jobs of the lanes and come home by http_post; what they may not share with the loop
 * meanwhile is in the visit.
 */
#include <string.h>

#include "api/errors.h"
#include "app/negotiate.h"
#include "app/routes.h"
#include "app/visit.h"
#include "base/clock.h"
#include "base/limits.h"
#include "seal/seal.h"

#define CONTAINER(type, member, p) ((type *)(void *)((char *)(p)-offsetof(type, member)))

static void identify(struct visit *v);

/* The end: the answer of a failure, what every answer has, the log line. */

/* A person gets a page; what asks a callback with another method is no browser. */
static void answer_failure(struct visit *v)
{
    bool is_odd_method = v->res.code == FAIL_METHOD_NOT_ALLOWED;

    if (visit_is_callback(v) && !is_odd_method) {
        callback_page(&v->call, v->res.code);
    } else {
        call_answer_fail(&v->call, v->res.code);
    }
    if (is_odd_method) {
        http_answer_header(
            &v->ex->answer, S("Allow"), route_methods(&v->ex->cx.mem, v->path));
    }
}

/* A callback answers itself: what it returns is for the log. */
static bool has_answered(const struct visit *v)
{
    return visit_is_callback(v) && v->ex->answer.status != 0;
}

static void finish(struct visit *v, Res res)
{
    struct http_exchange *ex = v->ex;

    v->res = res;
    if (res.code != FAIL_NONE && !has_answered(v)) {
        answer_failure(v);
    }
    visit_headers(v);
    visit_log(v);
    auth_loaded_close(&v->loaded);
    if (v->is_held) {
        snapshot_drop(&v->snapshot);
    }
    http_send(ex);
}

/* Leaving the loop thread, and coming home. */

static void leave(struct visit *v, enum lane_queue queue, struct job job)
{
    v->job = job;
    if (!v->is_held) {
        (void)snapshot_hold(v->snapshot);
        v->is_held = true;
    }
    if (!lanes_push(v->loop->service->lanes, queue, &v->job)) {
        finish(v, fail(&v->ex->cx, FAIL_UNAVAILABLE, "the queue is full"));
    }
}

static void go_home(struct visit *v, void (*run)(struct http_post *self))
{
    http_post(v->ex, run);
}

static struct visit *visit_of_post(struct http_post *post)
{
    return http_exchange_of(post)->user;
}

static struct visit *visit_of_job(struct job *job)
{
    return CONTAINER(struct visit, job, job);
}

static void finish_at_home(struct http_post *post)
{
    struct visit *v = visit_of_post(post);

    finish(v, v->res);
}

static void drop(struct job *job)
{
    struct visit *v = visit_of_job(job);

    v->res = fail(&v->ex->cx, FAIL_UNAVAILABLE, "the service is stopping");
    go_home(v, finish_at_home);
}

/* Until this node has told the store of its keys, nothing that needs it is tried. */
static Res check_node(struct visit *v)
{
    if (!node_may_serve(v->loop->service)) {
        return fail(
            &v->ex->cx, FAIL_UNAVAILABLE,
            "the store has not been reached yet, or doesn't know this node's keys");
    }
    return OK;
}

/* The act. */

/* A flow that failed and a disconnected account may have left a grant to revoke. */
static void note_revocation(struct visit *v)
{
    const struct call *c = &v->call;
    bool flow_failed = c->outcome.n > 0 && !str_eq(c->outcome, S("success"));

    if (flow_failed || c->endpoint->method == METHOD_DELETE) {
        background_want(v->loop->service, CHORE_REVOKE);
    }
}

static Res run_slow(struct visit *v)
{
    if (v->call.endpoint->kind != ENDPOINT_DOCUMENT) {
        TRY(check_node(v));
    }
    return v->call.endpoint->run(&v->call);
}

static void act_in_worker(struct job *job, struct worker *w)
{
    struct visit *v = visit_of_job(job);
    struct lanes *lanes = v->loop->service->lanes;

    v->call.worker = w;
    v->call.is_parked = false;
    v->res = run_slow(v);
    if (v->res.code == FAIL_NONE && v->call.is_parked) {
        const struct park how = {
            v->call.park_key, v->call.park_most, v->ex->cx.deadline_ms};

        if (lanes_park(lanes, job, &how)) {
            return; /* and is perhaps run by another worker already */
        }
        v->res = fail(&v->ex->cx, FAIL_UNAVAILABLE, "too many wait for the same");
        v->call.park_key = S("");
    }
    lanes_leave(lanes, job, v->call.park_key);
    note_revocation(v);
    go_home(v, finish_at_home);
}

static void act(struct visit *v)
{
    if (v->call.endpoint->lane == LANE_FAST) {
        finish(v, v->call.endpoint->run(&v->call));
    } else {
        leave(v, QUEUE_SLOW, (struct job){.run = act_in_worker, .drop = drop});
    }
}

/* Who asks. */

static struct auth_ask ask_of(struct visit *v)
{
    return (struct auth_ask){
        .cache = v->loop->cache,
        .settings = &v->snapshot->settings.auth,
        .req = &v->ex->req,
        .loaded = v->loaded,
        .now_ms = clock_mono_ms(),
    };
}

static void load_in_worker(struct job *job, struct worker *w);

/* The second check, with what a worker has loaded; the thread keeps that for the next. */
static void identify_at_home(struct http_post *post)
{
    struct visit *v = visit_of_post(post);

    if (v->res.code != FAIL_NONE) {
        finish(v, v->res);
        return;
    }
    if (v->snapshot == v->loop->snapshot) {
        auth_keep(v->loop->cache, v->loaded);
    }
    identify(v);
}

static void load_in_worker(struct job *job, struct worker *w)
{
    struct visit *v = visit_of_job(job);

    v->res = check_node(v);
    if (v->res.code == FAIL_NONE) {
        v->res = auth_load(
            &v->ex->cx, w->store, w->net, &v->snapshot->settings.auth, &v->need,
            &v->loaded);
    }
    go_home(v, identify_at_home);
}

/* A renewal outlives its request: facts that get old are read again in the background. */
struct renewal {
    struct job job;
    struct http_post post;
    struct service *service;
    struct http_loop *home;
    struct loop *loop; /* only looked at there */
    struct snapshot *snapshot;
    struct auth_need need;
    struct auth_loaded *loaded;
};

static void renewal_free(struct renewal *r)
{
    auth_loaded_close(&r->loaded);
    snapshot_drop(&r->snapshot);
    heap_free(r);
}

static void renewal_drop(struct job *job)
{
    renewal_free(CONTAINER(struct renewal, job, job));
}

static void renewal_at_home(struct http_post *post)
{
    struct renewal *r = CONTAINER(struct renewal, post, post);

    if (r->snapshot == r->loop->snapshot) {
        auth_keep(r->loop->cache, r->loaded);
    }
    renewal_free(r);
}

static void renewal_in_worker(struct job *job, struct worker *w)
{
    struct renewal *r = CONTAINER(struct renewal, job, job);
    struct cx cx = {
        .deadline_ms = clock_mono_ms() + r->snapshot->settings.total_timeout_ms};
    bool ok =
        node_may_serve(r->service)
        && auth_load(
               &cx, w->store, w->net, &r->snapshot->settings.auth, &r->need, &r->loaded)
                   .code
               == FAIL_NONE;

    cx_done(&cx);
    if (!ok || !http_loop_post(r->home, &r->post)) {
        renewal_free(r);
    }
}

static void renew(struct visit *v)
{
    struct renewal *r = heap_alloc(sizeof(*r));

    *r = (struct renewal){
        .job = {.run = renewal_in_worker, .drop = renewal_drop},
        .post = {.run = renewal_at_home                       },
        .service = v->loop->service,
        .home = v->ex->loop,
        .loop = v->loop,
        .snapshot = snapshot_hold(v->snapshot),
        .need = v->need,
    };
    if (!lanes_push(v->loop->service->lanes, QUEUE_SLOW, &r->job)) {
        renewal_free(r); /* the facts end, and then it is loaded as cold */
    }
}

static void identify(struct visit *v)
{
    struct cx *cx = &v->ex->cx;
    struct auth_error error = {0};
    struct auth_ask ask = ask_of(v);
    Res res = auth_check(cx, &ask, &v->need, &v->call.who, &error);

    v->call.retry_after_s = error.retry_after_s;
    if (error.field.n > 0) {
        res = call_field_error(&v->call, error.field, error.message);
    }
    if (res.code != FAIL_NONE) {
        finish(v, res);
    } else if (v->need.is_renewal) {
        renew(v);
        act(v);
    } else if (!v->need.credential && !v->need.provider) {
        act(v);
    } else if (v->loaded == NULL) {
        leave(v, QUEUE_COLD, (struct job){.run = load_in_worker, .drop = drop});
    } else {
        finish(v, fail(cx, FAIL_INTERNAL, "cold again with what was loaded"));
    }
}

/* The beginning: what can be said without knowing who asks. */

static bool char_is_id(unsigned char c)
{
    return char_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

/* A system call for many: an id is no secret, it only has to be unlike all others. */
static Str new_id(struct arena *mem, struct loop *loop)
{
    if (loop->n_ids == 0) {
        seal_random(loop->ids, sizeof(loop->ids));
        loop->n_ids = IDS_AT_ONCE;
    }
    return b64url_encode(mem, (Str){(const char *)loop->ids[--loop->n_ids], ID_BYTES});
}

static void take_request_id(struct http_exchange *ex)
{
    Str id;

    if (http_header(&ex->req, S("X-Request-Id"), &id) != 1
        || id.n > LIMIT_REQUEST_ID_BYTES || !str_is_only(id, char_is_id)) {
        id = new_id(&ex->cx.mem, ex->loop_data);
    }
    memcpy(ex->cx.request_id, id.p, id.n);
    ex->cx.request_id[id.n] = 0;
}

/* The loop's snapshot, after a look whether a newer one is in force. */
static struct snapshot *loop_snapshot(struct loop *loop)
{
    unsigned now = atomic_load(&loop->service->generation);

    if (now != loop->generation) {
        snapshot_drop(&loop->snapshot);
        loop->snapshot = service_snapshot(loop->service);
        loop->generation = now;
        auth_cache_clear(loop->cache);
    }
    return loop->snapshot;
}

static struct visit *visit_open(struct http_exchange *ex)
{
    struct visit *v = NEW(&ex->cx.mem, struct visit);

    v->ex = ex;
    v->loop = ex->loop_data;
    v->snapshot = loop_snapshot(v->loop);
    v->call = (struct call){
        .cx = &ex->cx,
        .req = &ex->req,
        .answer = &ex->answer,
        .settings = &v->snapshot->settings,
    };
    ex->user = v;
    ex->cx.deadline_ms = clock_mono_ms() + v->snapshot->settings.total_timeout_ms;
    take_request_id(ex);
    return v;
}

static void answer_options(struct visit *v)
{
    v->ex->answer.status = 204;
    http_answer_header(
        &v->ex->answer, S("Allow"), route_methods(&v->ex->cx.mem, v->path));
}

/* With the path of the public URL before it too: not every proxy takes that off. */
static Res find_route(struct call *c, struct route *ret)
{
    const struct http_request *req = c->req;
    Str before = c->settings->public_path;
    Res found = route_find(c->cx, req->path, req->method, ret);

    if (found.code != FAIL_NOT_FOUND || before.n == 0 || !str_starts(req->path, before)) {
        return found;
    }
    return route_find(c->cx, str_sub(req->path, before.n, req->path.n), req->method, ret);
}

/* Path, method, format. The format of a 404 and a 405 is what was asked for, where that
 * can be said; a query that can't be read is refused with the format, or left to a
 * callback, which then has no state. */
static Res admit(struct visit *v)
{
    struct call *c = &v->call;
    const struct http_request *req = c->req;
    struct param *params = NULL;
    struct route route;

    if (req->refusal != FAIL_NONE) {
        v->ex->answer.close = true;
        return fail(c->cx, req->refusal, "no request that can be served");
    }
    Res query = query_parse(c->cx, req->query, &params, &c->n_params);

    c->params = params;
    Res format = negotiate(c);
    Res found = find_route(c, &route);

    v->path = route.path;
    c->endpoint = route.endpoint;
    memcpy(c->args, route.args, sizeof(c->args));
    if (v->path != NULL && req->method == METHOD_OPTIONS) {
        answer_options(v);
        return OK;
    }
    TRY(found);
    if (c->endpoint->kind != ENDPOINT_API) {
        return OK;
    }
    if (query.code != FAIL_NONE) {
        return call_field_error(c, S("non_field_errors"), S("The query cannot be read."));
    }
    return format;
}

void serve_handle(struct http_exchange *ex)
{
    struct visit *v = visit_open(ex);
    Res res = admit(v);

    if (res.code != FAIL_NONE || ex->answer.status != 0) {
        finish(v, res);
    } else if (v->call.endpoint->kind == ENDPOINT_API) {
        identify(v);
    } else {
        act(v);
    }
}

void *serve_thread_start(void *service, struct http_loop *http)
{
    (void)http;
    struct loop *loop = heap_alloc(sizeof(*loop));

    loop->service = service;
    loop->cache = auth_cache_open();
    loop->generation = atomic_load(&loop->service->generation);
    loop->snapshot = service_snapshot(service);
    (void)seal_thread_begin();
    log_gather();
    return loop;
}

void serve_thread_stop(void *service, void *loop_data)
{
    struct loop *loop = loop_data;

    (void)service;
    log_gather_end();
    seal_thread_end();
    auth_cache_close(&loop->cache);
    snapshot_drop(&loop->snapshot);
    heap_free(loop);
}

struct service *service_of_call(struct call *c)
{
    return CONTAINER(struct visit, call, c)->loop->service;
}
