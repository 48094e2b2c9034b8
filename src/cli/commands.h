/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - the table of commands, and its help.
 */
#pragma once

#include "cli/cli.h"

const struct command *command_table(size_t *n);
/* "provider" of "provider add"; empty for a command of one word. */
Str command_group(const struct command *c);
Res command_help_run(struct cli *cli);
