/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.c - the bytes of an image: a head, zones, and 26 bytes an event.
 *
 *   version 1, from 8, to 8, zones 2 (each: length 1, text), calendar's zone (the same),
 *   events 4, then for each: id 8, series 8, start 4, end 4, flags and zone 2.
 *
 * Numbers are big endian. A start and an end are seconds since 2000, or days; a time
 * outside of what 4 bytes hold becomes the nearest one, far outside of every window.
 */
#include "calendars/image.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"

enum {
    VERSION = 1,
    EVENT_BYTES = 26,
    HEAD_BYTES = 1 + 8 + 8 + 2 + 4,
    ZONE_BYTES = 1 + LIMIT_TIME_ZONE_BYTES,
    FLAG_ALL_DAY = 0x8000,
    FLAG_IF_ASKED = 0x4000,
    ZONE_MASK = 0x3fff,
    ZONE_MOST_S = 26 * 3600, /* more than any zone is away from UTC */
};

#define DAYS_MOST INT64_C(1000000)   /* what a calendar can say */
#define EPOCH_S   INT64_C(946684800) /* 2000-01-01 */
#define EPOCH_DAY (EPOCH_S / CLOCK_DAY_S)

_Static_assert(
    (int)LIMIT_IMAGE_ZONES <= (int)ZONE_MASK, "a zone's place fits beside the flags");
_Static_assert(LIMIT_TIME_ZONE_BYTES <= UINT8_MAX, "a zone's length fits in a byte");

bool image_event_is_within(const struct image_event *e, int64_t from_s, int64_t to_s)
{
    if (e->is_all_day) {
        return e->end * CLOCK_DAY_S + ZONE_MOST_S > from_s
               && e->start * CLOCK_DAY_S - ZONE_MOST_S < to_s;
    }
    return e->end > from_s && e->start < to_s;
}

/* Writing. */

static void bytes_add(struct buf *b, uint64_t v, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        buf_add_char(b, (char)(v >> (8 * i)));
    }
}

static uint64_t time_pack(int64_t v, bool is_day)
{
    int64_t since = v - (is_day ? EPOCH_DAY : EPOCH_S);
    int64_t most = is_day ? DAYS_MOST : (int64_t)UINT32_MAX;

    if (since < 0) {
        return 0;
    }
    return (uint64_t)(since > most ? most : since);
}

static void zone_add(struct buf *b, Str zone)
{
    must_be(zone.n <= LIMIT_TIME_ZONE_BYTES);
    bytes_add(b, zone.n, 1);
    buf_add(b, zone);
}

static void image_add_event(struct buf *b, const struct image_event *e)
{
    unsigned flags = e->zone | (e->is_all_day ? FLAG_ALL_DAY : 0U)
                     | (e->is_if_asked ? FLAG_IF_ASKED : 0U);

    bytes_add(b, e->id, 8);
    bytes_add(b, e->series, 8);
    bytes_add(b, time_pack(e->start, e->is_all_day), 4);
    bytes_add(b, time_pack(e->end, e->is_all_day), 4);
    bytes_add(b, flags, 2);
}

Res image_encode(struct cx *cx, const struct image *image, Str *ret)
{
    if (image->n > LIMIT_IMAGE_EVENTS || image->n_zones > LIMIT_IMAGE_ZONES) {
        return fail(cx, FAIL_LIMIT, "%zu events, %zu zones", image->n, image->n_zones);
    }
    struct buf b = {
        .mem = &cx->mem,
        .max = HEAD_BYTES + (image->n_zones + 1) * ZONE_BYTES + image->n * EVENT_BYTES};

    bytes_add(&b, VERSION, 1);
    bytes_add(&b, (uint64_t)image->from_s, 8);
    bytes_add(&b, (uint64_t)image->to_s, 8);
    bytes_add(&b, image->n_zones, 2);
    for (size_t i = 0; i < image->n_zones; i++) {
        zone_add(&b, image->zones[i]);
    }
    zone_add(&b, image->zone);
    bytes_add(&b, image->n, 4);
    for (size_t i = 0; i < image->n; i++) {
        image_add_event(&b, &image->at[i]);
    }
    *ret = buf_text(&b);
    return OK;
}

/* Reading: after a read past the end `bad` stays set, and all that follows is zero. */

struct bytes {
    Str rest;
    bool bad;
};

static Str bytes_take(struct bytes *b, size_t n)
{
    if (n > b->rest.n) {
        b->bad = true;
        b->rest = S("");
        return S("");
    }
    Str taken = str_sub(b->rest, 0, n);

    b->rest = str_sub(b->rest, n, b->rest.n);
    return taken;
}

static uint64_t number_at(const char *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        v = v << 8 | (unsigned char)p[i];
    }
    return v;
}

static uint64_t bytes_read(struct bytes *b, size_t n)
{
    Str taken = bytes_take(b, n);

    return number_at(taken.p, taken.n);
}

static Str zone_take(struct cx *cx, struct bytes *b)
{
    size_t n = bytes_read(b, 1);

    b->bad = b->bad || n > LIMIT_TIME_ZONE_BYTES;
    return str_dup(&cx->mem, bytes_take(b, b->bad ? 0 : n));
}

static void zones_take(struct cx *cx, struct bytes *b, struct image *image)
{
    image->n_zones = bytes_read(b, 2);
    if (image->n_zones > LIMIT_IMAGE_ZONES) {
        b->bad = true;
        image->n_zones = 0;
    }
    image->zones = NEW_N(&cx->mem, Str, image->n_zones);
    for (size_t i = 0; i < image->n_zones; i++) {
        image->zones[i] = zone_take(cx, b);
    }
    image->zone = zone_take(cx, b);
}

/* The same of a fixed size, as one load: a query reads every event of its images, and
 * these were a tenth of its time. */
static uint32_t number32_at(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static unsigned number16_at(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return (unsigned)u[0] << 8 | u[1];
}

/* All but the ids. */
static struct image_event event_times(const char *p)
{
    unsigned flags = number16_at(p + 24);
    bool is_all_day = (flags & FLAG_ALL_DAY) != 0;
    int64_t epoch = is_all_day ? EPOCH_DAY : EPOCH_S;

    return (struct image_event){
        .start = epoch + (int64_t)number32_at(p + 16),
        .end = epoch + (int64_t)number32_at(p + 20),
        .zone = (uint16_t)(flags & ZONE_MASK),
        .is_all_day = is_all_day,
        .is_if_asked = (flags & FLAG_IF_ASKED) != 0,
    };
}

static bool event_is_possible(const struct image_event *e, const struct image *image)
{
    return e->start <= e->end && e->zone <= image->n_zones
           && (!e->is_all_day || e->end <= EPOCH_DAY + DAYS_MOST);
}

/* Most of an image is outside of a query's range. */
static void events_keep(
    struct cx *cx, Str events, int64_t from_s, int64_t to_s, size_t most,
    struct image *image)
{
    image->at = NEW_N(&cx->mem, struct image_event, most);
    for (const char *p = events.p; p < events.p + events.n; p += EVENT_BYTES) {
        struct image_event e = event_times(p);

        if (image_event_is_within(&e, from_s, to_s)) {
            e.id = number_at(p, 8);
            e.series = number_at(p + 8, 8);
            image->at[image->n++] = e;
        }
    }
}

/* All are judged. */
static void events_take(
    struct cx *cx, struct bytes *b, int64_t from_s, int64_t to_s, struct image *image)
{
    size_t n = bytes_read(b, 4);
    size_t within = 0;
    size_t begin = 0;
    size_t end = 0;

    if (n > LIMIT_IMAGE_EVENTS || b->rest.n != n * EVENT_BYTES) {
        b->bad = true;
        return;
    }
    Str events = bytes_take(b, n * EVENT_BYTES);

    for (size_t at = 0; at < events.n; at += EVENT_BYTES) {
        struct image_event e = event_times(events.p + at);

        b->bad = b->bad || !event_is_possible(&e, image);
        if (image_event_is_within(&e, from_s, to_s)) {
            begin = within == 0 ? at : begin;
            end = at + EVENT_BYTES;
            within++;
        }
    }
    events_keep(cx, str_sub(events, begin, end), from_s, to_s, within, image);
}

Res image_decode_within(
    struct cx *cx, Str text, int64_t from_s, int64_t to_s, struct image *ret)
{
    struct bytes b = {.rest = text};
    struct image image = {0};

    b.bad = bytes_read(&b, 1) != VERSION;
    image.from_s = (int64_t)bytes_read(&b, 8);
    image.to_s = (int64_t)bytes_read(&b, 8);
    zones_take(cx, &b, &image);
    events_take(cx, &b, from_s, to_s, &image);
    if (b.bad || b.rest.n > 0 || image.from_s >= image.to_s) {
        return fail(cx, FAIL_UNREADABLE, "an image that this binary doesn't know");
    }
    *ret = image;
    return OK;
}

Res image_decode(struct cx *cx, Str text, struct image *ret)
{
    return image_decode_within(cx, text, INT64_MIN, INT64_MAX, ret);
}
