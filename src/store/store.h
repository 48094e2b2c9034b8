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

#include "base/str.h"

struct cx;
struct store;
struct db;

struct store_options {
    Str url; /* sqlite:PATH (a relative PATH is relative to `folder`), postgresql://… */
    Str folder;         /* of the configuration file; may be empty */
    int pool;           /* connections at most */
    bool is_unprepared; /* a pooler may give each transaction another session */
};

/* Whether there is a driver for it. */
bool store_url_is_known(Str url);
/* Nothing is reached yet: a store that is away is found by store_check. FAIL_CONFIG for a
 * bad URL. */
Res store_open(struct cx *cx, const struct store_options *options, struct store **ret)
    MUST;
void store_close(struct store **s); /* accepts NULL */

/* Brings the schema to this binary's version, under a lock, in one transaction a
 * migration. FAIL_UNAVAILABLE: away. FAIL_CONFIG: there, and unusable (no rights, a newer
 * schema, no database). */
Res store_migrate(struct cx *cx, struct store *s) MUST;
/* One round trip. FAIL_UNAVAILABLE or FAIL_CONFIG as above. */
Res store_check(struct cx *cx, struct store *s) MUST;

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

/* Small values that all nodes share ("sealing_key"). FAIL_NOT_FOUND. */
Res setting_get(struct cx *cx, struct db *db, Str name, Str *ret) MUST;
Res setting_put(struct cx *cx, struct db *db, Str name, Str value) MUST;
