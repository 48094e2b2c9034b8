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
#include "store/providers.h"
#include "store/tasks.h"
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
    };
    struct grant_record g = {
        .key_id = UINT32_MAX, .sealed = S("sealed\0\xff"), .due_ms = 5};
    int64_t id = 0;
    bool got;

    for (int i = 0; i < MANY; i++) {
        a.subject = str_int(&cx->mem, i);
        TRY(account_insert(cx, db, &a, &id));
        TRY(grant_put(cx, db, id, &g));
        TRY(grant_lease(cx, db, id, 1, &(struct hold){S("x"), 1, 2}, &got));
        TRY(grant_failed(cx, db, id, S("x"), 3));
        TRY(grant_lease(cx, db, id, 1, &(struct hold){S("y"), 3, 4}, &got));
    }
    return account_delete(cx, db, id); /* the last id that was given is nobody's */
}

static Res add_rest(struct cx *cx, struct db *db)
{
    static const int64_t providers[] = {5, 6};
    const struct hold hold = {S("a"), NOW, NOW + 60};
    const struct api_token token = {
        .name = S("t"),
        .modes = MODE_CUSTOMER,
        .expires_ms = 7,
        .providers = providers,
        .n_providers = COUNT(providers)};
    struct task task = {
        .source = SOURCE_MICROSOFT, .subject = S("s"), .key_id = 1, .sealed = S("\0\1")};
    struct flow_record record;
    struct task taken;
    int64_t id;
    bool got;

    TRY(token_add(cx, db, &token, S("\0hash"), &id));
    TRY(token_revoke(cx, db, id, 9));
    TRY(flow_claim(cx, db, S("\0one"), &hold, &record));
    TRY(flow_claim(cx, db, S("\xfftwo"), &hold, &record));
    TRY(flow_finish(cx, db, S("\xfftwo"), &hold, S("success"), 3));
    for (int i = 0; i < MANY; i++) {
        TRY(task_add(cx, db, &task, &id));
    }
    TRY(task_take(cx, db, &hold, &taken));
    TRY(lease_take(cx, db, S("GOOG:s"), &hold, &got));
    TRY(key_drop(cx, db, UINT32_MAX - 1, NOW));
    return key_choose(cx, db, 0x2a, NOW);
}

static Res fill(struct cx *cx, struct db *db, void *arg)
{
    static const Str patterns[] = {SI("https://a.example/*"), SI("https://B.example/x")};
    static const struct feature features[] = {
        {SI("a"), true },
        {SI("B"), false}
    };

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
    return add_rest(cx, db);
}

/* The store that is copied: filled, at from_path. */
static struct store *filled(void)
{
    struct store *s = t_store_at(from_path, 1);

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, fill, NULL));
    return s;
}

struct opening {
    int64_t n;
    int64_t refused; /* the account whose grant doesn't open */
};

static Res open_grant(
    struct cx *cx, void *arg, int64_t provider, int64_t account, Str sealed)
{
    struct opening *o = arg;

    o->n++;
    if (account == o->refused || provider != 5 || !str_eq(sealed, S("sealed\0\xff"))) {
        return fail(cx, FAIL_UNREADABLE, "the record does not open");
    }
    return OK;
}

static Res copy(struct store *from, struct store *to, struct opening *o)
{
    struct copy_report report;

    return store_copy(t_cx(), &(struct copy_job){from, to, open_grant, o}, &report);
}

/* What all the tables hold, as text: a letter of `types` a column. */
static const struct dumped {
    const char *types;
    const char *sql;
} dumped[] = {
    {"iti",         "select id, name, created_at from providers order by id"                  },
    {"iti",         "select provider, name, is_on from provider_features order by 1, 2"       },
    {"it",          "select provider, pattern from redirect_patterns order by 1, 2"           },
    {"ibttiiii",    "select id, hash, name, user_id, modes, created_at, expires_at,"
                 " revoked_at from tokens order by id"                        },
    {"ii",          "select token, provider from token_providers order by 1, 2"               },
    {"btitii",      "select id, node, claimed_until, outcome, account, made_at from flows"
               " order by id"                                                   },
    {"iiitittitii", "select id, provider, mode, user_id, source, subject, username,"
                    " status, status_reason, status_since, connected_at from accounts"
                    " order by id"                                         },
    {"iiibtiiii",   "select account, version, key_id, sealed, leased_by, leased_until,"
                  " failures, retry_at, due_at from grants order by account" },
    {"iitibiiiti",  "select id, source, subject, key_id, sealed, attempts, next_at,"
                   " give_up_at, owner, leased_until from tasks order by id"},
    {"tti",         "select name, owner, leased_until from leases order by name"              },
    {"tt",          "select name, value from settings order by name"                          },
    {"iii",         "select id, flows_until, dropped_at from keys order by id"                },
};

static Res dump_table(
    struct cx *cx, struct db *db, const struct dumped *d, struct buf *ret)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    Res r;

    TRY(db_query(cx, db, d->sql, NULL, 0, &stmt));
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

static Str dump(struct store *s)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 4 * 1024 * 1024};

    T_OK(store_read(t_cx(), s, dump_work, &b));
    return buf_text(&b);
}

static Res add_account(struct cx *cx, struct db *db, void *id)
{
    struct account a = {
        .provider = 5,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .subject = S("new"),
        .status = ACCOUNT_CONNECTED};

    return account_insert(cx, db, &a, id);
}

static void test_copy_moves_everything_there_and_back(void **state)
{
    CLEANUP(store_close) struct store *from = filled();
    CLEANUP(store_close) struct store *to = t_store(1);
    CLEANUP(store_close) struct store *back = t_store_at(back_path, 1);
    struct opening o = {0};
    Str all = dump(from);
    int64_t id = 0;

    (void)state;
    T_TRUE(str_contains(all, S("|null|")) && str_contains(all, S("|success|3|")));
    T_OK(copy(from, to, &o));
    T_INT(o.n, MANY - 1);
    T_STR(dump(to), all);
    T_OK(store_migrate(t_cx(), back)); /* an empty schema is no data */
    T_OK(copy(to, back, &o));
    T_STR(dump(back), all);
    T_STR(dump(from), all);
    T_OK(store_write(t_cx(), to, add_account, &id));
    T_INT(id, MANY + 1); /* the one before was given to who is gone */
    T_OK(store_write(t_cx(), back, add_account, &id));
    T_INT(id, MANY + 1);
}

static void test_copy_reports_what_it_copied(void **state)
{
    CLEANUP(store_close) struct store *from = filled();
    CLEANUP(store_close) struct store *to = t_store(1);
    static const int64_t rows[COPY_TABLES] = {3,        6,        6,    1, 2, 2,
                                              MANY - 1, MANY - 1, MANY, 1, 1, 1};
    struct opening o = {0};
    struct copy_report report;

    (void)state;
    T_OK(store_copy(t_cx(), &(struct copy_job){from, to, open_grant, &o}, &report));
    T_INT(report.opened, MANY - 1);
    for (size_t i = 0; i < COPY_TABLES; i++) {
        T_INT(report.tables[i].rows, rows[i]);
    }
}

static void test_copy_refuses_a_store_that_holds_data(void **state)
{
    CLEANUP(store_close) struct store *from = filled();
    CLEANUP(store_close) struct store *itself = t_store_at(from_path, 1);
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {0};

    (void)state;
    T_OK(copy(from, to, &o));
    Str all = dump(to);

    T_FAIL(FAIL_CONFLICT, copy(from, to, &o));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("providers")));
    T_FAIL(FAIL_CONFLICT, copy(from, itself, &o));
    T_STR(dump(to), all);
}

static Res serve_once(struct cx *cx, struct db *db, void *arg)
{
    static const uint32_t key = 7;
    const struct node node = {S("n"), S("host"), &key, 1, 7};

    return node_report(cx, db, &node, NOW, 1000, arg);
}

/* Whoever has the schema made by `serve` holds no data either. */
static void test_copy_takes_a_store_that_was_only_served(void **state)
{
    CLEANUP(store_close) struct store *from = filled();
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {0};
    uint32_t sealing;

    (void)state;
    T_OK(store_migrate(t_cx(), to));
    T_OK(store_write(t_cx(), to, serve_once, &sealing));
    T_OK(copy(from, to, &o));
    T_STR(dump(to), dump(from));
}

static void test_copy_that_fails_leaves_nothing(void **state)
{
    CLEANUP(store_close) struct store *from = filled();
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {.refused = 700};

    (void)state;
    T_FAIL(FAIL_CONFIG, copy(from, to, &o));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("account 700")));
    T_FAIL(FAIL_UNAVAILABLE, store_check(t_cx(), to)); /* not even a schema */
    T_OK(store_migrate(t_cx(), to));
    T_STR(dump(to), S(""));
    T_FAIL(FAIL_CONFIG, copy(from, to, &o));
    T_STR(dump(to), S(""));
    o.refused = 0;
    T_OK(copy(from, to, &o));
}

static void test_copy_wants_a_source_with_this_schema(void **state)
{
    CLEANUP(store_close) struct store *from = t_store_at(from_path, 1);
    CLEANUP(store_close) struct store *to = t_store(1);
    struct opening o = {0};

    (void)state;
    T_FAIL(FAIL_UNAVAILABLE, copy(from, to, &o));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("to copy from")));
    T_TRUE(access(from_path + strlen("sqlite:"), F_OK) != 0); /* none was made */
    T_FAIL(FAIL_UNAVAILABLE, copy(to, from, &o)); /* whether it is a file or not */
}

static Res list_tables(struct cx *cx, struct db *db, void *arg)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct buf *names = arg;
    Res r;

    TRY(db_query(
        cx, db,
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
        " and name <> 'schema_version' order by name",
        NULL, 0, &stmt));
    while (db_next(cx, stmt, &r)) {
        buf_add(names, db_get_text(names->mem, stmt, 0));
        buf_add_char(names, ' ');
    }
    return r;
}

/* Who adds a table says here whether it is copied. */
static void test_copy_knows_every_table(void **state)
{
    CLEANUP(store_close) struct store *from = filled();
    CLEANUP(store_close) struct store *to = t_store(1);
    struct buf names = {.mem = &t_cx()->mem, .max = 4096};
    struct opening o = {0};
    struct copy_report report;

    (void)state;
    T_OK(store_copy(t_cx(), &(struct copy_job){from, to, open_grant, &o}, &report));
    T_OK(store_read(t_cx(), from, list_tables, &names));
    Str rest = buf_text(&names);
    size_t n = 0;
    Str name;

    while (str_next_word(&rest, S(" "), &name)) {
        bool known = str_eq(name, S("nodes")); /* they serve the one, not the other */

        for (size_t i = 0; i < COPY_TABLES; i++) {
            known |= str_eq(report.tables[i].table, name);
        }
        T_STR(known ? S("") : name, S(""));
        n++;
    }
    T_INT(n, COPY_TABLES + 1);
}

#define TC(name) cmocka_unit_test_setup_teardown(name, copy_start, copy_end)

TS_MAIN(
    TC(test_copy_moves_everything_there_and_back), TC(test_copy_reports_what_it_copied),
    TC(test_copy_refuses_a_store_that_holds_data),
    TC(test_copy_takes_a_store_that_was_only_served),
    TC(test_copy_that_fails_leaves_nothing),
    TC(test_copy_wants_a_source_with_this_schema), TC(test_copy_knows_every_table))
