/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel_call.h - inside sources/ only: requests about channels, and what their answers
 * mean. How the sources differ is a struct channel_api each.
 */
#pragma once

#include "sources/channels.h"
#include "sources/source_request.h"

struct channel_api {
    Res (*make)(
        struct cx *cx, struct source_call *call, const struct channel_wish *wish,
        struct channel *ret, enum channel_failure *why);
    /* NULL: channels can't be renewed. */
    Res (*renew)(
        struct cx *cx, struct source_call *call, struct channel *channel,
        int64_t until_ms, enum channel_failure *why);
    Res (*end)(struct cx *cx, struct source_call *call, const struct channel *channel);
    struct source_errors errors; /* each with an enum channel_failure */
};

extern const struct source_topic channel_topic;

/* As source_request_send, with the errors of the source. */
Res channel_send(
    struct cx *cx, struct source_call *call, const struct source_request *request,
    json_t **ret, enum channel_failure *why) MUST;
/* A text member that the store can keep. FAIL_SOURCE_ERROR. */
Res channel_text(struct cx *cx, const json_t *body, const char *name, Str *ret) MUST;
