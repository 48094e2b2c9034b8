/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/budgets.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/testchild.h"

/* What log_event writes, read back through a pipe in the place of stderr. */
static Str written(void (*write_it)(void))
{
    static char text[8192];
    int ends[2];
    int was = dup(STDERR_FILENO);

    T_INT(pipe(ends), 0);
    T_TRUE(dup2(ends[1], STDERR_FILENO) >= 0);
    write_it();
    T_TRUE(dup2(was, STDERR_FILENO) >= 0);
    (void)close(was);
    (void)close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof(text));

    (void)close(ends[0]);
    return (Str){text, n < 0 ? 0 : (size_t)n};
}

static void log_a_forgery(void)
{
    log_event(
        LEVEL_INFO, EVENT_FLOW_UNREADABLE,
        KV("name", S("a\nlevel=\"error\" \xC3\xA9\x00z\\")));
}

static void log_too_much(void)
{
    static char much[6000];

    memset(much, 'x', sizeof(much));
    log_event(
        LEVEL_INFO, EVENT_FLOW_UNREADABLE, KV("a", (Str){much, sizeof(much)}),
        KV("b", (Str){much, sizeof(much)}), KV("c", (Str){much, sizeof(much)}),
        KV("d", (Str){much, sizeof(much)}), KV("e", (Str){much, sizeof(much)}));
}

static void log_below_the_level(void)
{
    log_event(LEVEL_DEBUG, EVENT_REQUEST, KV("a", S("b")));
}

TEST(test_log_event_escapes_values)
{
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    Str line = written(log_a_forgery);

    T_TRUE(str_ends(
        line, S("event=\"flow.unreadable\" "
                "name=\"a\\u000alevel=\\\"error\\\" \\u00c3\\u00a9\\u0000z\\\\\"\n")));
    log_setup(LEVEL_INFO, FORMAT_JSON);
    line = written(log_a_forgery);
    T_TRUE(str_starts(line, S("{\"time\":\"2")));
    T_TRUE(str_ends(line, S("\"}\n")));
}

static void log_kinds(void)
{
    log_event(
        LEVEL_WARN, EVENT_REQUEST, KN("zero", 0), KI("none", 0), KI("account", 7),
        KN("less", -5), KUS("ms", 1234056), KUS("short", 7), KV("empty", S("")),
        KV("text", S("9")));
}

TEST(test_log_event_writes_numbers_as_numbers_in_json)
{
    log_setup(LEVEL_INFO, FORMAT_JSON);
    T_TRUE(str_ends(
        written(log_kinds),
        S(",\"level\":\"warn\",\"event\":\"request\",\"zero\":0,\"account\":7,"
          "\"less\":-5,\"ms\":1234.056,\"short\":0.007,\"text\":\"9\"}\n")));
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    T_TRUE(str_ends(
        written(log_kinds), S(" zero=\"0\" account=\"7\" less=\"-5\" ms=\"1234.056\" "
                              "short=\"0.007\" text=\"9\"\n")));
}

static void log_all_levels(void)
{
    log_event(LEVEL_ERROR, EVENT_REQUEST, K_NONE);
    log_event(LEVEL_WARN, EVENT_REQUEST, K_NONE);
    log_event(LEVEL_INFO, EVENT_REQUEST, K_NONE);
    log_event(LEVEL_DEBUG, EVENT_REQUEST, K_NONE);
}

static void log_into_the_journal(void)
{
    char stream[64];
    struct stat st;

    must_be(fstat(STDERR_FILENO, &st) == 0);
    (void)snprintf(
        stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    must_be(setenv("JOURNAL_STREAM", stream, 1) == 0);
    log_setup(LEVEL_DEBUG, FORMAT_JSON);
    log_all_levels();
}

static void log_past_the_journal(void)
{
    log_setup(LEVEL_DEBUG, FORMAT_JSON);
    log_all_levels();
}

TEST(test_log_event_tells_journald_the_level)
{
    const char *const begins[] = {
        "<3>{\"time\"", "<4>{\"time\"", "<6>{\"time\"", "<7>{\"time\""};
    Str text = written(log_into_the_journal);
    Str line;

    for (size_t i = 0; i < COUNT(begins); i++) {
        T_TRUE(str_next_part(&text, '\n', &line));
        T_TRUE(str_starts(line, str_from_z(begins[i])));
    }
    T_TRUE(
        str_starts(written(log_past_the_journal), S("{\"time\""))); /* another stream */
    T_INT(unsetenv("JOURNAL_STREAM"), 0);
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
}

static void log_with_a_node(void)
{
    log_name_node(S("node-1"));
    log_event(LEVEL_INFO, EVENT_REQUEST, KV("a", S("b")));
}

static void check_node(void)
{
    log_setup(LEVEL_INFO, FORMAT_JSON);
    must_be(str_ends(written(log_with_a_node), S(",\"a\":\"b\",\"node\":\"node-1\"}\n")));
}

TEST(test_log_event_is_one_line_however_long)
{
    log_setup(LEVEL_INFO, FORMAT_JSON);
    Str line = written(log_too_much);
    size_t at = 0;

    T_TRUE(line.n <= 4096 && str_ends(line, S("}\n")));
    T_TRUE(str_find(line, '\n', &at) && at == line.n - 1);
    CLEANUP(j_done) json_t *j = NULL;

    T_OK(j_parse(t_cx(), line, 1, &j));
}

TEST(test_log_event_below_the_level_writes_nothing)
{
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    T_INT(written(log_below_the_level).n, 0);
    log_setup(LEVEL_DEBUG, FORMAT_LOGFMT);
    T_TRUE(written(log_below_the_level).n > 0);
}

/* Many threads at once, and a log that is slower than they are. */
enum {
    LOGGING = 4,
    LINES = 2000, /* of each, so that all fit into the shared buffer at once */
    STUCK_LINES = 3000,
    VALUE_BYTES = 1000,
    HEARD_BYTES = 8 * 1024 * 1024,
    WITHIN_MS = 30 * 1000,
    END_MS = 100,
};

struct ear {
    int ends[2];
    int was;
    pthread_t thread;
    char *text;
    size_t n;
};

static void ear_open(struct ear *e)
{
    e->text = arena_alloc(&t_cx()->mem, HEARD_BYTES);
    e->n = 0;
    e->was = dup(STDERR_FILENO);
    T_INT(pipe(e->ends), 0);
    T_TRUE(dup2(e->ends[1], STDERR_FILENO) >= 0);
    (void)close(e->ends[1]);
}

static void *listen_to_all(void *arg)
{
    struct ear *e = arg;
    ssize_t n;

    while ((n = read(e->ends[0], e->text + e->n, HEARD_BYTES - e->n)) > 0) {
        e->n += (size_t)n;
    }
    return NULL;
}

static void ear_listen(struct ear *e)
{
    T_INT(pthread_create(&e->thread, NULL, listen_to_all, e), 0);
}

static Str ear_close(struct ear *e)
{
    T_TRUE(dup2(e->was, STDERR_FILENO) >= 0);
    (void)close(e->was);
    T_INT(pthread_join(e->thread, NULL), 0);
    (void)close(e->ends[0]);
    return (Str){e->text, e->n};
}

static int64_t number_of(Str line, Str key)
{
    const char *p = memmem(line.p, line.n, key.p, key.n);
    int64_t number = -1;
    size_t end;

    T_TRUE(p != NULL);
    Str rest = {p + key.n, line.n - (size_t)(p - line.p) - key.n};

    T_TRUE(str_find(rest, '"', &end) && str_to_int(str_sub(rest, 0, end), &number));
    return number;
}

static void *log_many(void *who)
{
    struct cx cx = {0};

    if (*(int *)who % 2 == 0) {
        log_thread_begin();
    }
    for (int i = 0; i < LINES; i++) {
        log_event(
            i % 1000 == 999 ? LEVEL_WARN : LEVEL_INFO, EVENT_REQUEST,
            KN("who", *(int *)who), KN("line", i));
    }
    log_thread_end();
    cx_done(&cx);
    return NULL;
}

/* Half of them with a buffer of their own. */
TEST(test_log_start_keeps_every_line_whole_and_in_order)
{
    int64_t next[LOGGING] = {0};
    pthread_t threads[LOGGING];
    int who[LOGGING];
    struct ear e;
    Str line;

    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    ear_open(&e);
    ear_listen(&e);
    log_start();
    for (int i = 0; i < LOGGING; i++) {
        who[i] = i;
        T_INT(pthread_create(&threads[i], NULL, log_many, &who[i]), 0);
    }
    for (int i = 0; i < LOGGING; i++) {
        T_INT(pthread_join(threads[i], NULL), 0);
    }
    T_TRUE(log_stop(WITHIN_MS));
    Str text = ear_close(&e);

    while (str_next_part(&text, '\n', &line) && line.n > 0) {
        T_TRUE(str_starts(line, S("time=\"")) && str_ends(line, S("\"")));
        T_INT(number_of(line, S("line=\"")), next[number_of(line, S("who=\""))]++);
    }
    for (int i = 0; i < LOGGING; i++) {
        T_INT(next[i], LINES);
    }
}

/* As logrotate does with copytruncate, or an operator with > log. */
TEST(test_log_start_appends_to_a_file_that_is_emptied)
{
    char name[] = "/tmp/caldock-log-XXXXXX";
    char text[1024];
    int was = dup(STDERR_FILENO);
    int fd = mkstemp(name);

    T_TRUE(fd >= 0 && unlink(name) == 0 && dup2(fd, STDERR_FILENO) >= 0);
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    log_start();
    log_event(LEVEL_ERROR, EVENT_SERVICE_UNREADY, KV("a", S("b")));
    log_flush(WITHIN_MS);
    T_INT(ftruncate(fd, 0), 0);
    log_event(LEVEL_ERROR, EVENT_SERVICE_READY, KV("a", S("b")));
    T_TRUE(log_stop(WITHIN_MS));
    T_TRUE(dup2(was, STDERR_FILENO) >= 0);
    (void)close(was);
    ssize_t n = pread(fd, text, sizeof(text), 0);

    (void)close(fd);
    T_TRUE(n > 0 && str_starts((Str){text, (size_t)n}, S("time=\"")));
}

TEST(test_log_start_writes_an_error_at_once)
{
    char text[1024];
    struct ear e;
    size_t n = 0;

    ear_open(&e);
    log_start();
    log_event(LEVEL_INFO, EVENT_SERVICE_UNREADY, KV("a", S("b")));
    log_event(LEVEL_ERROR, EVENT_LOG_LOST, KV("a", S("b")));
    while (!str_contains((Str){text, n}, S("log.lost"))) { /* without another line */
        ssize_t more = read(e.ends[0], text + n, sizeof(text) - n);

        T_TRUE(more > 0);
        n += (size_t)more;
    }
    T_TRUE(str_contains((Str){text, n}, S("service.unready")));
    T_TRUE(log_stop(WITHIN_MS));
    ear_listen(&e);
    T_INT(ear_close(&e).n, 0);
}

static Str much(void)
{
    static char text[VALUE_BYTES];

    memset(text, 'x', sizeof(text));
    return (Str){text, sizeof(text)};
}

/* Nobody reads until all is logged. */
TEST(test_log_start_counts_what_a_stuck_log_loses)
{
    int64_t seen = 0, lost = 0;
    struct ear e;
    Str line;

    ear_open(&e);
    log_start();
    for (int i = 0; i < STUCK_LINES; i++) {
        log_event(LEVEL_INFO, EVENT_REQUEST, KV("a", much()));
    }
    ear_listen(&e);
    T_TRUE(log_stop(WITHIN_MS));
    Str text = ear_close(&e);

    while (str_next_part(&text, '\n', &line) && line.n > 0) {
        bool says = str_contains(line, S("log.lost"));

        seen += says ? 0 : 1;
        lost += says ? number_of(line, S("lines=\"")) : 0;
    }
    T_TRUE(lost > 0);
    T_INT(seen + lost, STUCK_LINES);
}

static void *log_one(void *arg)
{
    (void)arg;
    log_event(LEVEL_ERROR, EVENT_REQUEST, KV("a", much()));
    return NULL;
}

/* In a child, whose log stays given up. */
static void log_and_stop_with_a_full_pipe(void)
{
    pthread_t other;
    struct ear e;
    int64_t from_ms;

    ear_open(&e);
    log_start();
    for (int i = 0; i < STUCK_LINES; i++) {
        log_event(LEVEL_ERROR, EVENT_REQUEST, KV("a", much()));
    }
    must_be(pthread_create(&other, NULL, log_one, NULL) == 0);
    must_be(pthread_join(other, NULL) == 0);
    from_ms = clock_mono_ms();
    must_be(!log_stop(END_MS));
    must_be(!log_is_writable(0));
    must_be(clock_mono_ms() - from_ms >= END_MS);
    log_event(
        LEVEL_ERROR, EVENT_REQUEST, KV("a", much())); /* is lost, and doesn't wait */
    must_be(clock_mono_ms() - from_ms < WITHIN_MS);
}

TEST(test_log_seldom_count_is_heard_once_a_minute_with_what_was_between)
{
    struct log_seldom one = {0}, other = {0};

    T_INT(log_seldom_count(&one, 1000), 1);
    T_INT(log_seldom_count(&one, 1000), 0);
    T_INT(log_seldom_count(&other, 1000), 1); /* each by itself */
    T_INT(log_seldom_count(&one, 999 + LIMIT_SAID_MS), 0);
    T_INT(log_seldom_count(&one, 1000 + LIMIT_SAID_MS), 3);
    T_INT(log_seldom_count(&one, 1001 + LIMIT_SAID_MS), 0);
}

TEST(test_log_stop_leaves_a_stuck_log_behind)
{
    T_IN_CHILD(log_and_stop_with_a_full_pipe);
}

TEST(test_log_name_node_is_in_every_line)
{
    T_IN_CHILD(check_node);
}

TEST(test_log_flush_waits_for_lines_that_are_in_no_hurry)
{
    char text[1024];
    struct ear e;

    ear_open(&e);
    log_start();
    log_event(LEVEL_INFO, EVENT_SERVICE_READY, KV("a", S("b")));
    log_flush(WITHIN_MS);
    T_INT(fcntl(e.ends[0], F_SETFL, O_NONBLOCK), 0);
    ssize_t n = read(e.ends[0], text, sizeof(text));

    T_INT(fcntl(e.ends[0], F_SETFL, 0), 0);
    T_TRUE(n > 0 && str_contains((Str){text, (size_t)n}, S("service.ready")));
    T_TRUE(log_stop(WITHIN_MS));
    ear_listen(&e);
    T_INT(ear_close(&e).n, 0);
}

static void panic_with_a_full_pipe(void)
{
    static char byte[1];
    int ends[2];

    must_be(open("/dev/null", O_WRONLY | O_CLOEXEC) == STDERR_FILENO); /* was closed */
    must_be(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    must_be(fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK) == 0);
    while (write(STDERR_FILENO, byte, 1) == 1) {
    }
    must_be(fcntl(STDERR_FILENO, F_SETFL, 0) == 0);
    (void)alarm(30); /* another signal than abort's */
    fail_panic(__FILE__, __LINE__, "test");
}

TEST(test_panic_ends_a_process_whose_log_is_stuck)
{
    T_ABORTS(panic_with_a_full_pipe);
}

T_MAIN(
    T(test_log_start_keeps_every_line_whole_and_in_order),
    T(test_log_start_appends_to_a_file_that_is_emptied),
    T(test_log_start_writes_an_error_at_once),
    T(test_log_flush_waits_for_lines_that_are_in_no_hurry),
    T(test_log_start_counts_what_a_stuck_log_loses),
    T(test_log_stop_leaves_a_stuck_log_behind),
    T(test_panic_ends_a_process_whose_log_is_stuck), T(test_log_event_escapes_values),
    T(test_log_event_is_one_line_however_long),
    T(test_log_event_writes_numbers_as_numbers_in_json),
    T(test_log_event_tells_journald_the_level), T(test_log_name_node_is_in_every_line),
    T(test_log_event_below_the_level_writes_nothing),
    T(test_log_seldom_count_is_heard_once_a_minute_with_what_was_between))
