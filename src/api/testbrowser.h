/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testbrowser.h - a browser that comes back from Google, on a test bed.
 *
 * Only for test_*.c.
 */
#pragma once

#include "api/callback.h"
#include "api/endpoints.h"
#include "base/clock.h"
#include "base/limits.h"
#include "grants/testbed.h"

/* One request of a browser. */
struct browser_visit {
    struct call call;
    struct http_answer answer;
    struct flow flow; /* of the state that it carries */
    Res res;
};

static inline Str browser_state(
    struct flow *flow, enum source_id source, int64_t expires_s)
{
    Str state;

    *flow = (struct flow){
        .credential = CREDENTIAL_TOKEN,
        .token_id = bed.token,
        .provider = BED_PROVIDER,
        .mode = MODE_PROVIDER,
        .source = source,
        .redirect_uri = S(BED_REDIRECT),
        .expires_s = expires_s,
    };
    T_OK(state_seal(t_cx(), bed.keyring, flow, &state));
    return state;
}

static inline Str browser_google_state(void)
{
    struct flow flow;

    return browser_state(&flow, SOURCE_GOOGLE, clock_now_s() + CLOCK_MINUTE_S);
}

/* A call as the lanes make it, not yet run. */
static inline struct browser_visit *browser_new(Str query)
{
    static const struct http_request plain;
    static const struct endpoint google = {.source = SOURCE_GOOGLE};
    struct browser_visit *v = NEW(&t_cx()->mem, struct browser_visit);
    struct param *params = NULL;

    T_OK(url_query_parse(t_cx(), query, &params, &v->call.n_params));
    v->call.cx = t_cx();
    v->call.req = &plain;
    v->call.answer = &v->answer;
    v->call.work.settings = &bed.settings;
    v->call.work.worker = &bed.worker;
    v->call.params = params;
    v->call.endpoint = &google;
    return v;
}

static inline void browser_run(struct browser_visit *v)
{
    t_cx()->deadline_ms = clock_mono_ms() + BED_TIMEOUT_MS;
    v->res = callback_run(&v->call);
    t_cx()->deadline_ms = 0;
}

static inline struct browser_visit *browser_visits(Str state, Str rest)
{
    Str query = str_cat(&t_cx()->mem, S("state="), state);
    struct browser_visit *v = browser_new(str_cat(&t_cx()->mem, query, rest));

    browser_run(v);
    return v;
}

static inline Str browser_header(const struct browser_visit *v, Str name)
{
    Str found = S("");

    for (size_t i = 0; i < v->answer.n_extra; i++) {
        if (str_eq_nocase(v->answer.extra[i].name, name)) {
            found = v->answer.extra[i].value;
        }
    }
    return found;
}

/* docs/api.md §6; SECURITY 27: the query of the application's redirect_uri is kept. */
static inline void browser_ended_with(const struct browser_visit *v, Str error)
{
    T_INT(v->answer.status, 303);
    T_STR(
        browser_header(v, S("Location")),
        str_cat(&t_cx()->mem, S(BED_REDIRECT "&success=0&error="), error));
    T_STR(v->call.outcome, error);
    T_INT(v->answer.body.n, 0);
}

static inline void browser_got_page(const struct browser_visit *v, int status)
{
    T_INT(v->answer.status, status);
    T_STR(browser_header(v, S("Location")), S(""));
    T_TRUE(str_starts(v->answer.body, S("<!doctype html>")));
}

static inline void browser_was_told_to_wait(const struct browser_visit *v)
{
    int64_t pause_s = 0;

    T_TRUE(str_to_int(browser_header(v, S("Retry-After")), &pause_s));
    T_TRUE(pause_s >= 1 && pause_s <= 1 + LIMIT_RETRY_SPREAD_S);
}
