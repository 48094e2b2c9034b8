/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - tells the log what a command has changed, and which user of the system did
 * it. A command's log is its stderr, as the service's is.
 */
#pragma once

#include "base/log.h"
#include "cli/cli.h"

/* EVENT_TOKEN_…, EVENT_PROVIDER_…: `key` and `id` say of what. */
void audit_id(struct cli *cli, enum event event, const char *key, int64_t id);
/* EVENT_KEYS_…: of a key. */
void audit_key(struct cli *cli, enum event event, Str key);
