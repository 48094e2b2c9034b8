/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out.c - writes an answer: status line, fields, body (RFC 9112 §4, §6).
 *
 * Date, Content-Length and Connection are the only fields that are added here.
 */
#include "http/out.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Status line and fields of an answer, without what the handler says, are shorter. */
enum { OUT_FIXED_BYTES = 256 };

static const struct {
    int status;
    Str phrase;
} phrases[] = {
    {200, SI("OK")},
    {201, SI("Created")},
    {202, SI("Accepted")},
    {204, SI("No Content")},
    {303, SI("See Other")},
    {304, SI("Not Modified")},
    {400, SI("Bad Request")},
    {401, SI("Unauthorized")},
    {403, SI("Forbidden")},
    {404, SI("Not Found")},
    {405, SI("Method Not Allowed")},
    {406, SI("Not Acceptable")},
    {408, SI("Request Timeout")},
    {409, SI("Conflict")},
    {413, SI("Content Too Large")},
    {415, SI("Unsupported Media Type")},
    {429, SI("Too Many Requests")},
    {431, SI("Request Header Fields Too Large")},
    {500, SI("Internal Server Error")},
    {501, SI("Not Implemented")},
    {502, SI("Bad Gateway")},
    {503, SI("Service Unavailable")},
    {504, SI("Gateway Timeout")},
    {505, SI("HTTP Version Not Supported")},
};

static Str phrase_of(int status)
{
    for (size_t i = 0; i < COUNT(phrases); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return S("");
}

static Str out_date_text(struct out_date *date)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t now = clock_now_s();

    if (now != date->second) {
        struct tm tm;
        time_t t = (time_t)now;

        (void)gmtime_r(&t, &tm);
        (void)snprintf(
            date->text, sizeof(date->text), "%s, %02d %s %04d %02d:%02d:%02d GMT",
            days[tm.tm_wday % 7], tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900,
            tm.tm_hour, tm.tm_min, tm.tm_sec);
        date->second = now;
    }
    return str_from_z(date->text);
}

static void out_add_field(struct buf *b, Str name, Str value)
{
    buf_add(b, name);
    buf_add(b, S(": "));
    buf_add(b, value);
    buf_add(b, S("\r\n"));
}

static void out_add_head(
    struct buf *b, const struct http_answer *a, const struct out_frame *frame)
{
    buf_add(b, S("HTTP/1.1 "));
    buf_add_int(b, a->status);
    buf_add_char(b, ' ');
    buf_add(b, phrase_of(a->status));
    buf_add(b, S("\r\n"));
    out_add_field(b, S("Date"), out_date_text(frame->date));
    if (a->content_type.n > 0) {
        out_add_field(b, S("Content-Type"), a->content_type);
    }
    for (size_t i = 0; i < a->n_extra; i++) {
        out_add_field(b, a->extra[i].name, a->extra[i].value);
    }
    if (frame->closes_after) {
        out_add_field(b, S("Connection"), S("close"));
    } else if (frame->is_http10) {
        out_add_field(b, S("Connection"), S("keep-alive"));
    }
}

/* An upper bound of a head's length. */
static size_t out_head_bytes(const struct http_answer *a)
{
    size_t n = OUT_FIXED_BYTES + a->content_type.n;

    for (size_t i = 0; i < a->n_extra; i++) {
        n += a->extra[i].name.n + a->extra[i].value.n + strlen(": \r\n");
    }
    return n;
}

/* Room for `n` more bytes, whose number is known: growing by doubling would leave as many
 * in the arena again. */
static void out_make_room(struct out *o, size_t n)
{
    const size_t usual = OUT_ENOUGH_BYTES + OUT_FIRST_BYTES;
    struct buf *b = &o->text;

    if (n > b->room - b->n) {
        buf_set_room(b, b->n + n > usual ? b->n + n : usual);
    }
}

bool out_has_enough(const struct out *o)
{
    return o->text.n >= OUT_ENOUGH_BYTES;
}

size_t out_bytes(const struct out *o)
{
    return o == NULL ? 0 : sizeof(*o) + arena_bytes(&o->mem);
}

void out_begin(struct out *o)
{
    o->text = (struct buf){
        .mem = &o->mem,
        .max = OUT_MOST_BYTES,
        .p = arena_alloc(&o->mem, OUT_FIRST_BYTES),
        .room = OUT_FIRST_BYTES,
    };
}

bool out_add_answer(
    struct out *o, const struct http_answer *a, const struct out_frame *frame)
{
    struct buf *b = &o->text;
    size_t head_bytes = out_head_bytes(a);

    if (head_bytes > OUT_HEAD_MOST_BYTES || a->body.n > LIMIT_ANSWER_BYTES) {
        return false;
    }
    out_make_room(o, head_bytes + (frame->is_head ? 0 : a->body.n));
    out_add_head(b, a, frame);
    if (a->status == 204 || a->status == 304) {
        buf_add(b, S("\r\n"));
        return true;
    }
    buf_add(b, S("Content-Length: "));
    buf_add_int(b, (int64_t)a->body.n);
    buf_add(b, S("\r\n\r\n"));
    if (!frame->is_head) {
        buf_add(b, a->body);
    }
    return true;
}

void out_add_continue(struct out *o)
{
    static const Str text = SI("HTTP/1.1 100 Continue\r\n\r\n");

    out_make_room(o, text.n);
    buf_add(&o->text, text);
}
