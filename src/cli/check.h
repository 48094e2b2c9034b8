/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - caldock check.
 */
#pragma once

#include "cli/cli.h"

Res check_run(struct cli *cli);
