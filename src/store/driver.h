/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.h - inside store/ only: what a database engine has to offer, and a connection.
 *
 * A driver is a row of functions. They fail as FAIL_UNAVAILABLE when the engine is away,
 * locked or full, as FAIL_CONFIG when the operator has to mend it, as FAIL_CONFLICT when
 * a constraint is broken, and else as FAIL_INTERNAL.
 */
#pragma once

#include "store/db.h"
#include "store/migration.h"
#include "store/store.h"

struct db_place {
    const char *where;
    bool is_unprepared;  /* as in struct store_options */
    bool is_for_reading; /* the same */
};

/* Which file it is that stands at a place. */
struct db_identity {
    uint64_t device;
    uint64_t file;
    uint64_t log; /* the file of what isn't in the first yet; 0: there is none */
};

/* The state that a failed transaction leaves its connection in. */
enum db_fate {
    DB_SOUND,    /* the connection goes on, and the failure stands */
    DB_BROKEN,   /* the connection is useless, and the failure stands */
    DB_CONFLICT, /* another transaction was in the way: the work may run again */
    DB_LOST,     /* the connection is gone, nothing is committed: again, on another */
};

struct db_driver {
    bool has_one_writer;    /* writers of this process wait for each other in the pool */
    const char *has_schema; /* a query that counts the tables schema_version and, made
                               later, schema_steps */
    const char
        *lock_schema;   /* shuts out who else migrates; NULL: the writer's lock does */
    const char *now_ms; /* asks for the database's clock; NULL: it is this machine's */
    const char *is_read_only;     /* 1: it takes no writes; NULL: it says so itself */
    const char *most_connections; /* that it gives to users such as ours; NULL: any */
    const char *last_id;          /* the last id that table $1 gave, 0 if none */
    const char *set_last_id;      /* the same said: $1, $2; gives it back */
    enum dialect dialect;         /* of the files of migrations */

    /* Reads a URL. FAIL_CONFIG. */
    Res (*locate)(struct cx *cx, Str url, Str folder, const char **ret);
    /* FAIL_NOT_FOUND: there is no file yet, where the engine has one. NULL: it has none.
     */
    Res (*find)(struct cx *cx, const struct db_place *place);
    /* NULL: a place is not a file. FAIL_UNAVAILABLE: there is none. */
    Res (*identify)(struct cx *cx, const struct db_place *place, struct db_identity *ret);
    /* Whether the file there may be written; NULL: a place is not a file. */
    bool (*is_writable)(const struct db_place *place);
    /* Makes what the first migration needs, when there is nothing yet. */
    Res (*create)(struct cx *cx, const struct db_place *place);
    Res (*open)(struct cx *cx, const struct db_place *place, void **ret);
    void (*close)(void *conn);

    Res (*begin)(struct cx *cx, void *conn, bool write);
    Res (*commit)(struct cx *cx, void *conn);
    void (*rollback)(void *conn);
    /* The fate of a connection whose transaction failed so; asked after rollback. */
    enum db_fate (*fate)(void *conn, Res failure);
    /* Whether what has failed just now failed because the disk has no room. */
    bool (*is_full)(void *conn);
    /* Several statements without arguments. */
    Res (*script)(struct cx *cx, void *conn, const char *sql);
    /* After a commit: removes deleted content from the disk, as far as can be now. */
    void (*scrub)(void *conn);

    Res (*prepare)(struct cx *cx, void *conn, const char *sql, void **ret);
    void (*finish)(void *stmt);
    /* `args` need not outlive the call. */
    Res (*bind)(struct cx *cx, void *stmt, struct db_args args);
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
/* Whether the last transaction failed because the disk has no room. */
bool db_is_full(const struct db *db);
Res db_script(struct cx *cx, struct db *db, const char *sql) MUST;
/* From here on FAIL_CONFIG of the database is FAIL_UNAVAILABLE. */
void db_note_started(struct db *db);
/* For tests: the database's clock stands still; 0: it goes on. */
void db_stop_clock(struct db *db, int64_t now_ms);
/* Brings what stands in its log alone into its file. */
void db_settle(struct db *db);
/* This transaction deletes a secret: scrub after its commit. */
void db_scrub(struct db *db);

const struct db_driver *db_driver_of(const struct db *db);
