/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic.h - how many requests this node gets, and how long they take: of the last
 * minute.
 */
#pragma once

#include <stdint.h>

struct arena;

enum {
    TRAFFIC_BUCKETS = 16,
    TRAFFIC_SAMPLES = 21, /* a minute of reports, and where it begins */
};

struct traffic_sample {
    int64_t at_ms;
    int64_t counts[TRAFFIC_BUCKETS];
};

/* Zero-initialised is empty. One thread has it. */
struct traffic {
    struct traffic_sample samples[TRAFFIC_SAMPLES];
    uint64_t n; /* that were ever taken */
};

/* Of requests whose time is counted: of applications, people and sources. */
struct traffic_rate {
    int64_t requests; /* in 1000 seconds; -1: unknown */
    int64_t p99_us;   /* at most; negative: longer than that; 0: unknown */
};

/* Takes another sample of the metrics, and says what came since the oldest one. The first
 * one knows nothing yet. */
struct traffic_rate traffic_note(struct traffic *t, struct arena *mem, int64_t mono_ms);
