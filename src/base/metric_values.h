/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_values.h - the values of labels that are counted by their numbers; their words
 * stand in metric_table.c.
 */
#pragma once

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
