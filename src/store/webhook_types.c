/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_types.c - the table of types: a type that is not here can't be chosen, and
 * neither can the last.
 */
#include "store/webhook_types.h"

const Str webhook_type_names[WEBHOOK_TYPES + 1] = {
    [WEBHOOK_ACCOUNT_CONNECTED] = SI("account.connected"),
    [WEBHOOK_ACCOUNT_NEEDS_RECONNECT] = SI("account.needs_reconnect"),
    [WEBHOOK_ACCOUNT_DISCONNECTED] = SI("account.disconnected"),
    [WEBHOOK_SETTINGS_INACTIVE] = SI("calendar_settings.inactive"),
    [WEBHOOK_SETTINGS_ACTIVE] = SI("calendar_settings.active"),
    [WEBHOOK_BUSY_CHANGED] = SI("busy.changed"),
    [WEBHOOK_EVENT_CHANGED] = SI("pushed_event.changed"),
    [WEBHOOK_EVENT_DELETED] = SI("pushed_event.deleted"),
    [WEBHOOK_EVENT_FAILED] = SI("pushed_event.failed"),
    [WEBHOOK_TYPES] = SI("webhook.ping"),
};

Str webhook_type_name(enum webhook_type type)
{
    return webhook_type_names[type];
}

bool webhook_type_find(Str name, enum webhook_type *ret)
{
    for (int type = 0; type < WEBHOOK_TYPES; type++) {
        if (str_eq(webhook_type_names[type], name)) {
            *ret = (enum webhook_type)type;
            return true;
        }
    }
    return false;
}

bool webhook_type_is_in(enum webhook_type type, int64_t types)
{
    return types == 0 || (types >> (int)type & 1) == 1;
}
