/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finish.c - the headers that every answer has, and the one log line of a request.
 */
#include "api/errors.h"
#include "app/routes.h"
#include "app/visit.h"
#include "base/buf.h"
#include "base/clock.h"

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
static void add_cors(struct visit *v)
{
    struct http_answer *a = &v->ex->answer;
    Str origin, wish;

    if (http_header(&v->ex->req, S("Origin"), &origin) != 1
        || !origin_is_allowed(&v->snapshot->settings, origin)) {
        return;
    }
    http_answer_header(a, S("Access-Control-Allow-Origin"), origin);
    http_answer_header(
        a, S("Access-Control-Expose-Headers"), S("Retry-After, X-Request-Id"));
    if (v->ex->req.method == METHOD_OPTIONS && v->path != NULL
        && http_header(&v->ex->req, S("Access-Control-Request-Method"), &wish) == 1) {
        http_answer_header(
            a, S("Access-Control-Allow-Methods"), route_methods(&v->ex->cx.mem, v->path));
        http_answer_header(
            a, S("Access-Control-Allow-Headers"),
            S("Authorization, Content-Type, TeamUp-Provider-ID, Teamup-Request-Mode, "
              "Caldock-User, X-Request-Id"));
        http_answer_header(a, S("Access-Control-Max-Age"), S("600"));
    }
}

bool visit_is_callback(const struct visit *v)
{
    return v->path != NULL && v->path->kind == ENDPOINT_CALLBACK;
}

void visit_headers(struct visit *v)
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
    add_cors(v);
}

enum { PAIRS_MOST = 16, NUMBER_BYTES = 32 };

struct line {
    struct log_pair at[PAIRS_MOST];
    size_t n;
};

/* An empty value says nothing, and is left out. */
static void add(struct line *l, const char *key, Str value)
{
    if (value.n > 0) {
        must_be(l->n < PAIRS_MOST);
        l->at[l->n++] = (struct log_pair){key, value};
    }
}

static Str ms_text(struct arena *mem, int64_t us)
{
    struct buf b = {.mem = mem, .max = NUMBER_BYTES};

    buf_add_int(&b, us / 1000);
    buf_add_char(&b, '.');
    for (int64_t unit = 100; unit > 0; unit /= 10) {
        buf_add_int(&b, us / unit % 10);
    }
    return buf_text(&b);
}

static Str credential_text(struct arena *mem, const struct identity *who)
{
    switch (who->credential) {
    case CREDENTIAL_TOKEN:
        return str_cat(mem, S("token:"), str_int(mem, who->token_id));
    case CREDENTIAL_JWT:
        return str_cat(mem, S("jwt:"), who->issuer);
    }
    return S(""); /* nobody, so far */
}

/* From the folder on, wherever it was built. */
static Str short_path(Str file)
{
    for (size_t i = file.n; i > 0; i--) {
        Str rest = str_sub(file, i - 1, file.n);

        if (str_starts(rest, S("src/"))) {
            return rest;
        }
    }
    return file;
}

static void add_failure(struct line *l, const struct visit *v)
{
    struct arena *mem = &v->ex->cx.mem;
    Str file = short_path(str_from_z(v->ex->cx.why.file));

    add(l, "code", error_row(v->res.code)->code);
    add(l, "reason", str_from_z(v->ex->cx.why.text));
    add(l, "at",
        str_cat(mem, str_cat(mem, file, S(":")), str_int(mem, v->ex->cx.why.line)));
}

void visit_log(const struct visit *v)
{
    struct http_exchange *ex = v->ex;
    const struct call *c = &v->call;
    struct arena *mem = &ex->cx.mem;
    enum log_level level = ex->answer.status >= 500 ? LEVEL_ERROR : LEVEL_INFO;
    struct line l = {.n = 0};

    if (!log_is_on(level)) {
        return;
    }
    add(&l, "id", str_from_z(ex->cx.request_id));
    add(&l, "client", client_address(&v->snapshot->config->trusted_proxies, &ex->req));
    add(&l, "method", method_name(ex->req.method));
    add(&l, "route", c->endpoint == NULL ? S("none") : c->endpoint->name);
    add(&l, "status", str_int(mem, ex->answer.status));
    add(&l, "ms", ms_text(mem, clock_mono_us() - ex->req.started_us));
    add(&l, "credential", credential_text(mem, &c->who));
    add(&l, "provider", c->who.provider > 0 ? str_int(mem, c->who.provider) : S(""));
    add(&l, "outcome", c->outcome);
    if (v->res.code != FAIL_NONE) {
        add_failure(&l, v);
    }
    log_write(level, "request", l.at, l.n);
}
