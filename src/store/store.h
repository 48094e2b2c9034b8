/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the database: opening, migrations, transactions.
 *
 * A struct store is the process's pool and may be used by any thread; a struct db is one
 * connection, lent for one transaction and never held across a call to a source. The
 * folder is the only one with SQL: one text for all drivers, $1 placeholders, in
 * providers.c, tokens.c, flows.c, accounts.c, …
 */
#pragma once

#include "base/metric.h"

struct cx;
struct store;
struct db;

struct store_options {
    Str url; /* sqlite:PATH (a relative PATH is relative to `folder`), postgresql://… */
    Str folder;               /* of the configuration file; may be empty */
    int pool;                 /* connections at most */
    bool is_unprepared;       /* a pooler may give each transaction another session */
    bool is_for_reading;      /* nothing is made, migrated, locked or written */
    bool is_migrated_by_hand; /* store_prepare waits for store_migrate */
};

/* FAIL_CONFIG: no store has this URL. The reason says what to write, and quotes nothing
 * of the URL, which may hold a password. */
Res store_url_check(struct cx *cx, Str url) MUST;
/* Nothing is reached yet: a store that is away is found by store_check. FAIL_CONFIG for a
 * bad URL. */
Res store_open(struct cx *cx, const struct store_options *options, struct store **ret)
    MUST;
/* The file of a SQLite store; NULL: the store is elsewhere. */
Res store_file(struct cx *cx, const struct store_options *options, const char **ret) MUST;
void store_close(struct store **s); /* accepts NULL */
/* How many connections are lent, and how many are open. */
void store_look(struct store *s, size_t *lent, size_t *open);
Str store_kind(const struct store *s); /* "sqlite" or "postgresql" */
/* What the file system of a path has. false: errno says why that isn't known. */
bool store_space(const char *path, int64_t *free_bytes, int64_t *all_bytes);
/* On the file system of the store's file; -1: it is no file, or isn't known. */
int64_t store_free_bytes(const struct store *s);

/* Whether store_migrate has made it: FAIL_NOT_FOUND when not. Creates nothing.
 * FAIL_UNAVAILABLE, FAIL_CONFIG as below. On an older schema a store that is for reading
 * works as far as it can; where it can't, store_read says what to do. */
Res store_find(struct cx *cx, struct store *s) MUST;
/* FAIL_CONFIG: the schema that store_find found lacks migrations. */
Res store_refuse_older(struct cx *cx, struct store *s) MUST;
/* Whether the schema that store_find found lacks migrations. */
bool store_is_older(struct store *s);
/* What version the schema has; 0: there is none. Creates nothing. */
Res store_version(struct cx *cx, struct store *s, int64_t *ret) MUST;
/* Brings the schema to this binary's version, under a lock, in one transaction a
 * migration. FAIL_UNAVAILABLE: away. FAIL_CONFIG: there, and unusable (no rights, a newer
 * schema, no database). */
Res store_migrate(struct cx *cx, struct store *s) MUST;
/* The same for a start: where migrations are done by hand it is FAIL_UNAVAILABLE until
 * they are. */
Res store_prepare(struct cx *cx, struct store *s) MUST;

enum store_state {
    STORE_OK,
    STORE_AWAY,          /* it gave no answer, or none that says more */
    STORE_READ_ONLY,     /* reads go on */
    STORE_FILE_GONE,     /* it was deleted or moved since it was opened */
    STORE_FILE_REPLACED, /* another one stands in its place */
    STORE_TOO_OLD,       /* its schema lacks migrations that this binary has */
    STORE_TOO_NEW,       /* its schema has one that this binary can't work with */
};

/* A few round trips. FAIL_UNAVAILABLE or FAIL_CONFIG as above; *ret says what is the
 * matter, also then. */
Res store_check(struct cx *cx, struct store *s, enum store_state *ret) MUST;
/* From here on a store that refuses us (its log-in, its rights, its content) is away: it
 * is FAIL_UNAVAILABLE, and may come back. */
void store_note_started(struct store *s);

/*
 * Runs `work` in one transaction: committed when it returns OK, rolled back otherwise. It
 * may run more than once (a conflict with another transaction is tried again), so it
 * changes nothing but the database and what `arg` says is its result. Writers behave as
 * if they ran one after the other; store_read sees one moment. FAIL_UNAVAILABLE when the
 * store is away, locked too long, or full, and when the connection was lost while it
 * committed: then nobody knows whether it did.
 */
typedef Res store_work(struct cx *cx, struct db *db, void *arg);
Res store_write(struct cx *cx, struct store *s, store_work *work, void *arg) MUST;
Res store_read(struct cx *cx, struct store *s, store_work *work, void *arg) MUST;

/* Inside work: counts for the metrics once the transaction is committed, and not before.
 * The second takes the words of all labels. */
void db_count(struct db *db, enum metric m, metric_place place);
#define DB_COUNT(db, m, ...)                                                             \
    db_count((db), (m), metric_place_named((m), (const Str[]){__VA_ARGS__}))
