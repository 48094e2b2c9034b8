/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify_body.c - tokens, and the items of Microsoft's notifications.
 */
#include "api/notify_body.h"

#include "base/json.h"
#include "base/limits.h"
#include "calendars/notify_token.h"

bool notify_body_token(
    struct cx *cx, const struct instance_keys *keys, enum source_id source, Str text,
    struct calendar_notice *ret)
{
    struct notify_token t;

    if (!notify_token_check(cx, keys, source, text, &t)) {
        return false;
    }
    *ret = (struct calendar_notice){
        .settings = t.settings, .source = source, .channel = t.channel};
    return true;
}

Res notify_body_too_large(struct call *c, int most_bytes)
{
    call_hint(c, S("That is the limit of other requests: notifications have their own."));
    return fail(c->cx, FAIL_PAYLOAD_TOO_LARGE, "body of more than %d bytes", most_bytes);
}

static unsigned item_means(const json_t *item)
{
    Str event;

    if (!j_text(item, "lifecycleEvent", &event)) {
        return NOTICE_SOON;
    }
    if (str_eq(event, S("reauthorizationRequired"))) {
        return NOTICE_RENEW;
    }
    return str_eq(event, S("subscriptionRemoved")) ? NOTICE_LOST | NOTICE_NOW
                                                   : NOTICE_NOW;
}

static Res items_read(
    struct call *c, const struct instance_keys *keys, const json_t *items,
    struct notify_items *ret)
{
    size_t most = json_array_size(items);

    if (most > LIMIT_NOTICES_ITEMS) {
        return call_field_error(
            c, S("value"), S("Ensure this field has no more than 1000 elements."));
    }
    ret->at = NEW_N(&c->cx->mem, struct calendar_notice, most);
    for (size_t i = 0; i < most; i++) {
        const json_t *item = json_array_get(items, i);
        struct calendar_notice *notice = &ret->at[ret->n];
        Str token;

        if (j_text(item, "clientState", &token)
            && notify_body_token(c->cx, keys, SOURCE_MICROSOFT, token, notice)) {
            notice->what = item_means(item);
            ret->n++;
        } else {
            ret->n_forged++;
        }
    }
    return OK;
}

_Static_assert(LIMIT_NOTICES_ITEMS == 1000, "a message says so");

Res notify_body_read(
    struct call *c, const struct instance_keys *keys, struct notify_items *ret)
{
    CLEANUP(j_done) json_t *body = NULL;

    if (c->req->body_too_large) {
        return notify_body_too_large(c, LIMIT_LARGE_BODY_BYTES);
    }
    TRY(j_parse_kindly(c->cx, c->req->body, LIMIT_SOURCE_JSON_DEPTH, &body));
    const json_t *items = json_object_get(body, "value");

    if (!json_is_array(items)) {
        return fail(c->cx, FAIL_PARSE_ERROR, "no list of notifications");
    }
    return items_read(c, keys, items, ret);
}
