/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_access.c - which token a call gets, when it waits, and when it may not go on.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "grants/access.h"
#include "grants/testgrant.h"
#include "work/lanes.h"

/* One call about one account, and whom it wakes. */
struct asking {
    struct work work;
    struct identity who;
    struct access access;
    Res res;
};

static int woken;

/* These stand in for work/lanes.c. */
bool lanes_are_closing(struct lanes *lanes)
{
    (void)lanes;
    return false;
}

void lanes_wake(struct lanes *lanes, Str key)
{
    (void)lanes;
    T_TRUE(str_starts(key, S("grant:")));
    woken++;
}

static struct asking *asking_new(int64_t account)
{
    struct asking *a = NEW(&t_cx()->mem, struct asking);

    woken = 0;
    a->work = bed.work;
    a->who = (struct identity){.provider = BED_PROVIDER, .mode = MODE_PROVIDER};
    a->access = (struct access){.work = &a->work, .who = &a->who, .account = account};
    return a;
}

/* As the lanes run it: with some time left, or none. */
static Res ask(struct asking *a, int64_t left_ms)
{
    t_cx()->deadline_ms = clock_mono_ms() + left_ms;
    a->res = access_get(t_cx(), &a->access);
    t_cx()->deadline_ms = 0;
    return a->res;
}

TEST(test_a_fresh_token_is_used_as_it_is)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    struct asking *a = asking_new(id);

    T_OK(ask(a, CLOCK_HOUR_MS));
    T_STR(a->access.token, S("A1"));
    T_STR(a->access.scope, S(BED_SCOPE));
    T_INT(a->access.source, SOURCE_GOOGLE);
    T_TRUE(!a->work.is_parked);
    T_INT(woken, 0);
}

TEST(test_what_the_caller_may_not_see_is_not_there)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    struct asking *a = asking_new(id);

    a->who.user = S("somebody");
    T_FAIL(FAIL_NOT_FOUND, ask(a, CLOCK_HOUR_MS));
    T_FAIL(FAIL_NOT_FOUND, ask(asking_new(id + 1), CLOCK_HOUR_MS));
}

TEST(test_an_old_token_is_made_new)
{
    static const struct {
        Str access;
        int64_t lives_ms;
    } rows[] = {
        {SI("A1"), 0},
        {SI("A1"), -CLOCK_HOUR_MS},
        {SI("A1"), LIMIT_ACCESS_MARGIN_MS / 2}, /* it lives, but not for long */
        {SI(""), CLOCK_HOUR_MS},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        static const struct step step = TOKENS("");
        static struct server s;
        int64_t id = connected_new(SOURCE_GOOGLE, rows[i].access, rows[i].lives_ms);
        struct asking *a = asking_new(id);

        source_scripted(&s, SOURCE_GOOGLE, &step, 1);
        T_OK(ask(a, CLOCK_HOUR_MS));
        testserver_stop(&s);
        T_STR(a->access.token, S("A2"));
        T_STR(connected_now(id).grant.access_token, S("A2"));
        T_INT(woken, 1);
        T_INT(a->work.park_key.n, 0);
        disconnected(id);
    }
}

/* docs/api.md §9: a lease lasts 60 seconds. */
TEST(test_who_comes_second_waits_for_the_new_token)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct asking *a = asking_new(id);

    leased_by_another(id, LIMIT_LEASE_MS);
    for (int i = 0; i < 2; i++) {
        T_OK(ask(a, CLOCK_HOUR_MS));
        T_TRUE(a->work.is_parked);
        T_INT(a->work.park_most, 0);
        T_STR(a->work.park_key, refresh_key(&t_cx()->mem, id));
    }
    granted_anew(id, S("A9"), 1); /* fresh, however short its life */
    T_OK(ask(a, CLOCK_HOUR_MS));
    T_TRUE(!a->work.is_parked);
    T_STR(a->access.token, S("A9"));
    T_INT(woken, 1); /* the others may go on */
}

TEST(test_nobody_waits_while_the_old_token_lives)
{
    int64_t id = connected_new(
        SOURCE_GOOGLE, S("A1"), LIMIT_ACCESS_ALIVE_MS + CLOCK_HOUR_MS / 100);
    struct asking *a = asking_new(id);

    leased_by_another(id, LIMIT_LEASE_MS);
    T_OK(ask(a, CLOCK_HOUR_MS));
    T_TRUE(!a->work.is_parked);
    T_STR(a->access.token, S("A1"));
}

TEST(test_a_refresh_that_fails_costs_nothing_while_the_old_token_lives)
{
    static const struct step step = HTTP("503 Away", "");
    static struct server s;
    int64_t id = connected_new(
        SOURCE_GOOGLE, S("A1"), LIMIT_ACCESS_ALIVE_MS + CLOCK_HOUR_MS / 100);
    struct asking *a = asking_new(id);

    source_scripted(&s, SOURCE_GOOGLE, &step, 1);
    T_OK(ask(a, CLOCK_HOUR_MS));
    T_STR(a->access.token, S("A1"));
    T_OK(ask(asking_new(id), CLOCK_HOUR_MS)); /* in the back-off */
    testserver_stop(&s);
    T_INT(s.served, 1);
}

TEST(test_time_that_is_over_is_no_failure_of_the_source)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct asking *a = asking_new(id);

    leased_by_another(id, LIMIT_LEASE_MS);
    T_OK(ask(a, CLOCK_HOUR_MS));
    t_cx()->deadline_ms = 1; /* long past */
    Res res = access_get(t_cx(), &a->access);

    t_cx()->deadline_ms = 0;
    T_INT(res.code, FAIL_UNAVAILABLE);
    T_TRUE(!a->work.is_parked);
    T_TRUE(a->work.retry_after_s > 1 && a->work.retry_after_s <= LIMIT_LEASE_MS / 1000);
}

TEST(test_a_short_back_off_is_waited_for_a_long_one_is_said)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct asking *a = asking_new(id);

    failed_for_another(id, LIMIT_REFRESH_WAIT_MS);
    T_OK(ask(a, CLOCK_HOUR_MS));
    T_TRUE(a->work.is_parked);
    failed_for_another(id, 100 * LIMIT_REFRESH_WAIT_MS);
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, ask(a, CLOCK_HOUR_MS));
    T_TRUE(!a->work.is_parked);
    T_TRUE(a->work.retry_after_s > 100 * LIMIT_REFRESH_WAIT_MS / 1000 - 60);
    T_TRUE(a->work.retry_after_s <= 100 * LIMIT_REFRESH_WAIT_MS / 1000);
}

TEST(test_a_failed_refresh_says_how_long_to_wait)
{
    static const struct step step = {
        SI("HTTP/1.1 429 Slow\r\nRetry-After: 70\r\nConnection: close\r\n\r\n"),
        THEN_CLOSE};
    static struct server s;
    struct asking *a = asking_new(connected_new(SOURCE_GOOGLE, S("A1"), 0));

    source_scripted(&s, SOURCE_GOOGLE, &step, 1);
    T_FAIL(FAIL_SOURCE_RATE_LIMITED, ask(a, CLOCK_HOUR_MS));
    testserver_stop(&s);
    T_INT(a->work.retry_after_s, 70);
    T_INT(woken, 1);
}

TEST(test_a_refused_token_is_replaced_though_it_looks_fresh)
{
    static const struct step step = TOKENS("");
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    struct asking *first = asking_new(id);
    struct asking *second = asking_new(id);

    T_OK(ask(first, CLOCK_HOUR_MS));
    T_OK(ask(second, CLOCK_HOUR_MS));
    access_refused(&first->access);
    access_refused(&second->access);
    source_scripted(&s, SOURCE_GOOGLE, &step, 1);
    T_OK(ask(first, CLOCK_HOUR_MS));
    T_OK(ask(second, CLOCK_HOUR_MS)); /* takes over what the first one got */
    testserver_stop(&s);
    T_STR(first->access.token, S("A2"));
    T_STR(second->access.token, S("A2"));
    T_INT(s.served, 1);
}

TEST(test_a_refused_token_is_not_used_while_another_refreshes)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    struct asking *a = asking_new(id);

    T_OK(ask(a, CLOCK_HOUR_MS));
    access_refused(&a->access);
    leased_by_another(id, LIMIT_LEASE_MS);
    T_OK(ask(a, CLOCK_HOUR_MS));
    T_TRUE(a->work.is_parked);
}

/* SECURITY 63: no further refresh. */
TEST(test_an_ended_grant_is_not_asked_with_again)
{
    static const struct step steps[] = {REFUSED("invalid_grant"), TOKENS("")};
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);

    source_scripted(&s, SOURCE_GOOGLE, steps, COUNT(steps));
    T_FAIL(FAIL_NEEDS_RECONNECT, ask(asking_new(id), CLOCK_HOUR_MS));
    T_INT(woken, 1);
    T_FAIL(FAIL_NEEDS_RECONNECT, ask(asking_new(id), CLOCK_HOUR_MS));
    testserver_stop(&s);
    T_INT(s.served, 1);
}

/* docs/api.md §9; SECURITY 58, 59: a record of another account doesn't open. */
TEST(test_an_unreadable_grant_is_said_once_and_for_all)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    struct grant_change ch = {
        .id = id,
        .sealed = grant_seal(
            &t_cx()->mem, bed.keyring, BED_PROVIDER, id + 1,
            &(struct grant){.refresh_token = S("R1"), .access_token = S("A1")})};
    struct account now;

    T_OK(BED_WRITE(change_grant, &ch));
    for (int i = 0; i < 2; i++) {
        T_FAIL(FAIL_NEEDS_RECONNECT, ask(asking_new(id), CLOCK_HOUR_MS));
        now = account_now(id);
        T_INT(now.status, ACCOUNT_NEEDS_RECONNECT);
        T_STR(now.status_reason, S("grant_unreadable"));
    }
}

T_MAIN(
    T_BED(test_a_fresh_token_is_used_as_it_is),
    T_BED(test_what_the_caller_may_not_see_is_not_there),
    T_BED(test_an_old_token_is_made_new),
    T_BED(test_who_comes_second_waits_for_the_new_token),
    T_BED(test_nobody_waits_while_the_old_token_lives),
    T_BED(test_a_refresh_that_fails_costs_nothing_while_the_old_token_lives),
    T_BED(test_time_that_is_over_is_no_failure_of_the_source),
    T_BED(test_a_short_back_off_is_waited_for_a_long_one_is_said),
    T_BED(test_a_failed_refresh_says_how_long_to_wait),
    T_BED(test_a_refused_token_is_replaced_though_it_looks_fresh),
    T_BED(test_a_refused_token_is_not_used_while_another_refreshes),
    T_BED(test_an_ended_grant_is_not_asked_with_again),
    T_BED(test_an_unreadable_grant_is_said_once_and_for_all))
