/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h - caldock provider: tenants.
 */
#pragma once

#include "cli/cli.h"

/* Says of FAIL_NOT_FOUND which provider there isn't, and where they are listed. */
Res provider_refuse_missing(struct cli *cli, Res res, int64_t id) MUST;

Res provider_add_run(struct cli *cli);
Res provider_list_run(struct cli *cli);
Res provider_show_run(struct cli *cli);
Res provider_set_run(struct cli *cli);
