/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_log.c - the lines that have an account's flow.
 */
#include "grants/account_log.h"

#include <unistd.h>

#include "base/cx.h"
#include "base/user.h"
#include "sources/source.h"

void account_log(const struct cx *cx, enum event event, const struct account *a, Str by)
{
    struct cx own = {0};
    bool is_command = str_eq(by, S("command"));

    log_event(
        LEVEL_INFO, event, KV("flow", a->flow), KZ("request", cx->request_id),
        KI("account", a->id), KI("provider", a->provider), KV("user", a->user),
        KV("source", source_get(a->source)->code), KV("by", by),
        KV("system_user", is_command ? user_text(&own.mem, getuid()) : S("")));
    cx_done(&own);
}

void account_log_break(const struct cx *cx, const struct account *a, Str reason)
{
    if (a->id == 0) {
        return;
    }
    log_event(
        LEVEL_WARN, EVENT_ACCOUNT_NEEDS_RECONNECT, KV("flow", a->flow),
        KZ("request", cx->request_id), KI("account", a->id), KI("provider", a->provider),
        KV("user", a->user), KV("source", source_get(a->source)->code),
        KV("reason", reason));
}
