/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources.h - caldock sources uris.
 */
#pragma once

#include "cli/cli.h"

Res sources_uris_run(struct cli *cli) MUST;
