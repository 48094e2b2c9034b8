/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - caldock keys add, list, use, drop (rotate.h: keys rotate).
 */
#pragma once

#include "cli/cli.h"

Res keys_add_run(struct cli *cli);
Res keys_list_run(struct cli *cli);
Res keys_use_run(struct cli *cli);
Res keys_drop_run(struct cli *cli);
