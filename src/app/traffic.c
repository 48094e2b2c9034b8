/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic.c - differences between what the metrics counted then and now.
 */
#include "app/traffic.h"

#include "base/arena.h"
#include "base/metric.h"

static void traffic_count(struct arena *mem, int64_t counts[TRAFFIC_BUCKETS])
{
    size_t places = metric_places(METRIC_HTTP_DURATION);
    size_t each = metric_cells_each(METRIC_HTTP_DURATION);
    int64_t *cells = NEW_N(mem, int64_t, places * each);

    must_be(each - 1 <= TRAFFIC_BUCKETS);
    metric_read(METRIC_HTTP_DURATION, cells);
    for (size_t place = 0; place < places; place++) {
        for (size_t i = 0; i + 1 < each; i++) {
            counts[i] += cells[place * each + i];
        }
    }
}

static int64_t traffic_p99_us(const int64_t counts[TRAFFIC_BUCKETS], int64_t all)
{
    const struct metric_buckets *b = metric_families[METRIC_HTTP_DURATION].buckets;
    int64_t below = 0;

    for (size_t i = 0; i < b->n; i++) {
        below += counts[i];
        if (below * 100 >= all * 99) {
            return b->us[i];
        }
    }
    return -b->us[b->n - 1];
}

static struct traffic_rate traffic_between(
    const struct traffic_sample *then, const struct traffic_sample *now)
{
    int64_t counts[TRAFFIC_BUCKETS];
    int64_t all = 0;
    int64_t ms = now->at_ms - then->at_ms;

    if (ms <= 0) {
        return (struct traffic_rate){.requests = -1};
    }
    for (size_t i = 0; i < TRAFFIC_BUCKETS; i++) {
        counts[i] = now->counts[i] - then->counts[i];
        all += counts[i];
    }
    return (struct traffic_rate){
        .requests = all * 1000 * 1000 / ms,
        .p99_us = all > 0 ? traffic_p99_us(counts, all) : 0,
    };
}

struct traffic_rate traffic_note(struct traffic *t, struct arena *mem, int64_t mono_ms)
{
    struct traffic_sample *now = &t->samples[t->n++ % TRAFFIC_SAMPLES];
    uint64_t oldest = t->n > TRAFFIC_SAMPLES ? t->n - TRAFFIC_SAMPLES : 0;

    *now = (struct traffic_sample){.at_ms = mono_ms};
    traffic_count(mem, now->counts);
    return traffic_between(&t->samples[oldest % TRAFFIC_SAMPLES], now);
}
