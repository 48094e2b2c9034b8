/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.c - connecting to PostgreSQL and waiting for its answers, until a deadline.
 *
 * libpq knows where the server is, who we are and how TLS is checked: from its URLs,
 * environment variables, service and password files.
 */
#include "store/pg.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"

/* TCP's user timeout: gives up on a dead peer, and so moves on to the next host of the
 * URL. */
#define DEAD_AFTER_MS "5000"

int64_t pg_end_ms(const struct cx *cx)
{
    return cx->deadline_ms == 0 ? INT64_MAX : cx->deadline_ms;
}

static int pg_poll_ms(int64_t end_ms)
{
    if (end_ms == INT64_MAX) {
        return -1;
    }
    int64_t left = end_ms - clock_mono_ms();

    if (left < 0) {
        return 0;
    }
    return left < INT_MAX ? (int)left : INT_MAX;
}

bool pg_wait(int fd, short events, int64_t end_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int got = poll(&p, 1, pg_poll_ms(end_ms));

    while (got < 0 && errno == EINTR) {
        got = poll(&p, 1, pg_poll_ms(end_ms));
    }
    return got > 0;
}

void pg_result_done(PGresult **result)
{
    PQclear(*result); /* accepts NULL */
    *result = NULL;
}

/* Sends and receives until a result is there, or the connection is gone, which
 * PQgetResult tells. False: neither in time. */
static bool pg_exchange(PGconn *conn, int64_t end_ms)
{
    int unsent = PQflush(conn);

    while (unsent > 0 || (unsent == 0 && PQisBusy(conn) == 1)) {
        short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;

        if (!pg_wait(PQsocket(conn), events, end_ms)) {
            return false;
        }
        if (PQconsumeInput(conn) == 0) {
            return true;
        }
        unsent = PQflush(conn);
    }
    return true;
}

static bool result_has_failed(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

Res pg_result(struct cx *cx, struct pg *pg, int64_t end_ms, PGresult **ret)
{
    CLEANUP(pg_result_done) PGresult *kept = NULL;

    while (pg_exchange(pg->conn, end_ms)) {
        PGresult *next = PQgetResult(pg->conn);

        if (next == NULL && (kept == NULL || result_has_failed(kept))) {
            return pg_fail(cx, pg, kept);
        }
        if (next == NULL) {
            *ret = kept;
            kept = NULL;
            return OK;
        }
        if (kept == NULL || !result_has_failed(kept)) {
            pg_result_done(&kept);
            kept = next;
        } else {
            PQclear(next);
        }
    }
    return pg_fail(cx, pg, NULL);
}

Res pg_run(struct cx *cx, struct pg *pg, int64_t end_ms, const char *sql)
{
    CLEANUP(pg_result_done) PGresult *result = NULL;

    if (PQsendQuery(pg->conn, sql) == 0) {
        return pg_fail(cx, pg, NULL);
    }
    return pg_result(cx, pg, end_ms, &result);
}

/* How long connecting may take: the URL may say. */
static int64_t pg_connect_ms(PGconn *conn)
{
    PQconninfoOption *all = PQconninfo(conn);
    int64_t seconds = 0;

    for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++) {
        if (str_eq(str_from_z(o->keyword), S("connect_timeout"))) {
            (void)str_to_int(str_from_z(o->val), &seconds);
        }
    }
    PQconninfoFree(all);
    return seconds > 0 && seconds < INT_MAX ? seconds * 1000 : LIMIT_STORE_CONNECT_MS;
}

static Res pg_connect_now(struct cx *cx, PGconn *conn)
{
    int64_t end_ms = clock_mono_ms() + cx_left_ms(cx, pg_connect_ms(conn));
    PostgresPollingStatusType next =
        PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;

    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;

        if (!pg_wait(PQsocket(conn), events, end_ms)) {
            return fail(
                cx, FAIL_UNAVAILABLE, "store: PostgreSQL at %s: no answer in time",
                PQhost(conn));
        }
        next = PQconnectPoll(conn);
    }
    return next == PGRES_POLLING_OK ? OK : pg_fail_connect(cx, conn);
}

static void pg_notice_ignore(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static void pg_conn_done(PGconn **conn)
{
    PQfinish(*conn); /* accepts NULL */
}

/* The URL may override the options that stand before dbname. */
Res pg_open(struct cx *cx, const struct db_place *place, struct pg **ret)
{
    const char *const names[] = {
        "fallback_application_name", "tcp_user_timeout", "dbname", "client_encoding",
        NULL};
    const char *const values[] = {"caldock", DEAD_AFTER_MS, place->where, "UTF8", NULL};
    CLEANUP(pg_conn_done) PGconn *conn = PQconnectStartParams(names, values, 1);

    must_be(conn != NULL); /* out of memory */
    (void)PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    (void)PQsetNoticeReceiver(conn, pg_notice_ignore, NULL);
    TRY(pg_connect_now(cx, conn));
    must_be(PQsetnonblocking(conn, 1) == 0);
    struct pg *pg = heap_alloc(sizeof(*pg));

    *pg = (struct pg){.conn = conn, .is_unprepared = place->is_unprepared};
    conn = NULL;
    *ret = pg;
    return OK;
}

void pg_close(struct pg **pg)
{
    if (*pg != NULL) {
        PQfinish((*pg)->conn);
        heap_free(*pg);
        *pg = NULL;
    }
}
