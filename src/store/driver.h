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

struct db_place {
    const char *where;
    bool is_unprepared; /* as in struct store_options */
};

/* What a failed transaction leaves behind. */
enum db_fate {
    DB_SOUND,    /* the failure stands; the connection goes on */
    DB_BROKEN,   /* the failure stands; the connection is of no use any more */
    DB_CONFLICT, /* another transaction was in the way: the same work may be run again */
    DB_LOST,     /* the connection is gone and nothing is committed: again, on another */
};

struct db_driver {
    bool has_one_writer;    /* writers of this process wait for each other in the pool */
    const char *has_schema; /* a query that counts the tables schema_version */
    const char
        *lock_schema;    /* shuts out who else migrates; NULL: the writer's lock does */
    const char *last_id; /* the last id that table $1 gave, 0 if none */
    const char *set_last_id;           /* the same said: $1, $2; gives it back */
    const struct embedded *migrations; /* the first brings the schema to version 1 */
    size_t n_migrations;

    /* Where the database is, from its URL. FAIL_CONFIG. */
    Res (*locate)(struct cx *cx, Str url, Str folder, const char **ret);
    /* Makes what the first migration needs, where there is nothing. */
    Res (*create)(struct cx *cx, const struct db_place *place);
    Res (*open)(struct cx *cx, const struct db_place *place, void **ret);
    void (*close)(void *conn);

    Res (*begin)(struct cx *cx, void *conn, bool write);
    Res (*commit)(struct cx *cx, void *conn);
    void (*rollback)(void *conn);
    /* After a transaction that failed so, from begin to rollback. */
    enum db_fate (*fate)(void *conn, Res failure);
    /* Several statements without arguments. */
    Res (*script)(struct cx *cx, void *conn, const char *sql);
    /* After a commit: what was deleted goes from the disk, as far as can be now. */
    void (*scrub)(void *conn);

    Res (*prepare)(struct cx *cx, void *conn, const char *sql, void **ret);
    void (*finish)(void *stmt);
    /* `args` last no longer than the call. */
    Res (*bind)(struct cx *cx, void *stmt, const struct db_value *args, size_t n);
    Res (*step)(struct cx *cx, void *stmt, bool *ret);
    void (*reset)(void *stmt);
    int64_t (*changed)(void *stmt); /* rows touched by the last step */

    bool (*is_null)(void *stmt, int column);
    int64_t (*get_int)(void *stmt, int column);
    Str (*get_bytes)(void *stmt, int column); /* good until the next step */
};

extern const struct db_driver db_sqlite;
extern const struct db_driver db_postgres;

/* A connection, with the statements that it has prepared. */
Res db_open(
    struct cx *cx, const struct db_driver *driver, const struct db_place *place,
    struct db **ret) MUST;
void db_close(struct db **db); /* accepts NULL */

/* Begin, work, commit; rolled back when either of the two fails. */
Res db_transact(struct cx *cx, struct db *db, bool write, store_work *work, void *arg)
    MUST;
enum db_fate db_fate(struct db *db, Res failure);
Res db_script(struct cx *cx, struct db *db, const char *sql) MUST;
/* What this transaction deletes is a secret: scrub after its commit. */
void db_scrub(struct db *db);

const struct db_driver *db_driver_of(const struct db *db);

/* What a driver's `create` does. */
Res store_create(struct cx *cx, struct store *s) MUST;
/* store_migrate within a transaction, behind store_create. */
Res schema_migrate(struct cx *cx, struct db *db) MUST;
