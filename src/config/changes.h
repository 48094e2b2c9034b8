/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.h - what differs between two configurations.
 */
#pragma once

#include "config/config.h"

enum config_takes { CONFIG_AT_ONCE = 1, CONFIG_AT_RESTART = 2, CONFIG_EVER = 3 };

/* Names the keys that differ, "[server] listen, [log] level", of those that take effect
 * then. Values are never part of it. What is past 1,000 bytes is left out. Empty also
 * when `now` was refused before any value of it was read. */
Str config_changes(
    struct arena *mem, const struct config *before, const struct config *now,
    enum config_takes when);
