/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_log.h - tells the log of calls to the sources, and of a source that goes away or
 * refuses our client.
 *
 * A call is one line at debug, a warning when it failed. A state is told when it changes;
 * the bad one at most once an hour, so that a source that comes and goes is no flood.
 */
#pragma once

#include <stdbool.h>

#include "base/kinds.h"
#include "net/net.h"

struct cx;

/* How a call ended. */
struct source_end {
    const struct net_purpose *purpose;
    Res res;    /* without an answer: why */
    int status; /* with an answer */
    int64_t took_us;
};

void source_log_call(const struct cx *cx, const struct source_end *end);
/* After an answer of the token endpoint. */
void source_log_client(enum source_id source, bool is_refused);

/* One state of one source. */
struct source_state {
    int bad;         /* so many times in a row */
    bool is_told;    /* that it is bad */
    int64_t told_ms; /* when that was told last; 0: never */
};

enum source_news { SOURCE_NEWS_NONE, SOURCE_NEWS_BAD, SOURCE_NEWS_GOOD };

/* `least`: from how many times in a row on it counts as bad. */
enum source_news source_state_note(
    struct source_state *s, bool is_bad, int least, int64_t mono_ms);
