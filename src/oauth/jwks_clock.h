/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks_clock.h - another clock for a jwks, so that tests reach its edges without waiting.
 */
#pragma once

#include "oauth/jwks.h"

/* Before the jwks is shared. */
void jwks_set_clock(struct jwks *j, int64_t (*clock_s)(void));
