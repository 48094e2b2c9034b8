/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_call.h - asking a source's API on behalf of one account.
 */
#pragma once

#include "net/net.h"

struct source_settings;

/* One piece of work with a source; it may take several requests. */
struct source_call {
    struct net_via via;
    const struct source_settings *settings;
    Str access_token;
    Str scope;              /* as granted */
    struct room_part *room; /* takes the bytes of answers; NULL: nobody counts them */
    int64_t retry_after_s;  /* after a failure: as the source says it, -1: it doesn't */
};

/* Sends `req` with the access token and the source, which the caller leaves out. Any
 * status is a reply; fails as net_perform does. */
Res source_call_send(
    struct cx *cx, struct source_call *call, const struct net_request *req,
    struct net_reply *ret) MUST;
/* GET with the access token. Any status is a reply; fails as net_perform does. */
Res source_call_get(
    struct cx *cx, struct source_call *call, enum net_operation operation, Str url,
    size_t max_bytes, struct net_reply *ret) MUST;
