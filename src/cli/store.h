/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - caldock store.
 */
#pragma once

#include "cli/cli.h"
#include "store/copy.h"

/* The store of a URL that was typed; FAIL_PARSE_ERROR. */
Res store_open_url(struct cli *cli, Str url, struct store **ret) MUST;
/* For struct copy_job; `arg` is the keyring. */
Res store_open_grant(
    struct cx *cx, void *arg, int64_t provider, int64_t account, Str sealed) MUST;
Res store_print_copy(struct cli *cli, const struct copy_report *report) MUST;

Res store_copy_run(struct cli *cli);
Res store_migrate_run(struct cli *cli);
