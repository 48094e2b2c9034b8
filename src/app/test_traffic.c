/* SPDX-License-Identifier: Apache-2.0 */
#include "app/traffic.h"
#include "base/metric.h"
#include "base/testing.h"

enum { STEP_MS = 3000 };

static struct traffic traffic;
static int64_t now_ms;

/* Requests of a route that took so long, and a report 3 seconds after the one before. */
static struct traffic_rate report(const char *route, int n, int64_t us)
{
    const Str words[] = {str_from_z(route)};

    for (int i = 0; i < n; i++) {
        metric_observe_us(
            METRIC_HTTP_DURATION, metric_place_named(METRIC_HTTP_DURATION, words), us);
    }
    now_ms += STEP_MS;
    return traffic_note(&traffic, &t_cx()->mem, now_ms);
}

static void start(void)
{
    traffic = (struct traffic){.n = 0};
    (void)report("initiate", 7, 1); /* from before counts for nothing */
}

TEST(test_traffic_is_unknown_at_first)
{
    traffic = (struct traffic){.n = 0};
    struct traffic_rate first = report("initiate", 5, 1);

    T_INT(first.requests, -1);
    T_INT(first.p99_us, 0);
    struct traffic_rate second = report("initiate", 0, 1);

    T_INT(second.requests, 0);
    T_INT(second.p99_us, 0);
}

TEST(test_traffic_counts_the_last_minute)
{
    start();
    T_INT(report("initiate", 3, 1).requests, 1000); /* one a second */
    T_INT(report("accounts", 0, 1).requests, 500);
    for (int i = 2; i < TRAFFIC_SAMPLES - 1; i++) {
        T_INT(report("accounts", 0, 1).requests, 1000 / (i + 1));
    }
    T_INT(report("initiate", 0, 1).requests, 0); /* they are older than a minute */
}

TEST(test_traffic_says_how_long_99_of_100_take_at_most)
{
    start();
    T_INT(report("initiate", 99, 1000).p99_us, 1000);
    T_INT(report("accounts", 1, 600 * 1000).p99_us, 1000);
    T_INT(report("initiate", 1, 600 * 1000).p99_us, 2500 * 1000);
    T_INT(report("callback", 900, 60 * 1000 * 1000).p99_us, -10 * 1000 * 1000);
}

T_MAIN(
    T(test_traffic_is_unknown_at_first), T(test_traffic_counts_the_last_minute),
    T(test_traffic_says_how_long_99_of_100_take_at_most))
