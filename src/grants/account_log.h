/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_log.h - tells the log of an account whose state has changed. Call it when the
 * transaction is over: account_state.c runs inside it, perhaps twice.
 */
#pragma once

#include "base/log.h"
#include "store/accounts.h"

struct cx;

/* EVENT_ACCOUNT_CONNECTED, _RECONNECTED, _DISCONNECTED. `by`: "api", "command", "flow",
 * or "refresh" for a refused grant that works again. */
void account_log(const struct cx *cx, enum event event, const struct account *a, Str by);
/* The account needs to be connected again. Nothing for one without an id. */
void account_log_break(const struct cx *cx, const struct account *a, Str reason);
