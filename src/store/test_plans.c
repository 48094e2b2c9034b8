/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plans.c - how both engines carry out every statement of this folder, over tables
 * that are not small.
 *
 * The statements are collected from the code (test/statements.py), so a new one has to
 * have its row here. On SQLite no plan may scan a table that grows. On PostgreSQL, with
 * the plans that prepared statements get, a statement runs, and may read ten rows for
 * each that it gives.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "statements.h"
#include "store/test_store.h"

enum {
    ROWS = 12000,
    PER_ROW = 10, /* rows that may be read for one that is given */
    READ_LEAST = 30,
    SQL_BYTES = 64 * 1024,
    PLAN_DEPTH = 64,
    PARAMS_MOST = 32,
};

/* Portable but for `series`, which has a number and its bytes. */
static const char seed_sql[] =
    "insert into providers (id, name, created_at) select i, 'p', 1 from series;"
    "insert into provider_features (provider, name, is_on)"
    " select i, 'external_calendars', 1 from series;"
    "insert into redirect_patterns (provider, pattern)"
    " select i, 'https://app.example/' || i from series;"
    "insert into tokens (id, hash, name, user_id, modes, created_at, expires_at)"
    " select i, b, 't', '', 3, 1, 0 from series;"
    "insert into token_providers (token, provider) select i, 1 + i % 200 from series;"
    "insert into accounts (id, provider, mode, user_id, source, subject, username, status,"
    " status_reason, status_since, connected_at) select i, 1 + i % 200, 1 + i / 200 % 2,"
    " 'u' || i / 200 % 30, 1 + i / 400 % 2, 's' || i, 'x', 1, '', 1, 1 from series;"
    "insert into grants (account, version, key_id, sealed, due_at, source)"
    " select i, 1, 1 + i % 2, b, i * 1000, 1 + i / 400 % 2 from series;"
    "insert into flows (id, owner, claimed_until, outcome, made_at)"
    " select b, 'n', i, 'success', i * 1000 from series;"
    "update flows set sealed = id, outcome = null, key_id = 1"
    " where claimed_until between 6000 and 6019;"
    "insert into revocations (source, subject, key_id, sealed, next_at, give_up_at)"
    " select 1, 's' || i, 1 + i % 2, b, i * 1000, 9999999 from series;"
    "insert into leases (name, owner, leased_until) select 'l' || i, 'n', i * 1000"
    " from series;"
    "insert into staff_calendar_settings (id, account, calendar_id, switches,"
    " reminder_minutes, time_zone, created_at, deleted_at) select i, 1 + i / 2, 'c' || i,"
    " i % 4, 0, '', 1, case when i % 100 = 0 then 1 else 0 end from series;"
    "insert into calendar_sync (settings, account, source, state, due_at, key_id, cursor,"
    " channel_id, channel_due_at) select i, 1 + i / 2, 1 + i % 2, 2, i * 1000, 1 + i % 2,"
    " b, case when i % 2000 = 1 then 'c' else '' end, i * 1000 from series;"
    "insert into calendar_images (settings, version, key_id, sealed)"
    " select i, 1, 1 + i % 2, b from series;"
    "insert into account_work (account) select i from series;"
    "update staff_calendar_settings set push_due = 1 where id in (3000, 6001, 9000);"
    "insert into pushed_events (id, provider, mode, user_id, event_id, rev, version,"
    " has_attendees, starts_at, ends_at, key_id, sealed, digest, created_at, updated_at)"
    " select i, 1 + i % 200, 1 + i / 200 % 2, 'u' || i / 200 % 30, 'e' || i, 1, -1, 0,"
    " i * 1000 - 500, i * 1000, 1 + i % 2, b, b, 1, 1 from series;"
    "insert into pushed_copies (id, event, settings, account, source, key, generation,"
    " external_id, link, want, status, reason, want_rev, have_rev, flags, due_at, since,"
    " attempts, written_at, start_at, end_at) select i, i, i, 1 + i / 2, 1 + i % 2, b, 0,"
    " '', '', 1, 1 + i % 6, 0, 1, 0, 0, i * 1000, 1, 0, 0, 0, 0 from series;"
    "insert into webhook_endpoints (provider, url, description, types, version, key_id,"
    " sealed, state, created_at) select 1 + i % 200, 'u', '', 0, 1, 1 + i % 2, b, 1, 1"
    " from series where i <= 400;"
    "insert into webhook_messages (id, provider, subject, type, body, not_before,"
    " created_at) select 'm' || i, 1 + i % 200, 'busy:' || i, 't', '{}', i * 1000,"
    " i * 1000 from series;"
    "insert into webhook_deliveries (message, endpoint, made_at, state, due_at, owner,"
    " until) select 'm' || i, 1 + i % 400, i * 1000, 1 + i % 3, i * 1000,"
    " case when i = 6000 then 'n' else '' end, 0 from series;"
    "insert into nodes (id, host, keys, sealing, seen_at) values ('n', 'h', '', 1, 5),"
    " ('m', 'h', '', 1, 6);"
    "insert into settings (name, value) values ('a', 'b');"
    "insert into keys (id) values (1), (2);";

static const char series_sqlite[] =
    "create table series (i integer, b blob);"
    "with recursive s (i) as (select 1 union all select i + 1 from s where i < 12000)"
    " insert into series select i, cast(printf('%08x', i) as blob) from s;";

static const char series_postgres[] =
    "create table series (i bigint, b bytea);"
    "insert into series select i, convert_to(lpad(to_hex(i), 8, '0'), 'utf8')"
    " from generate_series(1, 12000) i;";

/* What a statement is tried with. The first row counts whose text the statement has. */
struct plan_case {
    const char *part;
    const char *args;
    const char *scan;  /* the one that SQLite's plan may have */
    const char *why;   /* reads more than it gives, for this reason; else NULL */
    int64_t gives;     /* what it gives beside rows: the ids of a page, say */
    const char *types; /* of the arguments, where PostgreSQL can't find them out */
};

static const char copied[] = "store copy reads, counts or clears all of a table";
static const char counted[] = "a list says how many there are (docs/api.md §7)";
static const char said[] = "a command or a node's report says how many there are";
static const char few[] = "there are few of them";

#define FLOW        "convert_to('00001770', 'utf8')" /* number 6000 */
#define MORE        ", null, null, null, null"       /* six times, for STEP_PLACES */
#define UNDER_WAY   "webhook_deliveries USING INDEX webhook_deliveries_under_way"
#define WITH_TOKENS "flows USING INDEX flows_with_tokens"

/* clang-format off */
static const struct plan_case cases[] = {
    /* gauges: once a minute, the whole of a table */
    {"select source, status, count(*) from accounts group", "", "accounts", .why = said},
    {"select source, 0, count(*) from revocations group", "", "revocations", .why = said},
    {"select source, case when inactive_reason", "", "calendar_sync", .why = said},
    {"select source, case when channel_id", "6000000", "calendar_sync", .why = said},
    {"with of_ages as", "6000000", "calendar_sync", .why = said},
    {"select coalesce(min(due_at), $2) from pushed_copies", "1, 6000000", .types = "(bigint, bigint)"},
    {"select status, 0, count(*) from pushed_copies group", "", "pushed_copies", .why = said},
    {"select state, 0, count(*) from webhook_endpoints group", "", "webhook_endpoints", .why = said},
    {"select count(*) from grants where due_at <= $1", "6000000", "grants", .why = said},
    {"select coalesce(min(due_at), $2) from grants", "1, 6000000", .types = "(bigint, bigint)"},
    {"webhook_deliveries where due_at <= $1 and state = 1", "6000000", .types = "(bigint)"},
    {"select count(*) from account_work w join accounts", "6000000, 1", "w", .why = said},
    /* accounts */
    {"flow from accounts where id = $1", "6000"},
    {"from accounts where provider = $1 and source = $2 and subject = $3", "1, 2, 's6000'"},
    {"select count(*) from accounts where provider = $1 and mode = $2 and user_id = $3 and (source", "1, 1, 'u1', 10, 0, 1, 0, ''", .why = counted, .types = "(bigint, bigint, text, bigint, bigint, bigint, bigint, text)"},
    {"select count(*) from accounts where provider = $1 and mode = $2 and (source", "1, 1, null, 10, 0, 1, 0, ''", .why = counted, .types = "(bigint, bigint, text, bigint, bigint, bigint, bigint, text)"},
    {"mode = $2 and (source = $6", "1, 1, null, 10, 0, 1, 0, ''", .why = counted, .types = "(bigint, bigint, text, bigint, bigint, bigint, bigint, text)"},
    {"user_id = $3 and (source = $6", "1, 1, 'u0', 10, 0, 1, 0, ''", .why = counted},
    {"select count(*) from accounts where provider = $1 and mode = $2 and user_id", "1, 1, 'u1'", .why = counted},
    {"select count(*) from accounts where provider = $1 and mode = $2", "1, 1", .why = counted},
    {"mode = $2 order by id limit $4", "1, 1, null, 10, 0", .types = "(bigint, bigint, text, bigint, bigint)"},
    {"user_id = $3 order by id limit $4", "1, 1, 'u0', 10, 0"},
    {"(select id from accounts where id > $1 order by", "6000", .gives = LIMIT_STEP_ROWS},
    {"(select id from accounts where id > $1 and provider = $2", "6000, 1", .gives = LIMIT_STEP_ROWS},
    {"from accounts where id > $1 and id <= $2 order by", "6000, 6010"},
    {"from accounts where id > $1 and id <= $2 and provider = $3", "6000, 8000, 1"},
    {"select id from accounts where provider = $1 and id > $2", "1, 6000"},
    {"select count(*) from accounts where provider = $1", "1", .why = said},
    {"update accounts set username", "6000, 'x', 1, 1, ''"},
    {"update accounts set status = $2, status_reason = $3", "6000, 2, 'x', 1"},
    {"update accounts set status = $2, status_reason = ''", "6000, 1, 1, 2, 'x'"},
    {"delete from accounts where id = $1", "6000"},
    {"from accounts where source = $1 and subject = $2", "2, 's6000'"},
    {"select id from accounts where provider = $1 limit 1", "1"},
    /* webhooks */
    {"select count(*) from webhook_endpoints where provider", "1"},
    {"succeeded_at from webhook_endpoints where id = $1", "100"},
    {"(select id from webhook_endpoints where id > $1 order", "50", .gives = LIMIT_STEP_ROWS},
    {"(select id from webhook_endpoints where id > $1 and provider", "50, 1", .gives = LIMIT_STEP_ROWS},
    {"from webhook_endpoints where id > $1 and id <= $2 order", "50, 60"},
    {"from webhook_endpoints where id > $1 and id <= $2 and provider", "50, 60, 1"},
    {"update webhook_endpoints set url", "100, 'u', '', 0"},
    {"update webhook_endpoints set version", "100, 1, 'x', 0"},
    {"update webhook_endpoints set state = $2, reason = 0", "100, 1"},
    {"update webhook_endpoints set state = $2, reason = case", "100, 2, 1"},
    {"delete from webhook_endpoints", "100"},
    {"select e.id, e.types from webhook_endpoints e", "1"},
    {"select count(*) from webhook_endpoints where state", "", "webhook_endpoints", .why = said},
    {"from webhook_messages m where m.provider", "1, 'busy:6000', 1"},
    {"update webhook_messages set body", "'m6000', '{}', 1, 2"},
    {"from webhook_messages m where m.created_at", "9000000", .gives = 250},
    {"select id from webhook_messages where provider", "1"},
    {"delete from webhook_messages where id in", "'m6000'" MORE MORE MORE MORE MORE MORE},
    {"select due_at from webhook_deliveries", "6000000"},
    {"select count(*) from webhook_deliveries where owner", "1", UNDER_WAY},
    {"update webhook_deliveries set owner = '', until = 0, due_at = $2", "1, 2", UNDER_WAY},
    {"with recursive of_waiting", "6000000, 4, 9000000", .why = "a row for each endpoint with something queued"},
    {"select d.message, m.body", "9000000, 4, 9900000, 100"},
    {"update webhook_deliveries set owner = $3", "'m6000', 1, 'n', 9"},
    {"due_at = $4 where message = $1 and endpoint = $2 and owner", "'m6000', 1, 'n', 9"},
    {"update webhook_endpoints set failing_since = 0", "100, 1, 2"},
    {"update webhook_endpoints set failed", "100, 1"},
    {"update webhook_endpoints set state = $2, reason = $3", "100, 2, 3, 2, 1, 20", .types = "(bigint, bigint, bigint, bigint, bigint, bigint)"},
    {"update webhook_deliveries set state = $4", "'m6000', 1, 'n', 2, 1, 1, 1, 200, ''"},
    {"update webhook_deliveries set state = 3", "100", .gives = LIMIT_STEP_ROWS},
    {"select count(*), coalesce(min(due_at), 0)", "100", .why = said},
    {"select coalesce(min(due_at), $1)", "1"},
    {"select d.message, m.type", "100, 1, ''"},
    {"select state from webhook_deliveries", "'m6000', 1"},
    {"update webhook_deliveries set state = 1", "'m6000', 1, 1"},
    {"delete from webhook_deliveries where endpoint", "100", .gives = LIMIT_STEP_ROWS},
    {"select id, 0, '', version, sealed from webhook_endpoints", "1, 50, 10"},
    {"update webhook_endpoints set key_id", "100, 1, 2, 'x'"},
    {"select count(*) from webhook_endpoints where key_id = $1", "1", .why = said},
    {"select count(*) from webhook_endpoints where key_id < $1", "1", .why = said},
    {"from webhook_endpoints where id > $1 order by id limit $2", "50, 10"},
    {"from webhook_messages where id > $1", "'m6', 10"},
    {"from webhook_deliveries where (message, endpoint)", "'m6', 1, 10"},
    {"select count(*) from webhook_endpoints", "", "webhook_endpoints", .why = copied},
    {"select count(*) from webhook_messages", "", "webhook_messages", .why = copied},
    {"select count(*) from webhook_deliveries", "", "webhook_deliveries", .why = copied},
    /* pushed events */
    {"from pushed_events e where provider = $1 and mode = $2 and user_id = $3 and event_id", "1, 1, 'u0', 'e6000'"},
    {"from pushed_events e where id = $1", "6000"},
    {"update pushed_events set rev", "6000, 2, -1, 0, 1, 2, 1, 'x', 'x', 1"},
    {"delete from pushed_events where id = $1", "6000"},
    {"select count(*) from pushed_events e where provider = $1 and mode = $2 and user_id = $3 and ends_at > $4 and", "1, 1, 'u0', 0, 99999999", .why = counted},
    {"select count(*) from pushed_events e where", "1, 1, 'u0', 0", .why = counted},
    {"starts_at < $5 order by id limit", "1, 1, 'u0', 0, 99999999, 10, 0"},
    {"and id > $4 and ends_at > $5", "1, 1, 'u0', 0, 0"},
    {"select id from pushed_events where ends_at < $1", "6000000"},
    {"delete from pushed_copies where event = $1", "6000"},
    {"select id, 0, '', rev, sealed from pushed_events", "1, 6000, 10"},
    {"update pushed_events set key_id", "6000, 1, 2, 'x'"},
    {"update pushed_events set generations", "6000, 1"},
    {"select count(*) from pushed_events where key_id = $1", "1", .why = said},
    {"select count(*) from pushed_events where key_id < $1", "1", .why = said},
    {"from pushed_events where id > $1 order by id limit $2", "6000, 10"},
    {"select count(*) from pushed_events", "", "pushed_events", .why = copied},
    {"from pushed_events e join pushed_copies c", "1, 1, 'u0', 0, 99999999, 1, 12000"},
    {"where c.event = $1 order by c.settings", "6000"},
    {"where c.settings = $1 and c.id > $2 order by c.id", "6000, 0"},
    {"from pushed_copies c where c.id = $1", "6000"},
    {"from pushed_copies c join pushed_events e on e.id = c.event where c.key", FLOW ", 1, 1, 'u0'"},
    {"where c.settings = $1 and c.id > $2 and c.status in (1, 2)", "6000, 0"},
    {"where c.key = $2 and c.settings = $1", "6000, " FLOW},
    {"update pushed_copies set flags = flags | 8", "6000, 1"},
    {"update pushed_copies set settings = $2", "6000, 1"},
    {"update pushed_copies set key = $2", "6000, 'x', 0, '', '', 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0"},
    {"delete from pushed_copies where id = $1", "6000"},
    {"where account = $1 and due_at > $2 and status in", "3001, 1"},
    {"where settings = $1 and due_at > $2 and status in", "6000, 1"},
    {"(select id from pushed_copies where id > $1", "6000", .gives = LIMIT_STEP_ROWS},
    {"coalesce(e.event_id, '') from pushed_copies c", "6000, 6100, 0, 0", .types = "(bigint, bigint, bigint, bigint)"},
    {"select c.id, c.due_at from pushed_copies c", "1, 6000000"},
    {"select c.account from pushed_copies c", "1, 6000000, 1, 9000000"},
    {"update account_work set write_until", "6000, 'n', 1"},
    {"update account_work set write_owner", "6000, 'n'"},
    {"where c.account = $1 and c.due_at <= $2 and w.write_owner", "3001, 9000000, ''"},
    {"select count(*) from account_work where account = $1", "6000, 'n'"},
    {"update calendar_sync set inactive_reason", "6000, 1, 1"},
    {"update staff_calendar_settings set push_due = 1", "6000"},
    {"where s.push_due = 1 and s.id > $1", "3000"},
    {"update staff_calendar_settings set push_after", "6000, 1, 1"},
    {"from pushed_copies where id > $1 order by id limit $2", "6000, 10"},
    {"select count(*) from pushed_copies", "", "pushed_copies", .why = copied},
    /* calendar settings */
    {"update calendar_sync set state = $4", "6000, 3001, 'n', 2, 0, 1, 2, 3, 4, 5, 0, 0, 1, 'x', 1, 'x', 1, 0, 1, 1, 1, 1, 2, ''"},
    {"user_id = $3) select s.id", "1, 1, 'u0', 10, 0", "o", .gives = 60},
    {"mode = $2) select s.id", "1, 1, null, 10, 0", "o", .types = "(bigint, bigint, text, bigint, bigint)", .why = counted},
    {"or $7 = 1)) select s.id", "1, 1, 'u0', 10, 0, 12000, 1", "o"},
    {"user_id = $3) select count(*)", "1, 1, 'u0'", "o", .why = counted},
    {"mode = $2) select count(*)", "1, 1", "o", .why = counted},
    {"or $7 = 1)) select count(*)", "1, 1, 'u0', 10, 0, 12000, 1", "o", .types = "(bigint, bigint, text, bigint, bigint, bigint, bigint)"},
    {"where s.id = $1 and s.deleted_at = 0 and o.provider", "6000, 1, 1, 'u0', 1, 0"},
    {"select count(case when s.account = $1", "2001", .gives = 100},
    {"select switches from staff_calendar_settings", "6000"},
    {"update staff_calendar_settings set switches", "6000, 1, 1, ''"},
    {"update staff_calendar_settings set deleted_at", "6001, 1, 1"},
    {"delete from staff_calendar_settings where id = $1", "6000"},
    {"delete from calendar_images where settings = $1", "6000"},
    {"update calendar_sync set image_version = 0", "6000"},
    {"update calendar_sync set state = $2", "6000, 1, 1, 1", .types = "(bigint, bigint, bigint, bigint)"},
    {"update calendar_sync set due_at = $2, state", "6000, 1, 1"},
    {"update calendar_sync set due_at = $2 where", "6000, 1"},
    {"update calendar_sync set due_at = $2, begun_at", "6000, 1, 1"},
    {"update calendar_sync set channel_due_at = $2 where", "6000, 1"},
    {"update calendar_sync set channel_no = $4", "6000, 3001, 'n', 1, 'c', 'r', 1, 0, 1, 1, 1, 1, 1, 1"},
    {"update calendar_sync set channel_heard_at = 0", "6000, 1"},
    {"update calendar_sync set channel_heard_at = $4", "6000, 1, 0, 1, 2"},
    {"update calendar_sync set channel_due_at = case when channel_due_at < $4", "6000, 1, 0, 1, 1"},
    /* calendars for the command line */
    {"and y.account > $1 and y.account <= $2", "600, 700"},
    {"and o.id <= $2 and o.provider = $3", "0, 6000, 1"},
    {"where s.id = $1 and s.deleted_at = 0", "6001"},
    {"update calendar_sync set due_at = 1 where settings = $1 and state", "6000, 9000000, 1, 9000000, 5"},
    {"update calendar_sync set due_at = 1 where settings = $1", "6000"},
    {"update calendar_sync set due_at = 1, cursor = null", "6000"},
    {"update calendar_sync set due_at = 1, channel_due_at", "3001"},
    /* calendars that are read */
    {"c.channel_id <> '' and c.state", "1, 6000000, 1, 9000000"},
    {"and c.channel_due_at <= $2 and c.state", "1, 6000000, 1, 9000000"},
    {"select c.account from calendar_sync c", "1, 6000000, 1, 9000000"},
    {"and y.channel_id <> '' and $2 > 0", "3001, 9000000, 'n'"},
    {"and y.channel_due_at <= $2 and w.read_owner", "3001, 9000000, 'n'"},
    {"select s.calendar_id, s.switches", "3001, 9000000, 'n'"},
    {"from calendar_sync y where y.settings = $1", "6000"},
    {"update account_work set read_until", "6000, 'n', 1"},
    {"update account_work set read_owner", "6000, 'n'"},
    {"select hold_until from account_work", "6000"},
    {"update account_work set hold_until", "6000, 1"},
    {"update calendar_sync set cursor = null, key_id = 0, image_digest", "6000"},
    {"update calendar_sync set due_at = 1, failures", "3001"},
    {"select count(*) from calendar_sync where source", "1", .why = said},
    {"select sealed from calendar_images", "6000"},
    {"select settings, 0, '', version, sealed", "1, 6000, 10"},
    {"update calendar_images set key_id", "6000, 1, 1, 'x'"},
    {"select settings, 0, '', synced_at, cursor", "1, 6000, 10"},
    {"update calendar_sync set key_id = $3, cursor", "6000, 0, 1, 'x'"},
    {"select 1, 0, '', key_id, sealed from settings", "1, 0, 10", "settings", .why = few},
    {"update settings set key_id", "1, 1, 1, 'x'", "settings", .why = few},
    {"select sealed from settings where name", "'a'"},
    {"select key_id from settings where name", ""},
    {"select (select count(*) from calendar_images", "1", "settings", .why = said},
    {"select count(*) from calendar_images where key_id < $1", "1", .why = said},
    {"select (select count(*) from calendar_sync", "1", .why = said},
    {"select count(*) from settings where sealed", "1", "settings", .why = few},
    /* store copy; the first rows are pages */
    {"from accounts a join grants g", "6000, 10"},
    {"from provider_features where (provider, name) >", "100, '', 10"},
    {"from redirect_patterns where (provider, pattern) >", "100, '', 10"},
    {"from token_providers where (token, provider) >", "1000, 0, 10"},
    {"from providers where id > $1 order by id limit $2", "100, 10"},
    {"from tokens where id > $1 order by id limit $2", "1000, 10"},
    {"from flows where id > $1", FLOW ", 10"},
    {"from accounts where id > $1 order by id limit $2", "6000, 10"},
    {"from grants where account > $1", "6000, 10"},
    {"from revocations where id > $1", "6000, 10"},
    {"from leases where name > $1", "'l6000', 10"},
    {"from settings where name > $1", "'', 10"},
    {"from staff_calendar_settings where id > $1 order by id limit", "6000, 10"},
    {"from calendar_sync where settings > $1", "6000, 10"},
    {"from calendar_images where settings > $1", "6000, 10"},
    {"from account_work where account > $1", "6000, 10"},
    {"from keys where id > $1", "0, 10"},
    {"select count(*) from providers", "", "providers", .why = copied},
    {"select count(*) from provider_features", "", "provider_features", .why = copied},
    {"select count(*) from redirect_patterns where provider = $1", "1"},
    {"select count(*) from redirect_patterns", "", "redirect_patterns", .why = copied},
    {"select count(*) from token_providers", "", "token_providers", .why = copied},
    {"select count(*) from tokens", "", "tokens", .why = copied},
    {"select count(*) from flows where key_id = $1", "7", WITH_TOKENS},
    {"select count(*) from flows", "", "flows", .why = copied},
    {"select count(*) from accounts", "", "accounts", .why = copied},
    {"select count(*) from grants where key_id = $1", "1", .why = said},
    {"select count(*) from grants where key_id < $1", "1", .why = said},
    {"select count(*) from grants", "", "grants", .why = copied},
    {"select count(*) from revocations where key_id = $1", "1", .why = said},
    {"select count(*) from revocations where key_id < $1", "1", .why = said},
    {"select (select count(*) from revocations where source < 1)", ""},
    {"select count(*) from revocations", "", "revocations", .why = copied},
    {"select count(*) from leases where name = $1", "'l6000', 'n', 1"},
    {"select count(*) from leases", "", "leases", .why = copied},
    {"select count(*) from staff_calendar_settings", "", "staff_calendar_settings", .why = copied},
    {"select count(*) from calendar_sync", "", "calendar_sync", .why = copied},
    {"select count(*) from calendar_images", "", "calendar_images", .why = copied},
    {"select count(*) from account_work", "", "account_work", .why = copied},
    {"select count(*) from settings", "", "settings", .why = few},
    {"select count(*) from keys", "", "keys", .why = few},
    {"delete from settings", "", "settings", .why = few},
    {"delete from keys", "", "keys", .why = few},
    /* flows */
    {"sealed from flows where id = $1", FLOW ", 1"},
    {"update flows set outcome = $2", FLOW ", 'x'"},
    {"update flows set owner", FLOW ", 'x', 1"},
    {"update flows set claimed_until", FLOW ", 'n', 1"},
    {"update flows set sealed = $4", FLOW ", 'n', 1, 'x', 1"},
    {"update flows set outcome = $4", FLOW ", 'n', 1, 'x', 1"},
    {"select id from flows where sealed is not null", "6010, 7000, 5", WITH_TOKENS},
    {"select id from flows where made_at <= $1", "9000000"},
    {"delete from flows where id in", FLOW MORE MORE MORE MORE MORE MORE},
    /* grants */
    {"refusals from grants where account = $1", "6000, 1"},
    {"due_at = $5 where account = $1 and version = $4", "6000, 1, 'x', 1, 1"},
    {"update grants set leased_by = $3", "6000, 1, 'n', 9, 9, 9, 9, 9"},
    {"refusals = $8 where account = $1 and leased_by = $2", "6000, '', 1, 'x', 1, 1, 1, 1"},
    {"due_at = case when due_at < $3", "6000, '', 1"},
    {"refusals = refusals + 1, due_at = $3", "6000, '', 1"},
    {"leased_until = 0, due_at = $3", "6000, '', 1"},
    {"update grants set due_at = $3", "6000, 1, 1"},
    {"update grants set due_at = $2", "6000, 1"},
    {"leased_until = 0 where account = $1 and leased_by", "6000, ''"},
    {"select account, due_at from grants where source", "9000000, 8, 9999999, 1, 6000000, 6000, 1, 0, 1"},
    {"update grants set source", "2"},
    /* keys, leases, nodes, settings */
    {"with recursive of_grants", "", WITH_TOKENS},
    {"dropped_at from keys where id = $1", "1"},
    {"delete from leases where name = $1 and owner", "'l6000', 'n'"},
    {"delete from leases where name in", "'l6000'" MORE MORE MORE MORE MORE MORE},
    {"select name from leases where leased_until <= $1", "9000000"},
    {"select max(version) from schema_version", ""},
    {"max(version), 0) from schema_steps", "", "schema_steps", .why = few},
    {"max(oldest), 0) from schema_steps", "", "schema_steps", .why = few},
    {"delete from nodes where id <> $1", "'x'", "nodes", .why = few},
    {"delete from nodes where id = $1", "'n'"},
    {"from nodes where seen_at > $1", "1, 9", "nodes", .why = few},
    {"delete from nodes where seen_at <= $1", "1, 9", "nodes", .why = few},
    {"select value from settings where name = $1", "'a'"},
    /* status */
    {"from accounts where source = $1 and status = $2", "1, 1, 0", .why = said},
    {"from flows where made_at > $1 group by", "11990000"},
    {"from revocations limit 10001", "", "revocations", .why = said},
    {"select give_up_at from revocations order by id limit 1", "", "revocations", .why = "it is the first"},
    {"from grants where source = $1 and due_at <= $2 order", "1, 6000000", .why = said},
    {"from calendar_sync where source = $1 and due_at <= $2 order", "1, 6000000", .why = said},
    {"select c.due_at from pushed_copies c", "1, 6000000", .why = said},
    {"select w.due_at from webhook_deliveries w", "6000000", .why = said},
    /* providers */
    {"removed_at from providers where id = $1", "100"},
    {"from redirect_patterns where provider = $1 order by", "100"},
    {"from provider_features where provider = $1 order by", "100"},
    {"(select id from providers where id > $1", "50", .gives = LIMIT_STEP_ROWS},
    {"from providers where id > $1 and id <= $2", "50, 60"},
    {"from redirect_patterns where provider > $1", "50, 60"},
    {"from provider_features where provider > $1", "50, 60"},
    {"update providers set removed_at", "100, 1"},
    {"delete from token_providers where provider = $1", "100"},
    {"update providers set name", "100, 'x'"},
    {"delete from redirect_patterns where provider", "100, 'x'"},
    {"delete from providers where id = $1", "6000"},
    /* revocations */
    {"and attempts = 0 order by id desc", "'n', 9, 13000000, 1, 99999999, 1"},
    {"update revocations set owner = $1", "'n', 9, 6000000, 1, 99999999, 1"},
    {"update revocations set owner = ''", "6000, ''"},
    {"delete from revocations where id = $1", "6000, ''"},
    {"update revocations set attempts", "6000, '', 1"},
    {"delete from revocations where source = $1", "1, 's6000'"},
    /* keys rotate */
    {"from grants g join accounts a", "1, 6000, 10"},
    {"update grants set key_id = $3", "6000, 1, 2, 'x'"},
    {"sealed from revocations where key_id <> $1", "1, 6000, 10"},
    {"update revocations set key_id = $3", "6000, 1, 2, 'x'"},
    /* tokens */
    {"from token_providers t join providers", "1000"},
    {"from tokens where hash = $1", FLOW},
    {"delete from tokens where id = $1", "1000"},
    {"from tokens where id = $1", "1000"},
    {"(select id from tokens where id > $1", "1000", .gives = LIMIT_STEP_ROWS},
    {"select id from tokens where id > $1 and id <= $2", "1000, 1100, 9", .gives = LIMIT_STEP_ROWS},
    {"from tokens where id > $1 and id <= $2", "1000, 1010"},
    {"from token_providers where token > $1", "1000, 1010"},
    {"select cast($1 as bigint), id from providers", "1000, 5"},
    {"update tokens set revoked_at", "1000, 1"},
};

/* clang-format on */

/* The row of a statement; NULL: it has none. A list of values is no plan. */
static const struct plan_case *case_of(Str sql)
{
    static const struct plan_case is_insert = {.part = "values"};

    for (size_t i = 0; i < COUNT(cases); i++) {
        if (str_contains(sql, str_from_z(cases[i].part))) {
            return &cases[i];
        }
    }
    return str_starts(sql, S("insert into ")) ? &is_insert : NULL;
}

static struct db *seeded_db(void)
{
    struct db *db = t_db();

    T_OK(db_script(t_cx(), db, t_is_sqlite() ? series_sqlite : series_postgres));
    T_OK(db_script(t_cx(), db, seed_sql));
    return db;
}

/* The text stays where it is, as a statement's must. */
static const char *joined(const char *first, const char *second, const char *third)
{
    struct buf b = {.mem = &t_cx()->mem, .max = SQL_BYTES};

    buf_add(&b, str_from_z(first));
    buf_add(&b, str_from_z(second));
    buf_add(&b, (Str){third, strlen(third) + 1});
    return buf_text(&b).p;
}

static bool fails(const struct statement *s, const char *why, Str more)
{
    print_error("%s: %s: %.*s\n    %s\n", s->file, why, STR_ARG(more), s->sql);
    return true;
}

/* SQLite. */

static bool scan_is_allowed(const struct plan_case *c, Str line)
{
    static const Str fine[] = {SI("SCAN CONSTANT ROW"), SI("SCAN of_")};

    for (size_t i = 0; i < COUNT(fine); i++) {
        if (str_starts(line, fine[i])) {
            return true;
        }
    }
    return !str_starts(line, S("SCAN "))
           || (c->scan != NULL
               && str_starts(str_sub(line, 5, line.n), str_from_z(c->scan)));
}

static bool sqlite_plan_is_bad(
    struct db *db, const struct statement *s, const struct plan_case *c)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    const struct db_value none[PARAMS_MOST] = {{0}};
    bool is_bad = false;
    Res r;

    T_OK(db_query(
        t_cx(), db, joined("explain query plan ", s->sql, ""),
        (struct db_args){none, PARAMS_MOST}, &stmt));
    while (db_next(t_cx(), stmt, &r)) {
        Str line = db_get_text(&t_cx()->mem, stmt, 3);

        is_bad |= !scan_is_allowed(c, line) && fails(s, "scans", line);
    }
    T_OK(r);
    return is_bad;
}

/* PostgreSQL. */

static int64_t plan_number(const json_t *node, const char *key)
{
    int64_t n = 0;

    (void)j_number(node, key, &n);
    return n;
}

/* What scans have read, below and with this node. */
static int64_t plan_reads(const json_t *node)
{
    const json_t *plans = j_get(node, "Plans");
    int64_t reads = j_is_absent(node, "Relation Name")
                        ? 0
                        : plan_number(node, "Actual Rows")
                              + plan_number(node, "Rows Removed by Filter")
                              + plan_number(node, "Rows Removed by Index Recheck");
    size_t i;
    json_t *below;
    Str type = S("");

    (void)j_text(node, "Node Type", &type);
    reads *= str_eq(type, S("ModifyTable")) ? 0 : plan_number(node, "Actual Loops");
    json_array_foreach(plans, i, below)
    {
        reads += plan_reads(below);
    }
    return reads;
}

/* What a statement gives, or the rows that it changes. */
static int64_t plan_gives(const json_t *node)
{
    const json_t *below = json_array_get(j_get(node, "Plans"), 0);
    Str type = S("");

    (void)j_text(node, "Node Type", &type);
    return plan_number(str_eq(type, S("ModifyTable")) ? below : node, "Actual Rows");
}

/* The plan of the statement that is prepared, which it runs. */
static Str plan_run(struct db *db, const char *args)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    const char *sql = joined(
        "explain (analyze, timing off, format json) execute plan", *args == 0 ? "" : "(",
        joined(args, *args == 0 ? "" : ")", ""));
    bool is_there;

    T_OK(db_query(t_cx(), db, sql, DB_NONE, &stmt));
    T_OK(db_step(t_cx(), stmt, &is_there));
    return db_get_text(&t_cx()->mem, stmt, 0);
}

static bool postgres_plan_is_bad(
    struct db *db, const struct statement *s, const struct plan_case *c)
{
    CLEANUP(j_done) json_t *plans = NULL;

    T_OK(db_script(
        t_cx(), db,
        joined(
            "begin; prepare plan", c->types == NULL ? "" : c->types,
            joined(" as ", s->sql, ""))));
    Str text = plan_run(db, c->args);

    T_OK(db_script(t_cx(), db, "rollback; deallocate plan"));
    T_OK(j_parse(t_cx(), text, PLAN_DEPTH, &plans));
    const json_t *plan = j_get(json_array_get(plans, 0), "Plan");

    int64_t least = READ_LEAST + PER_ROW * (plan_gives(plan) + c->gives);

    return plan_reads(plan) > least && fails(s, "reads more than it needs", text);
}

static bool plan_is_bad(
    struct db *db, const struct statement *s, const struct plan_case *c)
{
    if (t_is_sqlite()) {
        return sqlite_plan_is_bad(db, s, c);
    }
    return c->args != NULL && c->why == NULL && postgres_plan_is_bad(db, s, c);
}

TEST(test_plans_read_by_index)
{
    CLEANUP(db_close) struct db *db = seeded_db();
    bool used[COUNT(cases)] = {false};
    bool is_bad = false;

    if (!t_is_sqlite()) {
        T_OK(db_script(t_cx(), db, "analyze; set plan_cache_mode = force_generic_plan"));
    }
    for (size_t i = 0; i < COUNT(statements); i++) {
        const struct statement *s = &statements[i];
        const struct plan_case *c = case_of(str_from_z(s->sql));

        if (c == NULL) {
            is_bad = fails(s, "has no row in this test", S(""));
            continue;
        }
        is_bad |= plan_is_bad(db, s, c);
        if (c->args != NULL) {
            used[c - cases] = true;
        }
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        is_bad |=
            !used[i] && (print_error("no statement has: %s\n", cases[i].part), true);
    }
    T_TRUE(!is_bad);
}

TS_MAIN(TS(test_plans_read_by_index))
