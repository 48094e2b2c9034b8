/* SPDX-License-Identifier: Apache-2.0 */
/*
 * removal.h - caldock provider remove.
 */
#pragma once

#include "cli/cli.h"

Res removal_run(struct cli *cli);
