/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h - caldock health: whether the service of this machine is ready.
 */
#pragma once

#include "cli/cli.h"

Res health_run(struct cli *cli) MUST;
