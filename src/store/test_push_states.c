/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_push_states.c - pages of copies, what a filter leaves of them, the one that is due
 * the longest, what its writer finds, and what it keeps.
 */
#include "base/limits.h"
#include "store/accounts.h"
#include "store/calendar_reads.h"
#include "store/calendar_settings.h"
#include "store/providers.h"
#include "store/push_states.h"
#include "store/pushed_writes.h"
#include "store/test_store.h"

#define NOW_MS INT64_C(100000000)

struct place {
    int64_t account;
    int64_t settings;
};

static struct place add_place(struct db *db, int64_t provider)
{
    const struct account a = {
        .provider = provider,
        .mode = MODE_CUSTOMER,
        .user = S("u1"),
        .source = SOURCE_MICROSOFT,
        .subject = S("s"),
        .username = S("ana@example.com"),
        .status = ACCOUNT_CONNECTED};
    struct place ret;

    T_OK(account_insert(t_cx(), db, &a, &ret.account));
    T_OK(calendar_settings_insert(
        t_cx(), db,
        &(struct calendar_setting){
            .account = ret.account,
            .calendar_id = S("c"),
            .switches = SWITCH_DESTINATION},
        &ret.settings));
    return ret;
}

static int64_t add_event(struct db *db, int64_t provider, Str event_id)
{
    struct pushed_event e = {
        .owner = {.provider = provider, .mode = MODE_CUSTOMER, .user = S("u1")},
        .event_id = event_id,
        .rev = 1,
        .version = PUSHED_NO_VERSION,
        .ends_s = 10,
        .created_ms = 1};

    T_OK(pushed_event_insert(t_cx(), db, &e, &e.id));
    return e.id;
}

static void add_copy(
    struct db *db, struct place place, int64_t event, enum copy_status status,
    int64_t due_ms)
{
    Str number = str_int(&t_cx()->mem, event);

    T_OK(pushed_copy_insert(
        t_cx(), db,
        &(struct pushed_copy){
            .event = event,
            .settings = place.settings,
            .account = place.account,
            .source = SOURCE_MICROSOFT,
            .key = number,
            .external_id = S("x"),
            .want = COPY_WANT_WRITTEN,
            .status = status,
            .due_ms = due_ms}));
}

static struct db *db_with_providers(void)
{
    struct db *db = t_db();

    for (int64_t id = 5; id <= 6; id++) {
        T_OK(provider_add(t_cx(), db, &(struct provider){.id = id, .name = S("s")}));
    }
    db_stop_clock(db, NOW_MS);
    return db;
}

static struct push_states_page page_of(
    struct db *db, int64_t provider, enum copy_status status, int64_t after)
{
    const struct push_states_filter filter = {provider, status};
    struct push_states_page page = {.last = -1};

    T_OK(push_states_list(t_cx(), db, &filter, after, &page));
    T_INT(page.now_ms, NOW_MS);
    return page;
}

TEST(test_push_states_list_says_whose_they_are)
{
    struct db *db = db_with_providers();
    struct place place = add_place(db, 5);

    T_INT(page_of(db, 0, 0, 0).last, 0);
    add_copy(db, place, add_event(db, 5, S("booking-1")), COPY_FAILED, SYNC_NEVER);
    add_copy(db, place, 77, COPY_REMOVING, 1);
    struct push_states_page page = page_of(db, 0, 0, 0);

    T_INT(page.n, 2);
    T_INT(page.last, page.at[1].view.copy.id);
    T_STR(page.at[0].event_id, S("booking-1"));
    T_INT(page.at[0].owner.provider, 5);
    T_INT(page.at[0].owner.mode, MODE_CUSTOMER);
    T_STR(page.at[0].owner.user, S("u1"));
    T_TRUE(page.at[0].view.is_connected);
    T_INT(page.at[0].view.inactive, SYNC_ACTIVE);
    T_INT(page.at[0].view.copy.settings, place.settings);
    T_STR(page.at[0].view.copy.external_id, S("x"));
    T_STR(page.at[1].event_id, S("")); /* the event is gone */
    T_INT(page.at[1].view.copy.status, COPY_REMOVING);
    db_close(&db);
}

TEST(test_push_states_list_takes_what_the_filter_chooses)
{
    struct db *db = db_with_providers();
    struct place five = add_place(db, 5);
    struct place six = add_place(db, 6);

    for (int i = 1; i <= LIMIT_STEP_ROWS + 1; i++) {
        add_copy(db, i == 1 ? six : five, i, COPY_WRITTEN, SYNC_NEVER);
    }
    add_copy(db, five, 1000, COPY_FAILED, SYNC_NEVER);
    struct push_states_page page = page_of(db, 0, 0, 0);

    T_INT(page.n, LIMIT_STEP_ROWS);
    T_INT(page_of(db, 5, 0, 0).n, LIMIT_STEP_ROWS - 1);
    T_INT(page_of(db, 6, 0, 0).n, 1);
    T_INT(page_of(db, 7, 0, 0).n, 0);
    T_INT(page_of(db, 7, 0, 0).last, page.last);
    T_INT(page_of(db, 0, COPY_FAILED, 0).n, 0);
    struct push_states_page next = page_of(db, 0, COPY_FAILED, page.last);

    T_INT(next.n, 1);
    T_INT(next.at[0].view.copy.event, 1000);
    T_INT(page_of(db, 6, COPY_FAILED, page.last).n, 0);
    T_INT(page_of(db, 0, 0, next.last).last, 0);
    db_close(&db);
}

/* What was sent before its answer is known is on record, whoever writes the row. */
TEST(test_pushed_copies_keep_what_was_sent)
{
    struct db *db = db_with_providers();
    struct place place = add_place(db, 5);
    struct pushed_copy c = {
        .event = 7,
        .settings = place.settings,
        .account = place.account,
        .source = SOURCE_MICROSOFT,
        .key = S("k"),
        .want = COPY_WANT_WRITTEN,
        .status = COPY_PENDING,
        .sent_end_s = 11,
        .sent_after_ms = 12};
    struct pushed_copies_page page;

    T_OK(pushed_copy_insert(t_cx(), db, &c));
    T_OK(pushed_copies_of_event(t_cx(), db, 7, &page));
    T_INT(page.n, 1);
    T_INT(page.at[0].copy.sent_end_s, 11);
    T_INT(page.at[0].copy.sent_after_ms, 12);
    c = page.at[0].copy;
    c.sent_end_s = 253402300799;
    c.sent_after_ms = 14;
    T_OK(pushed_copy_put(t_cx(), db, &c));
    T_OK(pushed_copy_get(t_cx(), db, c.id, &c));
    T_INT(c.sent_end_s, 253402300799);
    T_INT(c.sent_after_ms, 14);
    db_close(&db);
}

static struct push_oldest oldest_of(struct db *db, enum source_id source)
{
    struct push_oldest ret;

    T_OK(push_states_oldest(t_cx(), db, source, &ret));
    T_INT(ret.now_ms, NOW_MS);
    return ret;
}

TEST(test_push_states_oldest_leaves_out_what_is_held)
{
    struct db *db = db_with_providers();
    struct place held = add_place(db, 5);
    struct place free_one = add_place(db, 6);

    add_copy(db, free_one, 1, COPY_WRITTEN, SYNC_NEVER);
    add_copy(db, free_one, 2, COPY_PENDING, NOW_MS + 1);
    T_INT(oldest_of(db, SOURCE_MICROSOFT).copy, 0);
    add_copy(db, held, 3, COPY_PENDING, 5);
    add_copy(db, free_one, 4, COPY_PENDING, 7);
    T_INT(oldest_of(db, SOURCE_MICROSOFT).due_ms, 5);
    T_OK(calendar_reads_hold(t_cx(), db, held.account, NOW_MS + 1, 1));
    T_INT(oldest_of(db, SOURCE_MICROSOFT).due_ms, 7);
    T_TRUE(oldest_of(db, SOURCE_MICROSOFT).copy > 0);
    T_INT(oldest_of(db, SOURCE_GOOGLE).copy, 0);
    db_close(&db);
}

TEST(test_pushed_writes_next_waits_while_the_account_is_held)
{
    struct db *db = db_with_providers();
    struct place place = add_place(db, 5);
    struct lease lease = {.owner = S("n"), .length_ms = 60 * 1000};
    struct account_work work;
    struct push_job job;

    add_copy(db, place, add_event(db, 5, S("e")), COPY_PENDING, 1);
    T_OK(pushed_writes_take(t_cx(), db, SOURCE_MICROSOFT, 0, &lease, &work));
    T_INT(work.account, place.account);
    T_OK(pushed_writes_next(t_cx(), db, place.account, lease.owner, &job));
    T_OK(calendar_reads_hold(t_cx(), db, place.account, NOW_MS + 1, 1));
    T_FAIL(
        FAIL_NOT_FOUND, pushed_writes_next(t_cx(), db, place.account, lease.owner, &job));
    db_stop_clock(db, NOW_MS + 1);
    T_OK(pushed_writes_next(t_cx(), db, place.account, lease.owner, &job));
    db_close(&db);
}

static bool deactivates(struct db *db, int64_t settings)
{
    bool is_new;

    T_OK(pushed_writes_deactivate(t_cx(), db, settings, SYNC_READ_ONLY, &is_new));
    return is_new;
}

/* A write that was under way may end after the setting was changed. */
TEST(test_pushed_writes_deactivate_leaves_what_receives_no_more)
{
    struct db *db = db_with_providers();
    struct calendar_setting off = {.id = add_place(db, 5).settings};
    struct place gone = add_place(db, 6);

    T_TRUE(deactivates(db, off.id));
    T_TRUE(!deactivates(db, off.id)); /* it is so */
    T_OK(calendar_settings_update(t_cx(), db, &off));
    T_TRUE(!deactivates(db, off.id));
    add_copy(db, gone, 1, COPY_REMOVING, 1);
    T_OK(calendar_settings_delete(t_cx(), db, gone.settings, false, NOW_MS));
    T_TRUE(!deactivates(db, gone.settings));
    db_close(&db);
}

TS_MAIN(
    TS(test_push_states_list_says_whose_they_are),
    TS(test_push_states_list_takes_what_the_filter_chooses),
    TS(test_pushed_copies_keep_what_was_sent),
    TS(test_push_states_oldest_leaves_out_what_is_held),
    TS(test_pushed_writes_next_waits_while_the_account_is_held),
    TS(test_pushed_writes_deactivate_leaves_what_receives_no_more))
