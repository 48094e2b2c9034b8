/* SPDX-License-Identifier: Apache-2.0 */
#include "store/test_store.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/testmetric.h"
#include "store/facts.h"

/* Runs `child` in a process of its own; its exit status, or minus the signal. */
static int status_of(pid_t child)
{
    int status;

    must_be(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Opening and migrating. */

static Res facts_work(struct cx *cx, struct db *db, void *ret)
{
    return store_facts_read(cx, db, ret);
}

TEST(test_store_facts_read_knows_schema_and_connections)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    struct store_facts f = {0};

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_read(t_cx(), s, facts_work, &f));
    T_TRUE(f.schema > 0);
    T_INT(f.schema, f.known);
    T_TRUE((f.most_connections > 0) == !t_is_sqlite());
}

TEST(test_open_refuses_what_it_cannot_be)
{
    static const struct {
        Str url;
        int pool;
    } rows[] = {
        {SI(""), 8},
        {SI("sqlite"), 8},
        {SI("sqlite:"), 8},
        {SI("sqlite::memory:"), 8},
        {SI("sqlite:a\0b"), 8},
        {SI("mysql://u:secret@h/d"), 8},
        {SI("sqlite://h/d.db"), 8},
        {SI("sqlite://u:secret@h/d.db"), 8},
        {SI("sqlite:d.db?key=secret"), 8},
        {SI("postgresql:/h/d"), 8},
        {SI("postgresql://u:secret@h/d?ssl=secret"), 8},
        {SI("postgres://u:secret%zz@h/d"), 8},
        {SI("postgres://u:secret@[::1/d"), 8},
        {SI("postgresql://u:secret@h/d\0x"), 8},
        {SI("/var/lib/caldock.db"), 8},
        {SI("sqlite:caldock.db"), 0},
        {SI("sqlite:caldock.db"), -1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct store_options options = {.url = rows[i].url, .pool = rows[i].pool};
        struct store *s = NULL;

        T_FAIL(FAIL_CONFIG, store_open(t_cx(), &options, &s));
        T_TRUE(s == NULL);
        T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("secret")));
    }
}

TEST(test_url_check_takes_what_open_takes)
{
    static const Str rows[] = {
        SI("sqlite:caldock.db"),
        SI("sqlite:/var/lib/caldock.db"),
        SI("sqlite:///var/lib/caldock.db"), /* without a host */
        SI("postgresql://"),
        SI("postgres://u:p@h/d?sslmode=require"),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_OK(store_url_check(t_cx(), rows[i]));
    }
    T_FAIL(FAIL_CONFIG, store_url_check(t_cx(), S("sqlite://h/d.db")));
}

TEST(test_migrate_brings_an_empty_store_up_to_date_once)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    CLEANUP(store_close) struct store *again = t_store(2);
    Str value = S("kept");

    T_FAIL(FAIL_UNAVAILABLE, t_check(s));
    T_OK(store_migrate(t_cx(), s));
    T_OK(t_check(s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_OK(store_migrate(t_cx(), again));
    T_OK(t_check(again));
    T_STR(t_setting(again), S("kept"));
}

TEST(test_find_says_that_there_is_none_and_makes_none)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    for (int i = 0; i < 2; i++) {
        T_FAIL(FAIL_NOT_FOUND, store_find(t_cx(), s));
        T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("`caldock serve` or")));
        T_TRUE(!t_is_sqlite() || access(t_path, F_OK) != 0);
    }
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_find(t_cx(), s));
}

TEST(test_migrations_are_numbered_from_one)
{
    for (int64_t i = 1; i <= migration_newest(); i++) {
        const struct migration *m = migration_get(i);
        char name[80];

        (void)snprintf(
            name, sizeof(name), "%04d_%.*s.%s.sql", (int)i, STR_ARG(m->name),
            t_is_sqlite() ? "sqlite" : "postgres");
        T_STR(migration_file(t_driver->dialect, i)->name, str_from_z(name));
        T_TRUE(
            m->oldest <= i
            && m->oldest >= (i < SCHEMA_FIRST_TOLD ? i : SCHEMA_FIRST_TOLD));
    }
}

enum { NONE = 100 };

struct newer {
    int64_t version;
    int64_t oldest;
};

static Res pretend_newer(struct cx *cx, struct db *db, void *arg)
{
    const struct newer *n = arg;

    return db_exec(
        cx, db, "insert into schema_steps values ($1, 0, $2)",
        DB_ARGS(db_int(n->version), db_int(n->oldest)), NULL);
}

static Res pretend_silent(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(cx, db, "insert into schema_version values (99, 0)");
}

static Res forget_newer(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(
        cx, db,
        "delete from schema_steps where version >= 98;"
        "delete from schema_version where version >= 98");
}

/* A newer caldock says how old one may be that works with its schema. */
TEST(test_schema_of_a_newer_caldock)
{
    static const struct {
        const char *name;
        int oldest[2]; /* of two steps, from this caldock's number; NONE: no such step */
        bool is_in_version;
        enum store_state state;
    } rows[] = {
        {"this one will do", {0, NONE}, false, STORE_OK},
        {"one before will do", {-1, NONE}, false, STORE_OK},
        {"this one won't do", {1, NONE}, false, STORE_TOO_NEW},
        {"one step counts as much as the last", {1, 0}, false, STORE_TOO_NEW},
        {"it doesn't say", {NONE, NONE}, true, STORE_TOO_NEW},
        {"it says so to all", {NONE, 0}, true, STORE_OK},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(store_close) struct store *s = t_store(1);
        enum fail kind = rows[i].state == STORE_OK ? FAIL_NONE : FAIL_CONFIG;
        enum store_state state;

        T_OK(store_migrate(t_cx(), s));
        for (int step = 0; step < 2; step++) {
            struct newer newer = {98 + step, migration_newest() + rows[i].oldest[step]};

            T_OK(
                rows[i].oldest[step] == NONE
                    ? OK
                    : store_write(t_cx(), s, pretend_newer, &newer));
        }
        T_OK(rows[i].is_in_version ? store_write(t_cx(), s, pretend_silent, NULL) : OK);
        T_INT(store_check(t_cx(), s, &state).code, kind);
        T_INT(state, rows[i].state);
        T_INT(store_migrate(t_cx(), s).code, kind);
        T_TRUE(
            kind == FAIL_NONE
            || str_contains(str_from_z(t_cx()->why.text), S("schema_too_new")));
        T_OK(store_write(t_cx(), s, forget_newer, NULL));
    }
}

/* Those that know no more than schema_version has say that they may go on. */
TEST(test_migrate_tells_older_ones_of_what_stops_them)
{
    CLEANUP(db_close) struct db *db = t_db();
    int64_t version;
    int64_t wanted = SCHEMA_FIRST_TOLD;

    for (int64_t i = SCHEMA_FIRST_TOLD + 1; i <= migration_newest(); i++) {
        wanted = migration_get(i)->oldest > SCHEMA_FIRST_TOLD ? i : wanted;
    }
    T_OK(db_query_int(
        t_cx(), db, "select max(version) from schema_version", DB_NONE, &version));
    T_INT(version, wanted);
}

/* A process that migrates as soon as the gate is closed at its other end, so that all of
 * them start as one. */
static pid_t migrate_behind(const int gate[2], struct store *s)
{
    pid_t child = fork();

    if (child == 0) {
        char c;

        (void)close(gate[1]);
        must_be(read(gate[0], &c, 1) == 0);
        _exit((int)store_migrate(t_cx(), s).code);
    }
    return child;
}

static void migrate_by_many(void)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    pid_t children[6];
    int gate[2];

    must_be(pipe(gate) == 0);
    for (size_t i = 0; i < COUNT(children); i++) {
        children[i] = migrate_behind(gate, s);
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    for (size_t i = 0; i < COUNT(children); i++) {
        T_INT(status_of(children[i]), FAIL_NONE);
    }
    T_OK(t_check(s));
}

TEST(test_migrate_may_be_run_by_many_at_once)
{
    for (int round = 0; round < 4; round++) {
        migrate_by_many();
        t_unmake();
        t_make();
    }
}

/* Transactions. */

static Res put_and_fail(struct cx *cx, struct db *db, void *kind)
{
    TRY(setting_put(cx, db, S("name"), S("lost")));
    return fail(cx, *(enum fail *)kind, "as the test wants it");
}

TEST(test_write_undoes_what_a_failed_work_did)
{
    static const enum fail kinds[] = {FAIL_CONFLICT, FAIL_INTERNAL, FAIL_UNAVAILABLE};
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value = S("kept");

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        enum fail kind = kinds[i];

        T_FAIL(kind, store_write(t_cx(), s, put_and_fail, &kind));
        T_STR(str_from_z(t_cx()->why.text), S("as the test wants it"));
        T_STR(t_setting(s), S("kept"));
    }
}

TEST(test_write_counts_how_it_ended)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value = S("kept");
    enum fail kind = FAIL_CONFLICT;

    T_OK(store_migrate(t_cx(), s));
    int64_t *before = t_metric_now(METRIC_STORE_TRANSACTIONS);

    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_COUNTED(before, METRIC_STORE_TRANSACTIONS, S("committed"));
    before = t_metric_now(METRIC_STORE_TRANSACTIONS);
    T_FAIL(kind, store_write(t_cx(), s, put_and_fail, &kind));
    T_COUNTED(before, METRIC_STORE_TRANSACTIONS, S("rolled_back"));
    before = t_metric_now(METRIC_STORE_TRANSACTIONS);
    kind = FAIL_UNAVAILABLE;
    T_FAIL(kind, store_write(t_cx(), s, put_and_fail, &kind));
    T_COUNTED(before, METRIC_STORE_TRANSACTIONS, S("unavailable"));
}

struct nested {
    struct store *store;
    bool write;
    enum fail want;
};

/* A context that fails soon where failing is what is wanted, since it waits for that. */
static Res run_inner(const struct nested *n, Str *value)
{
    struct cx inner = n->want == FAIL_NONE ? (struct cx){0} : t_soon();
    Res r = n->write ? store_write(&inner, n->store, t_setting_put, value)
                     : store_read(&inner, n->store, t_setting_get, value);

    *value = str_dup(&t_cx()->mem, *value);
    cx_done(&inner);
    return r;
}

static Res nest_writes(struct cx *cx, struct db *db, void *arg)
{
    const struct nested *n = arg;
    Str value = S("before");

    TRY(setting_put(cx, db, S("name"), S("outer")));
    T_INT(run_inner(n, &value).code, n->want);
    T_STR(value, S("before"));
    return fail(cx, FAIL_CONFLICT, "so that it stays as it was");
}

/* A transaction meets another one that has written the same row. */
TEST(test_write_shuts_out_writers_and_no_readers)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    CLEANUP(store_close) struct store *other = t_store(2); /* as another process */
    const struct nested rows[] = {
        {s, true, FAIL_UNAVAILABLE},
        {other, true, FAIL_UNAVAILABLE},
        {s, false, FAIL_NONE},
        {other, false, FAIL_NONE},
    };
    Str value = S("before");

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct nested row = rows[i];

        T_FAIL(FAIL_CONFLICT, store_write(t_cx(), s, nest_writes, &row));
    }
    T_STR(t_setting(s), S("before"));
}

static Res nest_in_read(struct cx *cx, struct db *db, void *arg)
{
    const struct nested *n = arg;
    Str value;

    TRY(setting_get(cx, db, S("name"), &value));
    T_STR(value, S("before"));
    value = S("after");
    T_INT(run_inner(n, &value).code, n->want);
    TRY(setting_get(cx, db, S("name"), &value));
    T_STR(value, S("before")); /* one moment throughout */
    return OK;
}

TEST(test_read_sees_one_moment_while_others_write)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    Str value = S("before");

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_OK(store_read(t_cx(), s, nest_in_read, &(struct nested){s, true, FAIL_NONE}));
    T_STR(t_setting(s), S("after"));
}

TEST(test_read_fails_when_every_connection_is_lent)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    struct nested n = {s, false, FAIL_UNAVAILABLE};
    Str value = S("before");

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_FAIL(FAIL_CONFLICT, store_write(t_cx(), s, nest_writes, &n));
    T_STR(t_setting(s), S("before")); /* and is there again afterwards */
}

static Res check_while_lent(struct cx *cx, struct db *db, void *s)
{
    struct cx own = t_soon();
    enum store_state state;

    (void)cx;
    (void)db;
    T_INT(store_check(&own, s, &state).code, FAIL_UNAVAILABLE);
    T_INT(state, STORE_AWAY); /* nothing else is known */
    cx_done(&own);
    return OK;
}

TEST(test_check_knows_nothing_without_a_connection)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_read(t_cx(), s, check_while_lent, s));
}

/* Two threads, one connection: the second gets it when the first is done. */
struct waiter {
    pthread_t thread;
    struct store *store;
    int *running;
    int most;
};

static Res note_running(struct cx *cx, struct db *db, void *arg)
{
    struct waiter *w = arg;
    int now = __atomic_add_fetch(w->running, 1, __ATOMIC_SEQ_CST);
    Str value;

    w->most = now > w->most ? now : w->most;
    Res r = setting_get(cx, db, S("name"), &value);

    (void)__atomic_sub_fetch(w->running, 1, __ATOMIC_SEQ_CST);
    return r;
}

static void *wait_and_read(void *arg)
{
    struct waiter *w = arg;
    struct cx cx = {0};

    for (int i = 0; i < 200; i++) {
        must_be(store_read(&cx, w->store, note_running, w).code == FAIL_NONE);
        arena_reset(&cx.mem);
    }
    cx_done(&cx);
    return NULL;
}

TEST(test_read_waits_for_a_connection)
{
    enum { THREADS = 8, POOL = 2 };

    CLEANUP(store_close) struct store *s = t_store(POOL);
    struct waiter all[THREADS];
    Str value = S("x");
    int running = 0;

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    for (int i = 0; i < THREADS; i++) {
        all[i] = (struct waiter){.store = s, .running = &running};
        must_be(pthread_create(&all[i].thread, NULL, wait_and_read, &all[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        must_be(pthread_join(all[i].thread, NULL) == 0);
        T_TRUE(all[i].most >= 1 && all[i].most <= POOL);
    }
}

/* Counts up in the store itself: a lost update would show. */
static Res count_up(struct cx *cx, struct db *db, void *arg)
{
    Str value = S("0");
    int64_t n;

    (void)arg;
    Res r = setting_get(cx, db, S("n"), &value);

    if (r.code != FAIL_NONE && r.code != FAIL_NOT_FOUND) {
        return r;
    }
    must_be(str_to_int(value, &n));
    return setting_put(cx, db, S("n"), str_int(&cx->mem, n + 1));
}

static void *count_often(void *store)
{
    struct cx cx = {0};

    for (int i = 0; i < 50; i++) {
        must_be(store_write(&cx, store, count_up, NULL).code == FAIL_NONE);
        arena_reset(&cx.mem);
    }
    cx_done(&cx);
    return NULL;
}

static Res get_n(struct cx *cx, struct db *db, void *value)
{
    return setting_get(cx, db, S("n"), value);
}

TEST(test_write_loses_no_update_of_threads_and_stores)
{
    CLEANUP(store_close) struct store *one = t_store(4);
    CLEANUP(store_close) struct store *other = t_store(4);
    pthread_t threads[6];
    Str value;

    T_OK(store_migrate(t_cx(), one));
    for (size_t i = 0; i < COUNT(threads); i++) {
        struct store *s = i % 2 == 0 ? one : other;

        must_be(pthread_create(&threads[i], NULL, count_often, s) == 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        must_be(pthread_join(threads[i], NULL) == 0);
    }
    T_OK(store_read(t_cx(), one, get_n, &value));
    T_STR(value, S("300"));
}

/* Dying. */

static Res put_and_die(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(setting_put(cx, db, S("name"), S("never committed")));
    (void)kill(getpid(), SIGKILL);
    return OK;
}

TEST(test_commit_outlives_the_process_and_nothing_else_does)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    pid_t child = fork();

    if (child == 0) {
        Str value = S("committed");

        must_be(store_migrate(t_cx(), s).code == FAIL_NONE);
        must_be(store_write(t_cx(), s, t_setting_put, &value).code == FAIL_NONE);
        (void)store_write(t_cx(), s, put_and_die, NULL).code;
        _exit(0);
    }
    T_INT(status_of(child), -SIGKILL);
    T_OK(t_check(s));
    T_STR(t_setting(s), S("committed"));
}

static Res drop_settings(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(cx, db, "drop table settings");
}

TEST(test_a_schema_that_is_gone_is_a_store_that_is_away)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value;

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, drop_settings, NULL));
    T_FAIL(FAIL_CONFIG, store_read(t_cx(), s, t_setting_get, &value));
    store_note_started(s);
    T_FAIL(FAIL_UNAVAILABLE, store_read(t_cx(), s, t_setting_get, &value));
}

TS_MAIN(
    TS(test_a_schema_that_is_gone_is_a_store_that_is_away),
    TS(test_open_refuses_what_it_cannot_be),
    TS(test_store_facts_read_knows_schema_and_connections),
    TS(test_url_check_takes_what_open_takes),
    TS(test_migrate_brings_an_empty_store_up_to_date_once),
    TS(test_find_says_that_there_is_none_and_makes_none),
    TS(test_check_knows_nothing_without_a_connection),
    TS(test_migrations_are_numbered_from_one), TS(test_schema_of_a_newer_caldock),
    TS(test_migrate_tells_older_ones_of_what_stops_them),
    TS(test_migrate_may_be_run_by_many_at_once),
    TS(test_write_undoes_what_a_failed_work_did), TS(test_write_counts_how_it_ended),
    TS(test_write_shuts_out_writers_and_no_readers),
    TS(test_read_sees_one_moment_while_others_write),
    TS(test_read_fails_when_every_connection_is_lent),
    TS(test_read_waits_for_a_connection),
    TS(test_write_loses_no_update_of_threads_and_stores),
    TS(test_commit_outlives_the_process_and_nothing_else_does))
