/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testbed.h - the ground of tests that need a store: a SQLite file of its own, a key
 * file, one provider with one API token, and both sources configured.
 *
 * Only for test_*.c.
 */
#pragma once

#include "base/clock.h"
#include "base/testing.h"
#include "store/providers.h"
#include "store/store.h"
#include "store/tokens.h"
#include "work/lanes.h"
#include "work/work.h"

#define BED_REDIRECT "https://app.example/done?once=1"
#define BED_PATTERN  "https://app.example/done"

enum { BED_PROVIDER = 7, BED_TIMEOUT_MS = 60 * 1000 };

struct bed {
    char folder[64];
    struct store *store;
    struct keyring *keyring;
    struct settings settings;
    struct worker worker;
    struct work work; /* of the test itself: with these settings and this worker */
    int64_t token;
};

extern struct bed bed; /* of the test that runs */

/* A provider and its token. */
struct bed_tenant {
    int64_t provider;
    const Str *patterns;
    size_t n_patterns;
    Str token_hash;
    int64_t token; /* its number, once it is added */
};

Res bed_add(struct cx *cx, struct db *db, void *tenant) MUST;

int bed_open(void **state);
int bed_close(void **state);

static inline int bed_end(void **state)
{
    return bed_close(state) + t_end(state);
}

#define T_BED(name) cmocka_unit_test_setup_teardown(name, bed_open, bed_end)

/* From here to bed_stopped the process is stopping. */
static inline void bed_stop(void)
{
    const struct lanes_options one = {.pools = {[POOL_STORE] = {1, 1}}};

    bed.worker.lanes = lanes_open(&one);
    lanes_end_by(bed.worker.lanes, clock_mono_ms());
    net_end_by(bed.worker.net, clock_mono_ms());
}

static inline void bed_stopped(void)
{
    T_TRUE(lanes_close(&bed.worker.lanes, clock_mono_ms() + BED_TIMEOUT_MS));
}

/* Runs a small piece of work in a transaction of its own. */
#define BED_WRITE(work, arg) store_write(t_cx(), bed.store, (work), (arg))
