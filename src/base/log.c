/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - one line, formatted on the stack, written with one write(2), so that lines of
 * several threads never mix. A line that is too long is cut at a pair's value.
 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_BYTES = 4096, VALUE_BYTES = 1024 };

static _Atomic int level_now = LEVEL_INFO;
static _Atomic int format_now = FORMAT_LOGFMT;

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

static void put(struct line *l, Str s)
{
    for (size_t i = 0; i < s.n && l->n < sizeof(l->text) - 4; i++) {
        l->text[l->n++] = s.p[i];
    }
}

/* Both formats quote as JSON does; what is no printable ASCII is escaped byte by byte, so
 * a line stays a line, and valid in either format, whatever a value holds. */
static void put_quoted(struct line *l, Str s)
{
    char escape[8];

    put(l, S("\""));
    for (size_t i = 0; i < s.n && i < VALUE_BYTES; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '"' || c == '\\') {
            put(l, (Str){
                       (char[]){'\\', (char)c},
                       2
            });
        } else if (c < 0x20 || c > 0x7E) {
            int n = snprintf(escape, sizeof(escape), "\\u%04x", c);
            put(l, (Str){escape, (size_t)n});
        } else {
            put(l, (Str){(char *)&c, 1});
        }
    }
    put(l, S("\""));
}

static void put_pair(struct line *l, bool json, const char *key, Str value)
{
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

void log_write(
    enum log_level level, const char *event, const struct log_pair *pairs, size_t n)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    bool json = atomic_load(&format_now) == FORMAT_JSON;
    char when[CLOCK_TEXT_BYTES];
    struct line l;

    if (!log_is_on(level)) {
        return;
    }
    l.n = 0;
    put(&l, json ? S("{") : S(""));
    put_pair(&l, json, "time", clock_rfc3339(clock_now_ms(), when));
    put_pair(&l, json, "level", str_from_z(names[level]));
    put_pair(&l, json, "event", str_from_z(event));
    for (size_t i = 0; i < n; i++) {
        put_pair(&l, json, pairs[i].key, pairs[i].value);
    }
    if (json) {
        l.text[l.n++] = '}';
    }
    l.text[l.n++] = '\n';
    ssize_t written = write(STDERR_FILENO, l.text, l.n);
    (void)written; /* there is nobody to tell that the log is gone */
}
