/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.c - keeps the nesting of an answer, and chooses its back end.
 */
#include "render/writer.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "render/backend.h"
#include "render/json.h"
#include "render/xml.h"

enum { USUAL_BYTES = 1024 };

struct writer *writer_open(struct arena *mem, enum format format)
{
    struct writer *w = NEW(mem, struct writer);

    w->backend = format == FORMAT_IS_XML ? &writer_xml : &writer_json;
    w->mem = mem;
    w->out = (struct buf){.mem = mem, .max = LIMIT_ANSWER_BYTES};
    (void)buf_reserve(&w->out, USUAL_BYTES);
    w->last = &w->first;
    w->backend->begin(w, S("root"), false);
    w->depth = 1;
    return w;
}

static bool is_of_a_name(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '-';
}

/* A name is written as it is in both formats, so it must need no escape in either. */
static void writer_name_check(const struct writer *w, Str name)
{
    must_be(w->depth > 0);
    must_be(
        writer_in_array(w)
        || (name.n > 0 && !char_is_digit((unsigned char)name.p[0]) && name.p[0] != '-'
            && str_is_only(name, is_of_a_name)));
}

static void writer_put(struct writer *w, Str name, Str text, enum writer_value kind)
{
    writer_name_check(w, name);
    w->backend->value(w, name, text, kind);
}

void writer_text(struct writer *w, Str name, Str value)
{
    writer_put(w, name, value, WRITER_QUOTED);
}

void writer_int(struct writer *w, Str name, int64_t value)
{
    writer_put(w, name, str_int(w->mem, value), WRITER_PLAIN);
}

void writer_thousandths(struct writer *w, Str name, int64_t value)
{
    must_be(value >= 0);
    Str rest = str_sub(str_int(w->mem, 1000 + value % 1000), 1, 4);
    Str whole = str_cat(w->mem, str_int(w->mem, value / 1000), S("."));

    writer_put(w, name, str_cat(w->mem, whole, rest), WRITER_PLAIN);
}

void writer_bool(struct writer *w, Str name, bool value)
{
    writer_put(w, name, value ? S("true") : S("false"), WRITER_PLAIN);
}

void writer_null(struct writer *w, Str name)
{
    writer_put(w, name, S(""), WRITER_NULL);
}

void writer_text_or_null(struct writer *w, Str name, Str value)
{
    if (value.n > 0) {
        writer_text(w, name, value);
    } else {
        writer_null(w, name);
    }
}

void writer_time(struct writer *w, Str name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    writer_text(w, name, clock_rfc3339(ms, text));
}

void writer_time_or_null(struct writer *w, Str name, int64_t ms)
{
    if (ms != 0) {
        writer_time(w, name, ms);
    } else {
        writer_null(w, name);
    }
}

void writer_second(struct writer *w, Str name, int64_t s)
{
    char text[DATETIME_TEXT_BYTES];

    writer_text(w, name, datetime_write(s, text));
}

void writer_second_or_null(struct writer *w, Str name, int64_t s)
{
    if (s != 0) {
        writer_second(w, name, s);
    } else {
        writer_null(w, name);
    }
}

static void writer_level_begin(struct writer *w, Str name, bool is_array)
{
    writer_name_check(w, name);
    must_be(w->depth < WRITER_DEPTH);
    w->backend->begin(w, name, is_array);
    w->is_array[w->depth++] = is_array;
}

void writer_object(struct writer *w, Str name)
{
    writer_level_begin(w, name, false);
}

void writer_array(struct writer *w, Str name)
{
    writer_level_begin(w, name, true);
}

static void writer_level_end(struct writer *w)
{
    w->depth--;
    w->backend->end(w, w->is_array[w->depth]);
}

void writer_end(struct writer *w)
{
    must_be(w->depth > 1);
    writer_level_end(w);
}

Res writer_done(struct cx *cx, struct writer *w, Str *ret)
{
    must_be(w->depth == 1);
    writer_level_end(w);
    return w->backend->done(cx, w, ret);
}

/* The longer escape of both formats. */
static size_t char_escaped_bytes(unsigned char c)
{
    switch (c) {
    case '"':
        return sizeof("&quot;") - 1;
    case '&':
        return sizeof("&amp;") - 1;
    case '\r':
        return sizeof("&#13;") - 1;
    case '<':
    case '>':
        return sizeof("&lt;") - 1;
    case '\\':
    case '\n':
    case '\t':
        return sizeof("\\n") - 1;
    case '\b':
    case '\f':
        return sizeof(REPLACEMENT) - 1;
    }
    return c < ' ' ? sizeof("\\u0000") - 1 : 1;
}

/* The bytes that the first character takes in an answer; *n: in the text. */
static size_t char_written_bytes(Str s, size_t *n)
{
    bool ok;

    *n = str_utf8_step(s, &ok);
    if (!ok) {
        return sizeof(REPLACEMENT) - 1;
    }
    return *n == 1 ? char_escaped_bytes((unsigned char)s.p[0]) : *n;
}

size_t writer_text_bytes(Str value)
{
    size_t bytes = 0;

    for (size_t n; value.n > 0; value = str_sub(value, n, value.n)) {
        bytes += char_written_bytes(value, &n);
    }
    return bytes;
}

Str writer_text_cut(Str value, size_t most)
{
    size_t at = 0;

    for (size_t n; at < value.n; at += n) {
        size_t bytes = char_written_bytes(str_sub(value, at, value.n), &n);

        if (bytes > most) {
            break;
        }
        most -= bytes;
    }
    return str_sub(value, 0, at);
}

Str writer_content_type(enum format format)
{
    return format == FORMAT_IS_XML ? S("application/xml; charset=utf-8")
                                   : S("application/json");
}
