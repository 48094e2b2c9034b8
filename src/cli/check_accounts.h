/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_accounts.h - what `caldock check` says of accounts that have to be connected
 * again.
 */
#pragma once

#include "cli/check_report.h"

/* Nothing where the store can't be read. */
void check_accounts(struct check_report *c);

/* More than one in ten. */
bool check_accounts_surge(size_t n_lost, size_t n);
