/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - a calendar in the one shape that all sources come to, and what it takes to
 * ask for it. All text lives in the context's arena.
 */
#pragma once

#include "net/net.h"

struct source_settings;

/* One call to a source's API for one account. */
struct source_call {
    struct net *net;
    const struct net_options *options;
    const struct source_settings *own;
    Str access_token;
    Str scope;             /* as granted */
    int64_t retry_after_s; /* after a failure: as the source says it, -1: it doesn't */
};

struct calendar {
    Str id;   /* at most LIMIT_CALENDAR_ID_BYTES */
    Str name; /* at most LIMIT_CALENDAR_NAME_BYTES, and may be empty */
    bool is_primary;
    bool can_edit;
    Str time_zone; /* IANA's name; empty: the source doesn't say */
    Str color;     /* #rrggbb; empty: none */
};

struct calendar_list {
    struct calendar *at;
    size_t n;
    size_t room;
};
