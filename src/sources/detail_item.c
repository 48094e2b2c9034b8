/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detail_item.c - one event of a source's answer in full (docs/calendar.md §5).
 *
 * Texts are checked and copied here, whichever source they come from. A member that can't
 * be used is left out; the event itself has to be readable, as for busy times.
 */
#include "sources/detail_item.h"

#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/zone.h"
#include "net/origin.h"
#include "sources/sources_private.h"

static bool link_is_valid(Str link)
{
    struct uri u;

    return origin_parse(link, &u) && origin_is_tls(&u);
}

static int64_t time_read(Str text)
{
    struct datetime t;

    return datetime_parse(text, &t) ? datetime_floor_s(&t) : -1;
}

static Str text_read(struct arena *mem, const struct detail_field *field, Str text)
{
    if (field->kind == DETAIL_TEXT) {
        return str_dup(mem, source_text_cut(text, field->most));
    }
    if (!source_id_is_valid(text, field->most)
        || (field->kind == DETAIL_LINK && !link_is_valid(text))) {
        return S("");
    }
    return str_dup(mem, text);
}

static void detail_field_read(
    struct arena *mem, const struct detail_field *field, const json_t *item,
    struct event_detail *ret)
{
    char *at = (char *)ret + field->at;
    Str text = S("");

    (void)j_text(event_item_object(item, field->within), field->member, &text);
    if (field->kind == DETAIL_TIME) {
        *(int64_t *)(void *)at = time_read(text);
    } else {
        *(Str *)(void *)at = text_read(mem, field, text);
    }
}

static int detail_choose(
    const struct detail_choice *rows, size_t n, int other, const json_t *item)
{
    for (size_t i = 0; i < n; i++) {
        if (event_item_has(item, rows[i].member, rows[i].value)) {
            return rows[i].meaning;
        }
    }
    return other;
}

Res detail_item_read(
    struct cx *cx, const struct event_words *words, const struct detail_words *more,
    struct event_zones *zones, const json_t *item, struct event_detail *ret)
{
    struct event_detail detail = {.created_s = -1, .updated_s = -1};

    TRY(event_item_read(cx, words, zones, item, &detail.event));
    for (size_t i = 0; i < more->n_fields; i++) {
        detail_field_read(&cx->mem, &more->fields[i], item, &detail);
    }
    detail.status = (enum event_status)detail_choose(
        more->statuses, more->n_statuses, (int)more->other_status, item);
    detail.visibility = (enum event_visibility)detail_choose(
        more->visibilities, more->n_visibilities, (int)more->other_visibility, item);
    Str zone = more->zone(item);

    detail.zone = zone_name_is_valid(zone) ? str_dup(&cx->mem, zone) : S("");
    if (more->place != NULL) {
        more->place(&cx->mem, item, &detail);
    }
    *ret = detail;
    return OK;
}
