/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_queue.h - caldock webhook deliveries, replay: what an endpoint was sent.
 */
#pragma once

#include "cli/cli.h"

Res webhook_deliveries_run(struct cli *cli);
Res webhook_replay_run(struct cli *cli);
