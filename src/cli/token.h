/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - caldock token: API tokens.
 */
#pragma once

#include "cli/cli.h"

Res token_create_run(struct cli *cli);
Res token_list_run(struct cli *cli);
Res token_revoke_run(struct cli *cli);
