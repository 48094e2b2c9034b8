/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.h - who takes something that one at a time may have: it is held while the clock is
 * before `until_ms`. Flows, tasks and leases are taken so.
 */
#pragma once

#include "base/str.h"

struct hold {
    Str owner; /* unique among all workers of all nodes */
    int64_t now_ms;
    int64_t until_ms;
};
