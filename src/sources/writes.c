/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writes.c - requests about copies, at whichever source: one way to send them, one table
 * of failures, one reading of the answers.
 */
#include "sources/writes.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"
#include "sources/write_call.h"

static const struct source *write_source(const struct source_call *call)
{
    return source_get(call->settings->id);
}

Str write_id_of_key(struct arena *mem, enum source_id source, Str key)
{
    const struct write_api *api = source_get(source)->writes;

    return api->id_of_key == NULL ? S("") : api->id_of_key(mem, key);
}

bool write_scope_suffices(enum source_id source, Str scope)
{
    const struct source_errors *errors = &source_get(source)->writes->errors;

    return source_scope_is_among(
        source_get(source), scope, errors->scopes, errors->n_scopes);
}

/* Asking. */

static const enum net_method methods[] = {
    [WRITE_CREATE] = NET_POST, [WRITE_UPDATE] = NET_PATCH,  [WRITE_LOOK] = NET_GET,
    [WRITE_FIND] = NET_GET,    [WRITE_REMOVE] = NET_DELETE,
};

static const struct source_error writes_errors[] = {
    {SI(""), 401, FAIL_TOKEN_REFUSED, WRITE_OTHER},
    {SI(""), 403, FAIL_PERMISSION_DENIED, WRITE_OTHER},
    {SI(""), 404, FAIL_NOT_FOUND, WRITE_OTHER},
    {SI(""), 410, FAIL_NOT_FOUND, WRITE_OTHER},
    {SI(""), 429, FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
    {SI(""), 4, FAIL_SOURCE_ERROR, WRITE_REFUSED},
};

const struct source_topic write_topic = {
    .operation = NET_WRITE,
    .about = "the request about a copy",
    .errors = writes_errors,
    .n_errors = COUNT(writes_errors),
};

json_t *write_text(const struct write_asked *asked, Str text)
{
    if (text.n > 0) {
        return json_stringn(text.p, text.n);
    }
    return asked->errand == WRITE_CREATE ? NULL : json_string("");
}

/* No path can carry another id; one that a source gave was judged by the same. */
static bool place_is_askable(const struct write_asked *asked)
{
    const struct write_place *place = asked->place;
    bool has_id = asked->errand != WRITE_CREATE && asked->errand != WRITE_FIND;

    return source_id_fits_path(place->calendar_id, LIMIT_CALENDAR_ID_BYTES)
           && (!has_id || source_id_fits_path(place->id, LIMIT_EVENT_ID_BYTES));
}

static bool wish_is_sayable(const struct write_wish *wish)
{
    int64_t most = wish->is_all_day ? DATETIME_LAST_S / CLOCK_DAY_S : DATETIME_LAST_S;

    return str_is_utf8(wish->title) && str_is_utf8(wish->description)
           && str_is_utf8(wish->location) && wish->start >= 0 && wish->start <= wish->end
           && wish->end <= most && wish->reminder_minutes <= LIMIT_REMINDER_MINUTES;
}

/* What no request could say is refused here as a source would do it. */
static Res write_check(
    struct cx *cx, const struct write_asked *asked, enum write_failure *why)
{
    *why = WRITE_OTHER;
    if (!place_is_askable(asked)) {
        return fail(cx, FAIL_SOURCE_ERROR, "not the ids of a calendar and an event");
    }
    if (asked->wish != NULL && !wish_is_sayable(asked->wish)) {
        *why = WRITE_REFUSED;
        return fail(cx, FAIL_SOURCE_ERROR, "a copy that no request can describe");
    }
    return OK;
}

static Res write_send(
    struct cx *cx, struct source_call *call, const struct write_asked *asked,
    json_t **ret, enum write_failure *why)
{
    const struct source *source = write_source(call);
    const struct write_api *api = source->writes;
    CLEANUP(j_done) json_t *sent = NULL;
    struct source_request request = {
        .method = methods[asked->errand],
        .headers = source->events->headers,
        .n_headers = source->events->n_headers};
    int reason = WRITE_OTHER;

    TRY(write_check(cx, asked, why));
    api->path(&cx->mem, asked, request.path);
    if (asked->wish != NULL) {
        sent = api->body(&cx->mem, asked);
        must_be(sent != NULL);
    }
    request.body = sent;
    Res res = source_request_send(cx, call, &request, &api->errors, ret, &reason);

    *why = (enum write_failure)reason;
    return res;
}

/* Answers. */

/* An id that no path could carry would be lost for every request to come. */
Res write_read(
    struct cx *cx, const struct source_call *call, const json_t *item,
    struct written *ret)
{
    const struct event_api *api = write_source(call)->events;
    struct event_zones zones = {.n = 0};
    struct event_detail copy;

    TRY(detail_item_read(cx, &api->words, api->details, &zones, item, &copy));
    if (!source_id_fits_path(copy.event.id, LIMIT_EVENT_ID_BYTES)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a copy without a usable id");
    }
    *ret = (struct written){
        .id = copy.event.id,
        .link = copy.link,
        .is_cancelled = copy.status == EVENT_CANCELLED,
        .is_all_day = copy.event.is_all_day,
        .start = copy.event.start,
        .end = copy.event.end,
    };
    return OK;
}

static Res write_ask(
    struct cx *cx, struct source_call *call, const struct write_asked *asked,
    struct written *ret, enum write_failure *why)
{
    CLEANUP(j_done) json_t *body = NULL;

    TRY(write_send(cx, call, asked, &body, why));
    return write_read(cx, call, body, ret);
}

/* Of several any will do: a person who copies a copy may copy its key, too. A page may be
 * empty and lead on (docs/sources.md M14). */
static Res found_item(
    struct cx *cx, const struct event_api *api, const json_t *page, const json_t **ret)
{
    const json_t *items = j_get(page, api->items);

    if (!json_is_array(items)) {
        return fail(cx, FAIL_SOURCE_ERROR, "%s is not a list", api->items);
    }
    if (json_array_size(items) > 0) {
        *ret = json_array_get(items, 0);
        return OK;
    }
    if (!j_is_absent(page, api->next)) { /* then an empty page proves nothing */
        return fail(cx, FAIL_SOURCE_ERROR, "a search that leads on without a copy");
    }
    return fail(cx, FAIL_NOT_FOUND, "no copy with this key");
}

Res write_create(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    const struct write_wish *wish, struct written *ret, enum write_failure *why)
{
    return write_ask(
        cx, call, &(struct write_asked){WRITE_CREATE, place, wish}, ret, why);
}

Res write_update(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    const struct write_wish *wish, struct written *ret, enum write_failure *why)
{
    return write_ask(
        cx, call, &(struct write_asked){WRITE_UPDATE, place, wish}, ret, why);
}

Res write_look(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    struct written *ret, enum write_failure *why)
{
    return write_ask(cx, call, &(struct write_asked){WRITE_LOOK, place}, ret, why);
}

Res write_find(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    struct written *ret, enum write_failure *why)
{
    const struct write_asked asked = {WRITE_FIND, place};
    struct write_place known = *place;
    CLEANUP(j_done) json_t *body = NULL;
    const json_t *item = NULL;

    known.id = write_id_of_key(&cx->mem, call->settings->id, place->key);
    if (known.id.n > 0) {
        return write_look(cx, call, &known, ret, why);
    }
    TRY(write_send(cx, call, &asked, &body, why));
    TRY(found_item(cx, write_source(call)->events, body, &item));
    return write_read(cx, call, item, ret);
}

Res write_remove(
    struct cx *cx, struct source_call *call, const struct write_place *place,
    enum write_failure *why)
{
    CLEANUP(j_done) json_t *body = NULL;
    Res res =
        write_send(cx, call, &(struct write_asked){WRITE_REMOVE, place}, &body, why);

    return res.code == FAIL_NOT_FOUND ? OK : res;
}
