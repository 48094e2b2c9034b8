/* SPDX-License-Identifier: Apache-2.0 */
#include "api/revoke.h"
#include "api/testbed.h"
#include "base/limits.h"
#include "net/testserver.h"
#include "oauth/grant.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/tasks.h"

#define SUBJECT "110169484474386276334"

static Res leave_work(struct cx *cx, struct db *db, void *arg)
{
    const enum source_id *source = arg;

    return revoke_leave(cx, db, &bed.settings, *source, S(SUBJECT), S("1//refresh"));
}

static void leave(enum source_id source)
{
    T_OK(BED_WRITE(leave_work, &source));
}

static Res count_work(struct cx *cx, struct db *db, void *arg)
{
    return task_count(cx, db, arg);
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
    return account_disconnect(cx, db, &bed.settings, *(int64_t *)arg);
}

/* One revocation against a source that gives one answer; how many requests it got. */
static size_t revoke_against(Str answer, Str *request)
{
    static struct server s;
    struct step step = {answer, THEN_CLOSE};
    bool did = false;

    server_start(&s, &step, 1);
    bed.settings.sources[0].client.revoke_url = server_url(&t_cx()->mem, &s, "/revoke");
    T_OK(revoke_one(t_cx(), &bed.worker, &bed.settings, &did));
    server_stop(&s);
    T_TRUE(did);
    if (request != NULL) {
        *request = server_request(&s, 0);
    }
    return s.served;
}

#define ANSWER(status, body)                                                             \
    S("HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n" body)

/* Contract §9: after 5 seconds, doubling to an hour. */
static void test_revoke_delay_ms_doubles_to_an_hour(void **state)
{
    static const struct {
        int64_t attempts;
        int64_t want_s;
    } rows[] = {
        {0,    5   },
        {1,    10  },
        {2,    20  },
        {9,    2560},
        {10,   3600},
        {11,   3600},
        {1000, 3600},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(revoke_delay_ms(rows[i].attempts), rows[i].want_s * 1000);
    }
}

static void test_revoke_leave_leaves_a_task_only_where_one_is_due(void **state)
{
    (void)state;
    leave(SOURCE_MICROSOFT); /* has no revocation */
    T_INT(tasks(), 0);
    bed.settings.sources[0].revoke = false;
    leave(SOURCE_GOOGLE);
    T_INT(tasks(), 0);
    bed.settings.sources[0].revoke = true;
    leave(SOURCE_GOOGLE);
    T_INT(tasks(), 1);
}

/* Contract §7; oauth-security 64 */
static void test_revoke_leave_leaves_none_while_the_person_is_connected(void **state)
{
    (void)state;
    (void)connect_account();
    leave(SOURCE_GOOGLE);
    T_INT(tasks(), 0);
}

static void test_revoke_one_does_nothing_when_nothing_is_due(void **state)
{
    bool did = true;

    (void)state;
    T_OK(revoke_one(t_cx(), &bed.worker, &bed.settings, &did));
    T_TRUE(!did);
}

static void test_revoke_one_sends_the_token_once(void **state)
{
    Str request = S("");
    bool did = true;

    (void)state;
    leave(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), &request), 1);
    T_TRUE(str_starts(request, S("POST /revoke HTTP/1.1\r\n")));
    T_TRUE(str_ends(request, S("\r\n\r\ntoken=1%2F%2Frefresh")));
    T_INT(tasks(), 0);
    T_OK(revoke_one(t_cx(), &bed.worker, &bed.settings, &did));
    T_TRUE(!did);
}

/* oauth-security 64 */
static void test_revoke_one_is_done_when_the_token_was_dead_already(void **state)
{
    (void)state;
    leave(SOURCE_GOOGLE);
    T_INT(
        revoke_against(ANSWER("400 Bad Request", "{\"error\":\"invalid_token\"}"), NULL),
        1);
    T_INT(tasks(), 0);
}

static void test_revoke_one_keeps_the_task_while_the_source_is_away(void **state)
{
    bool did = true;

    (void)state;
    leave(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("503 Away", ""), NULL), 1);
    T_INT(tasks(), 1);
    /* and doesn't try again before its time */
    T_OK(revoke_one(t_cx(), &bed.worker, &bed.settings, &did));
    T_TRUE(!did);
}

static Res old_task_work(struct cx *cx, struct db *db, void *arg)
{
    struct task *t = arg;
    int64_t id;

    t->source = SOURCE_GOOGLE;
    t->subject = S(SUBJECT);
    return task_add(cx, db, t, &id);
}

static void test_revoke_one_gives_up_after_the_last_day(void **state)
{
    struct task t = {
        .sealed = revocation_seal(
            &t_cx()->mem, bed.keyring, SOURCE_GOOGLE, S(SUBJECT), S("1//refresh")),
        .give_up_ms = clock_now_ms() + 60 * 1000,
    };

    (void)state;
    T_OK(BED_WRITE(old_task_work, &t));
    T_INT(revoke_against(ANSWER("503 Away", ""), NULL), 1);
    T_INT(tasks(), 1); /* a minute left */

    t.give_up_ms = clock_now_ms();
    t.next_ms = 1;
    T_OK(BED_WRITE(old_task_work, &t));
    T_INT(revoke_against(ANSWER("503 Away", ""), NULL), 1);
    T_INT(tasks(), 1); /* the second is gone */
}

static void test_revoke_one_drops_what_does_not_open(void **state)
{
    struct task t = {
        .sealed = S("not a record"), .give_up_ms = clock_now_ms() + 60 * 1000};

    (void)state;
    T_OK(BED_WRITE(old_task_work, &t));
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_INT(tasks(), 0);
}

/* Contract §9: checked again at the moment of the call. */
static void test_revoke_one_spares_who_connected_meanwhile(void **state)
{
    (void)state;
    leave(SOURCE_GOOGLE);
    (void)connect_account();
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_INT(tasks(), 0);
}

static Res hold_work(struct cx *cx, struct db *db, void *arg)
{
    int64_t now = clock_now_ms();
    const struct hold hold = {S("another"), now, now + 60 * 1000};

    return lease_take(
        cx, db, revoke_lease_name(&cx->mem, SOURCE_GOOGLE, S(SUBJECT)), &hold, arg);
}

static void test_revoke_one_waits_for_a_callback_of_the_same_person(void **state)
{
    bool got = false;

    (void)state;
    leave(SOURCE_GOOGLE);
    T_OK(BED_WRITE(hold_work, &got));
    T_TRUE(got);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 0);
    T_INT(tasks(), 1);
}

static void test_revoke_one_lets_the_lease_go(void **state)
{
    bool got = false;

    (void)state;
    leave(SOURCE_GOOGLE);
    T_INT(revoke_against(ANSWER("200 OK", "{}"), NULL), 1);
    T_OK(BED_WRITE(hold_work, &got));
    T_TRUE(got);
}

static void test_account_disconnect_leaves_the_token_to_be_revoked(void **state)
{
    int64_t id = connect_account();
    Str request = S("");

    (void)state;
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

static void test_account_disconnect_works_without_a_grant_that_opens(void **state)
{
    int64_t id = connect_account();

    (void)state;
    T_OK(BED_WRITE(spoil_work, &id));
    T_OK(BED_WRITE(disconnect_work, &id));
    T_INT(tasks(), 0);
    T_FAIL(FAIL_NOT_FOUND, BED_WRITE(disconnect_work, &id));
}

T_MAIN(
    T(test_revoke_delay_ms_doubles_to_an_hour),
    T_BED(test_revoke_leave_leaves_a_task_only_where_one_is_due),
    T_BED(test_revoke_leave_leaves_none_while_the_person_is_connected),
    T_BED(test_revoke_one_does_nothing_when_nothing_is_due),
    T_BED(test_revoke_one_sends_the_token_once),
    T_BED(test_revoke_one_is_done_when_the_token_was_dead_already),
    T_BED(test_revoke_one_keeps_the_task_while_the_source_is_away),
    T_BED(test_revoke_one_gives_up_after_the_last_day),
    T_BED(test_revoke_one_drops_what_does_not_open),
    T_BED(test_revoke_one_spares_who_connected_meanwhile),
    T_BED(test_revoke_one_waits_for_a_callback_of_the_same_person),
    T_BED(test_revoke_one_lets_the_lease_go),
    T_BED(test_account_disconnect_leaves_the_token_to_be_revoked),
    T_BED(test_account_disconnect_works_without_a_grant_that_opens))
