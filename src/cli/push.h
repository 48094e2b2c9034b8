/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push.h - caldock push list, retry.
 */
#pragma once

#include "cli/cli.h"

Res push_list_run(struct cli *cli) MUST;
Res push_retry_run(struct cli *cli) MUST;
