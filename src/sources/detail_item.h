/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detail_item.h - inside sources/ only: what a source says about one event in full.
 *
 * How the sources differ is data: a struct detail_words each.
 */
#pragma once

#include "sources/event_details.h"
#include "sources/event_item.h"

enum detail_kind {
    DETAIL_TEXT, /* cut where it is too long */
    DETAIL_MARK, /* left out where it is too long: a part of it means nothing */
    DETAIL_LINK, /* as a mark, and https */
    DETAIL_TIME,
};

struct detail_field {
    const char *within; /* the object that has the member; NULL: the item */
    const char *member;
    enum detail_kind kind;
    size_t most; /* bytes of a text */
    size_t at;   /* in struct event_detail */
};

/* Where a member has a value; the first row that fits decides. */
struct detail_choice {
    const char *member;
    Str value; /* "true" is a boolean, too; empty: the member is absent */
    int meaning;
};

struct detail_words {
    const struct detail_field *fields;
    size_t n_fields;
    const struct detail_choice *statuses; /* of enum event_status */
    size_t n_statuses;
    enum event_status other_status;
    const struct detail_choice *visibilities; /* of enum event_visibility */
    size_t n_visibilities;
    enum event_visibility other_visibility;
    Str (*zone)(const json_t *item); /* unchecked */
    /* Where the event is, beside its name; NULL: the source doesn't say. */
    void (*place)(struct arena *mem, const json_t *item, struct event_detail *ret);
};

/* As event_item_read. */
Res detail_item_read(
    struct cx *cx, const struct event_words *words, const struct detail_words *more,
    struct event_zones *zones, const json_t *item, struct event_detail *ret) MUST;
