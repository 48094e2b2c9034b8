/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - lines of commands.
 */
#include "cli/audit.h"

#include <unistd.h>

#include "base/user.h"

void audit_id(struct cli *cli, enum event event, const char *key, int64_t id)
{
    log_event(
        LEVEL_INFO, event, KI(key, id), KZ("by", "command"),
        KV("system_user", user_text(&cli->cx->mem, getuid())));
}

void audit_key(struct cli *cli, enum event event, Str key)
{
    log_event(
        LEVEL_INFO, event, KV("id", key), KZ("by", "command"),
        KV("system_user", user_text(&cli->cx->mem, getuid())));
}
