/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - which version the schema has, and the way to this binary's
 * (docs/adr/0038).
 *
 * Migration n brings version n - 1 to n, in a transaction of its own under a lock: the
 * writer's, or that of a row. The version is read again under the lock, so any number of
 * processes may start at once.
 */
#include "base/clock.h"
#include "base/cx.h"
#include "store/inner.h"

/* What the schema is at; 0: there is none. */
struct schema {
    int64_t version;
    int64_t oldest; /* the oldest caldock that works with it */
};

/* A version that stands in schema_version alone says nothing of older ones. */
static Res schema_read_steps(struct cx *cx, struct db *db, struct schema *schema)
{
    struct schema told = {0};

    TRY(db_query_int(
        cx, db, "select coalesce(max(version), 0) from schema_steps", DB_NONE,
        &told.version));
    TRY(db_query_int(
        cx, db, "select coalesce(max(oldest), 0) from schema_steps", DB_NONE,
        &told.oldest));
    if (told.version >= schema->version) {
        *schema = told;
    }
    return OK;
}

static Res schema_read(struct cx *cx, struct db *db, struct schema *ret)
{
    struct schema schema = {0};
    int64_t tables = 0;

    TRY(db_query_int(cx, db, db_driver_of(db)->has_schema, DB_NONE, &tables));
    if (tables > 0) {
        TRY(db_query_int(
            cx, db, "select max(version) from schema_version", DB_NONE, &schema.version));
        schema.oldest = schema.version;
    }
    TRY(tables > 1 ? schema_read_steps(cx, db, &schema) : OK);
    *ret = schema;
    return OK;
}

Res migrate_read_version(struct cx *cx, struct db *db, int64_t *ret)
{
    struct schema schema;

    TRY(schema_read(cx, db, &schema));
    *ret = schema.version;
    return OK;
}

static Res schema_read_work(struct cx *cx, struct db *db, void *schema)
{
    return schema_read(cx, db, schema);
}

static Res schema_refuse_newer(struct cx *cx, const struct schema *schema)
{
    int64_t newest = migration_newest();

    return schema->oldest <= newest
               ? OK
               : fail(
                   cx, FAIL_CONFIG,
                   "store: schema_too_new: schema %lld wants a caldock that knows %lld, and "
                   "this one knows %lld: run the newer caldock that it was last used with",
                   (long long)schema->version, (long long)schema->oldest,
                   (long long)newest);
}

static Res store_read_schema(struct cx *cx, struct store *s, struct schema *ret)
{
    TRY(store_find_file(cx, s));
    return store_read(cx, s, schema_read_work, ret);
}

Res store_find(struct cx *cx, struct store *s)
{
    struct schema schema = {0};

    TRY(store_read_schema(cx, s, &schema));
    if (schema.version == 0) {
        return fail(
            cx, FAIL_NOT_FOUND,
            "there is no store yet in this database; `caldock serve` or `caldock provider "
            "add` makes it");
    }
    store_note_older(s, schema.version < migration_newest() ? schema.version : 0);
    return schema_refuse_newer(cx, &schema);
}

Res store_version(struct cx *cx, struct store *s, int64_t *ret)
{
    struct schema schema = {0};
    Res r = store_read_schema(cx, s, &schema);

    TRY(r.code == FAIL_NOT_FOUND ? OK : r);
    TRY(schema_refuse_newer(cx, &schema));
    *ret = schema.version;
    return OK;
}

Res migrate_check_is_done(struct cx *cx, struct db *db)
{
    int64_t version;

    TRY(migrate_read_version(cx, db, &version));
    return version == migration_newest()
               ? OK
               : fail(
                   cx, FAIL_CONFIG, "its schema is %lld, this caldock knows %lld",
                   (long long)version, (long long)migration_newest());
}

/* How many migrations the schema lacks. */
static Res schema_count_missing(struct cx *cx, struct db *db, void *missing)
{
    int64_t newest = migration_newest();
    struct schema schema;

    TRY(schema_read(cx, db, &schema));
    TRY(schema_refuse_newer(cx, &schema));
    *(int64_t *)missing = schema.version < newest ? newest - schema.version : 0;
    return OK;
}

/* Those that look at schema_version alone hear of what they can't work with. */
static Res schema_note_step(struct cx *cx, struct db *db, int64_t version)
{
    int64_t oldest = migration_get(version)->oldest;
    int64_t now_ms = clock_now_ms();

    if (version > SCHEMA_FIRST_TOLD) {
        TRY(db_exec(
            cx, db,
            "insert into schema_steps (version, applied_at, oldest) values ($1, $2, $3)",
            DB_ARGS(db_int(version), db_int(now_ms), db_int(oldest)), NULL));
    }
    return version > SCHEMA_FIRST_TOLD && oldest <= SCHEMA_FIRST_TOLD
               ? OK
               : db_exec(
                   cx, db,
                   "insert into schema_version (version, applied_at) values ($1, $2)",
                   DB_ARGS(db_int(version), db_int(now_ms)), NULL);
}

static Res schema_migrate_one(struct cx *cx, struct db *db, void *missing)
{
    const struct db_driver *driver = db_driver_of(db);
    int64_t left = 0;

    TRY(driver->lock_schema == NULL ? OK : db_script(cx, db, driver->lock_schema));
    TRY(schema_count_missing(cx, db, &left));
    if (left == 0) {
        *(int64_t *)missing = 0;
        return OK;
    }
    int64_t version = migration_newest() - left + 1;

    TRY(db_script(cx, db, migration_file(driver->dialect, version)->text.p));
    TRY(schema_note_step(cx, db, version));
    *(int64_t *)missing = left - 1;
    return OK;
}

Res store_migrate(struct cx *cx, struct store *s)
{
    int64_t missing = 0;

    TRY(store_create(cx, s));
    Res r = store_read(cx, s, schema_count_missing, &missing);

    while (r.code == FAIL_NONE && missing > 0) {
        r = store_write(cx, s, schema_migrate_one, &missing);
    }
    return r;
}

Res store_prepare(struct cx *cx, struct store *s)
{
    if (!store_is_migrated_by_hand(s)) {
        return store_migrate(cx, s);
    }
    Res r = store_find(cx, s);

    if (r.code == FAIL_NOT_FOUND) {
        return fail(cx, FAIL_UNAVAILABLE, "there is no store yet: caldock store migrate");
    }
    TRY(r);
    r = store_refuse_older(cx, s);
    r.code = r.code == FAIL_NONE ? FAIL_NONE : FAIL_UNAVAILABLE; /* until it was done */
    return r;
}

Res migrate_schema(struct cx *cx, struct db *db)
{
    int64_t missing = 0;
    Res r = schema_migrate_one(cx, db, &missing);

    while (r.code == FAIL_NONE && missing > 0) {
        r = schema_migrate_one(cx, db, &missing);
    }
    return r;
}

static Res store_check_work(struct cx *cx, struct db *db, void *state)
{
    const char *read_only_sql = db_driver_of(db)->is_read_only;
    enum store_state *ret = state;
    int64_t is_read_only = 0;
    struct schema schema;

    *ret = STORE_AWAY;
    TRY(read_only_sql == NULL
            ? OK
            : db_query_int(cx, db, read_only_sql, DB_NONE, &is_read_only));
    if (is_read_only != 0) { /* reads go on, but nothing that the service promises */
        *ret = STORE_READ_ONLY;
        return fail(
            cx, FAIL_UNAVAILABLE,
            "store: the database can only be read: [store] url must name the primary");
    }
    TRY(schema_read(cx, db, &schema));
    *ret = STORE_TOO_NEW;
    TRY(schema_refuse_newer(cx, &schema));
    if (schema.version < migration_newest()) {
        *ret = STORE_TOO_OLD;
        Res r = migration_fail_older(cx, schema.version);

        r.code = FAIL_UNAVAILABLE; /* it may come there */
        return r;
    }
    *ret = STORE_OK;
    return OK;
}

Res store_check(struct cx *cx, struct store *s, enum store_state *ret)
{
    enum store_state state = STORE_AWAY;
    Res r = store_look_at_file(cx, s, &state);

    if (r.code == FAIL_NONE) {
        state = STORE_AWAY;
        r = store_read(cx, s, store_check_work, &state);
    }
    *ret = r.code != FAIL_NONE && state == STORE_OK ? STORE_AWAY : state;
    return r;
}
