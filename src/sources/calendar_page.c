/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_page.c - what a source's answer says about calendars: an error, a page, one
 * calendar (docs/api.md §8; §9, "Reading calendars").
 *
 * Texts are checked and copied here, whichever source they come from. A link that an
 * answer holds is only followed at the source's own origin, since the access token goes
 * with it.
 */
#include "sources/calendar_page.h"

#include <string.h>

#include "base/cx.h"
#include "base/limits.h"
#include "base/zone.h"
#include "net/origin.h"
#include "sources/sources_private.h"

enum { COLOR_BYTES = 7, CALENDAR_REASON_BYTES = 64 };

/* Errors. */

static bool error_find(
    const struct calendar_error *rows, size_t n, int status, Str reason, enum fail *ret)
{
    for (size_t i = 0; i < n && reason.n > 0; i++) {
        if ((rows[i].status == 0 || rows[i].status == status)
            && (rows[i].reason.n == 0 || str_eq(rows[i].reason, reason))) {
            *ret = rows[i].kind;
            return true;
        }
    }
    return false;
}

static enum fail error_of_status(int status)
{
    switch (status) {
    case 401:
        return FAIL_TOKEN_REFUSED;
    case 403:
        return FAIL_PERMISSION_DENIED;
    case 404:
    case 410:
        return FAIL_NOT_FOUND;
    }
    return FAIL_SOURCE_ERROR;
}

static enum fail error_meaning(
    const struct calendar_api *api, enum calendar_errand errand, int status, Str reason)
{
    enum fail kind = FAIL_SOURCE_ERROR;

    if (status == 429) {
        return FAIL_SOURCE_RATE_LIMITED;
    }
    if (status >= 500) {
        return FAIL_SOURCE_UNAVAILABLE;
    }
    if (errand == CALENDAR_PEEK
        && error_find(api->peek_errors, api->n_peek_errors, status, reason, &kind)) {
        return kind;
    }
    if (error_find(api->errors, api->n_errors, status, reason, &kind)
        || errand == CALENDAR_PEEK) {
        return kind;
    }
    return error_of_status(status);
}

/* Only an errand about a single calendar can name what the source doesn't know. */
static enum fail error_for_errand(
    const struct calendar_api *api, enum calendar_errand errand, int status, Str reason)
{
    enum fail kind = error_meaning(api, errand, status, reason);

    return kind == FAIL_NOT_FOUND && errand != CALENDAR_GET ? FAIL_SOURCE_ERROR : kind;
}

/* A reason comes from outside: the log repeats it only if it looks like a code. */
static bool char_is_of_code(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '.';
}

static Res reply_error(
    struct cx *cx, const struct calendar_api *api, enum calendar_errand errand,
    const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *body = NULL;
    Str reason = S("");

    if (j_parse_kindly(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code
        == FAIL_NONE) {
        reason = api->error_reason(body);
    }
    enum fail kind = error_for_errand(api, errand, reply->status, reason);

    if (!str_is_only(reason, char_is_of_code)) {
        reason = S("");
    }
    return fail(
        cx, kind, "the request for calendars was answered with %d %.*s", reply->status,
        (int)str_sub(reason, 0, CALENDAR_REASON_BYTES).n, reason.p);
}

Res calendar_reply_read(
    struct cx *cx, const struct calendar_api *api, enum calendar_errand errand,
    const struct net_reply *reply, json_t **ret)
{
    CLEANUP(j_done) json_t *body = NULL;

    if (reply->status != 200) {
        return reply_error(cx, api, errand, reply);
    }
    if (j_parse_kindly(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code != FAIL_NONE
        || !json_is_object(body)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the answer about calendars cannot be read");
    }
    if (!j_is_absent(body, "error")) {
        return reply_error(cx, api, errand, reply);
    }
    *ret = body;
    body = NULL;
    return OK;
}

/* One calendar. */

bool calendar_id_is_valid(Str id)
{
    return source_id_is_valid(id, LIMIT_CALENDAR_ID_BYTES);
}

static bool color_is_valid(Str s)
{
    if (s.n != COLOR_BYTES || s.p[0] != '#') {
        return false;
    }
    for (size_t i = 1; i < s.n; i++) {
        if (char_hex((unsigned char)s.p[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* A calendar without an id is of no use; any other member that can't be used is left
 * out. */
Res calendar_item_read(
    struct cx *cx, const struct calendar_api *api, const json_t *item,
    struct calendar *ret)
{
    struct calendar c = {.is_primary = false};

    api->item_read(item, &c);
    if (!calendar_id_is_valid(c.id)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a calendar without a usable id");
    }
    ret->id = str_dup(&cx->mem, c.id);
    ret->name = str_dup(&cx->mem, source_text_cut(c.name, LIMIT_CALENDAR_NAME_BYTES));
    ret->is_primary = c.is_primary;
    ret->can_edit = c.can_edit;
    ret->time_zone =
        zone_name_is_valid(c.time_zone) ? str_dup(&cx->mem, c.time_zone) : S("");
    ret->color = color_is_valid(c.color) ? str_lower(&cx->mem, c.color) : S("");
    return OK;
}

/* Pages. */

/* NULL: the page is empty. Google leaves an empty list out. */
static Res page_items(
    struct cx *cx, const struct calendar_api *api, const json_t *page, const json_t **ret)
{
    const json_t *items = j_get(page, api->items);

    if (items != NULL && !json_is_array(items)) {
        return fail(cx, FAIL_SOURCE_ERROR, "%s is not a list", api->items);
    }
    *ret = items;
    return OK;
}

/* *ret is empty behind the last page. A link that can't be followed is an error: without
 * the pages behind it the list would be cut short in silence. */
static Res page_next(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    Str *ret)
{
    Str next = S("");

    if (!j_is_absent(page, api->next) && !j_text(page, api->next, &next)) {
        return fail(cx, FAIL_SOURCE_ERROR, "%s is not a text", api->next);
    }
    if (next.n == 0) {
        *ret = S("");
        return OK;
    }
    Str url = api->next_page(&cx->mem, first, next);

    if (!net_same_origin(first, url)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the next page is at another origin");
    }
    *ret = url;
    return OK;
}

static bool page_has_calendar(const struct calendar_api *api, const json_t *items)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct calendar c = {.is_primary = false};

        api->item_read(json_array_get(items, i), &c);
        if (calendar_id_is_valid(c.id)) {
            return true;
        }
    }
    return false;
}

Res calendar_page_peek(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    Str *next)
{
    const json_t *items = NULL;
    Str url = S("");

    TRY(page_items(cx, api, page, &items));
    TRY(page_next(cx, api, first, page, &url));
    if (page_has_calendar(api, items)) {
        *next = S("");
        return OK;
    }
    if (url.n == 0) {
        return fail(cx, FAIL_NO_CALENDAR, "the list of calendars is empty");
    }
    *next = url;
    return OK;
}

/* Makes room for `more`: twice the room when there is too little. */
static void list_grow(struct arena *mem, struct calendar_list *list, size_t more)
{
    if (list->n + more <= list->room) {
        return;
    }
    list->room = 2 * (list->n + more);
    struct calendar *at = NEW_N(mem, struct calendar, list->room);

    if (list->n > 0) {
        memcpy(at, list->at, list->n * sizeof(*at));
    }
    list->at = at;
}

Res calendar_page_read(
    struct cx *cx, const struct calendar_api *api, Str first, const json_t *page,
    struct calendar_list *list, Str *next)
{
    const json_t *items = NULL;

    TRY(page_items(cx, api, page, &items));
    size_t more = json_array_size(items);

    list_grow(&cx->mem, list, more);
    for (size_t i = 0; i < more; i++) {
        const json_t *item = json_array_get(items, i);

        if (calendar_item_read(cx, api, item, &list->at[list->n]).code == FAIL_NONE) {
            list->n++;
        } else {
            list->left_out++;
        }
    }
    return page_next(cx, api, first, page, next);
}
