/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_table.h - the families of metrics: one table for the text of GET /metrics,
 * docs/monitoring.md and the tests.
 */
#pragma once

#include "base/str.h"

enum metric {
    METRIC_BUILD_INFO,
    METRIC_HTTP_REQUESTS,
    METRIC_HTTP_DURATION,
    METRIC_HTTP_CONNECTIONS,
    METRIC_HTTP_REFUSED,
    METRIC_ERRORS,
    METRIC_AUTH_REFUSED,
    METRIC_THROTTLED,
    METRIC_AUTH_CACHE,
    METRIC_FLOWS_STARTED,
    METRIC_FLOWS_ENDED,
    METRIC_FLOW_DURATION,
    METRIC_CALLBACK_REPLAYS,
    METRIC_CALLBACK_PAGES,
    METRIC_STATUS_CHANGES,
    METRIC_REFRESHES,
    METRIC_REVOCATIONS,
    METRIC_SOURCE_REQUESTS,
    METRIC_SOURCE_DURATION,
    METRIC_CLIENT_REFUSED,
    METRIC_KEYS_AGE,
    METRIC_CREDENTIAL_EXPIRY,
    METRIC_ACCOUNTS,
    METRIC_REFRESHES_DUE,
    METRIC_REFRESH_OLDEST,
    METRIC_REVOCATIONS_PENDING,
    METRIC_QUEUE_DEPTH,
    METRIC_QUEUE_REJECTED,
    METRIC_WORKERS,
    METRIC_PARKED,

    METRIC_STORE_UP,
    METRIC_STORE_SCHEMA,
    METRIC_STORE_TRANSACTIONS,
    METRIC_STORE_DURATION,
    METRIC_STORE_POOL_WAIT,
    METRIC_STORE_POOL,
    METRIC_STORE_FREE,
    METRIC_KEYS,
    METRIC_NODES,
    METRIC_MAY_SERVE,

    METRIC_SYNCS,
    METRIC_FULL_READS,
    METRIC_SYNC_LAG,
    METRIC_SYNC_AGE,
    METRIC_SYNC_OLDEST,
    METRIC_CALENDARS,
    METRIC_CHANNELS,
    METRIC_NOTIFICATIONS,
    METRIC_PUSHES,
    METRIC_PUSH_OLDEST,
    METRIC_COPIES,
    METRIC_ACCOUNT_HOLDS,
    METRIC_BUSY_QUERIES,
    METRIC_WEBHOOK_ATTEMPTS,
    METRIC_WEBHOOK_OLDEST,
    METRIC_WEBHOOK_ENDPOINTS,
    METRIC_RELOAD_OK,
    METRIC_RELOAD_TIME,
    METRIC_LOG_LOST,
    METRIC_CPU,
    METRIC_RESIDENT,
    METRIC_VIRTUAL,
    METRIC_FILES,
    METRIC_FILES_MOST,
    METRIC_STARTED,
    METRICS
};

enum metric_kind {
    METRIC_COUNTER,
    METRIC_LEVEL, /* a gauge that threads count up and down */
    METRIC_GAUGE, /* a gauge that somebody sets */
    METRIC_TOTAL, /* a counter that somebody sets */
    METRIC_HISTOGRAM,
    METRIC_SAMPLED, /* a histogram that somebody sets, all of it */
    METRIC_INFO,    /* always 1; its values are the build's */
};

enum { METRIC_LABELS = 3 };

struct metric_label {
    Str name;
    const Str *values;
    size_t n;
};

struct metric_buckets {
    const int64_t *us; /* upper bounds */
    size_t n;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as a row is read */
struct metric_family {
    Str name;
    enum metric_kind kind;
    Str help;
    const struct metric_label *labels[METRIC_LABELS]; /* the last ones may be NULL */
    const struct metric_buckets *buckets;             /* of both histograms */
    bool is_time;   /* kept in microseconds, shown in seconds */
    bool is_sparse; /* what was never counted is not shown */
};

extern const struct metric_family metric_families[METRICS];

/* The number of a status among the values of its label. */
size_t metric_status(int status);
