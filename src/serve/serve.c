/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - the way of a request: admit, identify, act, finish (docs/api.md §2, last
 * line).
 *
 * On its loop thread a request never blocks. A cold credential and a slow endpoint leave
 * as jobs of the lanes and come home by http_post; the visit holds all that they need
 * meanwhile, since they may not touch the loop.
 */
#include "serve/serve.h"

#include <string.h>

#include "api/callback_page.h"
#include "api/errors.h"
#include "auth/check.h"
#include "auth/load.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "calendars/shared.h"
#include "seal/seal.h"
#include "serve/auth_log.h"
#include "serve/finish.h"
#include "serve/negotiate.h"
#include "serve/routes.h"
#include "serve/visit.h"

#define CONTAINER(type, member, p) ((type *)(void *)((char *)(p)-offsetof(type, member)))

static void visit_identify(struct visit *v);

/* Finish: the answer to a failure, the headers of every answer, the log line. */

/* A failed callback shows the person a page. A browser only sends GET there, so another
 * method gets the API's error. */
static void visit_answer_failure(struct visit *v)
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

/* A callback's handler fills the answer also when it fails; its result is for the log. */
static bool visit_has_answered(const struct visit *v)
{
    return visit_is_callback(v) && v->ex->answer.status != 0;
}

static void visit_finish(struct visit *v, Res res)
{
    struct http_exchange *ex = v->ex;

    v->res = res;
    if (res.code != FAIL_NONE && !visit_has_answered(v)) {
        visit_answer_failure(v);
    }
    finish_headers(v);
    finish_count(v);
    finish_log(v);
    if (v->call.at_end != NULL) {
        v->call.at_end(&v->call);
    }
    auth_loaded_close(&v->loaded);
    if (v->has_ref) {
        snapshot_unref(&v->snapshot);
    }
    http_send(ex);
}

/* The two crossings: away from the loop thread as a job, and home again as a post. */

static void visit_leave(struct visit *v, enum work_pool pool, struct job job)
{
    v->job = job;
    auth_detach(&v->ex->cx.mem, &v->call.who);
    if (!v->has_ref) {
        (void)snapshot_ref(v->snapshot);
        v->has_ref = true;
    }
    if (!lanes_push(v->loop->service->lanes, pool, &v->job)) {
        visit_finish(v, fail(&v->ex->cx, FAIL_UNAVAILABLE, "the queue is full"));
    }
}

static void visit_go_home(struct visit *v, void (*run)(struct http_post *self))
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

static void visit_finish_at_home(struct http_post *post)
{
    struct visit *v = visit_of_post(post);

    visit_finish(v, v->res);
}

static void visit_drop(struct job *job)
{
    struct visit *v = visit_of_job(job);

    v->res = fail(&v->ex->cx, FAIL_UNAVAILABLE, "the service is stopping");
    visit_go_home(v, visit_finish_at_home);
}

/* A node whose keys the store doesn't know yet may not use it. */
static Res visit_check_node(struct visit *v)
{
    if (!readiness_may_serve(&v->loop->service->readiness)) {
        return fail(
            &v->ex->cx, FAIL_UNAVAILABLE,
            "the store has not been reached yet, or doesn't know this node's keys");
    }
    return OK;
}

/* Act: the endpoint's handler. */

static Res visit_run_slow(struct visit *v)
{
    if (v->call.endpoint->needs_node) {
        TRY(visit_check_node(v));
    }
    return v->call.endpoint->run(&v->call);
}

/* false: the key, or the pool that the job moves to, has no room. */
static bool visit_park(struct visit *v, struct lanes *lanes)
{
    const struct work *work = &v->call.work;
    const struct park how = {
        work->park_key, work->park_most, v->ex->cx.deadline_ms, work->park_what};

    return work->move_to != POOL_NONE ? lanes_move(lanes, &v->job, work->move_to)
                                      : lanes_park(lanes, &v->job, &how);
}

/* Background work that the handler has made due. */
static void visit_wake_chores(struct visit *v)
{
    struct service *s = v->loop->service;
    struct work *work = &v->call.work;

    if (work->has_revocation) {
        chores_want_revocation(&s->chores);
    }
    if (work->has_due_sync) {
        shared_look_again(s->shared, SHARED_SYNC);
        chores_want_sync(&s->chores);
    }
    if (work->has_due_push && shared_look_soon(s->shared, SHARED_PUSH)) {
        chores_want_push(&s->chores);
    }
    work->has_revocation = false;
    work->has_due_sync = false;
    work->has_due_push = false;
}

static void visit_act_in_worker(struct job *job, struct worker *w)
{
    struct visit *v = visit_of_job(job);
    struct lanes *lanes = v->loop->service->lanes;

    v->call.work.worker = w;
    v->call.work.is_parked = false;
    v->call.work.move_to = POOL_NONE;
    v->res = visit_run_slow(v);
    visit_wake_chores(v);
    if (v->res.code == FAIL_NONE && v->call.work.is_parked) {
        if (visit_park(v, lanes)) {
            return; /* another worker may run the job already: don't touch it */
        }
        v->res = fail(&v->ex->cx, FAIL_UNAVAILABLE, "too many wait for the same work");
        v->call.work.park_key = S("");
    }
    lanes_done(lanes, job, v->call.work.park_key);
    visit_go_home(v, visit_finish_at_home);
}

static void visit_act(struct visit *v)
{
    const struct endpoint *e = v->call.endpoint;

    enum work_pool pool = e->pool;

    if (pool == POOL_NONE) {
        Res res = e->run(&v->call);

        if (res.code != FAIL_NONE || !v->call.work.is_parked) {
            visit_finish(v, res);
            return;
        }
        pool = v->call.work.move_to;
    }
    visit_leave(v, pool, (struct job){.run = visit_act_in_worker, .drop = visit_drop});
}

/* Identify: the caller, from the caches or from what a worker loads. */

static struct auth_ask visit_auth_ask(struct visit *v)
{
    return (struct auth_ask){
        .cache = v->loop->cache,
        .settings = &v->snapshot->settings.auth,
        .req = &v->ex->req,
        .loaded = v->loaded,
        .now_ms = clock_mono_ms(),
    };
}

static void visit_load_in_worker(struct job *job, struct worker *w);

/* Checks again with the data that a worker has loaded, and caches it for this thread.
 */
static void visit_identify_at_home(struct http_post *post)
{
    struct visit *v = visit_of_post(post);

    if (v->res.code != FAIL_NONE) {
        visit_finish(v, v->res);
        return;
    }
    if (v->snapshot == v->loop->snapshot) {
        auth_keep(v->loop->cache, v->loaded);
    }
    visit_identify(v);
}

/* A token that nothing has verified yet may cause a fetch of keys. It is fetched by
 * workers of its own, so that no other credential waits for it. */
static void visit_load_in_worker(struct job *job, struct worker *w)
{
    struct visit *v = visit_of_job(job);
    const struct auth_settings *settings = &v->snapshot->settings.auth;
    bool is_cold = w->pool == POOL_COLD;

    v->res = visit_check_node(v);
    if (v->res.code == FAIL_NONE && is_cold
        && auth_needs_fetch(&v->ex->cx, settings, &v->gap)) {
        if (lanes_move(v->loop->service->lanes, job, POOL_ISSUERS)) {
            return; /* another worker may run the job already */
        }
        v->res = fail(&v->ex->cx, FAIL_UNAVAILABLE, "the queue is full");
    }
    if (v->res.code == FAIL_NONE) {
        v->res = auth_load(
            &v->ex->cx, w->store, is_cold ? NULL : w->net, settings, &v->gap, &v->loaded);
    }
    visit_go_home(v, visit_identify_at_home);
}

/* Reads a cached entry again in the background before it ends. The renewal outlives the
 * request that started it. */
struct renewal {
    struct job job;
    struct http_post post;
    struct service *service;
    struct http_loop *home;
    struct loop *loop; /* used on its own thread only */
    struct snapshot *snapshot;
    struct auth_gap gap;
    struct auth_loaded *loaded;
};

static void renewal_free(struct renewal *r)
{
    auth_loaded_close(&r->loaded);
    snapshot_unref(&r->snapshot);
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
        readiness_may_serve(&r->service->readiness)
        && auth_load(
               &cx, w->store, w->net, &r->snapshot->settings.auth, &r->gap, &r->loaded)
                   .code
               == FAIL_NONE;

    cx_done(&cx);
    if (!ok || !http_loop_post(r->home, &r->post)) {
        renewal_free(r);
    }
}

static void renewal_start(struct visit *v)
{
    struct renewal *r = heap_alloc(sizeof(*r));

    *r = (struct renewal){
        .job = {.run = renewal_in_worker, .drop = renewal_drop},
        .post = {.run = renewal_at_home},
        .service = v->loop->service,
        .home = v->ex->loop,
        .loop = v->loop,
        .snapshot = snapshot_ref(v->snapshot),
        .gap = v->gap,
    };
    if (!lanes_push(v->loop->service->lanes, POOL_STORE, &r->job)) {
        renewal_free(r); /* the cached entry ends, and the credential is then cold */
    }
}

static void visit_count_refusal(const struct visit *v, Res res)
{
    const struct metric_label *codes = metric_families[METRIC_AUTH_REFUSED].labels[1];
    const size_t values[] = {
        (size_t)v->gap.kind, metric_value_of(codes, error_row(res.code)->code)};

    metric_add(METRIC_AUTH_REFUSED, metric_place_of(METRIC_AUTH_REFUSED, values), 1);
}

static enum metric_cached visit_cached_as(const struct auth_gap *gap)
{
    if (gap->is_renewal) {
        return METRIC_CACHED_RENEWED;
    }
    return gap->credential || gap->provider ? METRIC_CACHED_MISS : METRIC_CACHED_HIT;
}

/* A caller who had to be loaded was counted before. */
static void visit_count_caller(const struct visit *v, Res res)
{
    if (res.code == FAIL_THROTTLED) {
        metric_add(METRIC_THROTTLED, 0, 1);
    } else if (res.code != FAIL_NONE) {
        visit_count_refusal(v, res);
    } else if (v->loaded == NULL) {
        metric_add(METRIC_AUTH_CACHE, visit_cached_as(&v->gap), 1);
    }
}

static void visit_identify(struct visit *v)
{
    struct cx *cx = &v->ex->cx;
    struct auth_error error = {0};
    struct auth_ask ask = visit_auth_ask(v);
    Res res = auth_check(cx, &ask, &v->gap, &v->call.who, &error);

    v->call.work.retry_after_s = error.retry_after_s;
    if (error.field.n > 0) {
        res = call_field_error(&v->call, error.field, error.message);
    }
    visit_count_caller(v, res);
    if (res.code != FAIL_NONE) {
        call_hint(&v->call, error.hint);
        auth_log_refused(cx, &error.who, res.code);
        visit_finish(v, res);
    } else if (v->gap.is_renewal) {
        renewal_start(v);
        visit_act(v);
    } else if (!v->gap.credential && !v->gap.provider) {
        visit_act(v);
    } else if (v->loaded == NULL) {
        visit_leave(
            v, POOL_COLD, (struct job){.run = visit_load_in_worker, .drop = visit_drop});
    } else {
        visit_finish(v, fail(cx, FAIL_INTERNAL, "cold again with what was loaded"));
    }
}

/* Admit: all checks that don't depend on the caller. */

static bool char_is_id(unsigned char c)
{
    return char_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

enum { ID_CHARS = 19, ID_GROUP = 5 }; /* a group of digits with its dash */

/* Sixteen digits, as "4821-0937-1153-6620": a person may have to say them (api/
 * callback_page.c). An id is no secret; it only has to be unique (ADR 45). One system
 * call serves many. */
static Str request_id_new(struct arena *mem, struct loop *loop)
{
    char *text = arena_alloc(mem, ID_CHARS);

    if (loop->n_ids == 0) {
        seal_random(loop->ids, sizeof(loop->ids));
        loop->n_ids = IDS_AT_ONCE;
    }
    uint64_t left = loop->ids[--loop->n_ids];

    for (size_t i = ID_CHARS; i-- > 0;) {
        if (i % ID_GROUP == ID_GROUP - 1) {
            text[i] = '-';
        } else {
            text[i] = (char)('0' + left % 10);
            left /= 10;
        }
    }
    return (Str){text, ID_CHARS};
}

static void request_id_take(struct http_exchange *ex)
{
    Str id;

    if (http_header(&ex->req, S("X-Request-Id"), &id) != 1
        || id.n > LIMIT_REQUEST_ID_BYTES || !str_is_only(id, char_is_id)) {
        id = request_id_new(&ex->cx.mem, ex->loop_data);
    }
    memcpy(ex->cx.request_id, id.p, id.n);
    ex->cx.request_id[id.n] = 0;
}

/* Returns the snapshot in force, and drops this thread's caches when it is a new one. */
static struct snapshot *loop_snapshot(struct loop *loop)
{
    unsigned now = atomic_load(&loop->service->snapshots.generation);

    if (now != loop->generation) {
        snapshot_unref(&loop->snapshot);
        loop->snapshot = snapshots_now(&loop->service->snapshots);
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
        .work.settings = &v->snapshot->settings,
        .notices = v->loop->service->notices,
        .service = v->loop->service,
    };
    ex->user = v;
    ex->cx.deadline_ms = clock_mono_ms() + v->snapshot->settings.total_timeout_ms;
    request_id_take(ex);
    return v;
}

static void visit_answer_options(struct visit *v)
{
    v->ex->answer.status = 204;
    http_answer_header(
        &v->ex->answer, S("Allow"), route_methods(&v->ex->cx.mem, v->path));
}

/* Also finds a path that begins with the public URL's path, because not every proxy
 * removes that.
 */
static Res visit_find_route(
    struct cx *cx, const struct http_request *req, const struct settings *settings,
    struct route *ret)
{
    Str before = settings->public_path;
    Res found = route_find(cx, req->path, req->method, ret);

    if (found.code != FAIL_NOT_FOUND || before.n == 0 || !str_starts(req->path, before)) {
        return found;
    }
    return route_find(cx, str_sub(req->path, before.n, req->path.n), req->method, ret);
}

/* Of a request that can't be read: a person at a callback gets the page (docs/api.md
 * §9). The request line may have been read. */
static void visit_note_path(struct visit *v)
{
    struct route route;

    if (v->ex->req.refusal == FAIL_HEAD_TOO_LARGE
        && visit_find_route(&v->ex->cx, &v->ex->req, &v->snapshot->settings, &route).code
               == FAIL_NONE
        && route.endpoint->answers_itself) {
        v->path = route.path;
        v->call.endpoint = route.endpoint;
    }
}

/* Checks path, method and format. A 404 or 405 has the format that the caller wants, when
 * that can be told. A query that can't be read is refused; a callback reads its
 * parameters one by one instead, so that one bad parameter doesn't spoil the flow
 * (docs/api.md §9). */
static Res visit_admit(struct visit *v)
{
    struct call *c = &v->call;
    const struct http_request *req = c->req;
    struct param *params = NULL;
    struct route route;

    if (req->refusal != FAIL_NONE) {
        visit_note_path(v);
        v->ex->answer.close = true;
        call_hint(c, req->advice);
        return fail(
            c->cx, req->refusal, "no request that can be served%s%.*s",
            req->advice.n > 0 ? ". " : "", STR_ARG(req->advice));
    }
    Res query = url_query_parse(c->cx, req->query, &params, &c->n_params);

    c->params = params;
    Res format = negotiate_format(c);
    Res found = visit_find_route(c->cx, req, c->work.settings, &route);

    v->path = route.path;
    c->endpoint = route.endpoint;
    memcpy(c->args, route.args, sizeof(c->args));
    if (v->path != NULL && req->method == METHOD_OPTIONS) {
        visit_answer_options(v);
        return OK;
    }
    TRY(found);
    if (c->endpoint->answers_itself && query.code != FAIL_NONE) {
        url_query_parse_each(&c->cx->mem, req->query, &params, &c->n_params);
        c->params = params;
    }
    if (!c->endpoint->negotiates) {
        return OK;
    }
    if (query.code != FAIL_NONE) {
        return call_field_error(c, S("non_field_errors"), S("The query cannot be read."));
    }
    return format;
}

size_t serve_body_limit(const struct http_request *req, void *loop_data)
{
    struct loop *loop = loop_data;
    struct cx cx = {.deadline_ms = 0};
    struct route route;
    Res found = visit_find_route(&cx, req, &loop_snapshot(loop)->settings, &route);
    bool is_larger = found.code == FAIL_NONE && route.endpoint->body_most > 0;

    cx_done(&cx);
    return is_larger ? route.endpoint->body_most : LIMIT_BODY_BYTES;
}

void serve_handle(struct http_exchange *ex)
{
    struct visit *v = visit_open(ex);
    Res res = visit_admit(v);

    if (res.code != FAIL_NONE || ex->answer.status != 0) {
        visit_finish(v, res);
    } else if (v->call.endpoint->wants_credential) {
        visit_identify(v);
    } else {
        visit_act(v);
    }
}

void *serve_thread_start(void *service, struct http_loop *http)
{
    (void)http;
    struct loop *loop = heap_alloc(sizeof(*loop));

    loop->service = service;
    loop->cache = auth_cache_open();
    loop->generation = atomic_load(&loop->service->snapshots.generation);
    loop->snapshot = snapshots_now(&loop->service->snapshots);
    (void)seal_thread_begin();
    log_thread_begin();
    finish_thread_begin();
    return loop;
}

void serve_thread_stop(void *service, void *loop_data)
{
    struct loop *loop = loop_data;

    (void)service;
    log_thread_end();
    seal_thread_end();
    auth_cache_close(&loop->cache);
    snapshot_unref(&loop->snapshot);
    heap_free(loop);
}
