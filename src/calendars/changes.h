/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.h - what the pages of a read say, applied to an image at once, or not at all
 * (docs/calendar.md §6).
 */
#pragma once

#include "calendars/image.h"
#include "calendars/shared.h"
#include "sources/events.h"

enum { OWNER_TAG_BYTES = 8, CHANGES_DOUBTS = 20 };

enum change_kind {
    CHANGE_KEPT,     /* in the image afterwards */
    CHANGE_NOTHING,  /* an event that blocks nothing, or is outside of the window */
    CHANGE_CANCELLED /* the source removed it, and with the head of a series all of it */
};

struct change {
    struct image_event event;
    size_t order; /* of two with one id the later one counts */
    enum change_kind kind;
    Str series; /* of CHANGE_CANCELLED, as the source names it; empty: none */
};

/* A copy that was written for the owner, as a read saw it. */
struct change_copy {
    unsigned char key[EVENT_COPY_KEY_BYTES];
    bool is_removed; /* the source says that it is gone: the rest is zero */
    bool is_all_day;
    int64_t start; /* as in struct event_item */
    int64_t end;
};

/* The pages of one read. */
struct changes {
    const struct instance_keys *keys;
    unsigned char owner[OWNER_TAG_BYTES]; /* copies with this tag block nothing, and are
                                             collected */
    int64_t from_s;
    int64_t to_s;
    Str zone; /* the calendar's, of the last page that said one */
    Str *zones;
    size_t n_zones;
    struct change *at;
    size_t n;
    size_t room;
    size_t added;
    struct change_copy *copies;
    size_t n_copies;
    size_t room_copies;
};

/* Series of which an increment cancelled an instance or two, while the image still has
 * others: the source has to be asked whether the series stands. */
struct changes_doubts {
    Str at[CHANGES_DOUBTS];
    size_t n;
    bool is_full; /* too many, or three of a series: read in full */
};

/* The tag of an owner in the keys of its copies. */
void changes_owner_tag(
    const struct instance_keys *keys, int64_t provider, int mode, Str user,
    unsigned char ret[OWNER_TAG_BYTES]);
/* Whether the event is a copy that was written for the owner of this tag. */
bool changes_is_copy_of(
    const unsigned char owner[OWNER_TAG_BYTES], const struct event_item *item);
/* FAIL_LIMIT: over LIMIT_READ_EVENTS in one read. */
Res changes_add_page(struct cx *cx, struct changes *c, const struct events_page *page)
    MUST;
/* As if each event of this series were removed. */
Res changes_remove_series(struct cx *cx, struct changes *c, Str series) MUST;
/* `base`: the image before; NULL for a read in full. FAIL_LIMIT: the window has over
 * LIMIT_IMAGE_EVENTS events. */
Res changes_apply(
    struct cx *cx, struct changes *c, const struct image *base, struct image *ret,
    struct changes_doubts *doubts) MUST;
