/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calendar_reads.c - due calendars, who reads them, and what comes in meanwhile.
 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/calendar_notices.h"
#include "store/calendar_reads.h"
#include "store/calendar_settings.h"
#include "store/nodes.h"
#include "store/providers.h"
#include "store/test_store.h"

#define NOW_MS   INT64_C(100000000)
#define CLAIM_MS INT64_C(120000)

static int64_t add_account(struct db *db, enum source_id source, Str subject)
{
    const struct account a = {
        .provider = 5,
        .mode = MODE_CUSTOMER,
        .user = S("u1"),
        .source = source,
        .subject = subject,
        .username = S("ana@example.com"),
        .status = ACCOUNT_CONNECTED};
    int64_t id = 0;

    T_OK(account_insert(t_cx(), db, &a, &id));
    return id;
}

static int64_t add_setting(struct db *db, int64_t account, Str calendar, int switches)
{
    const struct calendar_setting s = {
        .account = account, .calendar_id = calendar, .switches = switches};
    int64_t id = 0;

    T_OK(calendar_settings_insert(t_cx(), db, &s, &id));
    return id;
}

static struct db *db_with_provider(void)
{
    struct db *db = t_db();

    T_OK(provider_add(t_cx(), db, &(struct provider){.id = 5, .name = S("s")}));
    T_OK(provider_feature_set(t_cx(), db, 5, S(FEATURE_CALENDARS), true));
    db_stop_clock(db, NOW_MS);
    return db;
}

static struct lease lease_of(const char *owner)
{
    return (struct lease){.owner = str_from_z(owner), .length_ms = LIMIT_READ_LEASE_MS};
}

/* The account that was taken; 0: none. */
static int64_t take_part(struct db *db, const char *owner, int64_t part)
{
    struct lease lease = lease_of(owner);
    struct account_work work = {0};

    T_OK(calendar_reads_take(t_cx(), db, SOURCE_GOOGLE, part, &lease, &work));
    return work.account;
}

static int64_t take(struct db *db, const char *owner)
{
    return take_part(db, owner, 0);
}

static struct sync_job begin(struct db *db, int64_t account, const char *owner)
{
    struct sync_job job = {0};

    T_OK(calendar_reads_begin(t_cx(), db, account, str_from_z(owner), CLAIM_MS, &job));
    return job;
}

static void notice(struct db *db, int64_t settings, int64_t now_ms)
{
    const struct calendar_notice n = {settings, SOURCE_GOOGLE, 0, NOTICE_SOON};
    int64_t due_ms;

    T_OK(calendar_notice_put(t_cx(), db, now_ms, &n, &due_ms));
}

static struct calendar_sync sync_now(struct db *db, int64_t settings)
{
    struct calendar_sync s = {0};

    T_OK(calendar_sync_get(t_cx(), db, settings, &s));
    return s;
}

TEST(test_calendar_reads_take_one_account_at_a_time)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t b = add_account(db, SOURCE_GOOGLE, S("b"));
    int64_t other = add_account(db, SOURCE_MICROSOFT, S("c"));

    (void)add_setting(db, a, S("1"), SWITCH_SOURCE);
    (void)add_setting(db, a, S("2"), SWITCH_SOURCE);
    (void)add_setting(db, b, S("3"), SWITCH_SOURCE);
    (void)add_setting(db, other, S("4"), SWITCH_SOURCE);
    (void)add_setting(db, add_account(db, SOURCE_GOOGLE, S("d")), S("5"), 0);
    int64_t due;

    T_OK(calendar_reads_due(t_cx(), db, SOURCE_GOOGLE, &due));
    T_INT(due, 3); /* a's two count one by one */
    T_INT(take(db, "x"), a);
    T_INT(take(db, "y"), b);
    T_INT(take(db, "z"), 0);
    T_OK(calendar_reads_drop(t_cx(), db, a, S("other")));
    T_INT(take(db, "z"), 0);
    T_OK(calendar_reads_drop(t_cx(), db, a, S("x")));
    T_INT(take(db, "z"), a);
    db_close(&db);
}

TEST(test_calendar_reads_workers_begin_at_different_accounts)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t b = add_account(db, SOURCE_GOOGLE, S("b"));

    (void)add_setting(db, a, S("1"), SWITCH_SOURCE);
    (void)add_setting(db, b, S("2"), SWITCH_SOURCE);
    T_INT(take_part(db, "x", 3), b);
    T_INT(take_part(db, "y", 3), a);
    db_close(&db);
}

/* A lease is over by its time, when its node is dead, or where a wrong clock wrote it. */
TEST(test_calendar_reads_lease_ends)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));

    (void)add_setting(db, a, S("1"), SWITCH_SOURCE);
    T_INT(take(db, "x"), a);
    db_stop_clock(db, NOW_MS + LIMIT_READ_LEASE_MS - 1);
    T_INT(take(db, "y"), 0);
    db_stop_clock(db, NOW_MS + LIMIT_READ_LEASE_MS);
    T_INT(take(db, "deadnodedead/1"), a);
    T_INT(take(db, "z"), a);
    T_OK(db_script(t_cx(), db, "update account_work set read_until = 200000000"));
    T_INT(take(db, "w"), a);
    db_close(&db);
}

TEST(test_calendar_reads_renew)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    struct lease mine = lease_of("x");
    struct lease other = lease_of("y");

    (void)add_setting(db, a, S("1"), SWITCH_SOURCE);
    T_INT(take(db, "x"), a);
    db_stop_clock(db, NOW_MS + 1000);
    T_OK(calendar_reads_renew(t_cx(), db, a, &mine));
    T_FAIL(FAIL_CONFLICT, calendar_reads_renew(t_cx(), db, a, &other));
    db_stop_clock(db, NOW_MS + LIMIT_READ_LEASE_MS + 999);
    T_INT(take(db, "y"), 0);
    db_stop_clock(db, NOW_MS + LIMIT_READ_LEASE_MS + 1000);
    T_INT(take(db, "y"), a);
    db_close(&db);
}

/* The one that is due the longest comes first, and each once. */
TEST(test_calendar_reads_begin)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t first = add_setting(db, a, S("1"), SWITCH_SOURCE | SWITCH_ONLY_BUSY);
    int64_t second = add_setting(db, a, S("2"), SWITCH_SOURCE);
    struct sync_job job;

    T_OK(calendar_sync_want(t_cx(), db, second, INT64_MAX));
    T_INT(take(db, "x"), a);
    job = begin(db, a, "x");
    T_INT(job.sync.settings, second);
    T_INT(job.sync.due_ms, SYNC_WANTED);
    T_STR(job.calendar_id, S("2"));
    T_INT(job.provider, 5);
    T_INT(job.mode, MODE_CUSTOMER);
    T_STR(job.user, S("u1"));
    T_TRUE(job.is_connected && job.has_feature);
    T_INT(job.now_ms, NOW_MS);
    T_INT(job.claim_ms, NOW_MS + CLAIM_MS);
    T_INT(sync_now(db, second).due_ms, job.claim_ms);
    job = begin(db, a, "x");
    T_INT(job.sync.settings, first);
    T_INT(job.switches, SWITCH_SOURCE | SWITCH_ONLY_BUSY);
    T_FAIL(FAIL_NOT_FOUND, calendar_reads_begin(t_cx(), db, a, S("x"), CLAIM_MS, &job));
    T_OK(calendar_sync_want(t_cx(), db, first, INT64_MAX));
    T_FAIL(
        FAIL_NOT_FOUND, calendar_reads_begin(t_cx(), db, a, S("other"), CLAIM_MS, &job));
    db_close(&db);
}

TEST(test_calendar_reads_job_says_why_not)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    bool marked;

    (void)add_setting(db, a, S("1"), SWITCH_SOURCE);
    T_INT(take(db, "x"), a);
    T_OK(account_needs_reconnect(t_cx(), db, a, S("why"), 1, &marked));
    T_OK(provider_feature_set(t_cx(), db, 5, S(FEATURE_CALENDARS), false));
    struct sync_job job = begin(db, a, "x");

    T_TRUE(!job.is_connected && !job.has_feature);
    T_OK(provider_feature_set(t_cx(), db, 5, S(FEATURE_CALENDARS), true));
    T_OK(provider_mark_removed(t_cx(), db, 5));
    T_OK(calendar_sync_wake_account(t_cx(), db, a));
    T_TRUE(!begin(db, a, "x").has_feature);
    db_close(&db);
}

static void read_done(struct sync_job *job)
{
    job->sync.state = SYNC_LIVE;
    job->sync.read_ms = job->now_ms;
    job->sync.synced_ms = job->now_ms;
    job->sync.window_from_s = 1;
    job->sync.window_to_s = 2;
    job->sync.full_due_ms = 3;
    job->sync.recent = 4;
    job->sync.cursor = S("cur\0sor");
    job->sync.image_version = 5;
    job->sync.image_digest = S("di\0gest");
    job->sync.events = 6;
    job->sync.top = 7;
    job->sync.due_ms = NOW_MS + 900000;
}

TEST(test_calendar_reads_write)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);

    notice(db, id, NOW_MS);
    T_INT(take(db, "x"), a);
    struct sync_job job = begin(db, a, "x");

    read_done(&job);
    T_FAIL(FAIL_CONFLICT, calendar_reads_write(t_cx(), db, S("other"), &job, 9, true));
    T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
    struct calendar_sync s = sync_now(db, id);

    T_INT(s.state, SYNC_LIVE);
    T_INT(s.noticed_ms, 0);
    T_INT(s.read_ms, NOW_MS);
    T_INT(s.synced_ms, NOW_MS);
    T_INT(s.due_ms, NOW_MS + 900000);
    T_INT(s.window_to_s, 2);
    T_INT(s.full_due_ms, 3);
    T_INT(s.recent, 4);
    T_STR(s.cursor, S("cur\0sor"));
    T_INT(s.image_version, 5);
    T_STR(s.image_digest, S("di\0gest"));
    T_INT(s.events, 6);
    T_INT(s.top, 7);
    db_close(&db);
}

/* A read that is under way while its setting changes leaves nothing behind. */
TEST(test_calendar_reads_write_looks_at_the_switches)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);

    T_INT(take(db, "x"), a);
    struct sync_job job = begin(db, a, "x");
    struct calendar_setting off = {.id = id, .switches = SWITCH_DESTINATION};

    read_done(&job);
    T_OK(calendar_settings_update(t_cx(), db, &off));
    T_FAIL(FAIL_CONFLICT, calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
    off.switches = SWITCH_DESTINATION | SWITCH_SOURCE;
    T_OK(calendar_settings_update(t_cx(), db, &off));
    T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
    T_OK(db_script(t_cx(), db, "update staff_calendar_settings set deleted_at = 1"));
    T_FAIL(FAIL_CONFLICT, calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
    db_close(&db);
}

/* What is noticed during a read makes the calendar due again; a failure forgets nothing
 * that was noticed before. */
TEST(test_calendar_reads_write_keeps_what_came_meanwhile)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);

    T_INT(take(db, "x"), a);
    struct sync_job job = begin(db, a, "x");

    read_done(&job);
    db_stop_clock(db, NOW_MS + 500);
    notice(db, id, NOW_MS + 500);
    T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
    T_INT(sync_now(db, id).due_ms, NOW_MS + 2500);
    T_INT(sync_now(db, id).noticed_ms, NOW_MS);
    db_stop_clock(db, NOW_MS + 5000);
    job = begin(db, a, "x");
    job.sync.failures = 1;
    job.sync.due_ms = NOW_MS + 60000;
    T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, false));
    T_INT(sync_now(db, id).noticed_ms, NOW_MS);
    T_INT(sync_now(db, id).due_ms, NOW_MS + 60000);
    notice(db, id, NOW_MS + 5000); /* a back-off stays */
    T_INT(sync_now(db, id).due_ms, NOW_MS + 60000);
    T_OK(calendar_sync_want(t_cx(), db, id, INT64_MAX));
    T_INT(sync_now(db, id).due_ms, SYNC_WANTED);
    db_close(&db);
}

/* What was erased doesn't come back with a read that began before. */
TEST(test_calendar_reads_write_refuses_what_was_erased_meanwhile)
{
    static const struct {
        const char *name;
        int switches[2]; /* that it gets during the read, one after the other */
        bool spoils;
    } rows[] = {
        {"blocks no longer", {SWITCH_DESTINATION, SWITCH_DESTINATION}, false},
        {"is not read any more", {0, 0}, false},
        {"began anew", {SWITCH_DESTINATION, SWITCH_SOURCE}, false},
        {"is to be read in full", {SWITCH_SOURCE, SWITCH_SOURCE}, true},
    };
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t id = add_setting(db, a, str_from_z(rows[i].name), SWITCH_SOURCE);
        struct calendar_setting s = {.id = id};

        T_INT(take(db, "x"), a);
        struct sync_job job = begin(db, a, "x");

        read_done(&job);
        T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
        T_OK(calendar_sync_want(t_cx(), db, id, INT64_MAX));
        job = begin(db, a, "x");
        for (size_t j = 0; j < COUNT(rows[i].switches); j++) {
            s.switches = rows[i].switches[j];
            T_OK(calendar_settings_update(t_cx(), db, &s));
        }
        T_OK(rows[i].spoils ? calendar_sync_spoil(t_cx(), db, id) : OK);
        T_FAIL(FAIL_CONFLICT, calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
        T_INT(sync_now(db, id).image_digest.n, 0);
        T_OK(calendar_settings_delete(t_cx(), db, id, false, 1));
        T_OK(calendar_reads_drop(t_cx(), db, a, S("x")));
    }
    db_close(&db);
}

/* Who wants a read waits for one that is young enough, over or under way, and causes no
 * other. */
TEST(test_calendar_sync_want_takes_a_young_read)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);

    T_INT(take(db, "x"), a);
    struct sync_job job = begin(db, a, "x");

    db_stop_clock(db, NOW_MS + 3000);
    T_OK(calendar_sync_want(t_cx(), db, id, NOW_MS));
    T_INT(sync_now(db, id).due_ms, job.claim_ms);
    T_OK(calendar_sync_want(t_cx(), db, id, NOW_MS + 1));
    T_INT(sync_now(db, id).due_ms, SYNC_WANTED);
    read_done(&job);
    T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
    T_INT(sync_now(db, id).due_ms, SYNC_WANTED); /* wanted since it began */
    (void)begin(db, a, "x");
    T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
    T_OK(calendar_sync_want(t_cx(), db, id, NOW_MS));
    T_INT(sync_now(db, id).due_ms, job.sync.due_ms);
    T_OK(calendar_sync_want(t_cx(), db, id, NOW_MS + 1));
    T_INT(sync_now(db, id).due_ms, SYNC_WANTED);
    db_close(&db);
}

/* Nobody waits for a read of a node that is dead, or of one whose lease is over. */
TEST(test_calendar_sync_want_takes_no_read_without_a_lease)
{
    const char *const owners[] = {"deadnodedead/1", "x"};
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);

    for (size_t i = 0; i < COUNT(owners); i++) {
        T_OK(calendar_sync_want(t_cx(), db, id, INT64_MAX));
        T_INT(take(db, owners[i]), a);
        (void)begin(db, a, owners[i]);
        T_OK(i == 1 ? calendar_reads_drop(t_cx(), db, a, S("x")) : OK);
        T_OK(calendar_sync_want(t_cx(), db, id, NOW_MS));
        T_INT(sync_now(db, id).due_ms, SYNC_WANTED);
    }
    db_close(&db);
}

/* A failing calendar's back-off stays, and what was noticed during the read that ends the
 * failures is read again. */
TEST(test_calendar_reads_write_reads_again_what_was_noticed_while_it_failed)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);

    T_OK(db_script(t_cx(), db, "update calendar_sync set failures = 1, state = 2"));
    for (int i = 0; i < 2; i++) { /* before the read, and then during it, too */
        notice(db, id, NOW_MS - 100);
        T_OK(calendar_sync_want(t_cx(), db, id, INT64_MAX));
        T_INT(take(db, "x"), a);
        struct sync_job job = begin(db, a, "x");

        if (i == 1) {
            notice(db, id, NOW_MS + 100);
        }
        read_done(&job);
        T_OK(calendar_reads_write(t_cx(), db, S("x"), &job, 9, true));
        T_INT(sync_now(db, id).due_ms, i == 1 ? NOW_MS + 2000 : NOW_MS + 900000);
        T_INT(sync_now(db, id).noticed_ms, i == 1 ? NOW_MS : 0);
        T_OK(calendar_reads_drop(t_cx(), db, a, S("x")));
        T_OK(db_script(t_cx(), db, "update calendar_sync set failures = 1"));
    }
    db_close(&db);
}

TEST(test_calendar_reads_makes_nothing_due_that_rests)
{
    const char *const resting[] = {
        "update calendar_sync set state = 4, due_at = 9223372036854775807",
        "update calendar_sync set state = 2, inactive_reason = 3,"
        " due_at = 9223372036854775807",
    };
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);

    for (size_t i = 0; i < COUNT(resting); i++) {
        T_OK(db_script(t_cx(), db, resting[i]));
        notice(db, id, NOW_MS);
        T_OK(calendar_sync_want(t_cx(), db, id, INT64_MAX));
        T_OK(calendar_sync_spoil(t_cx(), db, id));
        T_INT(sync_now(db, id).due_ms, SYNC_NEVER);
        T_INT(sync_now(db, id).noticed_ms, NOW_MS);
        T_OK(calendar_sync_wake_account(t_cx(), db, a));
        T_INT(sync_now(db, id).due_ms, SYNC_WANTED);
    }
    db_close(&db);
}

TEST(test_calendar_reads_hold)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t first = add_setting(db, a, S("1"), SWITCH_SOURCE);
    int64_t second = add_setting(db, a, S("2"), SWITCH_SOURCE);
    struct lease lease = lease_of("x");
    struct account_work work;
    int64_t until;

    T_OK(calendar_reads_held_until(t_cx(), db, a, &until));
    T_INT(until, 0);
    T_OK(calendar_reads_hold(t_cx(), db, a, NOW_MS + 30000, 1));
    T_INT(sync_now(db, first).due_ms, NOW_MS + 30000);
    T_INT(sync_now(db, second).due_ms, NOW_MS + 30000);
    T_OK(calendar_reads_held_until(t_cx(), db, a, &until));
    T_INT(until, NOW_MS + 30000);
    T_OK(calendar_reads_hold(t_cx(), db, a, NOW_MS + 9, 2)); /* it was told otherwise */
    T_OK(calendar_reads_hold(t_cx(), db, a, NOW_MS + 9, 0));
    T_OK(calendar_reads_held_until(t_cx(), db, a, &until));
    T_INT(until, NOW_MS + 30000);
    T_INT(take(db, "x"), 0);
    T_OK(calendar_reads_end_hold(t_cx(), db, a)); /* by whom it doesn't stop */
    T_OK(calendar_reads_held_until(t_cx(), db, a, &until));
    T_INT(until, NOW_MS + 30000);
    db_stop_clock(db, NOW_MS + 30000);
    T_OK(calendar_reads_held_until(t_cx(), db, a, &until));
    T_INT(until, 0);
    T_OK(calendar_reads_take(t_cx(), db, SOURCE_GOOGLE, 0, &lease, &work));
    T_INT(work.account, a);
    T_INT(work.hold_step, 2);
    T_OK(calendar_reads_end_hold(t_cx(), db, a));
    T_OK(calendar_reads_drop(t_cx(), db, a, lease.owner));
    T_OK(calendar_reads_take(t_cx(), db, SOURCE_GOOGLE, 0, &lease, &work));
    T_INT(work.hold_step, 0);
    T_INT(sync_now(db, first).due_ms, NOW_MS + 30000);
    db_close(&db);
}

TEST(test_calendar_image)
{
    struct db *db = db_with_provider();
    int64_t a = add_account(db, SOURCE_GOOGLE, S("a"));
    int64_t id = add_setting(db, a, S("1"), SWITCH_SOURCE);
    Str got;

    T_FAIL(FAIL_NOT_FOUND, calendar_image_get(t_cx(), db, id, &got));
    T_OK(calendar_image_put(t_cx(), db, id, 1, 7, S("a\0b")));
    T_OK(calendar_image_put(t_cx(), db, id, 2, 8, S("c\0d")));
    T_OK(calendar_image_get(t_cx(), db, id, &got));
    T_STR(got, S("c\0d"));
    T_OK(account_delete(t_cx(), db, a));
    T_FAIL(FAIL_NOT_FOUND, calendar_image_get(t_cx(), db, id, &got));
    db_close(&db);
}

TEST(test_calendar_reads_count)
{
    struct db *db = db_with_provider();
    int64_t n;

    (void)add_setting(db, add_account(db, SOURCE_GOOGLE, S("a")), S("1"), SWITCH_SOURCE);
    T_OK(calendar_sync_count(t_cx(), db, SOURCE_GOOGLE, &n));
    T_INT(n, 1);
    T_OK(calendar_sync_count(t_cx(), db, SOURCE_MICROSOFT, &n));
    T_INT(n, 0);
    T_OK(calendar_sync_now(t_cx(), db, &n));
    T_INT(n, NOW_MS);
    db_close(&db);
}

TS_MAIN(
    TS(test_calendar_reads_take_one_account_at_a_time),
    TS(test_calendar_reads_workers_begin_at_different_accounts),
    TS(test_calendar_reads_lease_ends), TS(test_calendar_reads_renew),
    TS(test_calendar_reads_begin), TS(test_calendar_reads_job_says_why_not),
    TS(test_calendar_reads_write), TS(test_calendar_reads_write_looks_at_the_switches),
    TS(test_calendar_reads_write_keeps_what_came_meanwhile),
    TS(test_calendar_reads_write_refuses_what_was_erased_meanwhile),
    TS(test_calendar_reads_write_reads_again_what_was_noticed_while_it_failed),
    TS(test_calendar_sync_want_takes_a_young_read),
    TS(test_calendar_sync_want_takes_no_read_without_a_lease),
    TS(test_calendar_reads_makes_nothing_due_that_rests), TS(test_calendar_reads_hold),
    TS(test_calendar_image), TS(test_calendar_reads_count))
