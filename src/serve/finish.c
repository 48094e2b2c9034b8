/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finish.c - the headers that every answer has, and the one log line of a request.
 */
#include "serve/finish.h"

#include "api/errors.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "serve/auth_log.h"
#include "serve/client.h"
#include "serve/routes.h"

static bool origin_is_allowed(const struct settings *s, Str origin)
{
    for (size_t i = 0; i < s->n_cors_origins; i++) {
        if (str_eq(s->cors_origins[i], origin)) {
            return true;
        }
    }
    return false;
}

/* CORS for exactly the configured origins, never with credentials. */
static void visit_add_cors(struct visit *v)
{
    struct http_answer *a = &v->ex->answer;
    Str origin, method;

    if (http_header(&v->ex->req, S("Origin"), &origin) != 1
        || !origin_is_allowed(&v->snapshot->settings, origin)) {
        return;
    }
    http_answer_header(a, S("Access-Control-Allow-Origin"), origin);
    http_answer_header(
        a, S("Access-Control-Expose-Headers"), S("Retry-After, X-Request-Id"));
    if (v->ex->req.method == METHOD_OPTIONS && v->path != NULL
        && http_header(&v->ex->req, S("Access-Control-Request-Method"), &method) == 1) {
        http_answer_header(
            a, S("Access-Control-Allow-Methods"), route_methods(&v->ex->cx.mem, v->path));
        http_answer_header(
            a, S("Access-Control-Allow-Headers"),
            S("Authorization, Content-Type, TeamUp-Provider-ID, Teamup-Request-Mode, "
              "Caldock-User, X-Request-Id"));
        http_answer_header(a, S("Access-Control-Max-Age"), S("600"));
    }
}

void finish_headers(struct visit *v)
{
    struct http_answer *a = &v->ex->answer;
    bool has_cors = v->snapshot->settings.n_cors_origins > 0;

    http_answer_header(a, S("X-Request-Id"), str_from_z(v->ex->cx.request_id));
    http_answer_header(a, S("Cache-Control"), S("no-store"));
    http_answer_header(a, S("X-Content-Type-Options"), S("nosniff"));
    if (visit_is_callback(v)) {
        http_answer_header(a, S("Referrer-Policy"), S("no-referrer"));
        return;
    }
    http_answer_header(
        a, S("Vary"),
        has_cors ? S("Accept, Authorization, Origin") : S("Accept, Authorization"));
    visit_add_cors(v);
}

/* Cuts the path before src/, which depends on where the binary was built. */
static Str line_short_path(Str file)
{
    for (size_t i = file.n; i > 0; i--) {
        Str rest = str_sub(file, i - 1, file.n);

        if (str_starts(rest, S("src/"))) {
            return rest;
        }
    }
    return file;
}

/* Where a failure came from: empty without one. */
static Str line_place(struct arena *mem, const struct visit *v)
{
    Str file = line_short_path(str_from_z(v->ex->cx.why.file));

    return str_cat(mem, str_cat(mem, file, S(":")), str_int(mem, v->ex->cx.why.line));
}

static bool line_is_wanted(const struct visit *v, enum log_level level)
{
    enum config_requests wanted = v->snapshot->config->log_requests;

    return log_is_on(level) && wanted != CONFIG_REQUESTS_NONE
           && (wanted == CONFIG_REQUESTS_ALL || v->res.code != FAIL_NONE
               || v->ex->answer.status >= 400);
}

/* Probes come every few seconds; service.unready says when they fail. */
static enum log_level line_level(const struct visit *v)
{
    if (v->call.endpoint != NULL && v->call.endpoint->is_probe) {
        return LEVEL_DEBUG;
    }
    return v->ex->answer.status >= 500 ? LEVEL_ERROR : LEVEL_INFO;
}

/* A callback answers a person, with pages that have no code. */
static bool finish_has_code(const struct visit *v)
{
    return v->res.code != FAIL_NONE
           && (!visit_is_callback(v) || v->res.code == FAIL_METHOD_NOT_ALLOWED);
}

void finish_thread_begin(void)
{
    metric_add(METRIC_HTTP_REQUESTS, 0, 0);
    metric_add(METRIC_HTTP_DURATION, 0, 0);
}

void finish_count(const struct visit *v)
{
    const struct endpoint *e = v->call.endpoint;
    const size_t values[] = {
        e != NULL ? e->counts_as : METRIC_ROUTE_NONE,
        e != NULL ? e->method : METHOD_OTHER,
        metric_status(v->ex->answer.status),
    };

    metric_add(METRIC_HTTP_REQUESTS, metric_place_of(METRIC_HTTP_REQUESTS, values), 1);
    if (values[0] < METRIC_ROUTES_TIMED) {
        metric_observe_us(
            METRIC_HTTP_DURATION, values[0], clock_mono_us() - v->ex->req.started_us);
    }
    if (finish_has_code(v)) {
        METRIC_COUNT(METRIC_ERRORS, error_row(v->res.code)->code);
    }
}

void finish_log(const struct visit *v)
{
    struct http_exchange *ex = v->ex;
    const struct call *c = &v->call;
    struct arena *mem = &ex->cx.mem;
    enum log_level level = line_level(v);
    bool has_failed = v->res.code != FAIL_NONE;
    bool has_code = has_failed && !visit_is_callback(v); /* a callback has outcomes */

    if (!line_is_wanted(v, level)) {
        return;
    }
    log_event(
        level, EVENT_REQUEST, KZ("flow", ex->cx.flow), KZ("request", ex->cx.request_id),
        KV("client", client_address(&v->snapshot->config->trusted_proxies, &ex->req)),
        KV("method", route_method_name(ex->req.method)),
        KV("route", c->endpoint == NULL ? S("none") : c->endpoint->name),
        KN("status", ex->answer.status), KUS("ms", clock_mono_us() - ex->req.started_us),
        KV("credential", auth_log_credential(mem, &c->who)),
        KI("provider", c->who.provider), KV("user", c->who.user), KV("source", c->source),
        KV("outcome", c->outcome),
        KV("code", has_code ? error_row(v->res.code)->code : S("")),
        KZ("reason", has_failed ? ex->cx.why.text : ""),
        KV("at", has_failed ? line_place(mem, v) : S("")));
}
