/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.h - inside the PostgreSQL driver: a connection whose every wait ends with the
 * deadline, and what its failures are to us.
 *
 * Nothing of libpq that could wait is called: what is sent is sent and what is read is
 * read while poll() says so (libpq, "Asynchronous Command Processing").
 */
#pragma once

#include <libpq-fe.h>

#include "store/driver.h"

struct pg {
    PGconn *conn;
    bool is_unprepared;
    bool is_committing; /* a connection that is lost now leaves the outcome unknown */
    enum db_fate fate;  /* noted by the transaction's first failure */
    bool is_full;       /* the last failure was that the server's disk has no room */
    unsigned n_prepared;
};

/* FAIL_UNAVAILABLE for a server that is away, starting or full, FAIL_CONFIG where it
 * refuses us. */
Res pg_open(struct cx *cx, const struct db_place *place, struct pg **ret) MUST;
void pg_close(struct pg **pg); /* accepts NULL */

/* When waits end: with the request's deadline; without one, never. */
int64_t pg_end_ms(const struct cx *cx);
/* False: not before `end_ms`. */
bool pg_wait(int fd, short events, int64_t end_ms);
/* The last result of what was sent, or the first failure. */
Res pg_result(struct cx *cx, struct pg *pg, int64_t end_ms, PGresult **ret) MUST;
/* Statements without arguments or rows, in one round trip. */
Res pg_run(struct cx *cx, struct pg *pg, int64_t end_ms, const char *sql) MUST;
void pg_result_done(PGresult **result); /* accepts NULL */

/* pg_fail.c: the reason of a failure without any value; notes the connection's fate.
 * `result` NULL: there was no answer. */
Res pg_fail(struct cx *cx, struct pg *pg, const PGresult *result) MUST;
/* The failure of a connection that was never made; its messages are verbose. */
Res pg_fail_connect(struct cx *cx, const PGconn *conn) MUST;
