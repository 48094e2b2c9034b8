/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/testing.h"

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
        LEVEL_INFO, "test.forged", KV("name", S("a\nlevel=\"error\" \xC3\xA9\x00z\\")));
}

static void log_too_much(void)
{
    static char much[6000];

    memset(much, 'x', sizeof(much));
    log_event(
        LEVEL_INFO, "test.long", KV("a", (Str){much, sizeof(much)}),
        KV("b", (Str){much, sizeof(much)}), KV("c", (Str){much, sizeof(much)}),
        KV("d", (Str){much, sizeof(much)}), KV("e", (Str){much, sizeof(much)}));
}

static void log_below_the_level(void)
{
    log_event(LEVEL_DEBUG, "test.debug", KV("a", S("b")));
}

static void test_log_event_escapes_values(void **state)
{
    (void)state;
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    Str line = written(log_a_forgery);

    T_TRUE(str_ends(
        line, S("event=\"test.forged\" "
                "name=\"a\\u000alevel=\\\"error\\\" \\u00c3\\u00a9\\u0000z\\\\\"\n")));
    log_setup(LEVEL_INFO, FORMAT_JSON);
    line = written(log_a_forgery);
    T_TRUE(str_starts(line, S("{\"time\":\"2")));
    T_TRUE(str_ends(line, S("\"}\n")));
}

static void test_log_event_is_one_line_however_long(void **state)
{
    (void)state;
    log_setup(LEVEL_INFO, FORMAT_JSON);
    Str line = written(log_too_much);
    size_t at = 0;

    T_TRUE(line.n <= 4096 && str_ends(line, S("}\n")));
    T_TRUE(str_find(line, '\n', &at) && at == line.n - 1);
    CLEANUP(j_done) json_t *j = NULL;

    T_OK(j_parse(t_cx(), line, 1, &j));
}

static void test_log_event_below_the_level_writes_nothing(void **state)
{
    (void)state;
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    T_INT(written(log_below_the_level).n, 0);
    log_setup(LEVEL_DEBUG, FORMAT_LOGFMT);
    T_TRUE(written(log_below_the_level).n > 0);
}

/* Many threads at once, and a log that is slower than they are. */
enum { GATHERING = 4, LINES = 5000, STUCK_LINES = 1000, HEARD_BYTES = 8 * 1024 * 1024 };

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

    log_gather();
    for (int i = 0; i < LINES; i++) {
        log_event(
            i % 1000 == 999 ? LEVEL_WARN : LEVEL_INFO, "test.many",
            KV("who", str_int(&cx.mem, *(int *)who)), KV("line", str_int(&cx.mem, i)));
    }
    log_gather_end();
    cx_done(&cx);
    return NULL;
}

static void test_log_gather_keeps_every_line_whole_and_in_order(void **state)
{
    int64_t next[GATHERING] = {0};
    pthread_t threads[GATHERING];
    int who[GATHERING];
    struct ear e;
    Str line;

    (void)state;
    log_setup(LEVEL_INFO, FORMAT_LOGFMT);
    ear_open(&e);
    ear_listen(&e);
    for (int i = 0; i < GATHERING; i++) {
        who[i] = i;
        T_INT(pthread_create(&threads[i], NULL, log_many, &who[i]), 0);
    }
    for (int i = 0; i < GATHERING; i++) {
        T_INT(pthread_join(threads[i], NULL), 0);
    }
    Str text = ear_close(&e);

    while (str_next_part(&text, '\n', &line) && line.n > 0) {
        T_TRUE(str_starts(line, S("time=\"")) && str_ends(line, S("\"")));
        T_INT(number_of(line, S("line=\"")), next[number_of(line, S("who=\""))]++);
    }
    for (int i = 0; i < GATHERING; i++) {
        T_INT(next[i], LINES);
    }
}

static void test_log_gather_writes_an_error_at_once(void **state)
{
    char text[1024];
    struct ear e;
    size_t n = 0;

    (void)state;
    ear_open(&e);
    log_gather();
    log_event(LEVEL_INFO, "test.before", KV("a", S("b")));
    log_event(LEVEL_ERROR, "test.error", KV("a", S("b")));
    while (!str_contains((Str){text, n}, S("test.error"))) { /* without another line */
        ssize_t more = read(e.ends[0], text + n, sizeof(text) - n);

        T_TRUE(more > 0);
        n += (size_t)more;
    }
    T_TRUE(str_contains((Str){text, n}, S("test.before")));
    log_gather_end();
    ear_listen(&e);
    T_INT(ear_close(&e).n, 0);
}

/* Nobody reads for longer than the writer has patience. */
static void test_log_gather_counts_what_a_stuck_log_loses(void **state)
{
    static char much[1000];
    int64_t seen = 0, lost = 0;
    struct ear e;
    Str line;

    (void)state;
    memset(much, 'x', sizeof(much));
    ear_open(&e);
    log_gather();
    for (int i = 0; i < STUCK_LINES; i++) {
        log_event(LEVEL_INFO, "test.stuck", KV("a", (Str){much, sizeof(much)}));
    }
    ear_listen(&e);
    log_gather_end();
    Str text = ear_close(&e);

    while (str_next_part(&text, '\n', &line) && line.n > 0) {
        bool says = str_contains(line, S("log_lines_lost"));

        seen += says ? 0 : 1;
        lost += says ? number_of(line, S("lines=\"")) : 0;
    }
    T_TRUE(lost > 0);
    T_INT(seen + lost, STUCK_LINES);
}

T_MAIN(
    T(test_log_gather_keeps_every_line_whole_and_in_order),
    T(test_log_gather_writes_an_error_at_once),
    T(test_log_gather_counts_what_a_stuck_log_loses), T(test_log_event_escapes_values),
    T(test_log_event_is_one_line_however_long),
    T(test_log_event_below_the_level_writes_nothing))
