/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_unused.h - which keys of the configuration have no effect, because of others.
 */
#pragma once

#include "cli/check_report.h"

void check_unused(struct check_report *c);
