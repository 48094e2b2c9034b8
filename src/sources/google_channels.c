/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google_channels.c - channels of Google's Calendar API v3: made and stopped, never
 * renewed (docs/sources.md G24 to G26).
 */
#include "base/cx.h"
#include "base/limits.h"
#include "sources/channel_call.h"
#include "sources/sources_private.h"

/* In seconds; what the source gives may be less. */
#define LIFE_TEXT "604800"

static Res google_make(
    struct cx *cx, struct source_call *call, const struct channel_wish *wish,
    struct channel *ret, enum channel_failure *why)
{
    CLEANUP(j_done)
    json_t *sent = json_pack(
        "{ss% ss ss% ss% s{ss}}", "id", wish->id.p, wish->id.n, "type", "web_hook",
        "address", wish->address.p, wish->address.n, "token", wish->token.p,
        wish->token.n, "params", "ttl", LIFE_TEXT);
    CLEANUP(j_done) json_t *body = NULL;
    struct channel made = {.until_ms = 0};

    if (!source_id_fits_path(wish->calendar_id, LIMIT_CALENDAR_ID_BYTES)) {
        return fail(cx, FAIL_SOURCE_ERROR, "not the id of a calendar");
    }
    TRY(channel_send(
        cx, call,
        &(struct source_request){
            NET_POST, {S("/calendars/"), wish->calendar_id, S("/events/watch")}, sent},
        &body, why));
    TRY(channel_text(cx, body, "id", &made.id));
    TRY(channel_text(cx, body, "resourceId", &made.resource_id));
    if (!j_number(body, "expiration", &made.until_ms) || made.until_ms <= 0) {
        return fail(cx, FAIL_SOURCE_ERROR, "a channel without a usable expiration");
    }
    *ret = made;
    return OK;
}

static Res google_end(
    struct cx *cx, struct source_call *call, const struct channel *channel)
{
    CLEANUP(j_done)
    json_t *sent = json_pack(
        "{ss% ss%}", "id", channel->id.p, channel->id.n, "resourceId",
        channel->resource_id.p, channel->resource_id.n);
    CLEANUP(j_done) json_t *body = NULL;
    enum channel_failure why = CHANNEL_OTHER;
    Res res = channel_send(
        cx, call, &(struct source_request){NET_POST, {S("/channels/stop")}, sent}, &body,
        &why);

    return why == CHANNEL_GONE ? OK : res;
}

/* The reasons come with a prefix and without. */
static Str google_channel_reason(const json_t *body)
{
    const Str prefix = S("push.");
    Str reason = google_error_reason(body);

    return str_starts(reason, prefix) ? str_sub(reason, prefix.n, reason.n) : reason;
}

/* The reasons of webhookUrl… concern the address of this service, whichever calendar. */
static const struct source_error google_channels_errors[] = {
    /* clang-format off */
    {SI("webhookUrlUnauthorized"), 0, FAIL_SOURCE_MISCONFIGURED, CHANNEL_NOWHERE},
    {SI("webhookUrlNotHttps"), 0, FAIL_SOURCE_MISCONFIGURED, CHANNEL_NOWHERE},
    {SI("webhookUrlNoHostOrAddress"), 0, FAIL_SOURCE_MISCONFIGURED, CHANNEL_NOWHERE},
    {SI("pushNotSupportedForRequestedResource"), 0, FAIL_SOURCE_ERROR, CHANNEL_NOT_HERE},
    {SI("rateLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
    {SI("userRateLimitExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
    {SI("quotaExceeded"), 403, FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
    {SI("accessNotConfigured"), 403, FAIL_SOURCE_MISCONFIGURED, CHANNEL_OTHER},
    {SI(""), 404, FAIL_NOT_FOUND, CHANNEL_GONE},
    /* clang-format on */
};

const struct channel_api google_channels = {
    .make = google_make,
    .end = google_end,
    .errors =
        {
            .topic = &channel_topic,
            .reason = google_channel_reason,
            .rows = google_channels_errors,
            .n_rows = COUNT(google_channels_errors),
        },
};
