/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_values.h - the values of labels that are counted by their numbers; their words
 * stand in metric_table.c.
 */
#pragma once

/* What a request is for: each value is the name of its endpoint without the verb, or the
 * source, that follows. How long they take is counted of the first ones: the others are
 * answered from memory, or before anything is known of them. */
enum metric_route {
    METRIC_ROUTE_INITIATE,
    METRIC_ROUTE_ACCOUNTS,
    METRIC_ROUTE_CALENDARS,
    METRIC_ROUTE_SETTINGS,
    METRIC_ROUTE_BUSY_PERIODS,
    METRIC_ROUTE_EVENTS,
    METRIC_ROUTE_PUSHED_EVENTS,
    METRIC_ROUTE_CALLBACK,
    METRIC_ROUTE_NOTIFY,
    METRIC_ROUTES_TIMED,
    METRIC_ROUTE_HEALTHZ = METRIC_ROUTES_TIMED,
    METRIC_ROUTE_READYZ,
    METRIC_ROUTE_OPENAPI,
    METRIC_ROUTE_NONE,
    METRIC_ROUTES
};

enum metric_connection {
    METRIC_CONNECTION_IDLE,
    METRIC_CONNECTION_READING,
    METRIC_CONNECTION_WORKING,
    METRIC_CONNECTION_WRITING,
    METRIC_CONNECTION_CLOSING,
    METRIC_CONNECTION_NONE,
};

enum metric_credential {
    METRIC_CREDENTIAL_NONE,
    METRIC_CREDENTIAL_TOKEN,
    METRIC_CREDENTIAL_JWT
};

enum metric_cached { METRIC_CACHED_HIT, METRIC_CACHED_RENEWED, METRIC_CACHED_MISS };

enum metric_worker { METRIC_WORKER_BUSY, METRIC_WORKER_IDLE };

enum metric_transaction {
    METRIC_COMMITTED,
    METRIC_ROLLED_BACK, /* the work said so */
    METRIC_CONFLICT,    /* a try that met another; one more follows, perhaps */
    METRIC_UNAVAILABLE,
};

enum metric_pool { METRIC_POOL_LENT, METRIC_POOL_IDLE };

enum metric_answer {
    METRIC_ANSWER_OK,
    METRIC_ANSWER_REFUSED,
    METRIC_ANSWER_THROTTLED,
    METRIC_ANSWER_FAILED,
    METRIC_ANSWER_TIMEOUT,
    METRIC_ANSWER_AWAY,
    METRIC_ANSWER_UNUSABLE,
};

enum metric_refused {
    METRIC_REFUSED_CONNECTIONS,
    METRIC_REFUSED_MEMORY,
    METRIC_REFUSED_FILES,
};
