/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/limits.h"
#include "store/calendar_channels.h"
#include "store/overview.h"
#include "store/test_store.h"

#define NOW    INT64_C(1700000000000)
#define BINARY (t_is_sqlite() ? "cast(i as blob)" : "convert_to(i::text, 'utf8')")

static struct overview read_at(struct db *db, int64_t now_ms)
{
    struct overview o;

    db_stop_clock(db, now_ms);
    T_OK(overview_read(t_cx(), db, &o));
    return o;
}

/* $ stands for bytes made of `i`. */
static void run(struct db *db, const char *sql)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 16 * 1024};

    for (; *sql != 0; sql++) {
        if (*sql == '$') {
            buf_add(&b, str_from_z(BINARY));
        } else {
            buf_add_char(&b, *sql);
        }
    }
    buf_add_char(&b, 0);
    T_OK(db_script(t_cx(), db, buf_text(&b).p));
}

/* Rows of a table of numbers, from 1 to n. */
static void number(struct db *db, const char *n)
{
    run(db, t_is_sqlite() ? "create table series (i integer)"
                          : "create table series (i bigint)");
    T_OK(db_exec(
        t_cx(), db,
        "insert into series (i) with recursive s (i) as (select 1 union all"
        " select i + 1 from s where i < $1) select i from s",
        DB_ARGS(db_int(strtoll(n, NULL, 10))), NULL));
}

TEST(test_overview_of_nothing_is_zero)
{
    CLEANUP(db_close) struct db *db = t_db();
    struct overview o = read_at(db, NOW);

    T_INT(o.now_ms, NOW);
    T_INT(o.n_nodes, 0);
    T_INT(o.n_flows, 0);
    for (int i = 0; i < SOURCE_COUNT; i++) {
        T_INT(o.accounts[i][0].n, 0);
        T_INT(o.accounts[i][1].n, 0);
        T_TRUE(!o.refuses_channels[i]);
    }
    for (int i = 0; i < WORK_COUNT; i++) {
        T_INT(o.waiting[i].n, 0);
        T_INT(o.waiting[i].oldest_ms, 0);
    }
}

TEST(test_overview_has_what_a_node_says)
{
    CLEANUP(db_close) struct db *db = t_db();

    db_stop_clock(db, NOW);
    T_OK(node_write(
        t_cx(), db,
        &(struct node){
            .id = S("b"),
            .host = S("h"),
            .version = S("0.1.0"),
            .began_ms = 5,
            .ready = NODE_IS_UNREADY}));
    T_OK(node_write(
        t_cx(), db,
        &(struct node){
            .id = S("b"),
            .host = S("h"),
            .version = S("0.1.0"),
            .began_ms = 5,
            .ready = NODE_IS_READY,
            .requests = 1500,
            .sources = S("google=refused"),
            .p99_us = -7}));
    run(db, "insert into nodes (id, host, keys, sealing, seen_at)"
            " values ('a', 'h', '', 1, 1700000001000)"); /* as an older release does */
    struct overview o = read_at(db, NOW + 2000);

    T_INT(o.n_nodes, 2);
    T_STR(o.nodes[0].version, S(""));
    T_INT(o.nodes[0].began_ms, 0);
    T_INT(o.nodes[0].ready, NODE_READY_UNKNOWN);
    T_STR(o.nodes[0].sources, S(""));
    T_INT(o.nodes[0].requests, -1);
    T_INT(o.nodes[0].p99_us, 0);
    T_INT(o.nodes[0].seen_ms, NOW + 1000);
    T_STR(o.nodes[1].version, S("0.1.0"));
    T_INT(o.nodes[1].began_ms, 5);
    T_INT(o.nodes[1].ready, NODE_IS_READY);
    T_STR(o.nodes[1].sources, S("google=refused"));
    T_INT(o.nodes[1].requests, 1500);
    T_INT(o.nodes[1].p99_us, -7);
    T_INT(o.nodes[1].seen_ms, NOW);
}

TEST(test_overview_counts_accounts_and_who_came_lately)
{
    CLEANUP(db_close) struct db *db = t_db();

    number(db, "7");
    run(db,
        "insert into providers (id, name, created_at) values (1, 'p', 1);"
        "insert into accounts (provider, mode, user_id, source, subject, username,"
        " status, status_reason, status_since, connected_at) select 1, 1, '',"
        " case when i = 7 then 1 else 2 end, 's' || i, 'x',"
        " case when i < 3 then 2 else 1 end, '',"
        " case when i % 2 = 0 then 1699913600000 else 1699913600001 end, 1 from series");
    struct overview o = read_at(db, NOW); /* a day later, less 1 ms for the odd ones */

    T_INT(o.accounts[SOURCE_GOOGLE - 1][ACCOUNT_CONNECTED - 1].n, 1);
    T_INT(o.accounts[SOURCE_GOOGLE - 1][ACCOUNT_CONNECTED - 1].lately, 1);
    T_INT(o.accounts[SOURCE_GOOGLE - 1][ACCOUNT_NEEDS_RECONNECT - 1].n, 0);
    T_INT(o.accounts[SOURCE_MICROSOFT - 1][ACCOUNT_CONNECTED - 1].n, 4);
    T_INT(o.accounts[SOURCE_MICROSOFT - 1][ACCOUNT_CONNECTED - 1].lately, 2);
    T_INT(o.accounts[SOURCE_MICROSOFT - 1][ACCOUNT_NEEDS_RECONNECT - 1].n, 2);
    T_INT(o.accounts[SOURCE_MICROSOFT - 1][ACCOUNT_NEEDS_RECONNECT - 1].lately, 1);
}

TEST(test_overview_counts_flows_of_an_hour_by_outcome)
{
    CLEANUP(db_close) struct db *db = t_db();

    number(db, "6");
    run(db,
        "insert into flows (id, owner, claimed_until, outcome, made_at) select $, 'n',"
        " 1, case when i < 4 then 'success' when i = 4 then 'access_denied' end,"
        " case when i = 6 then 1699996400000 else 1699996400001 end from series");
    struct overview o = read_at(db, NOW);

    T_INT(o.n_flows, 3);
    T_STR(o.flows[0].outcome, S("success"));
    T_INT(o.flows[0].n, 3);
    T_STR(o.flows[1].outcome, S("")); /* one is under way, one is an hour old */
    T_INT(o.flows[1].n, 1);
    T_STR(o.flows[2].outcome, S("access_denied"));
}

TEST(test_overview_counts_revocations_from_their_making)
{
    CLEANUP(db_close) struct db *db = t_db();

    number(db, "3");
    db_stop_clock(db, NOW);
    run(db,
        "insert into revocations (source, subject, key_id, sealed, attempts, next_at,"
        " give_up_at) select 2, 's', 1, $, 1, 1700009999000, 1700604800000 + i from series");
    struct overview o = read_at(db, NOW + 5000);

    T_INT(o.waiting[WORK_REVOCATIONS].n, 3);
    T_INT(
        o.waiting[WORK_REVOCATIONS].oldest_ms,
        INT64_C(1700604800001) - LIMIT_REVOKE_GIVE_UP_MS);
}

/* Work of two sources: due_at is i * 1000 from 1, but 1 means "at once" for one of it. */
static void add_due(struct db *db)
{
    run(db,
        "insert into providers (id, name, created_at) values (1, 'p', 1);"
        "insert into accounts (id, provider, mode, user_id, source, subject, username,"
        " status, status_reason, status_since, connected_at) select i, 1, 1, '', 1,"
        " 's' || i, 'x', 1, '', 1, 1 from series;"
        "insert into grants (account, version, key_id, sealed, due_at, source)"
        " select i, 1, 1, $, case when i = 2 then 0 else i * 1000 end, 1 + i % 2 from series;"
        "insert into staff_calendar_settings (id, account, calendar_id, switches,"
        " reminder_minutes, time_zone, created_at) select i, i, 'c', 1, 0, '', 1 from series;"
        "insert into calendar_sync (settings, account, source, state, due_at)"
        " select i, i, 1 + i % 2, 2, case when i < 3 then 1 else i * 1000 end from series;"
        "insert into account_work (account, hold_until) select i,"
        " case when i = 1 then 1700000000000 else 0 end from series;"
        "insert into pushed_copies (event, settings, account, source, key, generation,"
        " external_id, link, want, status, reason, want_rev, have_rev, flags, due_at, since,"
        " attempts, written_at, start_at, end_at) select i, i, i, 1 + i % 2, $, 0, '', '', 1,"
        " 1, 0, 1, 0, 0, i * 1000, 1, 0, 0, 0, 0 from series;"
        "insert into webhook_endpoints (id, provider, url, description, types, version,"
        " key_id, sealed, state, created_at) select i, 1, 'u', '', 0, 1, 1, $, 1, 1"
        " from series;"
        "insert into webhook_messages (id, provider, subject, type, body, not_before,"
        " created_at) select 'm' || i, 1, '', 't', '{}', 1, 1 from series;"
        "insert into webhook_deliveries (message, endpoint, made_at, state, due_at)"
        " select 'm' || i, i, 1, case when i = 3 then 2 else 1 end, i * 1000 from series");
}

TEST(test_overview_counts_what_is_due)
{
    static const struct {
        enum overview_work work;
        int64_t n;
        int64_t oldest_ms;
    } rows[] = {
        {WORK_REFRESHES, 4, 1000}, /* number 2 was never used, which is no time */
        {WORK_SYNCS, 4, 3000},     /* numbers 1 and 2 are wanted at once */
        {WORK_PUSHES, 3, 2000},    /* the account of number 1 is to be left alone */
        {WORK_WEBHOOKS, 3, 1000},  /* number 3 is delivered */
    };
    CLEANUP(db_close) struct db *db = t_db();

    number(db, "5");
    add_due(db);
    struct overview o = read_at(db, 4000);

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(o.waiting[rows[i].work].n, rows[i].n);
        T_INT(o.waiting[rows[i].work].oldest_ms, rows[i].oldest_ms);
    }
    o = read_at(db, 999);
    T_INT(o.waiting[WORK_REFRESHES].n, 1);
    T_INT(o.waiting[WORK_REFRESHES].oldest_ms, 0); /* not known */
}

TEST(test_overview_counts_so_far)
{
    CLEANUP(db_close) struct db *db = t_db();

    number(db, "10000");
    run(db, "insert into revocations (source, subject, key_id, sealed, attempts, next_at,"
            " give_up_at) select 1, 's', 1, $, 0, 1, 1 from series");
    struct overview o = read_at(db, NOW);

    T_INT(o.waiting[WORK_REVOCATIONS].n, OVERVIEW_MOST);
    run(db, "insert into revocations (source, subject, key_id, sealed, attempts, next_at,"
            " give_up_at) select 1, 's', 1, $, 0, 1, 1 from series where i < 3");
    o = read_at(db, NOW);
    T_INT(o.waiting[WORK_REVOCATIONS].n, OVERVIEW_MOST + 1);
    T_INT(o.waiting[WORK_REVOCATIONS].oldest_ms, 0); /* give_up_at is no time of ours */
}

TEST(test_overview_says_which_source_refuses_to_notify)
{
    CLEANUP(db_close) struct db *db = t_db();

    T_OK(calendar_channels_refuse(t_cx(), db, SOURCE_MICROSOFT, NOW, S("why")));
    struct overview o = read_at(db, NOW - 1);

    T_TRUE(!o.refuses_channels[SOURCE_GOOGLE - 1]);
    T_TRUE(o.refuses_channels[SOURCE_MICROSOFT - 1]);
    T_TRUE(!read_at(db, NOW).refuses_channels[SOURCE_MICROSOFT - 1]);
}

TS_MAIN(
    TS(test_overview_of_nothing_is_zero), TS(test_overview_has_what_a_node_says),
    TS(test_overview_counts_accounts_and_who_came_lately),
    TS(test_overview_counts_flows_of_an_hour_by_outcome),
    TS(test_overview_counts_revocations_from_their_making),
    TS(test_overview_counts_what_is_due), TS(test_overview_counts_so_far),
    TS(test_overview_says_which_source_refuses_to_notify))
