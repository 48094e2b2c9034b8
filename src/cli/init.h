/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.h - caldock init.
 */
#pragma once

#include "cli/cli.h"

Res init_run(struct cli *cli);
