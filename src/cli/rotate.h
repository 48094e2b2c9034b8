/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotate.h - caldock keys rotate.
 */
#pragma once

#include "cli/cli.h"

Res rotate_run(struct cli *cli);
