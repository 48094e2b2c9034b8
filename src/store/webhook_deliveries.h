/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_deliveries.h - deliveries that are due: who makes an attempt, and what came of
 * it.
 *
 *              taken                      succeeded
 *   waiting ◄─────────► under way ─────────────────────────► delivered
 *      ▲      failed        │    the last failed, or the          ▲
 *      │                    │    endpoint was disabled            │ replay
 *      │                    └──────────────────────► failed       │
 *      └──────────────────────────── replay ────────────┘─────────┘
 *
 * Times are by the database's clock. An attempt moves the due time to the end of its
 * lease, so that a dead node's delivery comes up again by itself.
 */
#pragma once

#include "store/lease.h"

/* Stored: never renumber. */
enum webhook_delivery_state {
    WEBHOOK_WAITING = 1,
    WEBHOOK_DELIVERED = 2,
    WEBHOOK_FAILED = 3,
};

/* An endpoint with something to do. */
struct webhook_due {
    int64_t endpoint;
    bool is_failing;  /* its last attempt failed */
    bool is_disabled; /* what is queued for it has to end */
};

/* One delivery, with all that its attempt needs. */
struct webhook_job {
    Str message;
    Str body;
    int64_t endpoint;
    Str url;
    Str sealed; /* the secrets */
    int64_t previous_until_ms;
    int64_t attempts; /* so far */
};

struct webhook_attempt {
    Str message;
    int64_t endpoint;
    int64_t took_ms;
    int status;  /* 0: there was no answer */
    Str failure; /* the name of its kind; empty: there was an answer */
    bool has_succeeded;
    bool is_gone;        /* the endpoint says that nothing may come any more */
    int64_t again_in_ms; /* after a failure; 0: that was the last attempt */
};

struct webhook_queue {
    int64_t waiting;
    int64_t oldest_due_ms; /* 0: nothing waits */
};

/* Whether something is due, and whether a dead node was at some of it. */
Res webhook_deliveries_look(struct cx *cx, struct db *db, bool *due, bool *orphaned) MUST;
/* What dead nodes were at is due at once. */
Res webhook_deliveries_reclaim(struct cx *cx, struct db *db) MUST;

/* The endpoints, at most WEBHOOK_DUE_MOST, for which an attempt may begin now: those
 * whose last attempt succeeded come first, up to `most` attempts at a time, others have
 * one. */
enum { WEBHOOK_DUE_MOST = 16 };

Res webhook_deliveries_due(
    struct cx *cx, struct db *db, int64_t most, struct webhook_due **ret, size_t *n) MUST;
/* Takes the delivery of ret->endpoint that is due the longest. *got: there was one, and
 * fewer attempts than `most` are under way. */
Res webhook_delivery_take(
    struct cx *cx, struct db *db, int64_t most, struct lease *lease,
    struct webhook_job *ret, bool *got) MUST;
/* As if it had not been taken. */
Res webhook_delivery_give_back(
    struct cx *cx, struct db *db, const struct webhook_job *job, Str owner) MUST;
/* Writes what came of an attempt, for the delivery and its endpoint. *disabled: that
 * disables the endpoint. FAIL_CONFLICT: the lease was lost. */
Res webhook_delivery_finish(
    struct cx *cx, struct db *db, Str owner, const struct webhook_attempt *a,
    bool *disabled) MUST;
/* One step: what is queued for an endpoint that is disabled ends as failed. */
Res webhook_deliveries_end(struct cx *cx, struct db *db, int64_t endpoint, bool *more)
    MUST;
Res webhook_deliveries_queue(
    struct cx *cx, struct db *db, int64_t endpoint, struct webhook_queue *ret) MUST;
/* How long the oldest due delivery of all has been due; 0: none is. */
Res webhook_deliveries_lag(struct cx *cx, struct db *db, int64_t *ret) MUST;
