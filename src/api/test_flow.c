/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_flow.c - a flow from its callback to its account, against a script that plays
 * Google: token endpoint, keys, calendars, each asked once and in this order.
 */
#include <stdio.h>

#include "api/testbrowser.h"
#include "grants/revoke.h"
#include "net/testserver.h"
#include "oauth/testjwt.h"
#include "store/accounts.h"
#include "store/leases.h"
#include "store/revocations.h"

#define SUBJECT  "110169484474386276334"
#define CALENDAR "https://www.googleapis.com/auth/calendar.events"
#define LIST     "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
#define ALL      "openid " LIST " " CALENDAR

enum { STEPS = 3, TEXT_BYTES = 8192 };

/* One flow, with every answer that the source will give. */
struct play {
    struct server server;
    struct step steps[STEPS];
    struct flow flow;
    Str state;
};

static Str text(const char *format, ...) PRINTF(1, 2);

static Str text(const char *format, ...)
{
    char bytes[TEXT_BYTES];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(bytes, sizeof(bytes), format, args);

    va_end(args);
    T_TRUE(n > 0 && n < TEXT_BYTES);
    return str_dup(&t_cx()->mem, (Str){bytes, (size_t)n});
}

static struct step answer(Str json)
{
    return (struct step){
        text(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n%.*s",
            STR_ARG(json)),
        THEN_CLOSE};
}

static Str id_token(const struct flow *flow, EVP_PKEY *key)
{
    struct flow_secrets secrets;
    long long now = clock_now_s();

    T_OK(state_derive_secrets(t_cx(), bed.keyring, flow, &secrets));
    return test_token(
        &t_cx()->mem, key, S("{\"alg\":\"RS256\",\"kid\":\"k\"}"),
        text(
            "{\"iss\":\"https://accounts.google.com\",\"aud\":\"client\",\"sub\":\"" SUBJECT
            "\",\"email\":\"ada@gmail.com\",\"nonce\":\"%.*s\",\"iat\":%lld,\"exp\":%lld}",
            FLOW_SECRET_TEXT, secrets.nonce, now, now + 3600));
}

static struct play *play_open(const char *scope, const char *calendars)
{
    struct source_settings *own = &bed.settings.sources[SOURCE_GOOGLE - 1];
    struct play *p = NEW(&t_cx()->mem, struct play);
    struct arena *mem = &t_cx()->mem;
    CLEANUP(test_key_done) EVP_PKEY *key = test_rsa(2048);

    p->state = browser_state(&p->flow, SOURCE_GOOGLE, clock_now_s() + CLOCK_MINUTE_S);
    Str token = id_token(&p->flow, key);

    p->steps[0] = answer(text(
        "{\"access_token\":\"ya29\",\"token_type\":\"Bearer\",\"expires_in\":3599,"
        "\"refresh_token\":\"1//r\",\"scope\":\"%s\",\"id_token\":\"%.*s\"}",
        scope, STR_ARG(token)));
    p->steps[1] = answer(test_jwks(mem, test_jwk(mem, key, S(",\"kid\":\"k\""))));
    p->steps[2] = answer(str_from_z(calendars));
    testserver_start(&p->server, p->steps, STEPS);
    own->client.token_url = testserver_url(mem, &p->server, "/token");
    own->api_url = testserver_url(mem, &p->server, "/calendar/v3");
    own->jwks = jwks_open(testserver_url(mem, &p->server, "/certs"), &bed.settings.net);
    return p;
}

static void play_close(struct play *p, size_t served)
{
    testserver_stop(&p->server);
    jwks_unref(&bed.settings.sources[SOURCE_GOOGLE - 1].jwks);
    T_INT(p->server.served, served);
}

struct stored {
    int64_t tasks;
    int64_t accounts;
    bool got; /* the lease on the person */
};

static Res look_work(struct cx *cx, struct db *db, void *arg)
{
    struct stored *s = arg;

    TRY(revocation_count(cx, db, &s->tasks));
    return account_count_subject(cx, db, SOURCE_GOOGLE, S(SUBJECT), &s->accounts);
}

static struct stored stored(void)
{
    struct stored s = {0};

    T_OK(store_read(t_cx(), bed.store, look_work, &s));
    return s;
}

static Res hold_work(struct cx *cx, struct db *db, void *arg)
{
    struct lease lease = {.owner = S("another"), .length_ms = CLOCK_MINUTE_MS};

    return lease_take(
        cx, db, revoke_lease_name(&cx->mem, SOURCE_GOOGLE, S(SUBJECT)), &lease, arg);
}

static Res let_go_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return lease_drop(
        cx, db, revoke_lease_name(&cx->mem, SOURCE_GOOGLE, S(SUBJECT)), S("another"));
}

static bool lease_is_free(void)
{
    bool got = false;

    T_OK(BED_WRITE(hold_work, &got));
    return got;
}

/* SECURITY 14, 61 */
TEST(test_flow_connects_an_account_once)
{
    struct play *p = play_open(ALL, "{\"items\":[{\"id\":\"ada@gmail.com\"}]}");

    for (int i = 0; i < 3; i++) {
        struct browser_visit *v = browser_visits(p->state, S("&code=c"));

        T_OK(v->res);
        T_INT(v->answer.status, 303);
        T_STR(browser_header(v, S("Location")), S(BED_REDIRECT "&success=1&account=1"));
        T_STR(v->call.outcome, S("success"));
    }
    play_close(p, 3);
    Str request = testserver_request(&p->server, 2);

    T_TRUE(str_starts(request, S("GET /calendar/v3/users/me/calendarList?")));
    T_TRUE(str_contains(request, S("\r\nAuthorization: Bearer ya29\r\n")));
    T_INT(stored().accounts, 1);
    T_INT(stored().tasks, 0);
    T_TRUE(lease_is_free());
}

/* docs/api.md §6 and §9: the fresh grant is revoked again, the code is not sent again. */
TEST(test_flow_gives_back_a_grant_that_is_too_small)
{
    struct play *p = play_open("openid " LIST, "{}");

    browser_ended_with(browser_visits(p->state, S("&code=c")), S("missing_scopes"));
    browser_ended_with(browser_visits(p->state, S("&code=c")), S("missing_scopes"));
    play_close(p, 2);
    T_INT(stored().accounts, 0);
    T_INT(stored().tasks, 1);
}

TEST(test_flow_gives_back_the_grant_of_who_has_no_calendar)
{
    struct play *p = play_open(ALL, "{\"items\":[]}");

    browser_ended_with(browser_visits(p->state, S("&code=c")), S("no_calendar"));
    play_close(p, 3);
    T_INT(stored().accounts, 0);
    T_INT(stored().tasks, 1);
    T_TRUE(lease_is_free());
}

/* docs/api.md §7: nothing is revoked while the person is connected. */
TEST(test_flow_spares_the_grant_of_who_is_connected)
{
    struct play *p = play_open(ALL, "{\"items\":[{\"id\":\"ada@gmail.com\"}]}");

    T_OK(browser_visits(p->state, S("&code=c"))->res);
    play_close(p, 3);
    p = play_open("openid", "{}");
    browser_ended_with(browser_visits(p->state, S("&code=c")), S("missing_scopes"));
    play_close(p, 2);
    T_INT(stored().accounts, 1);
    T_INT(stored().tasks, 0);
}

/* The flow waits while a revocation of the same person is under way, and goes on after
 * the exchange: its code is sent once. */
TEST(test_flow_waits_for_the_lease_on_its_person)
{
    struct play *p = play_open(ALL, "{\"items\":[{\"id\":\"ada@gmail.com\"}]}");

    T_TRUE(lease_is_free());
    struct browser_visit *v = browser_visits(p->state, S("&code=c"));

    T_TRUE(v->call.work.is_parked);
    T_INT(p->server.served, 2);
    struct browser_visit *other = browser_visits(p->state, S("&code=c"));

    T_TRUE(other->call.work.is_parked);
    T_TRUE(!str_eq(
        other->call.work.park_key,
        v->call.work.park_key)); /* it doesn't count to the flow's eight */
    T_OK(BED_WRITE(let_go_work, NULL));
    browser_run(v);
    T_TRUE(!v->call.work.is_parked);
    T_STR(
        v->call.work.park_key,
        other->call.work.park_key); /* the key that its end wakes */
    T_STR(browser_header(v, S("Location")), S(BED_REDIRECT "&success=1&account=1"));
    browser_run(other);
    T_STR(browser_header(other, S("Location")), S(BED_REDIRECT "&success=1&account=1"));
    play_close(p, 3);
}

TEST(test_flow_ends_as_ours_when_the_lease_does_not_come_in_time)
{
    struct play *p = play_open(ALL, "{}");

    T_TRUE(lease_is_free());
    struct browser_visit *v = browser_visits(p->state, S("&code=c"));

    T_TRUE(v->call.work.is_parked);
    t_cx()->deadline_ms = clock_mono_ms();
    v->res = callback_run(&v->call);
    t_cx()->deadline_ms = 0;
    browser_ended_with(v, S("server_error"));
    T_FAIL(FAIL_INTERNAL, v->res);
    play_close(p, 2);
    T_INT(stored().tasks, 1);
}

T_MAIN(
    T_BED(test_flow_connects_an_account_once),
    T_BED(test_flow_gives_back_a_grant_that_is_too_small),
    T_BED(test_flow_gives_back_the_grant_of_who_has_no_calendar),
    T_BED(test_flow_spares_the_grant_of_who_is_connected),
    T_BED(test_flow_waits_for_the_lease_on_its_person),
    T_BED(test_flow_ends_as_ours_when_the_lease_does_not_come_in_time))
