/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook.h - caldock webhook: endpoints (docs/webhooks.md).
 */
#pragma once

#include "cli/cli.h"

/* Says of FAIL_NOT_FOUND which endpoint there isn't, and where they are listed. */
Res webhook_refuse_missing(struct cli *cli, Res res, int64_t id) MUST;

Res webhook_add_run(struct cli *cli);
Res webhook_list_run(struct cli *cli);
Res webhook_show_run(struct cli *cli);
Res webhook_set_run(struct cli *cli);
Res webhook_remove_run(struct cli *cli);
Res webhook_enable_run(struct cli *cli);
Res webhook_disable_run(struct cli *cli);
Res webhook_rotate_run(struct cli *cli);
Res webhook_test_run(struct cli *cli);
