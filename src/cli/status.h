/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - caldock status: how the service stands, on one screen.
 */
#pragma once

#include "cli/cli.h"

Res status_run(struct cli *cli) MUST;
