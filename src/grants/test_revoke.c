/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testmetric.h"
#include "grants/account_state.h"
#include "grants/record.h"
#include "grants/revoke.h"
#include "grants/schedule.h"
#include "grants/testbed.h"
#include "net/testserver.h"
#include "sources/source.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/leases.h"
#include "store/revocations.h"

#define SUBJECT "110169484474386276334"

static Res add_work(struct cx *cx, struct db *db, void *arg)
{
    const enum source_id *source = arg;

    return revoke_store(cx, db, &bed.settings, *source, S(SUBJECT), S("1//refresh"));
}

static void revocation_due(enum source_id source)
{
    T_OK(BED_WRITE(add_work, &source));
}

static Res count_work(struct cx *cx, struct db *db, void *arg)
{
    return revocation_count(cx, db, arg);
}

static int64_t tasks(void)
{
    int64_t n = -1;

    T_OK(store_read(t_cx(), bed.store, count_work, &n));
    return n;
}

/* An account of the subject with a grant; `sealed` empty: a real one. */
static Res connect_work(struct cx *cx, struct db *db, void *arg)
{
    int64_t *id = arg;
    struct grant_record record = {0};

    TRY(account_insert(
        cx, db,
        &(struct account){
            .provider = BED_PROVIDER,
            .mode = MODE_PROVIDER,
            .source = SOURCE_GOOGLE,
            .subject = S(SUBJECT),
            .username = S("ada@gmail.com"),
            .status = ACCOUNT_CONNECTED},
        id));
    record.sealed = grant_seal(
        &cx->mem, bed.keyring, BED_PROVIDER, *id,
        &(struct grant){.refresh_token = S("1//refresh")});
    T_TRUE(keyring_record_key(record.sealed, &record.key_id));
    return grant_put(cx, db, *id, &record);
}

static int64_t connect_account(void)
{
    int64_t id = 0;

    T_OK(BED_WRITE(connect_work, &id));
    return id;
}

static Res disconnect_work(struct cx *cx, struct db *db, void *arg)
{
    struct account gone;

    return account_state_disconnect(
        cx, db, &bed.settings, *(int64_t *)arg, BY_OPERATOR, &gone);
}

static const struct revocation_line of_google = {SOURCE_GOOGLE, REVOCATION_OLDEST};

/* One revocation against a source that gives one answer; how many requests it got. */
static size_t revoke_against(Str answer, Str *request)
{
    static struct server s;
    struct step step = {answer, THEN_CLOSE};
    bool did = false;

    testserver_start(&s, &step, 1);
    bed.settings.sources[0].client.revoke_url =
        testserver_url(&t_cx()->mem, &s, "/revoke");
    T_OK(revoke_one(t_cx(), &bed.work, of_google, &did));
    testserver_stop(&s);
    T_TRUE(did);
    if (request != NULL) {
        *request = testserver_request(&s, 0);
    }
    return s.served;
}

#define ANSWER(status, body)                                                             \
    S("HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n" body)

/* docs/api.md §9: after 5 seconds, doubling to an hour. */
TEST(test_revoke_delay_ms_doubles_to_an_hour)
{
    static const struct {
        int64_t attempts;
        int64_t want_s;
    } rows[] = {
        {0, 5}, {1, 10}, {2, 20}, {9, 2560}, {10, 3600}, {11, 3600}, {1000, 3600},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(schedule_revoke_delay_ms(rows[i].attempts), rows[i].want_s * 1000);
    }
}

TEST(test_revocation_add_stores_one_only_where_one_is_due)
{
    revocation_due(SOURCE_MICROSOFT); /* has no revocation */
    T_INT(tasks(), 0);
    bed.settings.sources[0].revoke = false;
    revocation_due(SOURCE_GOOGLE);
    T_INT(tasks(), 0);
    bed.settings.sources[0].revoke = true;
    revocation_due(SOURCE_GOOGLE);
    T_INT(tasks(), 1);
}

/* docs/api.md §7; SECURITY 64 */
TEST(test_revocation_add_stores_none_while_the_person_is_connected)
{
    (void)connect_account();
    revocation_due(SOURCE_GOOGLE);
    T_INT(tasks(), 0);
}

TEST(test_revoke_one_does_nothing_when_nothing_is_due)
{
    bool did = true;

    T_OK(revoke_one(t_cx(), &bed.work, of_google, &did));
    T_TRUE(!did);
}

TEST(test_revoke_one_sends_the_token_once)
{
    Str request = S("");
    bool did = true;

    revocation_due(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), &request), 1);
    T_TRUE(str_starts(request, S("POST /revoke HTTP/1.1\r\n")));
    T_TRUE(str_ends(request, S("\r\n\r\ntoken=1%2F%2Frefresh")));
    T_INT(tasks(), 0);
    T_OK(revoke_one(t_cx(), &bed.work, of_google, &did));
    T_TRUE(!did);
}

/* SECURITY 64 */
TEST(test_revoke_one_is_done_when_the_token_was_dead_already)
{
    revocation_due(SOURCE_GOOGLE);
    T_INT(
        revoke_against(ANSWER("400 Bad Request", "{\"error\":\"invalid_token\"}"), NULL),
        1);
    T_INT(tasks(), 0);
}

TEST(test_revoke_one_keeps_the_task_while_the_source_is_away)
{
    bool did = true;

    revocation_due(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("503 Away", ""), NULL), 1);
    T_INT(tasks(), 1);
    /* and doesn't try again before its time */
    T_OK(revoke_one(t_cx(), &bed.work, of_google, &did));
    T_TRUE(!did);
}

static Res old_task_work(struct cx *cx, struct db *db, void *arg)
{
    struct revocation *t = arg;
    int64_t id;

    t->source = SOURCE_GOOGLE;
    t->subject = S(SUBJECT);
    return revocation_insert(cx, db, t, &id);
}

static Res take_newest(struct cx *cx, struct db *db, void *arg)
{
    struct lease lease = {.owner = S("another"), .length_ms = 1000};

    return revocation_take(
        cx, db, (struct revocation_line){SOURCE_GOOGLE, REVOCATION_NEWEST}, &lease, arg);
}

static Res hold_work(struct cx *cx, struct db *db, void *arg)
{
    struct lease lease = {.owner = S("another"), .length_ms = 60 * 1000};

    return lease_take(
        cx, db, revoke_lease_name(&cx->mem, SOURCE_GOOGLE, S(SUBJECT)), &lease, arg);
}

/* Whoever comes next finds it as it was, and the person free. */
TEST(test_revoke_one_gives_back_what_a_stop_cuts_short)
{
    static const struct step hangs = {SI(""), THEN_HANG};
    static struct server s;
    struct revocation t;
    bool got = false;
    bool did = false;

    revocation_due(SOURCE_GOOGLE);
    testserver_start(&s, &hangs, 1);
    bed.settings.sources[0].client.revoke_url =
        testserver_url(&t_cx()->mem, &s, "/revoke");
    bed_stop();
    T_OK(revoke_one(t_cx(), &bed.work, of_google, &did));
    bed_stopped();
    testserver_stop(&s);
    T_TRUE(did);
    T_OK(BED_WRITE(take_newest, &t));
    T_INT(t.attempts, 0);
    T_OK(BED_WRITE(hold_work, &got));
    T_TRUE(got);
}

TEST(test_revoke_one_gives_up_after_the_last_day)
{
    struct revocation t = {
        .sealed = record_revocation_seal(
            &t_cx()->mem, bed.keyring, SOURCE_GOOGLE, S(SUBJECT), S("1//refresh")),
        .give_up_ms = clock_now_ms() + 60 * 1000,
    };

    T_OK(BED_WRITE(old_task_work, &t));
    T_INT(revoke_against(ANSWER("503 Away", ""), NULL), 1);
    T_INT(tasks(), 1); /* a minute left */

    t.give_up_ms = clock_now_ms();
    t.next_ms = 1;
    T_OK(BED_WRITE(old_task_work, &t));
    T_INT(revoke_against(ANSWER("503 Away", ""), NULL), 1);
    T_INT(tasks(), 1); /* the second is gone */
}

TEST(test_revoke_one_drops_what_does_not_open)
{
    struct revocation t = {
        .sealed = S("not a record"), .give_up_ms = clock_now_ms() + 60 * 1000};

    T_OK(BED_WRITE(old_task_work, &t));
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_INT(tasks(), 0);
}

TEST(test_revoke_one_counts_each_result)
{
    struct revocation spoiled = {
        .sealed = S("not a record"), .give_up_ms = clock_now_ms() + 60 * 1000};
    int64_t *before = t_metric_now(METRIC_REVOCATIONS);

    revocation_due(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("503 Away", ""), NULL), 1);
    T_COUNTED(before, METRIC_REVOCATIONS, S("google"), S("failed"));
    before = t_metric_now(METRIC_REVOCATIONS);
    revocation_due(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 1);
    T_COUNTED(before, METRIC_REVOCATIONS, S("google"), S("done"));
    before = t_metric_now(METRIC_REVOCATIONS);
    T_OK(BED_WRITE(old_task_work, &spoiled));
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_COUNTED(before, METRIC_REVOCATIONS, S("google"), S("given_up"));
}

/* A word that the label lacks would count as another source's. */
TEST(test_revoke_sources_are_the_values_of_a_label)
{
    const struct metric_label *label = metric_families[METRIC_REVOCATIONS].labels[0];
    size_t n = 0;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        enum source_id id = (enum source_id)(i + 1);

        if (source_get(id)->has_revocation) {
            T_TRUE(n < label->n);
            T_STR(label->values[n++], metric_source(id));
        }
    }
    T_INT(n, label->n);
}

/* docs/api.md §9: checked again at the moment of the call. */
TEST(test_revoke_one_spares_who_connected_meanwhile)
{
    revocation_due(SOURCE_GOOGLE);
    (void)connect_account();
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_INT(tasks(), 0);
}

TEST(test_revoke_one_waits_for_a_callback_of_the_same_person)
{
    bool got = false;

    revocation_due(SOURCE_GOOGLE);
    T_OK(BED_WRITE(hold_work, &got));
    T_TRUE(got);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_INT(tasks(), 1);
}

TEST(test_revoke_one_does_not_call_under_a_lease_that_would_not_last)
{
    int64_t timeout_ms = bed.settings.net.timeout_ms;

    revocation_due(SOURCE_GOOGLE);
    bed.settings.net.timeout_ms = LIMIT_LEASE_MOST_MS + 1; /* no lease lasts so long */
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_INT(tasks(), 1);
    bed.settings.net.timeout_ms = timeout_ms;
}

TEST(test_revoke_one_lets_the_lease_go)
{
    bool got = false;

    revocation_due(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 1);
    T_OK(BED_WRITE(hold_work, &got));
    T_TRUE(got);
}

TEST(test_account_state_disconnect_stores_the_token_to_be_revoked)
{
    int64_t id = connect_account();
    Str request = S("");

    T_OK(BED_WRITE(disconnect_work, &id));
    T_INT(tasks(), 1);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), &request), 1);
    T_TRUE(str_ends(request, S("\r\n\r\ntoken=1%2F%2Frefresh")));
    T_FAIL(FAIL_NOT_FOUND, BED_WRITE(disconnect_work, &id));
}

static Res spoil_work(struct cx *cx, struct db *db, void *arg)
{
    struct grant_record record;

    TRY(grant_get(cx, db, *(int64_t *)arg, &record));
    record.sealed = S("not a record");
    return grant_put(cx, db, *(int64_t *)arg, &record);
}

TEST(test_account_state_disconnect_works_without_a_grant_that_opens)
{
    int64_t id = connect_account();

    T_OK(BED_WRITE(spoil_work, &id));
    T_OK(BED_WRITE(disconnect_work, &id));
    T_INT(tasks(), 0);
    T_FAIL(FAIL_NOT_FOUND, BED_WRITE(disconnect_work, &id));
}

T_MAIN(
    T(test_revoke_delay_ms_doubles_to_an_hour),
    T_BED(test_revocation_add_stores_one_only_where_one_is_due),
    T_BED(test_revocation_add_stores_none_while_the_person_is_connected),
    T_BED(test_revoke_one_does_nothing_when_nothing_is_due),
    T_BED(test_revoke_one_sends_the_token_once),
    T_BED(test_revoke_one_is_done_when_the_token_was_dead_already),
    T_BED(test_revoke_one_keeps_the_task_while_the_source_is_away),
    T_BED(test_revoke_one_gives_back_what_a_stop_cuts_short),
    T_BED(test_revoke_one_gives_up_after_the_last_day),
    T_BED(test_revoke_one_drops_what_does_not_open),
    T_BED(test_revoke_one_counts_each_result),
    T(test_revoke_sources_are_the_values_of_a_label),
    T_BED(test_revoke_one_spares_who_connected_meanwhile),
    T_BED(test_revoke_one_waits_for_a_callback_of_the_same_person),
    T_BED(test_revoke_one_does_not_call_under_a_lease_that_would_not_last),
    T_BED(test_revoke_one_lets_the_lease_go),
    T_BED(test_account_state_disconnect_stores_the_token_to_be_revoked),
    T_BED(test_account_state_disconnect_works_without_a_grant_that_opens))
