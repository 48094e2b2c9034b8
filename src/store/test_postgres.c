/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_postgres.c - what only a server has: its refusals, its conflicts, its end.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/test_store.h"

enum { SKIPPED = 77 }; /* Meson's word for it */

/* The tests' URL with more options at its end. */
static const char *url_with(const char *more)
{
    return str_cat(&t_cx()->mem, str_from_z(t_url), (Str){more, strlen(more) + 1}).p;
}

static struct store *migrated(int pool)
{
    struct store *s = t_store(pool);

    T_OK(store_migrate(t_cx(), s));
    return s;
}

/* Refusals. */

static void test_migrate_tells_who_has_to_mend_what(void **state)
{
    static const struct {
        const char *more;
        enum fail kind;
        Str words;
    } rows[] = {
        {"&user=caldock_denied",                              FAIL_CONFIG,      SI("user and password")  },
        {"&user=caldock_password",                            FAIL_CONFIG,      SI("user and password")  },
        {"&user=caldock_password&password=hushhush",          FAIL_CONFIG,      SI("28P01")              },
        {"&user=caldock_poor",                                FAIL_CONFIG,      SI("let the user in")    },
        {"&user=caldock_poor&options=-csearch_path%3Dpublic", FAIL_CONFIG,
         SI("grant it to the user")                                                                      },
        {"&dbname=not_there",                                 FAIL_CONFIG,      SI("create the database")},
        {"&options=-csearch_path%3Dnot_there",                FAIL_CONFIG,      SI("create the schema")  },
        {"&options=-cdefault_transaction_read_only%3Don",     FAIL_UNAVAILABLE,
         SI("primary")                                                                                   },
        {"&host=/nonexistent",                                FAIL_UNAVAILABLE, SI("is it running")      },
        {"&host=127.0.0.1&port=1",                            FAIL_UNAVAILABLE, SI("is it running")      },
        {"&host=127.0.0.1,/nonexistent&port=1,1",             FAIL_UNAVAILABLE, SI("is it running")      },
    };

    (void)state;
    t_admin("drop role if exists caldock_password; drop role if exists caldock_poor;"
            "create role caldock_password login password 'right';"
            "create role caldock_poor login");
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(store_close) struct store *s = t_store_at(url_with(rows[i].more), 1);
        Str why = str_from_z(t_cx()->why.text);

        T_FAIL(rows[i].kind, store_migrate(t_cx(), s));
        why = str_from_z(t_cx()->why.text);
        if (!str_contains(why, rows[i].words)) {
            T_STR(why, rows[i].words);
        }
        T_TRUE(!str_contains(why, S("hushhush")));
    }
}

/* A port that lets everyone in and never says a word. */
static int silent_port(int *port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must_be(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 8) == 0);
    must_be(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static void test_connecting_ends_with_the_deadline(void **state)
{
    int port;
    int fd = silent_port(&port);
    struct cx cx = t_soon();
    char url[80];

    (void)state;
    (void)snprintf(url, sizeof(url), "postgresql://u@127.0.0.1:%d/d", port);
    CLEANUP(store_close) struct store *s = t_store_at(url, 1);

    T_INT(store_check(&cx, s).code, FAIL_UNAVAILABLE);
    cx_done(&cx);
    (void)snprintf(
        url, sizeof(url), "postgresql://u@127.0.0.1:%d/d?connect_timeout=1", port);
    CLEANUP(store_close) struct store *own = t_store_at(url, 1);

    T_FAIL(FAIL_UNAVAILABLE, store_check(t_cx(), own)); /* with no deadline but its own */
    (void)close(fd);
}

static Res sleep_long(struct cx *cx, struct db *db, void *arg)
{
    int64_t n;

    (void)arg;
    return db_query_int(cx, db, "select 1 from pg_sleep(60)", NULL, 0, &n);
}

static void test_a_statement_ends_with_the_deadline(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(1);
    struct cx cx = t_soon();
    Str value = S("after");

    (void)state;
    T_INT(store_write(&cx, s, sleep_long, NULL).code, FAIL_UNAVAILABLE);
    T_INT(store_read(&cx, s, sleep_long, NULL).code, FAIL_UNAVAILABLE);
    cx_done(&cx);
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_STR(t_setting(s), S("after"));
}

static Res put_bad_text(struct cx *cx, struct db *db, void *arg)
{
    return setting_put(cx, db, S("name"), *(Str *)arg);
}

static void test_text_that_is_none_is_refused_without_naming_it(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(1);
    Str values[] = {SI("hush\0hush"), SI("hush\xff")};

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        T_FAIL(FAIL_INTERNAL, store_write(t_cx(), s, put_bad_text, &values[i]));
        T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("hush")));
        T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("0x")));
    }
}

/* Conflicts. */

struct rivals {
    struct store *store;
    int tries;
    int most; /* of the tries in which the other comes in between */
};

static Res put_if_other_is_absent(struct cx *cx, struct db *db, Str mine, Str other)
{
    Str value;
    Res r = setting_get(cx, db, other, &value);

    if (r.code == FAIL_NONE) {
        return fail(cx, FAIL_CONFLICT, "the other was first");
    }
    return r.code == FAIL_NOT_FOUND ? setting_put(cx, db, mine, S("x")) : r;
}

static Res put_b(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return put_if_other_is_absent(cx, db, S("b"), S("a"));
}

static Res put_a_beside_b(struct cx *cx, struct db *db, void *arg)
{
    struct rivals *r = arg;

    TRY(put_if_other_is_absent(cx, db, S("a"), S("b")));
    if (++r->tries <= r->most) {
        struct cx inner = {0};

        T_INT(store_write(&inner, r->store, put_b, NULL).code, FAIL_NONE);
        cx_done(&inner);
    }
    return OK;
}

/* Each looks whether the other is there and writes only itself: at a weaker isolation
 * both would be. */
static void test_writes_behave_as_if_one_came_after_the_other(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(2);
    struct rivals r = {.store = s, .most = 1};

    (void)state;
    T_FAIL(FAIL_CONFLICT, store_write(t_cx(), s, put_a_beside_b, &r));
    T_INT(r.tries, 1); /* the second saw b before it came so far */
}

static Res count_beside_others(struct cx *cx, struct db *db, void *arg)
{
    struct rivals *r = arg;
    Str value;

    TRY(setting_get(cx, db, S("name"), &value));
    if (++r->tries <= r->most) {
        struct cx inner = {0};
        Str other = S("other");

        T_INT(store_write(&inner, r->store, t_setting_put, &other).code, FAIL_NONE);
        cx_done(&inner);
    }
    return setting_put(cx, db, S("name"), S("mine"));
}

static void test_a_conflict_is_tried_again_until_the_deadline(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(2);
    struct rivals r = {.store = s, .most = 3};
    struct rivals endless = {.store = s, .most = 1000000};
    struct cx cx = {0};
    Str value = S("before");

    (void)state;
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_OK(store_write(t_cx(), s, count_beside_others, &r));
    T_INT(r.tries, 4);
    T_STR(t_setting(s), S("mine"));
    cx.deadline_ms = clock_mono_ms() + 1000;
    T_INT(store_write(&cx, s, count_beside_others, &endless).code, FAIL_UNAVAILABLE);
    T_TRUE(endless.tries > 1);
    cx_done(&cx);
    T_STR(t_setting(s), S("other"));
}

static Res swallow_a_failure(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(setting_put(cx, db, S("name"), S("half")));
    (void)db_exec(cx, db, "insert into grants values (1, 1, 1, '')", NULL, 0, NULL).code;
    return OK;
}

static void test_what_was_rolled_back_is_no_success(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(1);
    Str value = S("before");

    (void)state;
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, swallow_a_failure, NULL));
    T_STR(t_setting(s), S("before"));
}

/* Lost connections. */

struct victim {
    int64_t pid;
    int tries;
    bool dies;
};

static void terminate(int64_t pid)
{
    char sql[64];

    (void)snprintf(
        sql, sizeof(sql), "select pg_terminate_backend(%lld, 10000)", (long long)pid);
    t_admin(sql);
}

static Res put_and_be_killed(struct cx *cx, struct db *db, void *arg)
{
    struct victim *v = arg;

    TRY(db_query_int(cx, db, "select pg_backend_pid()", NULL, 0, &v->pid));
    if (++v->tries == 1 && v->dies) {
        terminate(v->pid);
    }
    return setting_put(cx, db, S("name"), S("put"));
}

static void test_work_is_run_again_when_its_connection_is_lost(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(1);
    struct victim v = {.dies = true};

    (void)state;
    T_OK(store_write(t_cx(), s, put_and_be_killed, &v));
    T_INT(v.tries, 2);
    T_STR(t_setting(s), S("put"));
}

static void test_an_idle_connection_that_was_lost_is_not_noticed(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(1);
    struct victim v = {.dies = false};
    int64_t before;

    (void)state;
    T_OK(store_write(t_cx(), s, put_and_be_killed, &v));
    before = v.pid;
    terminate(v.pid);
    T_OK(store_write(t_cx(), s, put_and_be_killed, &v));
    T_INT(v.tries, 2);
    T_TRUE(v.pid != before);
}

/* Deferred to the commit, which nobody hears the end of. */
static const char die_at_commit[] =
    "create function die() returns trigger language plpgsql as"
    " 'begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(60);"
    " return null; end';"
    "create constraint trigger die after insert or update on settings"
    " deferrable initially deferred for each row execute function die()";

static Res run_script(struct cx *cx, struct db *db, void *sql)
{
    return db_script(cx, db, *(const char **)sql);
}

static void test_a_commit_without_an_answer_is_not_tried_again(void **state)
{
    CLEANUP(store_close) struct store *s = migrated(1);
    const char *sql = die_at_commit;
    struct victim v = {.dies = false};

    (void)state;
    T_OK(store_write(t_cx(), s, run_script, &sql));
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, put_and_be_killed, &v));
    T_INT(v.tries, 1);
    sql = "drop trigger die on settings";
    T_OK(store_write(t_cx(), s, run_script, &sql)); /* on a new connection */
    T_STR(t_setting(s), S("none"));
}

/* Prepared statements. */

static Res count_prepared(struct cx *cx, struct db *db, void *n)
{
    Str value;

    TRY(setting_get(cx, db, S("name"), &value));
    return db_query_int(
        cx, db, "select count(*) from pg_prepared_statements where not from_sql", NULL, 0,
        n);
}

static void test_statements_are_prepared_unless_told_otherwise(void **state)
{
    (void)state;
    for (int off = 0; off < 2; off++) {
        const struct store_options options = {
            .url = str_from_z(t_url), .pool = 1, .is_unprepared = off == 1};
        CLEANUP(store_close) struct store *s = NULL;
        Str value = S("value");
        int64_t n = -1;

        T_OK(store_open(t_cx(), &options, &s));
        T_OK(store_migrate(t_cx(), s));
        T_OK(store_write(t_cx(), s, t_setting_put, &value));
        T_OK(store_read(t_cx(), s, count_prepared, &n));
        T_TRUE(off == 1 ? n == 0 : n >= 3);
        T_STR(t_setting(s), S("value"));
    }
}

/* A crash under load. */

static char cluster[64];

static int run_cluster(const char *command)
{
    const char *script = getenv("CALDOCK_TEST_CLUSTER");
    int status = -1;
    pid_t child = fork();

    must_be(script != NULL);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);

        (void)dup2(null, STDOUT_FILENO);
        (void)execl(script, script, command, cluster, (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    must_be(waitpid(child, &status, 0) == child);
    return status;
}

static int cluster_start(void **state)
{
    (void)state;
    (void)snprintf(cluster, sizeof(cluster), "/tmp/caldock-crash-XXXXXX");
    must_be(mkdtemp(cluster) != NULL);
    return run_cluster("start");
}

static int cluster_end(void **state)
{
    int status = run_cluster("stop");

    return status == 0 ? t_end(state) : status;
}

enum { WRITERS = 6, SOME = 20 };

struct load {
    struct store *store;
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t moved;
    bool is_over;

    struct writer {
        struct load *load;
        pthread_t thread;
        int64_t written; /* the numbers below it are committed */
        int64_t away;    /* times that the store was */
        int64_t wrong;   /* failures of any other kind */
    } writers[WRITERS];
};

static Str key_of(struct arena *mem, const struct writer *w, int64_t n)
{
    Str who = str_cat(mem, str_int(mem, w - w->load->writers), S("/"));

    return str_cat(mem, who, str_int(mem, n));
}

static Res put_next(struct cx *cx, struct db *db, void *arg)
{
    const struct writer *w = arg;

    return setting_put(cx, db, key_of(&cx->mem, w, w->written), S("x"));
}

/* What failed is done again: whether it was done is not known. */
static bool note(struct writer *w, Res r)
{
    struct load *l = w->load;

    must_be(pthread_mutex_lock(&l->lock) == 0);
    w->written += r.code == FAIL_NONE;
    w->away += r.code == FAIL_UNAVAILABLE;
    w->wrong += r.code != FAIL_NONE && r.code != FAIL_UNAVAILABLE;
    bool is_over = l->is_over;

    must_be(pthread_cond_signal(&l->moved) == 0);
    must_be(pthread_mutex_unlock(&l->lock) == 0);
    return !is_over;
}

static void *write_on(void *arg)
{
    struct writer *w = arg;
    struct cx cx = {0};

    do {
        arena_reset(&cx.mem);
        cx.deadline_ms = clock_mono_ms() + LIMIT_STORE_WAIT_MS;
    } while (note(w, store_write(&cx, w->load->store, put_next, w)));
    cx_done(&cx);
    return NULL;
}

/* Until each of them has written so much, and met so many failures. */
static void await(struct load *l, const int64_t written[WRITERS], int64_t away)
{
    size_t there = 0;

    must_be(pthread_mutex_lock(&l->lock) == 0);
    while (there < WRITERS) {
        const struct writer *w = &l->writers[there];

        if (w->written >= written[there] && w->away >= away) {
            there++;
        } else {
            must_be(pthread_cond_wait(&l->moved, &l->lock) == 0);
        }
    }
    must_be(pthread_mutex_unlock(&l->lock) == 0);
}

static Res check_written(struct cx *cx, struct db *db, void *arg)
{
    const struct load *l = arg;
    Str value;

    for (size_t i = 0; i < WRITERS; i++) {
        for (int64_t n = 0; n < l->writers[i].written; n++) {
            TRY(setting_get(cx, db, key_of(&cx->mem, &l->writers[i], n), &value));
        }
    }
    return OK;
}

static void start_writers(struct load *l)
{
    for (size_t i = 0; i < WRITERS; i++) {
        l->writers[i].load = l;
        must_be(
            pthread_create(&l->writers[i].thread, NULL, write_on, &l->writers[i]) == 0);
    }
}

static void stop_writers(struct load *l)
{
    must_be(pthread_mutex_lock(&l->lock) == 0);
    l->is_over = true;
    must_be(pthread_mutex_unlock(&l->lock) == 0);
    for (size_t i = 0; i < WRITERS; i++) {
        must_be(pthread_join(l->writers[i].thread, NULL) == 0);
    }
}

/* The server is gone, and there again: no one notices but by the right answer, no one is
 * left behind, and what was committed is there. */
static void crash_under_load(struct load *l)
{
    int64_t some[WRITERS];

    for (size_t i = 0; i < WRITERS; i++) {
        some[i] = SOME;
    }
    start_writers(l);
    await(l, some, 0);
    T_INT(run_cluster("crash"), 0);
    await(l, some, 2);
    T_INT(run_cluster("start"), 0);
    must_be(pthread_mutex_lock(&l->lock) == 0);
    for (size_t i = 0; i < WRITERS; i++) {
        some[i] = l->writers[i].written + SOME;
    }
    must_be(pthread_mutex_unlock(&l->lock) == 0);
    await(l, some, 2);
    stop_writers(l);
}

static void test_a_crash_under_load_loses_nothing_that_was_committed(void **state)
{
    struct load l = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    Str value;
    char url[128];

    (void)state;
    (void)snprintf(url, sizeof(url), "postgresql://caldock@/postgres?host=%s", cluster);
    CLEANUP(store_close) struct store *s = t_store_at(url, 4);

    l.store = s;
    T_OK(store_migrate(t_cx(), s));
    crash_under_load(&l);
    T_OK(store_read(t_cx(), s, check_written, &l));
    for (size_t i = 0; i < WRITERS; i++) {
        T_INT(l.writers[i].wrong, 0);
    }
    T_INT(run_cluster("crash"), 0);
    T_FAIL(FAIL_UNAVAILABLE, store_read(t_cx(), s, t_setting_get, &value));
    T_INT(run_cluster("start"), 0);
    T_FAIL(FAIL_NOT_FOUND, store_read(t_cx(), s, t_setting_get, &value)); /* at once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TS(test_migrate_tells_who_has_to_mend_what),
        TS(test_connecting_ends_with_the_deadline),
        TS(test_a_statement_ends_with_the_deadline),
        TS(test_text_that_is_none_is_refused_without_naming_it),
        TS(test_writes_behave_as_if_one_came_after_the_other),
        TS(test_a_conflict_is_tried_again_until_the_deadline),
        TS(test_what_was_rolled_back_is_no_success),
        TS(test_work_is_run_again_when_its_connection_is_lost),
        TS(test_an_idle_connection_that_was_lost_is_not_noticed),
        TS(test_a_commit_without_an_answer_is_not_tried_again),
        TS(test_statements_are_prepared_unless_told_otherwise),
        cmocka_unit_test_setup_teardown(
            test_a_crash_under_load_loses_nothing_that_was_committed, cluster_start,
            cluster_end),
    };

    if (t_postgres() == NULL) {
        return SKIPPED;
    }
    t_driver = &db_postgres;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
