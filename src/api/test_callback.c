/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_callback.c - how a flow ends when the source gives no account (docs/api.md §6,
 * §9).
 *
 * The store is real, the source is a script. Accounts are test_connect.c's.
 */
#include <string.h>

#include "api/testbrowser.h"
#include "base/limits.h"
#include "base/metric.h"
#include "net/testserver.h"
#include "store/db.h"
#include "store/flows.h"

static bool is_open(Str state)
{
    struct browser_visit *v = browser_visits(state, S("&error=access_denied"));

    return str_eq(v->call.outcome, S("access_denied"));
}

/* SECURITY 13, 20, 26 */
TEST(test_callback_shows_the_page_when_the_state_is_not_trusted)
{
    struct flow flow;
    Str good = browser_google_state();
    char *altered = arena_alloc(&t_cx()->mem, good.n);
    Str microsoft =
        browser_state(&flow, SOURCE_MICROSOFT, clock_now_s() + CLOCK_MINUTE_S);

    memcpy(altered, good.p, good.n);
    altered[good.n - 1] = altered[good.n - 1] == 'A' ? 'Q' : 'A';
    const Str queries[] = {
        S(""),
        S("code=c"),
        S("error=access_denied"),
        S("state="),
        S("state=x&code=c"),
        str_cat(&t_cx()->mem, S("code=c&state="), (Str){altered, good.n}),
        str_cat(&t_cx()->mem, S("code=c&state="), str_sub(good, 0, good.n - 1)),
        str_cat(&t_cx()->mem, S("code=c&state="), microsoft),
        str_cat(
            &t_cx()->mem, str_cat(&t_cx()->mem, S("state="), good),
            str_cat(&t_cx()->mem, S("&state="), good)),
    };

    for (size_t i = 0; i < COUNT(queries); i++) {
        struct browser_visit *v = browser_new(queries[i]);

        browser_run(v);
        browser_got_page(v, 400);
        T_FAIL(FAIL_STATE_INVALID, v->res);
    }
    T_TRUE(is_open(good)); /* none of it used the flow up */
}

/* SECURITY 14, 23, 25: nothing goes to the source, which isn't even there. */
TEST(test_callback_ends_without_the_source)
{
    static const struct {
        Str rest;
        Str error;
    } rows[] = {
        {SI("&error=access_denied"), SI("access_denied")},
        {SI("&error=admin_policy_enforced"), SI("admin_consent_required")},
        {SI("&error=temporarily_unavailable"), SI("source_unavailable")},
        {SI("&error=invalid_scope"), SI("source_misconfigured")},
        {SI("&error=whatever"), SI("source_error")},
        {SI(""), SI("source_error")},
        {SI("&code=c&error=access_denied"), SI("source_error")},
        {SI("&code=c&code=d"), SI("source_error")},
        {SI("&code=c&iss=https%3A%2F%2Fevil.example"), SI("identity_invalid")},
        {SI("&error=access_denied&iss=https://evil.example"), SI("identity_invalid")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str sealed = browser_google_state();

        browser_ended_with(browser_visits(sealed, rows[i].rest), rows[i].error);
        /* reload, another code, another answer: the same again */
        browser_ended_with(browser_visits(sealed, rows[i].rest), rows[i].error);
        browser_ended_with(browser_visits(sealed, S("&code=another")), rows[i].error);
        browser_ended_with(
            browser_visits(sealed, S("&error=server_error")), rows[i].error);
    }
}

/* SECURITY 16 */
TEST(test_callback_ends_when_the_time_is_over)
{
    struct flow flow;
    Str sealed = browser_state(&flow, SOURCE_GOOGLE, clock_now_s());

    browser_ended_with(browser_visits(sealed, S("&code=c")), S("state_expired"));
    browser_ended_with(browser_visits(sealed, S("&code=c")), S("state_expired"));
}

static Res revoke_token_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return token_revoke(cx, db, bed.token, clock_now_ms());
}

static Res feature_off_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return provider_feature_set(cx, db, BED_PROVIDER, S(FEATURE_CALENDARS), false);
}

static Res pattern_remove_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return provider_pattern_remove(cx, db, BED_PROVIDER, S(BED_PATTERN));
}

static Res pattern_add_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return provider_pattern_add(cx, db, BED_PROVIDER, S(BED_PATTERN));
}

/* SECURITY 19 */
TEST(test_callback_ends_when_its_credential_was_revoked)
{
    T_OK(BED_WRITE(revoke_token_work, NULL));
    browser_ended_with(
        browser_visits(browser_google_state(), S("&code=c")),
        S("authorization_withdrawn"));
}

TEST(test_callback_ends_when_the_feature_went_off)
{
    T_OK(BED_WRITE(feature_off_work, NULL));
    browser_ended_with(
        browser_visits(browser_google_state(), S("&code=c")), S("feature_not_enabled"));
}

TEST(test_callback_ends_when_the_source_has_no_client_any_more)
{
    bed.settings.sources[0].is_on = false;
    browser_ended_with(
        browser_visits(browser_google_state(), S("&code=c")), S("source_misconfigured"));
}

/* SECURITY 7: what is no place of the application's any more is never redirected
 * to, expired or not, now or later. */
TEST(test_callback_never_redirects_where_no_pattern_allows_it)
{
    struct flow flow;
    Str sealed = browser_google_state();
    Str expired = browser_state(&flow, SOURCE_GOOGLE, clock_now_s() - CLOCK_MINUTE_S);

    T_OK(BED_WRITE(pattern_remove_work, NULL));
    browser_got_page(browser_visits(sealed, S("&code=c")), 400);
    browser_got_page(browser_visits(expired, S("&code=c")), 400);
    T_OK(BED_WRITE(pattern_add_work, NULL));
    browser_got_page(browser_visits(sealed, S("&code=c")), 400);
    browser_got_page(browser_visits(expired, S("&code=c")), 400);
}

/* The same of a flow that had ended before: that is remembered, and said again once there
 * is a place for it. */
TEST(test_callback_repeats_nothing_where_no_pattern_allows_it)
{
    Str sealed = browser_google_state();

    browser_ended_with(
        browser_visits(sealed, S("&error=access_denied")), S("access_denied"));
    T_OK(BED_WRITE(pattern_remove_work, NULL));
    browser_got_page(browser_visits(sealed, S("&error=access_denied")), 400);
    T_OK(BED_WRITE(pattern_add_work, NULL));
    browser_ended_with(browser_visits(sealed, S("&code=c")), S("access_denied"));
}

struct other {
    struct flow flow;
    int64_t ms;
};

static Str id_of(const struct flow *flow)
{
    return (Str){(const char *)flow->id, FLOW_ID_BYTES};
}

static Res other_claims_work(struct cx *cx, struct db *db, void *arg)
{
    const struct other *o = arg;
    struct lease lease = {.owner = S("other"), .length_ms = o->ms};
    struct flow_record record;

    return flow_claim(cx, db, id_of(&o->flow), &lease, &record);
}

static Res other_finishes_work(struct cx *cx, struct db *db, void *arg)
{
    const struct other *o = arg;

    return flow_finish(cx, db, id_of(&o->flow), S("other"), S("success"), 77);
}

/* SECURITY 15 */
TEST(test_callback_waits_for_who_came_first)
{
    struct other o = {.ms = CLOCK_MINUTE_MS};
    Str sealed = browser_state(&o.flow, SOURCE_GOOGLE, clock_now_s() + CLOCK_MINUTE_S);

    T_OK(BED_WRITE(other_claims_work, &o));
    struct browser_visit *v = browser_visits(sealed, S("&code=c"));

    T_TRUE(v->call.work.is_parked);
    T_STR(v->call.work.park_key, id_of(&o.flow));
    T_INT(v->answer.status, 0);
    T_OK(BED_WRITE(other_finishes_work, &o));
    browser_run(v);
    T_TRUE(!v->call.work.is_parked);
    T_INT(v->answer.status, 303);
    T_STR(browser_header(v, S("Location")), S(BED_REDIRECT "&success=1&account=77"));
    T_STR(v->call.outcome, S("success"));
}

TEST(test_callback_waits_no_longer_than_its_time)
{
    struct other o = {.ms = CLOCK_MINUTE_MS};
    Str sealed = browser_state(&o.flow, SOURCE_GOOGLE, clock_now_s() + CLOCK_MINUTE_S);

    T_OK(BED_WRITE(other_claims_work, &o));
    struct browser_visit *v = browser_visits(sealed, S("&code=c"));

    T_TRUE(v->call.work.is_parked);
    t_cx()->deadline_ms = clock_mono_ms();
    v->res = callback_run(&v->call);
    t_cx()->deadline_ms = 0;
    T_TRUE(!v->call.work.is_parked);
    browser_got_page(v, 503);
    browser_was_told_to_wait(v);
}

static Res claim_read_work(struct cx *cx, struct db *db, void *arg)
{
    return db_query_int(
        cx, db, "select max(claimed_until - made_at) from flows", DB_NONE, arg);
}

/* A call that takes all of its time has yet to write how the flow ended: nobody may take
 * the flow for lost meanwhile. */
TEST(test_callback_claims_the_flow_for_longer_than_it_may_take)
{
    int64_t claimed_ms = 0;

    browser_ended_with(
        browser_visits(browser_google_state(), S("&error=access_denied")),
        S("access_denied"));
    T_OK(store_read(t_cx(), bed.store, claim_read_work, &claimed_ms));
    T_INT(claimed_ms, BED_TIMEOUT_MS + LIMIT_CLAIM_MARGIN_MS);
}

/* A node that died in the middle: its code is never sent again. */
TEST(test_callback_ends_what_a_dead_node_had_begun)
{
    struct other o = {.ms = 0};
    Str sealed = browser_state(&o.flow, SOURCE_GOOGLE, clock_now_s() + CLOCK_MINUTE_S);

    T_OK(BED_WRITE(other_claims_work, &o));
    browser_ended_with(browser_visits(sealed, S("&code=c")), S("server_error"));
    browser_ended_with(browser_visits(sealed, S("&code=c")), S("server_error"));
}

#define ANSWER(status, body)                                                             \
    S("HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n" body)

/* SECURITY 4, 14, 29, 30, 33: one request, with what the start had promised. */
TEST(test_callback_sends_the_code_once)
{
    static struct server s;
    struct step step = {ANSWER("400 Bad", "{\"error\":\"invalid_grant\"}"), THEN_CLOSE};
    struct flow flow;
    struct flow_secrets secrets;
    Str sealed = browser_state(&flow, SOURCE_GOOGLE, clock_now_s() + CLOCK_MINUTE_S);

    T_OK(state_derive_secrets(t_cx(), bed.keyring, &flow, &secrets));
    testserver_start(&s, &step, 1);
    bed.settings.sources[0].client.token_url = testserver_url(&t_cx()->mem, &s, "/token");
    browser_ended_with(browser_visits(sealed, S("&code=4%2F0A")), S("code_rejected"));
    browser_ended_with(browser_visits(sealed, S("&code=4%2F0A")), S("code_rejected"));
    browser_ended_with(browser_visits(sealed, S("&code=other")), S("code_rejected"));
    testserver_stop(&s);
    T_INT(s.served, 1);
    Str request = testserver_request(&s, 0);

    T_TRUE(str_starts(request, S("POST /token HTTP/1.1\r\n")));
    T_TRUE(str_contains(request, S("grant_type=authorization_code")));
    T_TRUE(str_contains(request, S("code=4%2F0A")));
    T_TRUE(str_contains(request, (Str){secrets.verifier, FLOW_SECRET_TEXT}));
    T_TRUE(str_contains(
        request, S("redirect_uri=https%3A%2F%2Fcaldock.example%2Foauth2%2Fcallback")));
}

/* SECURITY 32, 34, 35, 36: whatever the token endpoint does. */
TEST(test_callback_ends_as_the_token_endpoint_answers)
{
    static const struct {
        struct step step;
        Str error;
    } rows[] = {
        {{SI("HTTP/1.1 503 Away\r\n\r\n"), THEN_CLOSE}, SI("source_unavailable")},
        {{SI("HTTP/1.1 429 Slow\r\n\r\n"), THEN_CLOSE}, SI("source_rate_limited")},
        {{SI("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), THEN_CLOSE},
         SI("source_error")},
        {{SI("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"), THEN_CLOSE},
         SI("source_error")},
        {{SI("HTTP/1.1 401 No\r\nContent-Type: application/json\r\n\r\n"
             "{\"error\":\"invalid_client\"}"),
          THEN_CLOSE},
         SI("source_misconfigured")},
        {{SI(""), THEN_RESET}, SI("source_unavailable")},
        {{SI("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
             "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":3599,"
             "\"refresh_token\":\"r\"}"),
          THEN_CLOSE},
         SI("identity_invalid")}, /* no ID token */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        Str sealed = browser_google_state();

        testserver_start(&s, &rows[i].step, 1);
        bed.settings.sources[0].client.token_url =
            testserver_url(&t_cx()->mem, &s, "/token");
        browser_ended_with(browser_visits(sealed, S("&code=c")), rows[i].error);
        browser_ended_with(browser_visits(sealed, S("&code=c")), rows[i].error);
        testserver_stop(&s);
        T_INT(s.served, 1);
    }
}

/* Whoever claims a flow is too slow from the start. */
static Res claims_end_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_exec(
        cx, db,
        "create trigger slow after insert on flows begin"
        " update flows set claimed_until = 0 where id = new.id; end",
        DB_NONE, NULL);
}

static int64_t lost_flows(void)
{
    const Str labels[] = {metric_source(SOURCE_GOOGLE), S("server_error")};
    int64_t *counts = NEW_N(&t_cx()->mem, int64_t, metric_places(METRIC_FLOWS_ENDED));

    metric_read(METRIC_FLOWS_ENDED, counts);
    return counts[metric_place_named(METRIC_FLOWS_ENDED, labels)];
}

TEST(test_callback_counts_its_own_flow_when_its_time_is_over)
{
    static struct server s;
    struct step step = {ANSWER("400 Bad", "{\"error\":\"invalid_grant\"}"), THEN_CLOSE};
    Str sealed = browser_google_state();
    int64_t before = lost_flows();

    T_OK(BED_WRITE(claims_end_work, NULL));
    testserver_start(&s, &step, 1);
    bed.settings.sources[0].client.token_url = testserver_url(&t_cx()->mem, &s, "/token");
    browser_ended_with(browser_visits(sealed, S("&code=c")), S("server_error"));
    testserver_stop(&s);
    T_INT(lost_flows(), before + 1);
    browser_ended_with(browser_visits(sealed, S("&code=c")), S("server_error"));
    T_INT(lost_flows(), before + 1);
}

TEST(test_callback_leaves_the_flow_open_while_the_store_is_away)
{
    struct store *good = bed.store;
    struct store *away = NULL;
    Str sealed = browser_google_state();
    struct store_options options = {
        .url = S("sqlite:nowhere/store.db"), .folder = str_from_z(bed.folder), .pool = 1};

    T_OK(store_open(t_cx(), &options, &away));
    bed.worker.store = away;
    struct browser_visit *v = browser_visits(sealed, S("&error=access_denied"));

    bed.worker.store = good;
    store_close(&away);
    browser_got_page(v, 503);
    browser_was_told_to_wait(v);
    T_TRUE(is_open(sealed));
}

T_MAIN(
    T_BED(test_callback_shows_the_page_when_the_state_is_not_trusted),
    T_BED(test_callback_ends_without_the_source),
    T_BED(test_callback_ends_when_the_time_is_over),
    T_BED(test_callback_ends_when_its_credential_was_revoked),
    T_BED(test_callback_ends_when_the_feature_went_off),
    T_BED(test_callback_ends_when_the_source_has_no_client_any_more),
    T_BED(test_callback_never_redirects_where_no_pattern_allows_it),
    T_BED(test_callback_repeats_nothing_where_no_pattern_allows_it),
    T_BED(test_callback_waits_for_who_came_first),
    T_BED(test_callback_waits_no_longer_than_its_time),
    T_BED(test_callback_claims_the_flow_for_longer_than_it_may_take),
    T_BED(test_callback_ends_what_a_dead_node_had_begun),
    T_BED(test_callback_sends_the_code_once),
    T_BED(test_callback_ends_as_the_token_endpoint_answers),
    T_BED(test_callback_counts_its_own_flow_when_its_time_is_over),
    T_BED(test_callback_leaves_the_flow_open_while_the_store_is_away))
