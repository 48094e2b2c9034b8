/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_pushes.h - what `caldock check` says of the writing of events.
 */
#pragma once

#include "cli/check_report.h"

/* Nothing where the store can't be read. */
void check_pushes(struct check_report *c);
