/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.h - reads the command line.
 */
#pragma once

#include "cli/cli.h"

/* Finds the command and takes its words and options. `argv` is main's and ends in NULL.
 * FAIL_PARSE_ERROR. */
Res args_parse(struct cli *cli, const char *const *argv) MUST;
/* The option of this number, and whether it has a value; false: there are no more. */
bool args_option(size_t i, Str *name, bool *has_value);
bool args_option_has_value(Str name);
