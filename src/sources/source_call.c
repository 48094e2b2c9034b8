/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_call.c - asking a source's API on behalf of one account: one request, and the
 * time that the source asks to be left alone.
 */
#include "sources/source_call.h"

#include "sources/source.h"

Res source_call_send(
    struct cx *cx, struct source_call *call, const struct net_request *req,
    struct net_reply *ret)
{
    struct net_request mine = *req;

    mine.bearer = call->access_token;
    mine.purpose.source = call->settings->id;
    mine.room = call->room;
    call->retry_after_s = -1;
    TRY(net_perform(cx, &call->via, &mine, ret));
    call->retry_after_s = ret->retry_after_s;
    return OK;
}

Res source_call_get(
    struct cx *cx, struct source_call *call, enum net_operation operation, Str url,
    size_t max_bytes, struct net_reply *ret)
{
    const struct net_request req = {
        .url = url, .max_bytes = max_bytes, .purpose.operation = operation};

    return source_call_send(cx, call, &req, ret);
}
