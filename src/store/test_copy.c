/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_copy.c - from a SQLite file to the store of the test, which is of either kind, and
 * from there back to a third.
 */
#include "base/buf.h"
#include "store/accounts.h"
#include "store/copy.h"
#include "store/flows.h"
#include "store/grants.h"
#include "store/keys.h"
#include "store/leases.h"
#include "store/nodes.h"
#include "store/providers.h"
#include "store/revocations.h"
#include "store/test_store.h"
#include "store/tokens.h"

enum { MANY = 1203, NOW = 1000000 }; /* rows: more than two pages */

static char from_path[96];
static char back_path[96];

static int copy_start(void **state)
{
    int status = t_store_start(state);

    (void)snprintf(from_path, sizeof(from_path), "sqlite:%s/from.db", t_folder);
    (void)snprintf(back_path, sizeof(back_path), "sqlite:%s/back.db", t_folder);
    return status;
}

static int copy_end(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    const char *const urls[] = {from_path, back_path};

    for (size_t i = 0; i < COUNT(urls) * COUNT(suffixes); i++) {
        char path[112];

        (void)snprintf(
            path, sizeof(path), "%s%s", urls[i / COUNT(suffixes)] + strlen("sqlite:"),
            suffixes[i % COUNT(suffixes)]);
        (void)unlink(path);
    }
    return t_store_end(state);
}

static Res add_accounts(struct cx *cx, struct db *db)
{
    struct account a = {
        .provider = 5,
        .mode = MODE_CUSTOMER,
        .user = S("u1"),
        .source = SOURCE_GOOGLE,
        .username = S("caf\xc3\xa9@example.com"),
        .status = ACCOUNT_NEEDS_RECONNECT,
        .status_reason = S("grant_revoked"),
        .status_since_ms = 1,
        .connected_ms = 2,
        .flow = S("0123456789abcdef"),
    };
    struct grant_record g = {
        .key_id = UINT32_MAX, .sealed = S("sealed\0\xff"), .due_ms = 5};
    int64_t id = 0;
    bool got;

    for (int i = 0; i < MANY; i++) {
        a.subject = str_int(&cx->mem, i);
        TRY(account_insert(cx, db, &a, &id));
        TRY(grant_put(cx, db, id, &g));
        TRY(grant_lease(cx, db, id, 1, t_lease(db, S("x"), 1, 2), &got));
        TRY(grant_failed(cx, db, id, S("x"), 2));
        TRY(grant_lease(cx, db, id, 1, t_lease(db, S("y"), 3, 4), &got));
    }
    return account_delete(cx, db, id); /* the last id that was given is nobody's */
}

/* Settings, one of which has never been read, and images of more than two pages; the last
 * id is nobody's. */
static Res add_calendars(struct cx *cx, struct db *db)
{
    static const char *const scripts[] = {
        "insert into staff_calendar_settings (account, calendar_id, switches,"
        " reminder_minutes, time_zone, created_at, deleted_at, keep_events)"
        " select id, 'c@x', id % 32, 4294967295, 'Europe/Berlin', 5, id % 2, id % 2"
        " from accounts where id <= 58 order by id",
        "delete from staff_calendar_settings where id = 58",
        "insert into calendar_sync (settings, account, source, state, due_at)"
        " values (1, 1, 1, 1, 9223372036854775807)",
        "insert into account_work (account, hold_until, hold_step, read_owner, read_until,"
        " write_owner, write_until) select id, 1, 2, 'r', 3, 'w', 4 from accounts"
        " where id <= 4"};
    Str sealed = S("\0\xff");

    for (size_t i = 0; i < COUNT(scripts); i++) {
        TRY(db_script(cx, db, scripts[i]));
    }
    TRY(db_exec(
        cx, db,
        "insert into calendar_sync values (2, 2, 2, 4, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
        " 13, $1, 14, $1, 15, 16, 17, 'channel', 'resource', 18, 19, 20, 21, 22, 'f',"
        " 23)",
        DB_ARGS(db_blob(sealed)), NULL));
    TRY(db_exec(
        cx, db,
        "insert into calendar_images (settings, version, key_id, sealed)"
        " select id, id + 1, 4294967295, $1 from staff_calendar_settings",
        DB_ARGS(db_blob(sealed)), NULL));
    return db_exec(
        cx, db,
        "insert into settings (name, value, key_id, sealed)"
        " values ('instance_secret', '', 7, $1)",
        DB_ARGS(db_blob(sealed)), NULL);
}

/* Two events, of which one has a copy. */
static Res add_pushes(struct cx *cx, struct db *db)
{
    Str sealed = S("\0\xff");

    TRY(db_script(
        cx, db,
        "update staff_calendar_settings set push_due = 1, push_after = 6 where id = 2"));
    TRY(db_exec(
        cx, db,
        "insert into pushed_events (provider, mode, user_id, event_id, rev, version,"
        " has_attendees, starts_at, ends_at, key_id, sealed, digest, created_at,"
        " updated_at, generations) select id, 1, 'caf\xc3\xa9', 'b-1', 2, -1, 1, 3, 4, 5,"
        " $1, $1, 6, 7, 8 from providers where id < 7",
        DB_ARGS(db_blob(sealed)), NULL));
    return db_exec(
        cx, db,
        "insert into pushed_copies (event, settings, account, source, key, generation,"
        " external_id, link, want, status, reason, want_rev, have_rev, flags, due_at,"
        " since, attempts, written_at, start_at, end_at, sent_end_at, sent_after) values"
        " (1, 2, 2, 2, $1, 1, 'x', 'y', 3, 6, 5, 7, 8, 127, 9223372036854775807, 9, 10,"
        " 11, -12, 13, 14, 15)",
        DB_ARGS(db_blob(sealed)), NULL);
}

/* An endpoint whose id is not the last that was given, a message and its delivery. */
static Res add_webhooks(struct cx *cx, struct db *db)
{
    Str sealed = S("\0\xff");

    TRY(db_exec(
        cx, db,
        "insert into webhook_endpoints (provider, url, description, types, version,"
        " key_id, sealed, previous_until, state, reason, created_at, failing_since,"
        " failed, succeeded_at) select id, 'https://a.example/', 'caf\xc3\xa9', 3, 4, 7,"
        " $1, 5, 2, 1, 6, 7, 8, 9 from providers where id < 7",
        DB_ARGS(db_blob(sealed)), NULL));
    TRY(db_script(cx, db, "delete from webhook_endpoints where id = 2"));
    TRY(db_script(
        cx, db,
        "insert into webhook_messages values ('msg_1', 5, 'busy:1', 'busy.changed',"
        " '{\"id\": \"msg_1\"}', 1, 2, 3, 4)"));
    return db_script(
        cx, db,
        "insert into webhook_deliveries values ('msg_1', 1, 4, 1, 2, 5, 'o', 6, 7,"
        " 8, 503, 'timeout')");
}

static Res add_rest(struct cx *cx, struct db *db)
{
    static const int64_t providers[] = {5, 6};
    struct lease *lease = t_lease(db, S("a"), NOW, NOW + 60);
    const struct api_token token = {
        .name = S("t"),
        .modes = MODE_CUSTOMER,
        .expires_ms = 7,
        .providers = providers,
        .n_providers = COUNT(providers)};
    struct revocation r = {
        .source = SOURCE_MICROSOFT,
        .subject = S("s"),
        .key_id = 1,
        .sealed = S("\0\1"),
        .flow = S("0123456789abcdef")};
    struct flow_record record;
    struct revocation taken;
    int64_t id;
    bool got;

    TRY(token_add(cx, db, &token, S("\0hash"), &id));
    TRY(token_revoke(cx, db, id, 9));
    TRY(flow_claim(cx, db, S("\0one"), lease, &record));
    TRY(flow_claim(cx, db, S("\xfftwo"), lease, &record));
    TRY(flow_finish(cx, db, S("\xfftwo"), S("a"), S("success"), 3));
    for (int i = 0; i < MANY; i++) {
        TRY(revocation_insert(cx, db, &r, &id));
    }
    TRY(revocation_take(
        cx, db, (struct revocation_line){r.source, REVOCATION_OLDEST}, lease, &taken));
    TRY(lease_take(cx, db, S("GOOG:s"), lease, &got));
    TRY(provider_mark_removed(cx, db, 7));
    TRY(key_drop(cx, db, UINT32_MAX - 1));
    Res chosen = key_choose(cx, db, 0x2a);

    db_stop_clock(db, 0);
    return chosen;
}

static Res fill_store(struct cx *cx, struct db *db, void *arg)
{
    static const Str patterns[] = {SI("https://a.example/*"), SI("https://B.example/x")};
    static const struct feature features[] = {{SI("a"), true}, {SI("B"), false}};

    (void)arg;
    for (int64_t id = 5; id < 8; id++) {
        TRY(provider_add(
            cx, db,
            &(struct provider){
                .id = id,
                .name = S("studio"),
                .created_ms = 3,
                .patterns = patterns,
                .n_patterns = COUNT(patterns),
                .features = features,
                .n_features = COUNT(features)}));
    }
    TRY(add_accounts(cx, db));
    TRY(add_calendars(cx, db));
    TRY(add_pushes(cx, db));
    TRY(add_webhooks(cx, db));
    return add_rest(cx, db);
}

/* The store that is copied: filled, at from_path. */
static struct store *filled_store(void)
{
    struct store *s = t_template_store(t_folder, "from.db");

    T_OK(store_write(t_cx(), s, fill_store, NULL));
    return s;
}

struct opening {
    int64_t n;
    int64_t refused; /* the account whose grant doesn't open */
};

static Res open_counted(
    struct cx *cx, void *arg, int64_t provider, int64_t account, Str sealed)
{
    struct opening *o = arg;

    o->n++;
    if (account == o->refused || provider != 5 || !str_eq(sealed, S("sealed\0\xff"))) {
        return fail(cx, FAIL_UNREADABLE, "the record does not open");
    }
    return OK;
}

static Res copy_all(struct store *from, struct store *to, struct opening *o)
{
    struct copy_report report;

    return store_copy(
        t_cx(), &(struct copy_job){from, to, false, open_counted, o}, &report);
}

/* The content of all tables, as text: a letter of `types` a column. */
static const struct dumped {
    const char *types;
    const char *sql;
} dumped[] = {
    {"itii", "select id, name, created_at, removed_at from providers order by id"},
    {"iti", "select provider, name, is_on from provider_features order by 1, 2"},
    {"it", "select provider, pattern from redirect_patterns order by 1, 2"},
    {"ibttiiii", "select id, hash, name, user_id, modes, created_at, expires_at,"
                 " revoked_at from tokens order by id"},
    {"ii", "select token, provider from token_providers order by 1, 2"},
    {"btitii", "select id, owner, claimed_until, outcome, account, made_at from flows"
               " order by id"},
    {"iiitittitiit",
     "select id, provider, mode, user_id, source, subject, username,"
     " status, status_reason, status_since, connected_at, flow from accounts"
     " order by id"},
    {"iiibtiiiiii", "select account, version, key_id, sealed, leased_by, leased_until,"
                    " failures, retry_at, due_at, refusals, source from grants"
                    " order by account"},
    {"iitibiiitit",
     "select id, source, subject, key_id, sealed, attempts, next_at,"
     " give_up_at, owner, leased_until, flow from revocations order by id"},
    {"tti", "select name, owner, leased_until from leases order by name"},
    {"iitiitiiiii",
     "select id, account, calendar_id, switches, reminder_minutes,"
     " time_zone, created_at, deleted_at, keep_events, push_due, push_after"
     " from staff_calendar_settings order by id"},
    {"iiiiiiiiiiiiiiibibiiittiiiiiti",
     "select settings, account, source, state, inactive_reason, window_from, window_to,"
     " full_due_at, due_at, noticed_at, read_at, synced_at, failures, recent, key_id,"
     " cursor, image_version, image_digest, events, top, channel_no, channel_id,"
     " resource_id, channel_until, channel_due_at, channel_failures, channel_made_at,"
     " channel_heard_at, failure, begun_at from calendar_sync order by settings"},
    {"iiib", "select settings, version, key_id, sealed from calendar_images order by 1"},
    {"iiititi", "select account, hold_until, hold_step, read_owner, read_until,"
                " write_owner, write_until from account_work order by account"},
    {"iiittiiiiiibbiii",
     "select id, provider, mode, user_id, event_id, rev, version, has_attendees,"
     " starts_at, ends_at, key_id, sealed, digest, created_at, updated_at,"
     " generations from pushed_events order by id"},
    {"iiiiibittiiiiiiiiiiiiii",
     "select id, event, settings, account, source, key, generation, external_id, link,"
     " want, status, reason, want_rev, have_rev, flags, due_at, since, attempts,"
     " written_at, start_at, end_at, sent_end_at, sent_after from pushed_copies"
     " order by id"},
    {"iittiiibiiiiiii",
     "select id, provider, url, description, types, version, key_id, sealed,"
     " previous_until, state, reason, created_at, failing_since, failed, succeeded_at"
     " from webhook_endpoints order by id"},
    {"titttiiii", "select id, provider, subject, type, body, not_before, happens_after,"
                  " happens_before, created_at from webhook_messages order by id"},
    {"tiiiiitiiiit", "select message, endpoint, made_at, state, attempts, due_at, owner,"
                     " until, last_at, last_ms, last_status, last_failure"
                     " from webhook_deliveries order by message, endpoint"},
    {"ttib", "select name, value, key_id, sealed from settings order by name"},
    {"iii", "select id, flows_until, dropped_at from keys order by id"},
};

static Res dump_table(
    struct cx *cx, struct db *db, const struct dumped *d, struct buf *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    Res r;

    TRY(db_query(cx, db, d->sql, DB_NONE, &stmt));
    while (db_next(cx, stmt, &r)) {
        for (int i = 0; d->types[i] != 0; i++) {
            if (db_is_null(stmt, i)) {
                buf_add(ret, S("null"));
            } else if (d->types[i] == 'i') {
                buf_add_int(ret, db_get_int(stmt, i));
            } else {
                buf_add(ret, db_get_blob(ret->mem, stmt, i));
            }
            buf_add_char(ret, '|');
        }
        buf_add_char(ret, '\n');
    }
    return r;
}

static Res dump_work(struct cx *cx, struct db *db, void *arg)
{
    Res r = OK;

    for (size_t i = 0; i < COUNT(dumped) && r.code == FAIL_NONE; i++) {
        r = dump_table(cx, db, &dumped[i], arg);
    }
    return r;
}

static Str dump_store(struct store *s)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 4 * 1024 * 1024};

    T_OK(store_read(t_cx(), s, dump_work, &b));
    return buf_text(&b);
}

static Res add_new_account(struct cx *cx, struct db *db, void *id)
{
    struct account a = {
        .provider = 5,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .subject = S("new"),
        .status = ACCOUNT_CONNECTED};

    return account_insert(cx, db, &a, id);
}

TEST(test_copy_moves_everything_there_and_back)
{
    CLEANUP(store_close) struct store *from = filled_store();
    CLEANUP(store_close) struct store *to = t_store(1);
    CLEANUP(store_close) struct store *back = t_store_at(back_path, 1);
    struct opening o = {0};
    Str all = dump_store(from);
    int64_t id = 0;

    T_TRUE(str_contains(all, S("|null|")) && str_contains(all, S("|success|3|")));
    T_OK(copy_all(from, to, &o));
    T_INT(o.n, MANY - 1);
    T_STR(dump_store(to), all);
    T_OK(store_migrate(t_cx(), back)); /* an empty schema is no data */
    T_OK(copy_all(to, back, &o));
    T_STR(dump_store(back), all);
    T_STR(dump_store(from), all);
    T_OK(store_write(t_cx(), to, add_new_account, &id));
    T_INT(id, MANY + 1); /* the one before was given to who is gone */
    T_OK(store_write(t_cx(), back, add_new_account, &id));
    T_INT(id, MANY + 1);
}

TEST(test_copy_reports_what_it_copied)
{
    CLEANUP(store_close) struct store *from = filled_store();
    CLEANUP(store_close) struct store *to = t_store(1);
    static const int64_t rows[COPY_TABLES] = {
        3, 6, 6, 1, 2, 2, MANY - 1, MANY - 1, MANY, 1, 57, 2, 57, 4, 2, 1, 1, 1, 1, 2, 1};
    struct opening o = {0};
    struct copy_report report;

    T_OK(store_copy(
        t_cx(), &(struct copy_job){from, to, false, open_counted, &o}, &report));
    T_INT(report.opened, MANY - 1);
    for (size_t i = 0; i < COPY_TABLES; i++) {
        T_INT(report.tables[i].rows, rows[i]);
    }
}

TEST(test_copy_refuses_a_store_that_holds_data)
{
    CLEANUP(store_close) struct store *from = filled_store();
    CLEANUP(store_close) struct store *itself = t_store_at(from_path, 1);
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {0};

    T_OK(copy_all(from, to, &o));
    Str all = dump_store(to);

    T_FAIL(FAIL_CONFLICT, copy_all(from, to, &o));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("providers")));
    T_FAIL(FAIL_CONFLICT, copy_all(from, itself, &o));
    T_STR(dump_store(to), all);
}

static Res serve_once(struct cx *cx, struct db *db, void *arg)
{
    static const uint32_t key = 7;
    const struct node node = {S("n"), S("host"), &key, 1, 7};

    return keys_report(cx, db, &node, 1000, arg);
}

/* A store that `serve` has made holds no data either. */
TEST(test_copy_takes_a_store_that_was_only_served)
{
    CLEANUP(store_close) struct store *from = filled_store();
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {0};
    uint32_t sealing;

    T_OK(store_migrate(t_cx(), to));
    T_OK(store_write(t_cx(), to, serve_once, &sealing));
    T_OK(copy_all(from, to, &o));
    T_STR(dump_store(to), dump_store(from));
}

static Res go_on_serving(struct cx *cx, struct db *db, void *arg)
{
    static const uint32_t key = 0x2a;
    const struct node node = {S("n"), S("host"), &key, 1, key};

    (void)arg;
    return node_write(cx, db, &node);
}

/* What its node writes meanwhile would be missing. */
TEST(test_copy_of_a_served_store_wants_to_be_a_snapshot)
{
    CLEANUP(store_close) struct store *from = filled_store();
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {0};
    struct copy_job job = {from, to, false, open_counted, &o};
    struct copy_report report;

    T_OK(store_write(t_cx(), from, go_on_serving, NULL));
    T_FAIL(FAIL_CONFLICT, store_copy(t_cx(), &job, &report));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("the node host/n serves")));
    T_FAIL(FAIL_UNAVAILABLE, t_check(to)); /* nothing was made */
    job.is_snapshot = true;
    T_OK(store_copy(t_cx(), &job, &report));
    T_STR(dump_store(to), dump_store(from));
}

TEST(test_copy_that_fails_leaves_nothing)
{
    CLEANUP(store_close) struct store *from = filled_store();
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {.refused = 700};

    T_FAIL(FAIL_CONFIG, copy_all(from, to, &o));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("account 700")));
    T_FAIL(FAIL_UNAVAILABLE, t_check(to)); /* not even a schema */
    T_OK(store_migrate(t_cx(), to));
    T_STR(dump_store(to), S(""));
    T_FAIL(FAIL_CONFIG, copy_all(from, to, &o));
    T_STR(dump_store(to), S(""));
    o.refused = 0;
    T_OK(copy_all(from, to, &o));
}

TEST(test_copy_wants_a_source_with_this_schema)
{
    CLEANUP(store_close) struct store *from = t_store_at(from_path, 1);
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {0};

    T_FAIL(FAIL_UNAVAILABLE, copy_all(from, to, &o));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("to copy from")));
    T_TRUE(access(from_path + strlen("sqlite:"), F_OK) != 0); /* none was made */
    T_FAIL(FAIL_UNAVAILABLE, copy_all(to, from, &o)); /* whether it is a file or not */
}

/* The database's own catalog: table, column, type. */
static const char catalog_sqlite[] =
    "select s.name, c.name, lower(c.type) from sqlite_schema s, pragma_table_info(s.name) c"
    " where s.type = 'table' and s.name not like 'sqlite_%'";
static const char catalog_postgres[] =
    "select cast(table_name as text), cast(column_name as text), cast(data_type as text)"
    " from information_schema.columns where table_schema = current_schema()";

static char letter_of(Str type)
{
    if (str_eq(type, S("integer")) || str_eq(type, S("bigint"))) {
        return 'i';
    }
    if (str_eq(type, S("text"))) {
        return 't';
    }
    return str_eq(type, S("blob")) || str_eq(type, S("bytea")) ? 'b' : '?';
}

static const struct copy_table *table_find(Str name)
{
    for (size_t i = 0; i < COPY_TABLES; i++) {
        if (str_eq(copy_tables[i].name, name)) {
            return &copy_tables[i];
        }
    }
    return NULL;
}

/* The letter of a column that is copied, 0 for one that isn't. */
static char copied_letter(const struct copy_table *t, Str column)
{
    Str rest = str_from_z(t->columns);
    Str name;

    for (size_t i = 0; str_next_word(&rest, S(", "), &name); i++) {
        if (str_eq(name, column)) {
            return t->types[i];
        }
    }
    return 0;
}

static size_t columns_of(const struct copy_table *t)
{
    Str rest = str_from_z(t->columns);
    size_t n = 0;
    Str name;

    while (str_next_word(&rest, S(", "), &name)) {
        n++;
    }
    return n;
}

static Res compare_work(struct cx *cx, struct db *db, void *n)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    const char *sql = t_is_sqlite() ? catalog_sqlite : catalog_postgres;
    Res r;

    TRY(db_query(cx, db, sql, DB_NONE, &stmt));
    while (db_next(cx, stmt, &r)) {
        Str name = db_get_text(&cx->mem, stmt, 0);
        Str column = db_get_text(&cx->mem, stmt, 1);
        const struct copy_table *t = table_find(name);

        if (t == NULL) {
            /* Rows of these are about the one store, not the other. */
            bool is_left = str_eq(name, S("nodes")) || str_eq(name, S("schema_version"))
                           || str_eq(name, S("schema_steps"));

            T_STR(is_left ? S("") : name, S(""));
            continue;
        }
        char copied = copied_letter(t, column);

        T_STR(copied != 0 ? S("") : column, S(""));
        T_INT(copied, letter_of(db_get_text(&cx->mem, stmt, 2)));
        ++*(size_t *)n;
    }
    return r;
}

/* A table or column that is added and not copied is found here. */
TEST(test_copy_knows_every_column_of_the_database)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    size_t found = 0;
    size_t copied = 0;

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_read(t_cx(), s, compare_work, &found));
    for (size_t i = 0; i < COPY_TABLES; i++) {
        T_INT(columns_of(&copy_tables[i]), strlen(copy_tables[i].types));
        copied += columns_of(&copy_tables[i]);
    }
    T_INT(found, copied);
}

#define TC(name) cmocka_unit_test_setup_teardown(name, copy_start, copy_end)

TS_MAIN(
    TC(test_copy_moves_everything_there_and_back), TC(test_copy_reports_what_it_copied),
    TC(test_copy_refuses_a_store_that_holds_data),
    TC(test_copy_takes_a_store_that_was_only_served),
    TC(test_copy_of_a_served_store_wants_to_be_a_snapshot),
    TC(test_copy_that_fails_leaves_nothing),
    TC(test_copy_wants_a_source_with_this_schema),
    TC(test_copy_knows_every_column_of_the_database))
