/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_webhooks.h - what `caldock check` says of webhook endpoints.
 */
#pragma once

#include "cli/check_report.h"

/* Nothing where the store can't be read. */
void check_webhooks(struct check_report *c);
