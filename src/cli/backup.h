/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - caldock store backup.
 */
#pragma once

#include "cli/cli.h"

Res backup_run(struct cli *cli);
