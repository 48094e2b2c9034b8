/* SPDX-License-Identifier: Apache-2.0 */
/*
 * microsoft_channels.c - subscriptions of Graph v1.0: made once the receiver has said a
 * token back, renewed, deleted (docs/sources.md M26, M27).
 */
#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "sources/calendar_rights.h"
#include "sources/channel_call.h"
#include "sources/sources_private.h"

static Res subscription_read(struct cx *cx, const json_t *body, int64_t *until_ms)
{
    struct datetime until;
    Str text;

    if (!j_text(body, "expirationDateTime", &text) || !datetime_parse(text, &until)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a subscription without a usable end");
    }
    *until_ms = until.s * 1000 + until.ns / 1000000;
    return OK;
}

static Res subscription_make(
    struct cx *cx, struct source_call *call, const struct channel_wish *wish,
    Str resource, struct channel *ret, enum channel_failure *why)
{
    char until[DATETIME_TEXT_BYTES];
    Str end = datetime_write(wish->until_ms / 1000, until);
    CLEANUP(j_done)
    json_t *sent = json_pack(
        "{ss ss% ss% ss% ss% ss%}", "changeType", "created,updated,deleted", "resource",
        resource.p, resource.n, "notificationUrl", wish->address.p, wish->address.n,
        "lifecycleNotificationUrl", wish->address.p, wish->address.n, "clientState",
        wish->token.p, wish->token.n, "expirationDateTime", end.p, end.n);
    CLEANUP(j_done) json_t *body = NULL;
    struct channel made = {.resource_id = S("")};

    TRY(channel_send(
        cx, call, &(struct source_request){NET_POST, {S("/subscriptions")}, sent}, &body,
        why));
    TRY(channel_text(cx, body, "id", &made.id));
    TRY(subscription_read(cx, body, &made.until_ms));
    *ret = made;
    return OK;
}

/* The default calendar has another name, too, which works where its own doesn't. */
static Res microsoft_make(
    struct cx *cx, struct source_call *call, const struct channel_wish *wish,
    struct channel *ret, enum channel_failure *why)
{
    Str resource = str_cat(
        &cx->mem, S("/me/calendars/"),
        str_cat(&cx->mem, wish->calendar_id, S("/events")));
    struct calendar_rights rights;
    Res res = subscription_make(cx, call, wish, resource, ret, why);

    if (res.code == FAIL_NONE || *why != CHANNEL_NOT_HERE) {
        return res;
    }
    TRY(calendar_rights_get(cx, call, wish->calendar_id, &rights));
    return rights.is_primary
               ? subscription_make(cx, call, wish, S("/me/events"), ret, why)
               : fail(cx, res.code, "this calendar can't be subscribed to");
}

static Res microsoft_renew(
    struct cx *cx, struct source_call *call, struct channel *channel, int64_t until_ms,
    enum channel_failure *why)
{
    char until[DATETIME_TEXT_BYTES];
    Str end = datetime_write(until_ms / 1000, until);
    CLEANUP(j_done)
    json_t *sent = json_pack("{ss%}", "expirationDateTime", end.p, end.n);
    CLEANUP(j_done) json_t *body = NULL;
    Res res = channel_send(
        cx, call,
        &(struct source_request){NET_PATCH, {S("/subscriptions/"), channel->id}, sent},
        &body, why);

    if (*why == CHANNEL_NOT_HERE) {
        *why = res.code == FAIL_NOT_FOUND ? CHANNEL_GONE : CHANNEL_OTHER;
    }
    TRY(res);
    return subscription_read(cx, body, &channel->until_ms);
}

static Res microsoft_end(
    struct cx *cx, struct source_call *call, const struct channel *channel)
{
    CLEANUP(j_done) json_t *body = NULL;
    enum channel_failure why = CHANNEL_OTHER;
    Res res = channel_send(
        cx, call,
        &(struct source_request){NET_DELETE, {S("/subscriptions/"), channel->id}}, &body,
        &why);

    return res.code == FAIL_NOT_FOUND ? OK : res;
}

/* A request that failed to reach this service concerns all of its calendars. */
static const struct source_error microsoft_channels_errors[] = {
    /* clang-format off */
    {SI("ApplicationThrottled"), 0, FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
    {SI("activityLimitReached"), 0, FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
    {SI(""), 400, FAIL_SOURCE_MISCONFIGURED, CHANNEL_NOWHERE, .message = SI("validation request")},
    {SI(""), 400, FAIL_SOURCE_ERROR, CHANNEL_NOT_HERE},
    {SI(""), 403, FAIL_SOURCE_ERROR, CHANNEL_NOT_HERE},
    {SI(""), 404, FAIL_NOT_FOUND, CHANNEL_NOT_HERE},
    /* clang-format on */
};

const struct channel_api microsoft_channels = {
    .make = microsoft_make,
    .renew = microsoft_renew,
    .end = microsoft_end,
    .errors =
        {
            .topic = &channel_topic,
            .reason = microsoft_error_reason,
            .rows = microsoft_channels_errors,
            .n_rows = COUNT(microsoft_channels_errors),
        },
};
