/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.h - counts what happens, for GET /metrics.
 *
 * Any thread counts, and none waits: each has cells of its own, which a reader sums up.
 * What a thread has counted stays when it ends. A family is a row of the table in
 * metric_table.c, with its labels and the closed set of their values: nothing that comes
 * from outside becomes a label. serve/metrics.h writes the text.
 */
#pragma once

#include "base/kinds.h"
#include "base/metric_table.h"
#include "base/metric_values.h"

/* A place among the values of a family's labels: 0 of a family without labels. */
typedef size_t metric_place;

/* The place of these values' numbers, one for each label. */
metric_place metric_place_of(enum metric m, const size_t *values);
/* The same for their words. A word that the label doesn't have counts as its last one. */
metric_place metric_place_named(enum metric m, const Str *words);
Str metric_source(enum source_id source);
/* The number of a label's value. */
size_t metric_value_of(const struct metric_label *label, Str word);

/* Of counters and levels. The second takes the words of all labels, as
 * METRIC_COUNT(METRIC_REVOCATIONS, metric_source(id), S("done")). */
void metric_add(enum metric m, metric_place place, int64_t n);
#define METRIC_COUNT(m, ...)                                                             \
    metric_add((m), metric_place_named((m), (const Str[]){__VA_ARGS__}), 1)
/* Of gauges. Families of times take microseconds. */
void metric_set(enum metric m, metric_place place, int64_t value);
/* All of a sampled histogram at once, so that no reader gets a part: a family without
 * labels. `cells` has what metric_read gives. */
void metric_set_sample(enum metric m, const int64_t *cells);
/* Of histograms. */
void metric_observe_us(enum metric m, metric_place place, int64_t us);

#define METRIC_UNKNOWN INT64_MIN /* of what somebody sets, and nobody has set */

/* Cells that a reader gets: one a place; of a histogram metric_cells_each of them. */
size_t metric_places(enum metric m);
size_t metric_cells_each(enum metric m); /* buckets, the rest, and the sum in us */
/* The sum over all threads that live or have lived; `ret` has room for all cells. */
void metric_read(enum metric m, int64_t *ret);
