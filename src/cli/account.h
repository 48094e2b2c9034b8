/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - caldock account: connected accounts.
 */
#pragma once

#include "cli/cli.h"

Res account_list_run(struct cli *cli);
Res account_show_run(struct cli *cli);
Res account_remove_run(struct cli *cli);
/* Says that there is no account of this id, where `res` is FAIL_NOT_FOUND. */
Res account_refuse_missing(struct cli *cli, Res res, int64_t id) MUST;
