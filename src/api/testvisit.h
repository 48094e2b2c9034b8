/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testvisit.h - a browser that comes back from Google, on a test bed.
 *
 * Only for test_*.c.
 */
#pragma once

#include "api/connect.h"
#include "api/endpoints.h"
#include "api/testbed.h"

enum { MINUTE_S = 60 };

/* One request of a browser. */
struct visit {
    struct call call;
    struct http_answer answer;
    struct flow flow; /* of the state that it carries */
    Res res;
};

static inline Str seal(struct flow *flow, enum source_id source, int64_t expires_s)
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

static inline Str google_state(void)
{
    struct flow flow;

    return seal(&flow, SOURCE_GOOGLE, clock_now_s() + MINUTE_S);
}

/* A call as the lanes make it, not yet run. */
static inline struct visit *visit_new(Str query)
{
    struct visit *v = NEW(&t_cx()->mem, struct visit);
    struct param *params = NULL;

    T_OK(query_parse(t_cx(), query, &params, &v->call.n_params));
    v->call.cx = t_cx();
    v->call.answer = &v->answer;
    v->call.settings = &bed.settings;
    v->call.worker = &bed.worker;
    v->call.params = params;
    return v;
}

static inline void visit_run(struct visit *v)
{
    t_cx()->deadline_ms = clock_mono_ms() + BED_TIMEOUT_MS;
    v->res = callback_google_run(&v->call);
    t_cx()->deadline_ms = 0;
}

static inline struct visit *visit(Str state, Str rest)
{
    Str query = str_cat(&t_cx()->mem, S("state="), state);
    struct visit *v = visit_new(str_cat(&t_cx()->mem, query, rest));

    visit_run(v);
    return v;
}

static inline Str header(const struct visit *v, Str name)
{
    Str found = S("");

    for (size_t i = 0; i < v->answer.n_extra; i++) {
        if (str_eq_nocase(v->answer.extra[i].name, name)) {
            found = v->answer.extra[i].value;
        }
    }
    return found;
}

/* Contract §6; oauth-security 27: the application's own query is kept. */
static inline void ended_with(const struct visit *v, Str error)
{
    T_INT(v->answer.status, 303);
    T_STR(
        header(v, S("Location")),
        str_cat(&t_cx()->mem, S(BED_REDIRECT "&success=0&error="), error));
    T_STR(v->call.outcome, error);
    T_INT(v->answer.body.n, 0);
}

static inline void got_page(const struct visit *v, int status)
{
    T_INT(v->answer.status, status);
    T_STR(header(v, S("Location")), S(""));
    T_TRUE(str_starts(v->answer.body, S("<!doctype html>")));
}
