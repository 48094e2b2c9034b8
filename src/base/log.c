/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - formats a line on the stack, and writes it or hands it to the log's own thread.
 *
 * Values are cut where they would make a line too long.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/budgets.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/log_writer.h"
#include "base/metric.h"

enum {
    LINE_BYTES = 4096,
    LINE_END_BYTES = 8,     /* always left for what ends a line */
    PAIR_LEAST_BYTES = 128, /* a pair that has less is left out; keys are short */
    VALUE_BYTES = 1024,
    NUMBER_BYTES = STR_INT_BYTES + 4, /* with three decimals */
    NODE_BYTES = 65,
    MS_AT = sizeof("2026-01-31T09:00:00.") - 1,
};

static _Atomic int level_now = LEVEL_INFO;
static _Atomic int format_now = FORMAT_LOGFMT;
static _Atomic bool is_journal; /* stderr is journald's */
static char node_room[NODE_BYTES];
static _Atomic(const char *) node_name; /* NULL: none */
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct log_writer *) log_writer; /* NULL: lines are written at once */
static struct log_feed *shared_feed;            /* for threads without one of their own */
static _Thread_local struct log_feed *own_feed; /* NULL: the shared one */
static _Atomic bool is_given_up;                /* the writer was left behind */

/* The time of the thread's last line. */
static _Thread_local struct {
    int64_t second;
    char text[CLOCK_TEXT_BYTES];
} last_time;

static const Str event_names[] = {
#define X(id, name, levels, meaning) [EVENT_##id] = SI(name),
    LOG_EVENTS(X)
#undef X
};

struct log_text {
    char text[LINE_BYTES];
    size_t n;
};

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that it gave us, which
 * may not be stderr any more. */
static bool stderr_is_journal(void)
{
    const char *given =
        getenv("JOURNAL_STREAM"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    char stream[2 * STR_INT_BYTES];
    struct stat st;

    if (given == NULL || fstat(STDERR_FILENO, &st) != 0) {
        return false;
    }
    (void)snprintf(
        stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(given, stream) == 0;
}

void log_setup(enum log_level level, enum log_format format)
{
    atomic_store(&level_now, (int)level);
    atomic_store(&format_now, (int)format);
    atomic_store(&is_journal, stderr_is_journal());
}

void log_name_node(Str node)
{
    must_be(node.n < sizeof(node_room) && atomic_load(&node_name) == NULL);
    memcpy(node_room, node.p, node.n);
    atomic_store(&node_name, node_room);
}

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

int64_t log_seldom_count(struct log_seldom *s, int64_t mono_ms)
{
    int64_t said_ms = atomic_load(&s->said_ms);

    (void)atomic_fetch_add(&s->times, 1);
    bool is_news = (said_ms == 0 || mono_ms - said_ms >= LIMIT_SAID_MS)
                   && atomic_compare_exchange_strong(&s->said_ms, &said_ms, mono_ms);

    return is_news ? atomic_exchange(&s->times, 0) : 0;
}

static size_t log_text_room(const struct log_text *l)
{
    const size_t most = LINE_BYTES - LINE_END_BYTES;

    return l->n < most ? most - l->n : 0;
}

/* As much of it as there is room for. */
static void log_text_add(struct log_text *l, Str s)
{
    s = str_sub(s, 0, log_text_room(l));
    if (s.n > 0) {
        memcpy(l->text + l->n, s.p, s.n);
        l->n += s.n;
    }
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* All of it or nothing. */
static void log_text_add_escaped(struct log_text *l, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char quoted[] = {'\\', (char)c};
    const char coded[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    bool is_quoted = c == '"' || c == '\\';
    Str s = {is_quoted ? quoted : coded, is_quoted ? sizeof(quoted) : sizeof(coded)};

    log_text_add(l, s.n <= log_text_room(l) ? s : S(""));
}

/* Both formats quote as JSON does; what is no printable ASCII is escaped byte by byte, so
 * a line stays a line, and valid in either format, whatever a value holds. */
static void log_text_add_quoted(struct log_text *l, Str s)
{
    size_t from = 0;

    s = str_sub(s, 0, VALUE_BYTES);
    log_text_add(l, S("\""));
    for (size_t i = 0; i < s.n; i++) {
        if (!is_plain(s.p[i])) {
            log_text_add(l, str_sub(s, from, i));
            log_text_add_escaped(l, (unsigned char)s.p[i]);
            from = i + 1;
        }
    }
    log_text_add(l, str_sub(s, from, s.n));
    l->text[l->n++] = '"';
}

static Str number_text(const struct log_pair *pair, char room[NUMBER_BYTES])
{
    if (pair->kind != LOG_US) {
        return str_digits(pair->number, room);
    }
    int left = (int)(pair->number % 1000);
    Str whole = str_digits(pair->number / 1000, room); /* ends at STR_INT_BYTES */
    char *decimals = room + STR_INT_BYTES;

    decimals[0] = '.';
    for (int i = 3; i > 0; i--) {
        decimals[i] = (char)('0' + left % 10);
        left /= 10;
    }
    return (Str){whole.p, whole.n + 4};
}

static bool pair_is_empty(const struct log_pair *pair)
{
    return (pair->kind == LOG_TEXT && pair->text.n == 0)
           || (pair->kind == LOG_ID && pair->number == 0);
}

static void log_text_add_value(struct log_text *l, bool json, const struct log_pair *pair)
{
    char room[NUMBER_BYTES];

    if (pair->kind == LOG_TEXT) {
        log_text_add_quoted(l, pair->text);
    } else if (json) {
        log_text_add(l, number_text(pair, room));
    } else {
        log_text_add_quoted(l, number_text(pair, room));
    }
}

static void log_text_add_pair(struct log_text *l, bool json, const struct log_pair *pair)
{
    if (pair_is_empty(pair) || log_text_room(l) < PAIR_LEAST_BYTES) {
        return;
    }
    log_text_add(l, json ? S(",\"") : S(" "));
    log_text_add(l, str_from_z(pair->key));
    log_text_add(l, json ? S("\":") : S("="));
    log_text_add_value(l, json, pair);
}

/* The calendar is asked once a second: gmtime_r takes a lock of the whole process. */
static Str log_time(void)
{
    int64_t ms = clock_now_ms();
    int left = (int)(ms % 1000);

    if (ms / 1000 != last_time.second) {
        (void)clock_rfc3339(ms, last_time.text);
        last_time.second = ms / 1000;
    }
    for (char *p = last_time.text + MS_AT + 2; p >= last_time.text + MS_AT; p--) {
        *p = (char)('0' + left % 10);
        left /= 10;
    }
    return str_from_z(last_time.text);
}

static void lines_out(Str lines)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    must_be(pthread_mutex_lock(&out_lock) == 0);
    while (lines.n > 0) {
        ssize_t n = write(STDERR_FILENO, lines.p, lines.n);

        if (n >= 0) {
            lines = str_sub(lines, (size_t)n, lines.n);
        } else if (errno == EAGAIN) {
            (void)poll(&out, 1, -1);
        } else if (errno != EINTR) {
            lines.n = 0; /* there is nobody to tell that the log is gone */
        }
    }
    must_be(pthread_mutex_unlock(&out_lock) == 0);
}

static Str log_text_end(struct log_text *l, bool json)
{
    if (json) {
        l->text[l->n++] = '}';
    }
    l->text[l->n++] = '\n';
    return (Str){l->text, l->n};
}

/* What sd-daemon(3) wants: journald takes the level from there. */
static void log_text_begin(struct log_text *l, enum log_level level, bool json)
{
    static const Str journal[] = {SI("<3>"), SI("<4>"), SI("<6>"), SI("<7>")};

    l->n = 0;
    log_text_add(
        l,
        atomic_load_explicit(&is_journal, memory_order_relaxed) ? journal[level] : S(""));
    log_text_add(l, json ? S("{\"time\":") : S("time="));
    log_text_add_quoted(l, log_time());
}

static Str log_text_make(
    struct log_text *l, enum log_level level, enum event event,
    const struct log_pair *pairs, size_t n)
{
    static const Str names[] = {SI("error"), SI("warn"), SI("info"), SI("debug")};
    bool json = atomic_load_explicit(&format_now, memory_order_relaxed) == FORMAT_JSON;
    const char *node = atomic_load_explicit(&node_name, memory_order_acquire);

    log_text_begin(l, level, json);
    log_text_add_pair(l, json, &(struct log_pair)KV("level", names[level]));
    log_text_add_pair(l, json, &(struct log_pair)KV("event", event_names[event]));
    for (size_t i = 0; i < n; i++) {
        log_text_add_pair(l, json, &pairs[i]);
    }
    if (node != NULL) {
        log_text_add_pair(l, json, &(struct log_pair)KZ("node", node));
    }
    return log_text_end(l, json);
}

void log_write(
    enum log_level level, enum event event, const struct log_pair *pairs, size_t n)
{
    if (log_is_on(level)) {
        log_write_answer(level, event, pairs, n);
    }
}

void log_write_answer(
    enum log_level level, enum event event, const struct log_pair *pairs, size_t n)
{
    UNSET struct log_text l;

    if (atomic_load_explicit(&is_given_up, memory_order_relaxed)) {
        return;
    }
    Str line = log_text_make(&l, level, event, pairs, n);

    if (atomic_load_explicit(&log_writer, memory_order_acquire) == NULL) {
        lines_out(line);
    } else {
        log_feed_add(
            own_feed != NULL ? own_feed : shared_feed, line, level <= LEVEL_WARN);
    }
}

/* On the writer's thread. */
static void lost_out(int64_t lines)
{
    const struct log_pair pair = KN("lines", lines);

    metric_add(METRIC_LOG_LOST, 0, lines);
    struct log_text l;

    if (log_is_on(LEVEL_WARN)) {
        lines_out(log_text_make(&l, LEVEL_WARN, EVENT_LOG_LOST, &pair, 1));
    }
}

/* A file that is emptied while the service runs would begin with zeros else. */
static void log_append(void)
{
    struct stat st;
    int flags = fcntl(STDERR_FILENO, F_GETFL);

    if (flags >= 0 && fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode)) {
        (void)fcntl(STDERR_FILENO, F_SETFL, flags | O_APPEND);
    }
}

void log_start(void)
{
    log_append();
    static const struct log_sink sink = {lines_out, lost_out};
    struct log_writer *w = log_writer_open(&sink);

    must_be(atomic_load(&log_writer) == NULL);
    shared_feed = log_writer_feed(w);
    atomic_store(&log_writer, w);
}

bool log_stop(int64_t within_ms)
{
    struct log_writer *w = atomic_exchange(&log_writer, NULL);
    bool is_whole = log_writer_close(&w, clock_mono_ms() + within_ms);

    atomic_store(&is_given_up, !is_whole);
    return is_whole;
}

void log_flush(int64_t within_ms)
{
    struct log_writer *w = atomic_load(&log_writer);

    if (w != NULL) {
        (void)log_writer_flush(w, clock_mono_ms() + within_ms);
    }
}

void log_thread_begin(void)
{
    struct log_writer *w = atomic_load(&log_writer);

    must_be(own_feed == NULL);
    own_feed = w == NULL ? NULL : log_writer_feed(w);
}

void log_thread_end(void)
{
    if (own_feed != NULL) {
        log_feed_end(&own_feed);
    }
}

bool log_is_writable(int64_t within_ms)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&out, 1, (int)within_ms) == 1 && (out.revents & POLLOUT) != 0;
}
