/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pools.h - how many workers each pool has.
 */
#pragma once

#include "config/config.h"
#include "work/lanes.h"

/* Fills all of `ret`. Each source gets as many workers as the setting says. */
void pools_size(const struct config *c, struct pool_options ret[POOLS]);
