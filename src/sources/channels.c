/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels.c - requests about channels, at whichever source.
 */
#include "sources/channels.h"

#include "base/cx.h"
#include "base/limits.h"
#include "sources/channel_call.h"
#include "sources/sources_private.h"

static const struct channel_api *channel_api(const struct source_call *call)
{
    return source_get(call->settings->id)->channels;
}

Res channel_make(
    struct cx *cx, struct source_call *call, const struct channel_wish *wish,
    struct channel *ret, enum channel_failure *why)
{
    *why = CHANNEL_OTHER;
    return channel_api(call)->make(cx, call, wish, ret, why);
}

bool channel_is_renewable(const struct source_call *call)
{
    return channel_api(call)->renew != NULL;
}

Res channel_renew(
    struct cx *cx, struct source_call *call, struct channel *channel, int64_t until_ms,
    enum channel_failure *why)
{
    *why = CHANNEL_OTHER;
    return channel_api(call)->renew(cx, call, channel, until_ms, why);
}

Res channel_end(struct cx *cx, struct source_call *call, const struct channel *channel)
{
    return channel_api(call)->end(cx, call, channel);
}

/* A source that says how long to wait is no source that is away. */
static const struct source_error channels_errors[] = {
    {SI(""), 401, FAIL_TOKEN_REFUSED, CHANNEL_OTHER},
    {SI(""), 429, FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
    {SI(""), 5, FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER, .if_told_to_wait = true},
};

const struct source_topic channel_topic = {
    .operation = NET_CHANNEL,
    .about = "the request for notifications",
    .errors = channels_errors,
    .n_errors = COUNT(channels_errors),
};

Res channel_send(
    struct cx *cx, struct source_call *call, const struct source_request *request,
    json_t **ret, enum channel_failure *why)
{
    int reason = CHANNEL_OTHER;
    Res res =
        source_request_send(cx, call, request, &channel_api(call)->errors, ret, &reason);

    *why = (enum channel_failure)reason;
    return res;
}

Res channel_text(struct cx *cx, const json_t *body, const char *name, Str *ret)
{
    Str text;

    if (!j_text(body, name, &text) || !source_id_is_valid(text, LIMIT_CHANNEL_ID_BYTES)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a channel without a usable %s", name);
    }
    *ret = str_dup(&cx->mem, text);
    return OK;
}
