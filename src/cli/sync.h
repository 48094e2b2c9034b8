/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.h - caldock sync list, show, now, reset.
 */
#pragma once

#include "cli/cli.h"

Res sync_list_run(struct cli *cli) MUST;
Res sync_show_run(struct cli *cli) MUST;
Res sync_now_run(struct cli *cli) MUST;
Res sync_reset_run(struct cli *cli) MUST;
