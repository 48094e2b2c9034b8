/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - which version the schema has, and the way to this binary's.
 *
 * Migration n brings version n - 1 to n, in a transaction of its own under a lock: the
 * writer's, or that of a row. Who waited for the lock looks again, so any number of
 * processes may start at once.
 */
#include "base/clock.h"
#include "base/cx.h"
#include "store/driver.h"

static Res schema_version(struct cx *cx, struct db *db, int64_t *ret)
{
    int64_t tables = 0;

    TRY(db_query_int(cx, db, db_driver_of(db)->has_schema, NULL, 0, &tables));
    if (tables == 0) {
        *ret = 0;
        return OK;
    }
    return db_query_int(cx, db, "select max(version) from schema_version", NULL, 0, ret);
}

/* How many migrations the schema lacks. */
static Res count_missing(struct cx *cx, struct db *db, void *missing)
{
    int64_t newest = (int64_t)db_driver_of(db)->n_migrations;
    int64_t version = 0;

    TRY(schema_version(cx, db, &version));
    if (version > newest) {
        return fail(
            cx, FAIL_CONFIG,
            "store: its schema is version %lld, and this caldock knows %lld: run the newer "
            "caldock that it was last used with",
            (long long)version, (long long)newest);
    }
    *(int64_t *)missing = newest - version;
    return OK;
}

static Res migrate_one(struct cx *cx, struct db *db, void *missing)
{
    const struct db_driver *driver = db_driver_of(db);
    int64_t left = 0;

    TRY(driver->lock_schema == NULL ? OK : db_script(cx, db, driver->lock_schema));
    TRY(count_missing(cx, db, &left));
    if (left == 0) {
        *(int64_t *)missing = 0;
        return OK;
    }
    int64_t version = (int64_t)driver->n_migrations - left + 1;

    TRY(db_script(cx, db, driver->migrations[version - 1].text.p));
    TRY(db_exec(
        cx, db, "insert into schema_version (version, applied_at) values ($1, $2)",
        DB_ARGS(db_int(version), db_int(clock_now_ms())), NULL));
    *(int64_t *)missing = left - 1;
    return OK;
}

Res store_migrate(struct cx *cx, struct store *s)
{
    int64_t missing = 0;

    TRY(store_create(cx, s));
    Res r = store_read(cx, s, count_missing, &missing);

    while (r.code == FAIL_NONE && missing > 0) {
        r = store_write(cx, s, migrate_one, &missing);
    }
    return r;
}

Res schema_migrate(struct cx *cx, struct db *db)
{
    int64_t missing = 0;
    Res r = migrate_one(cx, db, &missing);

    while (r.code == FAIL_NONE && missing > 0) {
        r = migrate_one(cx, db, &missing);
    }
    return r;
}

Res store_check(struct cx *cx, struct store *s)
{
    int64_t missing = 0;

    TRY(store_read(cx, s, count_missing, &missing));
    if (missing > 0) {
        return fail(
            cx, FAIL_UNAVAILABLE,
            "store: its schema isn't up to date yet; a start of this caldock brings it there");
    }
    return OK;
}
