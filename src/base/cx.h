/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cx.h - the context that every function of a request gets: its memory, its deadline,
 * its id, and the reason of its failure.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

enum { FLOW_NAME_BYTES = 17 }; /* 16 characters, and a NUL */

struct cx {
    struct arena mem;    /* lives and dies with the request */
    int64_t deadline_ms; /* of clock_mono_ms; every wait below honours it; 0: none */
    char request_id[65];
    char flow[FLOW_NAME_BYTES]; /* that this belongs to, as the log names it */

    struct cx_why {
        const char *file;
        int line;
        char text[512];
    } why; /* filled by fail(), read once by the code that logs or prints it */
};

void cx_done(struct cx *cx); /* wipes */
/* A text of another length is none, and then the flow is not known. */
void cx_name_flow(struct cx *cx, Str name);
/* The time left until the deadline, at most `most_ms`, at least 0. */
int64_t cx_left_ms(const struct cx *cx, int64_t most_ms);
