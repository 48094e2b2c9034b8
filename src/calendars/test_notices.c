/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_notices.c - what is noticed is stored before anybody is told so, once for all that
 * come together.
 */
#include <time.h>

#include "base/limits.h"
#include "calendars/notices.h"
#include "grants/testbed.h"
#include "store/accounts.h"
#include "store/calendar_settings.h"
#include "store/driver.h"
#include "work/readiness.h"

enum { SETTINGS = 3 };

static struct notices *notices;
static struct readiness readiness;
static struct shared *shared;

static Res add_settings(struct cx *cx, struct db *db, void *arg)
{
    const struct account a = {
        .provider = BED_PROVIDER,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .subject = S("s"),
        .status = ACCOUNT_CONNECTED};
    int64_t account;

    (void)arg;
    TRY(account_insert(cx, db, &a, &account));
    for (int i = 0; i < SETTINGS; i++) {
        const struct calendar_setting s = {
            .account = account,
            .calendar_id = str_int(&cx->mem, i),
            .switches = SWITCH_SOURCE};
        int64_t id;

        TRY(calendar_settings_insert(cx, db, &s, &id));
    }
    return db_script(
        cx, db, "update calendar_sync set state = 2, due_at = 253402300799999");
}

/* The table is gone: the batch can't be written. */
static Res break_table(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(cx, db, "alter table calendar_sync rename to elsewhere");
}

static void start(void)
{
    const struct lanes_options one = {
        .store = bed.store, .pools = {[POOL_NOTICES] = {1, 1}}};

    shared = shared_open();
    atomic_init(&readiness.store_is_ready, true);
    atomic_init(&readiness.trusted_until_ms, INT64_MAX);
    bed.worker.lanes = lanes_open(&one);
    notices = notices_open(&(struct notices_options){
        .lanes = bed.worker.lanes, .shared = shared, .readiness = &readiness});
    T_OK(BED_WRITE(add_settings, NULL));
}

static void stop(void)
{
    bed_stopped();
    notices_close(&notices);
    notices_close(&notices); /* takes what was closed */
    shared_close(&shared);
}

static Res sync_look(struct cx *cx, struct db *db, void *arg)
{
    struct calendar_sync *s = arg;

    return calendar_sync_get(cx, db, s->settings, s);
}

static struct calendar_sync sync_of(int64_t settings)
{
    struct calendar_sync s = {.settings = settings};

    T_OK(store_read(t_cx(), bed.store, sync_look, &s));
    return s;
}

static struct calendar_notice notice_of(int64_t settings, unsigned what)
{
    return (struct calendar_notice){settings, SOURCE_GOOGLE, 0, what};
}

/* A request has its own copy: what waits of it is put together there. */
static struct notices_request request_of(const struct calendar_notice *at, size_t n)
{
    struct notices_request r = {
        .at = NEW_N(&t_cx()->mem, struct calendar_notice, n), .n = n};

    memcpy(r.at, at, n * sizeof(*at));
    return r;
}

static enum notices_answer add(
    struct notices_request *r, const struct calendar_notice *at, size_t n)
{
    *r = request_of(at, n);
    return notices_add(notices, r);
}

static enum notices_answer await(struct notices_request *r)
{
    enum notices_answer answer;

    while ((answer = notices_ask(notices, r)) == NOTICES_WAITING) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return answer;
}

TEST(test_notices_are_stored_before_that_is_said)
{
    const struct calendar_notice both[] = {
        notice_of(1, NOTICE_SOON), notice_of(2, NOTICE_SOON),
        notice_of(99, NOTICE_SOON) /* gone */};
    struct notices_request r;

    start();
    T_INT(add(&r, both, COUNT(both)), NOTICES_WAITING);
    T_INT(await(&r), NOTICES_STORED);
    T_INT(r.n_unknown, 1);
    T_TRUE(sync_of(1).noticed_ms > 0 && sync_of(2).noticed_ms > 0);
    T_INT(sync_of(3).noticed_ms, 0);
    stop();
}

TEST(test_notices_of_a_calendar_are_joined_for_a_second)
{
    const struct calendar_notice soon = notice_of(1, NOTICE_SOON);
    const struct calendar_notice now = notice_of(1, NOTICE_NOW);
    struct notices_request r;
    int64_t began_ms = clock_mono_ms();

    start();
    T_INT(add(&r, &soon, 1), NOTICES_WAITING);
    T_INT(await(&r), NOTICES_STORED);
    bool is_known = add(&r, &soon, 1) == NOTICES_STORED;

    T_TRUE(is_known || clock_mono_ms() - began_ms >= LIMIT_NOTICES_JOIN_MS);
    /* More than is known. */
    T_INT(add(&r, &now, 1), NOTICES_WAITING);
    T_INT(await(&r), NOTICES_STORED);
    /* Its read may begin at once: what comes now would not be in it. */
    T_INT(add(&r, &now, 1), NOTICES_WAITING);
    T_INT(await(&r), NOTICES_STORED);
    stop();
}

/* By channels 0 and 9 of each setting: no calendar has the latter. */
TEST(test_notices_of_channels_that_no_calendar_has_are_told)
{
    struct calendar_notice at[] = {notice_of(1, NOTICE_SOON),  notice_of(1, NOTICE_SOON),
                                   notice_of(1, NOTICE_SOON),  notice_of(2, NOTICE_RENEW),
                                   notice_of(2, NOTICE_RENEW), notice_of(2, NOTICE_LOST),
                                   notice_of(3, NOTICE_SOON),  notice_of(3, NOTICE_SOON),
                                   notice_of(99, NOTICE_NOW)};
    struct notices_request r;

    at[1].channel = 9;
    at[2].channel = 9; /* twice in one request */
    at[4].channel = 9;
    at[5].channel = 9;
    at[7].source = SOURCE_MICROSOFT;
    start();
    T_INT(add(&r, at, COUNT(at)), NOTICES_WAITING);
    T_INT(await(&r), NOTICES_STORED);
    T_INT(r.n_unknown, 6);
    /* What is known of them for a second is told again, with and without a batch. */
    for (int i = 0; i < 2; i++) {
        const struct calendar_notice both[] = {at[1], notice_of(3, NOTICE_NOW), at[1]};
        enum notices_answer answer = add(&r, both, COUNT(both));

        T_INT(answer == NOTICES_WAITING ? await(&r) : answer, NOTICES_STORED);
        T_INT(r.n_unknown, 2);
        answer = add(&r, at, 3);
        T_INT(answer == NOTICES_WAITING ? await(&r) : answer, NOTICES_STORED);
        T_INT(r.n_unknown, 2);
    }
    stop();
}

/* Nothing is written meanwhile: the one worker is kept busy. */
static void hold_run(struct job *job, struct worker *w)
{
    (void)job;
    (void)w;
    (void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
}

TEST(test_notices_that_come_together_are_one_batch)
{
    const struct calendar_notice at[] = {
        notice_of(1, NOTICE_SOON), notice_of(2, NOTICE_SOON), notice_of(1, NOTICE_NOW)};
    struct job hold = {.run = hold_run};
    struct notices_request r[COUNT(at)];

    start();
    T_TRUE(lanes_push(bed.worker.lanes, POOL_NOTICES, &hold));
    while (add(&r[0], &at[0], 1) == NOTICES_REFUSED) {
        /* the queue has room for one: the worker has not begun yet */
    }
    for (size_t i = 1; i < COUNT(at); i++) {
        T_INT(add(&r[i], &at[i], 1), NOTICES_WAITING);
        T_INT(r[i].ticket, r[0].ticket);
    }
    T_INT(await(&r[0]), NOTICES_STORED);
    T_TRUE(sync_of(1).due_ms < sync_of(2).due_ms); /* it has both kinds */
    stop();
}

TEST(test_notices_are_refused_while_the_store_is_away)
{
    const struct calendar_notice soon = notice_of(1, NOTICE_SOON);
    struct notices_request r;

    start();
    atomic_store(&readiness.trusted_until_ms, 0);
    T_INT(add(&r, &soon, 1), NOTICES_REFUSED);
    atomic_store(&readiness.trusted_until_ms, INT64_MAX);
    /* It goes away while the batch is written. */
    T_OK(BED_WRITE(break_table, NULL));
    T_INT(add(&r, &soon, 1), NOTICES_WAITING);
    T_INT(await(&r), NOTICES_REFUSED);
    stop();
}

TEST(test_notices_are_refused_where_too_many_calendars_change)
{
    struct calendar_notice *many =
        NEW_N(&t_cx()->mem, struct calendar_notice, LIMIT_NOTICES_ITEMS);
    struct calendar_notice more = notice_of(7 * LIMIT_NOTICES_ITEMS, NOTICE_SOON);
    struct notices_request r;

    for (int i = 0; i < LIMIT_NOTICES_ITEMS; i++) {
        many[i] = notice_of(10 + i, NOTICE_SOON);
    }
    start();
    /* One request may pass the limit, so that the largest can be served. */
    T_INT(add(&r, many, LIMIT_NOTICES_ITEMS), NOTICES_WAITING);
    struct notices_request refused;

    T_INT(add(&refused, &more, 1), NOTICES_REFUSED);
    T_INT(await(&r), NOTICES_STORED);
    stop();
}

TEST(test_notices_keys_are_those_of_the_process)
{
    const struct instance_keys *keys;

    start();
    T_TRUE(notices_keys(notices) == NULL);
    T_OK(shared_keys(t_cx(), shared, bed.store, bed.keyring, &keys));
    T_TRUE(notices_keys(notices) == keys);
    stop();
}

T_MAIN(
    T_BED(test_notices_are_stored_before_that_is_said),
    T_BED(test_notices_of_a_calendar_are_joined_for_a_second),
    T_BED(test_notices_of_channels_that_no_calendar_has_are_told),
    T_BED(test_notices_that_come_together_are_one_batch),
    T_BED(test_notices_are_refused_while_the_store_is_away),
    T_BED(test_notices_are_refused_where_too_many_calendars_change),
    T_BED(test_notices_keys_are_those_of_the_process))
