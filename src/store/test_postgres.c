/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_postgres.c - what only a server has: its refusals, its conflicts, its end.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/testchild.h"
#include "base/testmetric.h"
#include "store/test_store.h"

/* The tests' URL with more options at its end. */
static const char *url_with(const char *more)
{
    return str_cat(&t_cx()->mem, str_from_z(t_url), (Str){more, strlen(more) + 1}).p;
}

static struct store *migrated_store(int pool)
{
    struct store *s = t_store(pool);

    T_OK(store_migrate(t_cx(), s));
    return s;
}

/* Refusals. */

TEST(test_migrate_tells_who_has_to_mend_what)
{
    static const struct {
        const char *more;
        enum fail kind;
        Str words;
    } rows[] = {
        {"&user=caldock_denied", FAIL_CONFIG, SI("user and password")},
        {"&user=caldock_password", FAIL_CONFIG, SI("user and password")},
        {"&user=caldock_password&password=hushhush", FAIL_CONFIG, SI("28P01")},
        {"&user=caldock_poor", FAIL_CONFIG, SI("let the user in")},
        {"&user=caldock_poor&options=-csearch_path%3Dpublic", FAIL_CONFIG,
         SI("grant it to the user")},
        {"&dbname=not_there", FAIL_CONFIG, SI("create the database")},
        {"&options=-csearch_path%3Dnot_there", FAIL_CONFIG, SI("create the schema")},
        {"&options=-cdefault_transaction_read_only%3Don", FAIL_UNAVAILABLE,
         SI("primary")},
        {"&host=/nonexistent", FAIL_UNAVAILABLE, SI("is it running")},
        {"&host=127.0.0.1&port=1", FAIL_UNAVAILABLE, SI("is it running")},
        {"&host=127.0.0.1,/nonexistent&port=1,1", FAIL_UNAVAILABLE, SI("is it running")},
    };

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

TEST(test_check_finds_a_database_that_can_only_be_read)
{
    CLEANUP(store_close) struct store *s = t_store_at(url_with(""), 1);
    CLEANUP(store_close)
    struct store *reader =
        t_store_at(url_with("&options=-cdefault_transaction_read_only%3Don"), 1);

    T_OK(store_migrate(t_cx(), s));
    T_OK(t_check(s));
    T_INT(t_store_state(reader), STORE_READ_ONLY);
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("must name the primary")));
}

/* The password is taken away, or has expired, while the service runs. */
TEST(test_a_login_that_is_refused_later_is_a_store_that_is_away)
{
    CLEANUP(store_close) struct store *s = NULL;
    char sql[120];

    t_admin(
        "drop role if exists caldock_later; create role caldock_later login superuser");
    s = t_store_at(url_with("&user=caldock_later"), 1);
    T_OK(store_migrate(t_cx(), s));
    t_admin("alter role caldock_later nologin");
    (void)snprintf(
        sql, sizeof(sql),
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = '%s'",
        "caldock_later");
    t_admin(sql);
    T_FAIL(FAIL_CONFIG, t_check(s));
    store_note_started(s);
    T_FAIL(FAIL_UNAVAILABLE, t_check(s));
    t_admin("alter role caldock_later login");
    T_OK(t_check(s));
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

TEST(test_connecting_ends_with_the_deadline)
{
    int port;
    int fd = silent_port(&port);
    struct cx cx = t_soon();
    enum store_state state;
    char url[80];

    (void)snprintf(url, sizeof(url), "postgresql://u@127.0.0.1:%d/d", port);
    CLEANUP(store_close) struct store *s = t_store_at(url, 1);

    T_INT(store_check(&cx, s, &state).code, FAIL_UNAVAILABLE);
    T_INT(state, STORE_AWAY);
    cx_done(&cx);
    (void)snprintf(
        url, sizeof(url), "postgresql://u@127.0.0.1:%d/d?connect_timeout=1", port);
    CLEANUP(store_close) struct store *own = t_store_at(url, 1);

    T_FAIL(FAIL_UNAVAILABLE, t_check(own)); /* with no deadline but its own */
    (void)close(fd);
}

static Res sleep_long(struct cx *cx, struct db *db, void *arg)
{
    int64_t n;

    (void)arg;
    return db_query_int(cx, db, "select 1 from pg_sleep(60)", DB_NONE, &n);
}

TEST(test_a_statement_ends_with_the_deadline)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);
    struct cx cx = t_soon();
    Str value = S("after");

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

TEST(test_text_that_is_none_is_refused_without_naming_it)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);
    Str values[] = {SI("hush\0hush"), SI("hush\xff")};

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
TEST(test_writes_behave_as_if_one_came_after_the_other)
{
    CLEANUP(store_close) struct store *s = migrated_store(2);
    struct rivals r = {.store = s, .most = 1};

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

TEST(test_a_conflict_is_tried_again_until_the_deadline)
{
    CLEANUP(store_close) struct store *s = migrated_store(2);
    struct rivals r = {.store = s, .most = 3};
    struct rivals endless = {.store = s, .most = 1000000};
    struct cx cx = {0};
    Str value = S("before");

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

/* A try that met another is counted beside how the two transactions ended. */
TEST(test_a_conflict_is_counted)
{
    CLEANUP(store_close) struct store *s = migrated_store(2);
    struct rivals r = {.store = s, .most = 1};
    Str value = S("before");

    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    int64_t *before = t_metric_now(METRIC_STORE_TRANSACTIONS);

    T_OK(store_write(t_cx(), s, count_beside_others, &r));
    before[METRIC_COMMITTED] += 2;
    T_COUNTED(before, METRIC_STORE_TRANSACTIONS, S("conflict"));
}

static Res swallow_a_failure(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(setting_put(cx, db, S("name"), S("half")));
    (void)db_exec(cx, db, "insert into grants values (1, 1, 1, '')", DB_NONE, NULL).code;
    return OK;
}

TEST(test_what_was_rolled_back_is_no_success)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);
    Str value = S("before");

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

static void terminate_backend(int64_t pid)
{
    char sql[64];

    (void)snprintf(
        sql, sizeof(sql), "select pg_terminate_backend(%lld, 10000)", (long long)pid);
    t_admin(sql);
}

static Res put_and_be_killed(struct cx *cx, struct db *db, void *arg)
{
    struct victim *v = arg;

    TRY(db_query_int(cx, db, "select pg_backend_pid()", DB_NONE, &v->pid));
    if (++v->tries == 1 && v->dies) {
        terminate_backend(v->pid);
    }
    return setting_put(cx, db, S("name"), S("put"));
}

TEST(test_work_is_run_again_when_its_connection_is_lost)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);
    struct victim v = {.dies = true};

    T_OK(store_write(t_cx(), s, put_and_be_killed, &v));
    T_INT(v.tries, 2);
    T_STR(t_setting(s), S("put"));
}

TEST(test_an_idle_connection_that_was_lost_is_not_noticed)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);
    struct victim v = {.dies = false};
    int64_t before;

    T_OK(store_write(t_cx(), s, put_and_be_killed, &v));
    before = v.pid;
    terminate_backend(v.pid);
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

TEST(test_a_commit_without_an_answer_is_not_tried_again)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);
    const char *sql = die_at_commit;
    struct victim v = {.dies = false};

    T_OK(store_write(t_cx(), s, run_script, &sql));
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, put_and_be_killed, &v));
    T_INT(v.tries, 1);
    sql = "drop trigger die on settings";
    T_OK(store_write(t_cx(), s, run_script, &sql)); /* on a new connection */
    T_STR(t_setting(s), S("none"));
}

/* A disk without room. */

static Res fail_for_room(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(
        cx, db,
        "do $$ begin raise 'could not extend a file' using errcode = '53100'; end $$");
}

static Res fail_for_memory(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(
        cx, db, "do $$ begin raise 'out of memory' using errcode = '53200'; end $$");
}

TEST(test_a_service_says_once_that_the_servers_disk_is_full)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);

    store_note_started(s);
    struct t_ear ear = t_hear();

    for (int i = 0; i < 3; i++) {
        T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, fail_for_memory, NULL));
        T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, fail_for_room, NULL));
    }
    Str text = t_heard(ear);

    T_INT(t_lines_with(text, S("event=\"store.full\"")), 1);
    T_INT(t_lines_with(text, S("(53100): make room on its disk")), 1);
}

/* Prepared statements. */

static Res count_prepared(struct cx *cx, struct db *db, void *n)
{
    Str value;

    TRY(setting_get(cx, db, S("name"), &value));
    return db_query_int(
        cx, db, "select count(*) from pg_prepared_statements where not from_sql", DB_NONE,
        n);
}

TEST(test_statements_are_prepared_unless_told_otherwise)
{
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

enum { PARAMS_MOST = 300 }; /* as in db_postgres.c */

/* "select $1 + $2 + …", and its NUL. */
static const char *sum_of(int n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 4096};

    buf_add(&b, S("select $1"));
    for (int i = 2; i <= n; i++) {
        buf_add(&b, S("+$"));
        buf_add_int(&b, i);
    }
    buf_add_char(&b, 0);
    return buf_text(&b).p;
}

static Res sum_most_and_one_more(struct cx *cx, struct db *db, void *sum)
{
    struct db_value ones[PARAMS_MOST + 1];

    for (size_t i = 0; i < COUNT(ones); i++) {
        ones[i] = db_int(1);
    }
    T_OK(db_query_int(
        cx, db, sum_of(PARAMS_MOST), (struct db_args){ones, PARAMS_MOST}, sum));
    T_FAIL(
        FAIL_LIMIT, db_query_int(
                        cx, db, sum_of(PARAMS_MOST + 1),
                        (struct db_args){ones, PARAMS_MOST + 1}, sum));
    return OK;
}

TEST(test_a_statement_has_300_parameters_at_most)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    int64_t sum = 0;

    T_OK(store_read(t_cx(), s, sum_most_and_one_more, &sum));
    T_INT(sum, PARAMS_MOST);
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

static Str writer_key(struct arena *mem, const struct writer *w, int64_t n)
{
    Str who = str_cat(mem, str_int(mem, w - w->load->writers), S("/"));

    return str_cat(mem, who, str_int(mem, n));
}

static Res put_next_number(struct cx *cx, struct db *db, void *arg)
{
    const struct writer *w = arg;

    return setting_put(cx, db, writer_key(&cx->mem, w, w->written), S("x"));
}

/* What failed is done again: whether it was done is not known. */
static bool note_line(struct writer *w, Res r)
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
    } while (note_line(w, store_write(&cx, w->load->store, put_next_number, w)));
    cx_done(&cx);
    return NULL;
}

/* Until each of them has written so much, and met so many failures. */
static void await_state(struct load *l, const int64_t written[WRITERS], int64_t away)
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
            TRY(setting_get(cx, db, writer_key(&cx->mem, &l->writers[i], n), &value));
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
    await_state(l, some, 0);
    T_INT(run_cluster("crash"), 0);
    await_state(l, some, 2);
    T_INT(run_cluster("start"), 0);
    must_be(pthread_mutex_lock(&l->lock) == 0);
    for (size_t i = 0; i < WRITERS; i++) {
        some[i] = l->writers[i].written + SOME;
    }
    must_be(pthread_mutex_unlock(&l->lock) == 0);
    await_state(l, some, 2);
    stop_writers(l);
}

TEST(test_a_crash_under_load_loses_nothing_that_was_committed)
{
    struct load l = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    Str value;
    char url[128];

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

static Res read_pid(struct cx *cx, struct db *db, void *pid)
{
    return db_query_int(cx, db, "select pg_backend_pid()", DB_NONE, pid);
}

/* Nor is the server blamed. */
TEST(test_a_deadline_that_is_over_costs_no_connection)
{
    CLEANUP(store_close) struct store *s = migrated_store(1);
    struct cx over = {.deadline_ms = clock_mono_ms()};
    int64_t before = 0;
    int64_t after = 0;

    T_OK(store_read(t_cx(), s, read_pid, &before));
    T_INT(store_read(&over, s, read_pid, &after).code, FAIL_UNAVAILABLE);
    T_STR(str_from_z(over.why.text), S("store: no time is left to ask it"));
    cx_done(&over);
    T_OK(store_read(t_cx(), s, read_pid, &after));
    T_INT(after, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TS(test_migrate_tells_who_has_to_mend_what),
        TS(test_check_finds_a_database_that_can_only_be_read),
        TS(test_a_login_that_is_refused_later_is_a_store_that_is_away),
        TS(test_connecting_ends_with_the_deadline),
        TS(test_a_statement_ends_with_the_deadline),
        TS(test_a_deadline_that_is_over_costs_no_connection),
        TS(test_text_that_is_none_is_refused_without_naming_it),
        TS(test_writes_behave_as_if_one_came_after_the_other),
        TS(test_a_conflict_is_tried_again_until_the_deadline),
        TS(test_a_conflict_is_counted),
        TS(test_what_was_rolled_back_is_no_success),
        TS(test_work_is_run_again_when_its_connection_is_lost),
        TS(test_an_idle_connection_that_was_lost_is_not_noticed),
        TS(test_a_commit_without_an_answer_is_not_tried_again),
        TS(test_a_service_says_once_that_the_servers_disk_is_full),
        TS(test_statements_are_prepared_unless_told_otherwise),
        TS(test_a_statement_has_300_parameters_at_most),
        cmocka_unit_test_setup_teardown(
            test_a_crash_under_load_loses_nothing_that_was_committed, cluster_start,
            cluster_end),
    };

    if (t_postgres() == NULL) {
        return T_SKIPPED; /* Meson's word for it */
    }
    t_driver = &db_postgres;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
