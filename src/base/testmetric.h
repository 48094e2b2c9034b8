/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testmetric.h - for tests: that what happens is counted once, and as nothing else.
 * test/counted.py finds by T_COUNTED which outcomes have such a test.
 */
#pragma once

#include "base/metric.h"
#include "base/testing.h"

static inline int64_t *t_metric_now(enum metric m)
{
    size_t n = metric_places(m) * metric_cells_each(m);
    int64_t *cells = NEW_N(&t_cx()->mem, int64_t, n);

    metric_read(m, cells);
    return cells;
}

static inline void t_metric_counted(
    enum metric m, const int64_t *before, const Str *words)
{
    const int64_t *now = t_metric_now(m);
    metric_place place = metric_place_named(m, words);

    for (size_t i = 0; i < metric_places(m); i++) {
        T_INT(now[i] - before[i], i == place ? 1 : 0);
    }
}

/* Since `before` (t_metric_now) a counter has moved by one at the words of its labels. */
#define T_COUNTED(before, m, ...)                                                        \
    t_metric_counted((m), (before), (const Str[]){__VA_ARGS__})
