/* SPDX-License-Identifier: Apache-2.0 */
/*
 * purpose.h - which source is called, and what for: for the log and the metrics.
 */
#pragma once

#include "base/kinds.h"

/* What a source is asked for. */
enum net_operation {
    NET_EXCHANGE,
    NET_REFRESH,
    NET_REVOKE,
    NET_KEYS,
    NET_CALENDARS, /* the list, or one of it */
    NET_EVENTS,
    NET_CHANNEL,
    NET_WRITE,
    NET_OPERATIONS
};

struct net_purpose {
    enum source_id source; /* 0: no line, and not counted */
    enum net_operation operation;
    int attempt; /* 0: the first */
};
