/* SPDX-License-Identifier: Apache-2.0 */
#include "store/test_store.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"

/* Runs `child` in a process of its own; its exit status, or minus the signal. */
static int status_of(pid_t child)
{
    int status;

    must_be(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Opening and migrating. */

static void test_open_refuses_what_it_cannot_be(void **state)
{
    static const struct {
        Str url;
        int pool;
    } rows[] = {
        {SI(""),                                     8 },
        {SI("sqlite"),                               8 },
        {SI("sqlite:"),                              8 },
        {SI("sqlite::memory:"),                      8 },
        {SI("sqlite:a\0b"),                          8 },
        {SI("mysql://u:secret@h/d"),                 8 },
        {SI("postgresql:/h/d"),                      8 },
        {SI("postgresql://u:secret@h/d?ssl=secret"), 8 },
        {SI("postgres://u:secret%zz@h/d"),           8 },
        {SI("postgres://u:secret@[::1/d"),           8 },
        {SI("postgresql://u:secret@h/d\0x"),         8 },
        {SI("/var/lib/caldock.db"),                  8 },
        {SI("sqlite:caldock.db"),                    0 },
        {SI("sqlite:caldock.db"),                    -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct store_options options = {.url = rows[i].url, .pool = rows[i].pool};
        struct store *s = NULL;

        T_FAIL(FAIL_CONFIG, store_open(t_cx(), &options, &s));
        T_TRUE(s == NULL);
        T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("secret")));
    }
}

static void test_migrate_brings_an_empty_store_up_to_date_once(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    CLEANUP(store_close) struct store *again = t_store(2);
    Str value = S("kept");

    (void)state;
    T_FAIL(FAIL_UNAVAILABLE, store_check(t_cx(), s));
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_check(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_OK(store_migrate(t_cx(), again));
    T_OK(store_check(t_cx(), again));
    T_STR(t_setting(again), S("kept"));
}

static void test_migrations_are_numbered_from_one(void **state)
{
    (void)state;
    T_TRUE(t_driver->n_migrations > 0);
    T_INT(t_driver->n_migrations, db_sqlite.n_migrations);
    for (size_t i = 0; i < t_driver->n_migrations; i++) {
        Str name = t_driver->migrations[i].name;
        char number[24];

        (void)snprintf(number, sizeof(number), "%04zu_", i + 1);
        T_TRUE(str_starts(name, str_from_z(number)));
        T_TRUE(str_ends(name, t_is_sqlite() ? S(".sqlite.sql") : S(".postgres.sql")));
    }
}

static Res pretend_newer(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(cx, db, "insert into schema_version values (1000000, 0)");
}

static void test_migrate_refuses_a_newer_schema(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, pretend_newer, NULL));
    T_FAIL(FAIL_CONFIG, store_migrate(t_cx(), s));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("1000000")));
    T_FAIL(FAIL_CONFIG, store_check(t_cx(), s));
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
    T_OK(store_check(t_cx(), s));
}

static void test_migrate_may_be_run_by_many_at_once(void **state)
{
    (void)state;
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

static void test_write_undoes_what_a_failed_work_did(void **state)
{
    static const enum fail kinds[] = {FAIL_CONFLICT, FAIL_INTERNAL, FAIL_UNAVAILABLE};
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value = S("kept");

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        enum fail kind = kinds[i];

        T_FAIL(kind, store_write(t_cx(), s, put_and_fail, &kind));
        T_STR(str_from_z(t_cx()->why.text), S("as the test wants it"));
        T_STR(t_setting(s), S("kept"));
    }
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

static Res nest(struct cx *cx, struct db *db, void *arg)
{
    const struct nested *n = arg;
    Str value = S("before");

    TRY(setting_put(cx, db, S("name"), S("outer")));
    T_INT(run_inner(n, &value).code, n->want);
    T_STR(value, S("before"));
    return fail(cx, FAIL_CONFLICT, "so that it stays as it was");
}

/* What a transaction meets while another one has written the same. */
static void test_write_shuts_out_writers_and_no_readers(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    CLEANUP(store_close) struct store *other = t_store(2); /* as another process */
    const struct nested rows[] = {
        {s,     true,  FAIL_UNAVAILABLE},
        {other, true,  FAIL_UNAVAILABLE},
        {s,     false, FAIL_NONE       },
        {other, false, FAIL_NONE       },
    };
    Str value = S("before");

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct nested row = rows[i];

        T_FAIL(FAIL_CONFLICT, store_write(t_cx(), s, nest, &row));
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

static void test_read_sees_one_moment_while_others_write(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    Str value = S("before");

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_OK(store_read(t_cx(), s, nest_in_read, &(struct nested){s, true, FAIL_NONE}));
    T_STR(t_setting(s), S("after"));
}

static void test_read_fails_when_every_connection_is_lent(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    struct nested n = {s, false, FAIL_UNAVAILABLE};
    Str value = S("before");

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_FAIL(FAIL_CONFLICT, store_write(t_cx(), s, nest, &n));
    T_STR(t_setting(s), S("before")); /* and is there again afterwards */
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

static void test_read_waits_for_a_connection(void **state)
{
    enum { THREADS = 8, POOL = 2 };

    CLEANUP(store_close) struct store *s = t_store(POOL);
    struct waiter all[THREADS];
    Str value = S("x");
    int running = 0;

    (void)state;
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

static void test_write_loses_no_update_of_threads_and_stores(void **state)
{
    CLEANUP(store_close) struct store *one = t_store(4);
    CLEANUP(store_close) struct store *other = t_store(4);
    pthread_t threads[6];
    Str value;

    (void)state;
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

static void test_commit_outlives_the_process_and_nothing_else_does(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        Str value = S("committed");

        must_be(store_migrate(t_cx(), s).code == FAIL_NONE);
        must_be(store_write(t_cx(), s, t_setting_put, &value).code == FAIL_NONE);
        (void)store_write(t_cx(), s, put_and_die, NULL).code;
        _exit(0);
    }
    T_INT(status_of(child), -SIGKILL);
    T_OK(store_check(t_cx(), s));
    T_STR(t_setting(s), S("committed"));
}

TS_MAIN(
    TS(test_open_refuses_what_it_cannot_be),
    TS(test_migrate_brings_an_empty_store_up_to_date_once),
    TS(test_migrations_are_numbered_from_one), TS(test_migrate_refuses_a_newer_schema),
    TS(test_migrate_may_be_run_by_many_at_once),
    TS(test_write_undoes_what_a_failed_work_did),
    TS(test_write_shuts_out_writers_and_no_readers),
    TS(test_read_sees_one_moment_while_others_write),
    TS(test_read_fails_when_every_connection_is_lent),
    TS(test_read_waits_for_a_connection),
    TS(test_write_loses_no_update_of_threads_and_stores),
    TS(test_commit_outlives_the_process_and_nothing_else_does))
