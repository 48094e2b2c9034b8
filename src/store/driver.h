/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.h - inside store/ only: what a database engine has to offer, and a connection.
 *
 * A driver is a row of functions. They say FAIL_UNAVAILABLE for an engine that is away,
 * locked or full, FAIL_CONFIG for one that the operator has to mend, FAIL_CONFLICT for a
 * broken constraint, FAIL_INTERNAL for the rest.
 */
#pragma once

#include "base/embedded.h"
#include "store/db.h"
#include "store/store.h"

struct db_driver {
    Str scheme;             /* of its URLs: "sqlite:" */
    bool has_one_writer;    /* writers of this process wait for each other in the pool */
    const char *has_schema; /* a query that counts the tables schema_version */
    const struct embedded *migrations; /* the first brings the schema to version 1 */
    size_t n_migrations;

    /* Where the database is, from what follows the scheme. FAIL_CONFIG. */
    Res (*locate)(struct cx *cx, Str url, Str folder, const char **ret);
    /* Makes an empty database when there is none, where that is the client's to do. */
    Res (*create)(struct cx *cx, const char *where);
    Res (*open)(struct cx *cx, const char *where, void **ret);
    void (*close)(void *conn);

    Res (*begin)(struct cx *cx, void *conn, bool write);
    Res (*commit)(struct cx *cx, void *conn);
    void (*rollback)(void *conn);
    /* Several statements without arguments. */
    Res (*script)(struct cx *cx, void *conn, const char *sql);
    /* After a commit: what was deleted goes from the disk, as far as can be now. */
    void (*scrub)(void *conn);

    Res (*prepare)(struct cx *cx, void *conn, const char *sql, void **ret);
    void (*finish)(void *stmt);
    Res (*bind)(struct cx *cx, void *stmt, const struct db_value *args, size_t n);
    Res (*step)(struct cx *cx, void *stmt, bool *ret);
    void (*reset)(void *stmt);
    int64_t (*changed)(void *stmt); /* rows touched by the last step */

    bool (*is_null)(void *stmt, int column);
    int64_t (*get_int)(void *stmt, int column);
    Str (*get_bytes)(void *stmt, int column); /* good until the next step */
};

extern const struct db_driver db_sqlite;

/* A connection, with the statements that it has prepared. */
Res db_open(
    struct cx *cx, const struct db_driver *driver, const char *where, struct db **ret)
    MUST;
void db_close(struct db **db); /* accepts NULL */

/* Begin, work, commit; rolled back when either of the two fails. */
Res db_transact(struct cx *cx, struct db *db, bool write, store_work *work, void *arg)
    MUST;
Res db_script(struct cx *cx, struct db *db, const char *sql) MUST;
/* What this transaction deletes is a secret: scrub after its commit. */
void db_scrub(struct db *db);

const struct db_driver *db_driver_of(const struct db *db);

/* Makes the store's database where there is none. */
Res store_create(struct cx *cx, struct store *s) MUST;
