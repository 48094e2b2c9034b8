/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_migrate.c - a store with data of an older version is brought to this one.
 */
#include "store/accounts.h"
#include "store/flows.h"
#include "store/grants.h"
#include "store/nodes.h"
#include "store/providers.h"
#include "store/revocations.h"
#include "store/test_store.h"

/* A store of version `to`, to be filled by `fill`. */
struct old_store {
    size_t to;
    const char *fill; /* NULL: nothing */
};

static Res make_old(struct cx *cx, struct db *db, void *arg)
{
    const struct old_store *old = arg;
    Res r = OK;

    for (size_t i = 0; i < old->to && r.code == FAIL_NONE; i++) {
        r = db_script(
            cx, db, migration_file(db_driver_of(db)->dialect, (int64_t)i + 1)->text.p);
        if (r.code == FAIL_NONE) {
            r = db_exec(
                cx, db, "insert into schema_version (version, applied_at) values ($1, 0)",
                DB_ARGS(db_int((int64_t)i + 1)), NULL);
        }
    }
    return r.code == FAIL_NONE && old->fill != NULL ? db_script(cx, db, old->fill) : r;
}

static Res count_endpoints(struct cx *cx, struct db *db, void *n)
{
    return db_query_int(cx, db, "select count(*) from webhook_endpoints", DB_NONE, n);
}

/* A connection to it after the migration. */
static struct db *migrated_db(struct old_store old)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    T_OK(store_create(t_cx(), s));
    T_OK(store_write(t_cx(), s, make_old, &old));
    T_FAIL(FAIL_UNAVAILABLE, t_check(s));
    return t_db();
}

TEST(test_migrate_keeps_revocations_under_their_name)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        3, t_is_sqlite()
               ? "insert into tasks values (9, 1, 's', 7, x'6f6c64', 2, 50, 900, 'a', 60)"
               : "insert into tasks values (9, 1, 's', 7, 'old', 2, 50, 900, 'a', 60);"
                 "select setval(pg_get_serial_sequence('tasks', 'id'), 9)"});
    struct revocation r;
    int64_t id;

    T_OK(revocation_take(
        t_cx(), db, (struct revocation_line){SOURCE_GOOGLE, REVOCATION_OLDEST},
        t_lease(db, S("b"), 100, 200), &r));
    T_INT(r.id, 9);
    T_INT(r.source, SOURCE_GOOGLE);
    T_STR(r.subject, S("s"));
    T_INT(r.key_id, 7);
    T_STR(r.sealed, S("old"));
    T_INT(r.attempts, 2);
    T_INT(r.next_ms, 50);
    T_INT(r.give_up_ms, 900);
    T_OK(revocation_done(t_cx(), db, 9, S("b")));
    T_OK(revocation_insert(t_cx(), db, &r, &id));
    T_INT(id, 10); /* ids go on where they were */
}

TEST(test_migrate_keeps_who_claimed_a_flow)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        3, t_is_sqlite() ? "insert into flows values (x'6f6e65', 'a', 200, null, 0, 50)"
                         : "insert into flows values ('one', 'a', 200, null, 0, 50)"});
    struct flow_record record;

    db_stop_clock(db, 100);
    T_OK(flow_finish(t_cx(), db, S("one"), S("a"), S("success"), 4));
    T_OK(flow_read(t_cx(), db, S("one"), &record));
    T_INT(record.account, 4);
}

/* A row that nobody knows neither stops the migration nor is lost. */
TEST(test_migrate_keeps_a_row_that_is_unreadable)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        3, t_is_sqlite()
               ? "insert into tasks values (9, 3, 's', 7, x'', 0, 50, 900, '', 0)"
               : "insert into tasks values (9, 3, 's', 7, '', 0, 50, 900, '', 0)"});
    int64_t n;

    T_OK(revocation_count(t_cx(), db, &n));
    T_INT(n, 1);
    T_OK(revocation_count_unreadable(t_cx(), db, &n));
    T_INT(n, 1);
}

/* A store of before refusals were counted, with an account and its grant. */
static const char *old_grant(void)
{
    return t_is_sqlite()
               ? "insert into providers values (5, 'studio', 0);"
                 "insert into accounts values (3, 5, 2, '', 2, 'a', 'n', 1, '', 1, 1);"
                 "insert into grants (account, version, key_id, sealed, failures, due_at)"
                 " values (3, 4, 7, x'6f6c64', 2, 50)"
               : "insert into providers values (5, 'studio', 0);"
                 "insert into accounts values (3, 5, 2, '', 2, 'a', 'n', 1, '', 1, 1);"
                 "insert into grants (account, version, key_id, sealed, failures, due_at)"
                 " values (3, 4, 7, 'old', 2, 50)";
}

TEST(test_migrate_gives_grants_a_count_of_refusals)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){5, old_grant()});
    struct grant_record g;

    T_OK(grant_get(t_cx(), db, 3, &g));
    T_STR(g.sealed, S("old"));
    T_INT(g.version, 4);
    T_INT(g.failures, 2);
    T_INT(g.refusals, 0);
}

TEST(test_migrate_names_the_source_of_each_grant)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){7, old_grant()});
    struct due_page page = {.parts = 1, .limit = 9, .after = DUE_FIRST};
    struct due_grant *due;
    size_t n;

    for (int source = 0; source <= SOURCE_COUNT; source++) {
        page.source = (enum source_id)source;
        T_OK(grant_due(t_cx(), db, &page, &due, &n));
        T_INT(n, source == SOURCE_MICROSOFT);
    }
}

/* Neither a source nor a grant that nobody knows stops the migration. */
TEST(test_migrate_leaves_an_unknown_source_out)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        4, t_is_sqlite()
               ? "insert into providers values (5, 'studio', 0);"
                 "insert into accounts values (3, 5, 2, '', 3, 'a', 'n', 1, '', 1, 1);"
                 "insert into grants (account, version, key_id, sealed)"
                 " values (3, 0, 7, x'6f6c64')"
               : "insert into providers values (5, 'studio', 0);"
                 "insert into accounts values (3, 5, 2, '', 3, 'a', 'n', 1, '', 1, 1);"
                 "insert into grants (account, version, key_id, sealed)"
                 " values (3, 0, 7, 'old')"});
    int64_t source;

    T_OK(db_query_int(t_cx(), db, "select source from grants", DB_NONE, &source));
    T_INT(source, 0);
}

TEST(test_migrate_leaves_every_provider_where_it_is)
{
    CLEANUP(db_close)
    struct db *db = migrated_db(
        (struct old_store){7, "insert into providers values (5, 'studio', 9)"});
    struct provider p;

    T_OK(provider_get(t_cx(), db, 5, &p));
    T_STR(p.name, S("studio"));
    T_INT(p.created_ms, 9);
    T_INT(p.removed_ms, 0);
    T_TRUE(
        db_script(t_cx(), db, "update providers set removed_at = -1").code != FAIL_NONE);
    T_OK(provider_get(t_cx(), db, 5, &p));
}

/* Accounts and settings stay, and no account has a calendar yet. */
TEST(test_migrate_makes_room_for_calendars)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        9, "insert into providers (id, name, created_at) values (5, 'studio', 0);"
           "insert into accounts values (3, 5, 2, '', 2, 'a', 'n', 1, '', 1, 1);"
           "insert into settings (name, value) values ('sealing_key', '0000002a')"});
    struct account a;
    Str value;
    int64_t n;

    T_OK(account_get(t_cx(), db, 3, &a));
    T_OK(setting_get(t_cx(), db, S("sealing_key"), &value));
    T_STR(value, S("0000002a"));
    T_OK(db_query_int(
        t_cx(), db, "select count(*) from settings where key_id = 0 and sealed is null",
        DB_NONE, &n));
    T_INT(n, 1);
    T_OK(db_query_int(
        t_cx(), db, "select count(*) from staff_calendar_settings", DB_NONE, &n));
    T_INT(n, 0);
}

/* Providers stay, and none has an endpoint yet. */
TEST(test_migrate_makes_room_for_webhooks)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        10, "insert into providers (id, name, created_at) values (5, 'studio', 0)"});
    struct provider p;
    int64_t n;

    T_OK(provider_get(t_cx(), db, 5, &p));
    T_OK(db_query_int(t_cx(), db, "select count(*) from webhook_endpoints", DB_NONE, &n));
    T_INT(n, 0);
}

/* Settings stay, nothing is to be gone through, and there are no events yet. */
TEST(test_migrate_makes_room_for_pushed_events)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        11, "insert into providers (id, name, created_at) values (5, 'studio', 0);"
            "insert into accounts values (3, 5, 2, '', 2, 'a', 'n', 1, '', 1, 1);"
            "insert into staff_calendar_settings (account, calendar_id, switches,"
            " reminder_minutes, time_zone, created_at) values (3, 'c', 1, 0, '', 1)"});
    int64_t n;

    T_OK(db_query_int(
        t_cx(), db,
        "select count(*) from staff_calendar_settings"
        " where switches = 1 and push_due = 0 and push_after = 0",
        DB_NONE, &n));
    T_INT(n, 1);
    T_OK(db_query_int(t_cx(), db, "select count(*) from pushed_events", DB_NONE, &n));
    T_INT(n, 0);
}

/* It reads what is there, and says what to do where something isn't. */
TEST(test_reading_takes_an_older_schema_as_far_as_it_goes)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    const struct store_options options = {
        .url = str_from_z(t_url), .pool = 1, .is_for_reading = true};
    CLEANUP(store_close) struct store *reader = NULL;
    struct old_store old = {
        10, "insert into settings (name, value) values ('name', 'there')"};
    int64_t n;

    T_OK(store_create(t_cx(), s));
    T_OK(store_write(t_cx(), s, make_old, &old));
    store_close(&s);
    T_OK(store_open(t_cx(), &options, &reader));
    T_OK(store_find(t_cx(), reader));
    T_STR(t_setting(reader), S("there"));
    T_FAIL(FAIL_CONFIG, store_read(t_cx(), reader, count_endpoints, &n));
    T_TRUE(str_contains(
        str_from_z(t_cx()->why.text), S("store: schema 10, this caldock knows ")));
    T_TRUE(str_ends(str_from_z(t_cx()->why.text), S(": caldock store migrate")));
    T_FAIL(FAIL_CONFIG, store_refuse_older(t_cx(), reader));
    T_STR(t_setting(reader), S("there"));
}

/* A node that went on serving has said nothing of itself, and its next report is taken.
 */
TEST(test_migrate_leaves_every_node_where_it_is)
{
    static const char report[] =
        "insert into nodes (id, host, keys, sealing, seen_at) values ('a', 'h', '', 7, 9)"
        " on conflict (id) do update set seen_at = excluded.seen_at";
    CLEANUP(db_close) struct db *db = migrated_db((struct old_store){12, report});
    struct node *nodes;
    size_t n;

    T_OK(db_exec(t_cx(), db, report, DB_NONE, NULL));
    db_stop_clock(db, 10);
    T_OK(node_list(t_cx(), db, &nodes, &n));
    T_INT(n, 1);
    T_INT(nodes[0].sealing, 7);
    T_STR(nodes[0].version, S(""));
    T_INT(nodes[0].ready, NODE_READY_UNKNOWN);
}

/* Two events, of which one has copies that were made again; `bytes` 1 to 3 are blobs. */
#define COPIES_MADE_AGAIN(bytes1, bytes2, bytes3)                                         \
    "insert into providers (id, name, created_at) values (5, 'studio', 0);"               \
    "insert into accounts (id, provider, mode, user_id, source, subject, username,"       \
    " status, status_reason, status_since, connected_at)"                                 \
    " values (1, 5, 1, 'u', 1, 'a', 'n', 1, '', 1, 1);"                                   \
    "insert into staff_calendar_settings (account, calendar_id, switches,"                \
    " reminder_minutes, time_zone, created_at) values (1, 'c', 1, 0, '', 1);"             \
    "insert into staff_calendar_settings (account, calendar_id, switches,"                \
    " reminder_minutes, time_zone, created_at) values (1, 'd', 1, 0, '', 1);"             \
    "insert into pushed_events (id, provider, mode, user_id, event_id, rev, version,"     \
    " has_attendees, starts_at, ends_at, key_id, sealed, digest, created_at, updated_at)" \
    " values (1, 5, 1, 'u', 'a', 1, -1, 0, 1, 2, 3, " bytes1 ", " bytes1 ", 1, 1),"       \
    " (2, 5, 1, 'u', 'b', 1, -1, 0, 1, 2, 3, " bytes1 ", " bytes1 ", 1, 1);"              \
    "insert into pushed_copies (event, settings, account, source, key, generation,"       \
    " external_id, link, want, status, reason, want_rev, have_rev, flags, due_at, since," \
    " attempts, written_at, start_at, end_at) values"                                     \
    " (1, 1, 1, 1, " bytes1 ", 0, '', '', 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1),"           \
    " (2, 1, 1, 1, " bytes2 ", 2, '', '', 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1),"           \
    " (2, 2, 1, 1, " bytes3 ", 3, '', '', 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1)"

/* So that a copy that is left over in a calendar is found. */
TEST(test_migrate_knows_how_often_copies_were_made)
{
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        12, t_is_sqlite() ? COPIES_MADE_AGAIN("x'61'", "x'62'", "x'63'")
                          : COPIES_MADE_AGAIN("'a'", "'b'", "'c'")});
    int64_t n;

    for (int64_t event = 1; event <= 2; event++) {
        T_OK(db_query_int(
            t_cx(), db, "select generations from pushed_events where id = $1",
            DB_ARGS(db_int(event)), &n));
        T_INT(n, event == 1 ? 0 : 3);
    }
}

/* A node of the version before goes on writing them, and says nothing of what it sent. */
TEST(test_migrate_leaves_every_copy_where_it_is)
{
    static const char sql[] =
        "select count(*) from pushed_copies where end_at = $1 and written_at = $1"
        " and sent_end_at = $2 and sent_after = $2";
    CLEANUP(db_close)
    struct db *db = migrated_db((struct old_store){
        16, t_is_sqlite() ? COPIES_MADE_AGAIN("x'61'", "x'62'", "x'63'")
                          : COPIES_MADE_AGAIN("'a'", "'b'", "'c'")});
    int64_t n;

    T_OK(db_query_int(t_cx(), db, sql, DB_ARGS(db_int(1), db_int(0)), &n));
    T_INT(n, 3);
    T_OK(db_script(
        t_cx(), db, "update pushed_copies set sent_end_at = 5, sent_after = 5"));
    T_OK(db_script(t_cx(), db, "update pushed_copies set end_at = 6, written_at = 6"));
    T_OK(db_query_int(t_cx(), db, sql, DB_ARGS(db_int(6), db_int(5)), &n));
    T_INT(n, 3);
}

TS_MAIN(
    TS(test_migrate_leaves_every_copy_where_it_is),
    TS(test_migrate_knows_how_often_copies_were_made),
    TS(test_reading_takes_an_older_schema_as_far_as_it_goes),
    TS(test_migrate_leaves_every_node_where_it_is),
    TS(test_migrate_makes_room_for_pushed_events),
    TS(test_migrate_makes_room_for_webhooks), TS(test_migrate_makes_room_for_calendars),
    TS(test_migrate_names_the_source_of_each_grant),
    TS(test_migrate_leaves_an_unknown_source_out),
    TS(test_migrate_leaves_every_provider_where_it_is),
    TS(test_migrate_gives_grants_a_count_of_refusals),
    TS(test_migrate_keeps_a_row_that_is_unreadable),
    TS(test_migrate_keeps_revocations_under_their_name),
    TS(test_migrate_keeps_who_claimed_a_flow))
