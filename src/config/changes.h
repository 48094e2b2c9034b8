/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.h - what differs between two configurations.
 */
#pragma once

#include "config/config.h"

/* Names the keys that differ, "[server] listen, [log] level", of those that need a
 * restart or of the others. Values are never part of it. What is past 1,000 bytes is left
 * out. */
Str config_changes(
    struct arena *mem, const struct config *before, const struct config *now,
    bool needs_restart);
