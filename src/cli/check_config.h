/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_config.h - what `caldock check` says of the configuration, and of this machine
 * beside it.
 */
#pragma once

#include "cli/check_report.h"

/* Reads it: the first finding, whatever is asked for. */
Res check_config(struct check_report *c) MUST;
void check_quotes(struct check_report *c);
/* After the store has said which nodes serve. */
void check_listen(struct check_report *c);
void check_public_url(struct check_report *c);
void check_files(struct check_report *c);
