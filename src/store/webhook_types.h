/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_types.h - what providers can be told, and what of it an endpoint wants
 * (docs/webhooks.md).
 */
#pragma once

#include "base/str.h"

/* Stored as bits: never renumber. */
enum webhook_type {
    WEBHOOK_ACCOUNT_CONNECTED,
    WEBHOOK_ACCOUNT_NEEDS_RECONNECT,
    WEBHOOK_ACCOUNT_DISCONNECTED,
    WEBHOOK_SETTINGS_INACTIVE,
    WEBHOOK_SETTINGS_ACTIVE,
    WEBHOOK_BUSY_CHANGED,
    WEBHOOK_EVENT_CHANGED,
    WEBHOOK_EVENT_DELETED,
    WEBHOOK_EVENT_FAILED,
    WEBHOOK_TYPES
};

/* The last is that of a message which only tries an endpoint. */
extern const Str webhook_type_names[WEBHOOK_TYPES + 1];

/* "account.connected". */
Str webhook_type_name(enum webhook_type type);
/* false: there is no such type, or none that can be chosen. */
bool webhook_type_find(Str name, enum webhook_type *ret);
/* Whether a set has it: a bit each, 0 for all, those that are still to come among them.
 */
bool webhook_type_is_in(enum webhook_type type, int64_t types);
