/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c - an image and what changed make the next image.
 *
 * Changes are sorted by the hash of their event's id, so that each event of the image
 * finds its own by bisection.
 */
#include "calendars/changes.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/pack.h"

enum { CHANGES_ROOM_FIRST = 64, SERIES_CANCELLED = 3, OWNER_BYTES = 256 };

void changes_owner_tag(
    const struct instance_keys *keys, int64_t provider, int mode, Str user,
    unsigned char ret[OWNER_TAG_BYTES])
{
    char text[OWNER_BYTES];
    struct buf b = {.p = text, .room = sizeof(text), .max = sizeof(text)};

    pack_int(&b, provider);
    pack_int(&b, mode);
    pack_text(&b, user);
    must_be(!b.full);
    seal_mac(keys->owners, buf_text(&b), ret, OWNER_TAG_BYTES);
}

bool changes_is_copy_of(
    const unsigned char owner[OWNER_TAG_BYTES], const struct event_item *item)
{
    return item->copy_key.n == EVENT_COPY_KEY_BYTES
           && str_eq(
               str_sub(item->copy_key, 0, OWNER_TAG_BYTES),
               (Str){(const char *)owner, OWNER_TAG_BYTES});
}

static uint64_t id_hash(const struct changes *c, Str id)
{
    unsigned char mac[sizeof(uint64_t)];
    uint64_t v = 0;

    if (id.n == 0) {
        return 0;
    }
    seal_mac(c->keys->event_ids, id, mac, sizeof(mac));
    for (size_t i = 0; i < sizeof(mac); i++) {
        v = v << 8 | mac[i];
    }
    return v == 0 ? 1 : v; /* 0 says that there is none */
}

/* Adding. */

static Res change_new(struct cx *cx, struct changes *c, struct change **ret)
{
    if (c->n == LIMIT_READ_EVENTS) {
        return fail(cx, FAIL_LIMIT, "over %d events in one read", LIMIT_READ_EVENTS);
    }
    GROW(&cx->mem, c->at, c->n, c->room, CHANGES_ROOM_FIRST);
    *ret = &c->at[c->n];
    **ret = (struct change){.order = c->added++};
    c->n++;
    return OK;
}

/* A zone more than the table takes is none: the next rule says in which one days are. */
static uint16_t changes_zone(struct cx *cx, struct changes *c, Str zone)
{
    if (zone.n == 0 || zone.n > LIMIT_TIME_ZONE_BYTES) {
        return 0;
    }
    for (size_t i = c->n_zones; i-- > 0;) {
        if (str_eq(c->zones[i], zone)) {
            return (uint16_t)(i + 1);
        }
    }
    if (c->n_zones == LIMIT_IMAGE_ZONES) {
        return 0;
    }
    if (c->zones == NULL) {
        c->zones = NEW_N(&cx->mem, Str, LIMIT_IMAGE_ZONES);
    }
    c->zones[c->n_zones++] = str_dup(&cx->mem, zone);
    return (uint16_t)c->n_zones;
}

static enum change_kind item_kind(
    const struct changes *c, const struct event_item *item, const struct image_event *e)
{
    if (item->is_removed) {
        return CHANGE_CANCELLED;
    }
    if (item->counts == EVENT_NEVER || changes_is_copy_of(c->owner, item)
        || !image_event_is_within(e, c->from_s, c->to_s)) {
        return CHANGE_NOTHING;
    }
    return CHANGE_KEPT;
}

/* One of each event of a page at most, and these are counted. */
static void changes_add_copy(
    struct cx *cx, struct changes *c, const struct event_item *item)
{
    GROW(&cx->mem, c->copies, c->n_copies, c->room_copies, CHANGES_ROOM_FIRST);
    struct change_copy *copy = &c->copies[c->n_copies++];

    *copy = (struct change_copy){.is_removed = item->is_removed};
    memcpy(copy->key, item->copy_key.p, sizeof(copy->key));
    if (!item->is_removed) {
        copy->is_all_day = item->is_all_day;
        copy->start = item->start;
        copy->end = item->end;
    }
}

static Res changes_add(struct cx *cx, struct changes *c, const struct event_item *item)
{
    struct change *change = NULL;

    TRY(change_new(cx, c, &change));
    must_be(change != NULL);
    change->event = (struct image_event){
        .id = id_hash(c, item->id),
        .series = id_hash(c, item->series),
        .start = item->start,
        .end = item->end,
        .is_all_day = item->is_all_day,
        .is_if_asked = item->counts == EVENT_IF_ASKED,
    };
    change->kind = item_kind(c, item, &change->event);
    if (change->kind == CHANGE_KEPT && item->is_all_day) {
        change->event.zone = changes_zone(cx, c, item->zone);
    }
    if (changes_is_copy_of(c->owner, item)) {
        changes_add_copy(cx, c, item);
    }
    if (change->kind == CHANGE_CANCELLED) {
        change->series = str_dup(&cx->mem, item->series);
    }
    return OK;
}

Res changes_add_page(struct cx *cx, struct changes *c, const struct events_page *page)
{
    for (size_t i = 0; i < page->n; i++) {
        TRY(changes_add(cx, c, &page->at[i]));
    }
    if (page->zone.n > 0 && page->zone.n <= LIMIT_TIME_ZONE_BYTES
        && !str_eq(page->zone, c->zone)) {
        c->zone = str_dup(&cx->mem, page->zone);
    }
    return OK;
}

Res changes_remove_series(struct cx *cx, struct changes *c, Str series)
{
    struct change *change = NULL;

    TRY(change_new(cx, c, &change));
    must_be(change != NULL);
    change->event.id = id_hash(c, series);
    change->kind = CHANGE_CANCELLED;
    return OK;
}

/* Applying. */

static int number_compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int change_compare(const void *a, const void *b)
{
    const struct change *x = a;
    const struct change *y = b;
    int by_id = number_compare(x->event.id, y->event.id);

    return by_id != 0 ? by_id : number_compare(x->order, y->order);
}

/* Leaves the last change of each event, by id. */
static void changes_settle(struct changes *c)
{
    size_t n = 0;

    if (c->n == 0) {
        return;
    }
    qsort(c->at, c->n, sizeof(*c->at), change_compare);
    for (size_t i = 0; i < c->n; i++) {
        if (i + 1 == c->n || c->at[i + 1].event.id != c->at[i].event.id) {
            c->at[n++] = c->at[i];
        }
    }
    c->n = n;
}

static const struct change *changes_find(const struct changes *c, uint64_t id)
{
    size_t low = 0;
    size_t high = c->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c->at[middle].event.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < c->n && c->at[low].event.id == id ? &c->at[low] : NULL;
}

static bool series_is_cancelled(const struct changes *c, uint64_t series)
{
    const struct change *head = series == 0 ? NULL : changes_find(c, series);

    return head != NULL && head->kind == CHANGE_CANCELLED;
}

static size_t image_collect(
    const struct changes *c, const struct image *base, struct image_event *to)
{
    size_t n = 0;

    for (size_t i = 0; base != NULL && i < base->n; i++) {
        const struct image_event *e = &base->at[i];

        if (changes_find(c, e->id) == NULL && !series_is_cancelled(c, e->series)) {
            to[n++] = *e;
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct change *change = &c->at[i];

        if (change->kind == CHANGE_KEPT
            && !series_is_cancelled(c, change->event.series)) {
            to[n++] = change->event;
        }
    }
    return n;
}

static int64_t event_start_s(const struct image_event *e)
{
    return e->is_all_day ? e->start * CLOCK_DAY_S : e->start;
}

/* By id where starts are equal, so that equal images have equal bytes. */
static int event_compare(const void *a, const void *b)
{
    int64_t x = event_start_s(a);
    int64_t y = event_start_s(b);

    if (x != y) {
        return x < y ? -1 : 1;
    }
    return number_compare(
        ((const struct image_event *)a)->id, ((const struct image_event *)b)->id);
}

static bool image_has_series(const struct image *image, uint64_t series)
{
    for (size_t i = 0; i < image->n; i++) {
        if (image->at[i].series == series) {
            return true;
        }
    }
    return false;
}

/* Doubts. Deleting a series reports only some of its instances. */

static int series_compare(const void *a, const void *b)
{
    return number_compare(
        (*(const struct change *const *)a)->event.series,
        (*(const struct change *const *)b)->event.series);
}

static void doubts_add(
    struct changes_doubts *doubts, const struct change *of, size_t n,
    const struct image *image)
{
    if (!image_has_series(image, of->event.series)) {
        return;
    }
    if (n >= SERIES_CANCELLED || doubts->n == CHANGES_DOUBTS) {
        doubts->is_full = true;
        return;
    }
    doubts->at[doubts->n++] = of->series;
}

static void doubts_find(
    struct cx *cx, const struct changes *c, const struct image *image,
    struct changes_doubts *doubts)
{
    const struct change **of = NEW_N(&cx->mem, const struct change *, c->n);
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++) {
        if (c->at[i].kind == CHANGE_CANCELLED && c->at[i].event.series != 0) {
            of[n++] = &c->at[i];
        }
    }
    if (n > 0) {
        qsort(of, n, sizeof(const struct change *), series_compare);
    }
    for (size_t from = 0, to; from < n && !doubts->is_full; from = to) {
        for (to = from; to < n && of[to]->event.series == of[from]->event.series; to++) {
        }
        doubts_add(doubts, of[from], to - from, image);
    }
}

Res changes_apply(
    struct cx *cx, struct changes *c, const struct image *base, struct image *ret,
    struct changes_doubts *doubts)
{
    struct image image = {
        .from_s = c->from_s,
        .to_s = c->to_s,
        .zone = c->zone.n == 0 && base != NULL ? base->zone : c->zone,
        .zones = c->zones,
        .n_zones = c->n_zones,
    };

    changes_settle(c);
    image.at = NEW_N(&cx->mem, struct image_event, c->n + (base == NULL ? 0 : base->n));
    image.n = image_collect(c, base, image.at);
    if (image.n > LIMIT_IMAGE_EVENTS) {
        return fail(cx, FAIL_LIMIT, "over %d events", LIMIT_IMAGE_EVENTS);
    }
    if (image.n > 0) {
        qsort(image.at, image.n, sizeof(*image.at), event_compare);
    }
    *doubts = (struct changes_doubts){.n = 0};
    doubts_find(cx, c, &image, doubts);
    *ret = image;
    return OK;
}
