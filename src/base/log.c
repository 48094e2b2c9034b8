/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - one line, formatted on the stack; what becomes of it: written at once, or
 * gathered (log_buffer.c). What would make a line too long is cut off its values.
 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_buffer.h"

enum {
    LINE_BYTES = 4096,
    LINE_END_BYTES = 8,     /* always left for what ends a line */
    PAIR_LEAST_BYTES = 128, /* a pair that has less is left out; keys are short */
    VALUE_BYTES = 1024,
    MS_AT = sizeof("2026-01-31T09:00:00.") - 1,
};

static _Atomic int level_now = LEVEL_INFO;
static _Atomic int format_now = FORMAT_LOGFMT;
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct log_buffer *gathered; /* NULL: lines are written at once */

/* The time of the thread's last line. */
static _Thread_local struct {
    int64_t second;
    char text[CLOCK_TEXT_BYTES];
} last_time;

struct line {
    char text[LINE_BYTES];
    size_t n;
};

void log_setup(enum log_level level, enum log_format format)
{
    atomic_store(&level_now, (int)level);
    atomic_store(&format_now, (int)format);
}

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

static size_t room(const struct line *l)
{
    const size_t most = LINE_BYTES - LINE_END_BYTES;

    return l->n < most ? most - l->n : 0;
}

/* As much of it as there is room for. */
static void put(struct line *l, Str s)
{
    s = str_sub(s, 0, room(l));
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
static void put_escaped(struct line *l, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char quoted[] = {'\\', (char)c};
    const char coded[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    bool is_quoted = c == '"' || c == '\\';
    Str s = {is_quoted ? quoted : coded, is_quoted ? sizeof(quoted) : sizeof(coded)};

    put(l, s.n <= room(l) ? s : S(""));
}

/* Both formats quote as JSON does; what is no printable ASCII is escaped byte by byte, so
 * a line stays a line, and valid in either format, whatever a value holds. */
static void put_quoted(struct line *l, Str s)
{
    size_t from = 0;

    s = str_sub(s, 0, VALUE_BYTES);
    put(l, S("\""));
    for (size_t i = 0; i < s.n; i++) {
        if (!is_plain(s.p[i])) {
            put(l, str_sub(s, from, i));
            put_escaped(l, (unsigned char)s.p[i]);
            from = i + 1;
        }
    }
    put(l, str_sub(s, from, s.n));
    l->text[l->n++] = '"';
}

static void put_pair(struct line *l, bool json, const char *key, Str value)
{
    if (room(l) < PAIR_LEAST_BYTES) {
        return;
    }
    if (json) {
        put(l, l->n > 1 ? S(",\"") : S("\""));
        put(l, str_from_z(key));
        put(l, S("\":"));
    } else {
        put(l, l->n > 0 ? S(" ") : S(""));
        put(l, str_from_z(key));
        put(l, S("="));
    }
    put_quoted(l, value);
}

/* The calendar is asked once a second: gmtime_r takes a lock of the whole process. */
static Str now_text(void)
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

void log_out(Str lines)
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

void log_gather(void)
{
    must_be(gathered == NULL);
    gathered = log_buffer_open();
}

void log_gather_end(void)
{
    log_buffer_close(&gathered);
}

void log_write(
    enum log_level level, const char *event, const struct log_pair *pairs, size_t n)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    bool json = atomic_load_explicit(&format_now, memory_order_relaxed) == FORMAT_JSON;
    struct line l;

    if (!log_is_on(level)) {
        return;
    }
    l.n = 0;
    put(&l, json ? S("{") : S(""));
    put_pair(&l, json, "time", now_text());
    put_pair(&l, json, "level", str_from_z(names[level]));
    put_pair(&l, json, "event", str_from_z(event));
    for (size_t i = 0; i < n; i++) {
        put_pair(&l, json, pairs[i].key, pairs[i].value);
    }
    if (json) {
        l.text[l.n++] = '}';
    }
    l.text[l.n++] = '\n';
    if (gathered != NULL) {
        log_buffer_add(gathered, (Str){l.text, l.n}, level <= LEVEL_WARN);
    } else {
        log_out((Str){l.text, l.n});
    }
}
