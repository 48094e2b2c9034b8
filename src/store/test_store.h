/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store.h - for the tests of store/: a database of its own for each test, and
 * connections to it that commit each statement by itself.
 *
 * TS_MAIN runs the same tests on SQLite and, where CALDOCK_TEST_POSTGRES is the URL of
 * one that they may fill (script/postgres), on PostgreSQL: there each has its own schema.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/testing.h"
#include "store/inner.h"
#include "store/lease.h"
#include "store/settings.h"
#include "store/test_template.h"

static const struct db_driver *t_driver = &db_sqlite;
static char t_folder[64]; /* of the file, with SQLite */
static char t_path[80];
static char t_schema[40]; /* with PostgreSQL */
static char t_url[512];

static inline bool t_is_sqlite(void)
{
    return t_driver == &db_sqlite;
}

static inline const char *t_postgres(void)
{
    const char *url = getenv("CALDOCK_TEST_POSTGRES");

    return url == NULL || *url == 0 ? NULL : url;
}

static inline void t_remove(const char *suffix)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s%s", t_path, suffix);
    (void)unlink(path);
}

/* As nobody in particular, outside the test's schema. */
static inline void t_admin(const char *sql)
{
    CLEANUP(db_close) struct db *db = NULL;
    const struct db_place place = {.where = t_postgres()};

    T_OK(db_open(t_cx(), &db_postgres, &place, &db));
    T_OK(db_script(t_cx(), db, sql));
}

static inline void t_make(void)
{
    static int serial = 0;
    char sql[80];

    if (t_is_sqlite()) {
        return;
    }
    (void)snprintf(t_schema, sizeof(t_schema), "test_%d_%d", (int)getpid(), ++serial);
    (void)snprintf(sql, sizeof(sql), "create schema %s", t_schema);
    (void)snprintf(
        t_url, sizeof(t_url), "%s%coptions=-csearch_path%%3D%s", t_postgres(),
        strchr(t_postgres(), '?') == NULL ? '?' : '&', t_schema);
    t_admin(sql);
}

static inline void t_unmake(void)
{
    char sql[120];

    t_remove("");
    t_remove("-wal");
    t_remove("-shm");
    if (!t_is_sqlite()) {
        (void)snprintf(
            sql, sizeof(sql), "set lock_timeout = 5000; drop schema %s cascade",
            t_schema);
        t_admin(sql);
    }
}

static inline int t_store_start(void **state)
{
    (void)state;
    (void)snprintf(t_folder, sizeof(t_folder), "/tmp/caldock-store-XXXXXX");
    must_be(mkdtemp(t_folder) != NULL);
    (void)snprintf(t_path, sizeof(t_path), "%s/test.db", t_folder);
    (void)snprintf(t_url, sizeof(t_url), "sqlite:%s", t_path);
    t_make();
    return 0;
}

static inline int t_store_end(void **state)
{
    t_unmake();
    must_be(rmdir(t_folder) == 0);
    return t_end(state);
}

static inline struct store *t_store_at(const char *url, int pool)
{
    const struct store_options options = {.url = str_from_z(url), .pool = pool};
    struct store *s = NULL;

    T_OK(store_open(t_cx(), &options, &s));
    return s;
}

static inline struct store *t_store(int pool)
{
    return t_store_at(t_url, pool);
}

static inline Res t_check(struct store *s)
{
    enum store_state state;

    return store_check(t_cx(), s, &state);
}

static inline enum store_state t_store_state(struct store *s)
{
    enum store_state state;
    Res r = store_check(t_cx(), s, &state);

    T_TRUE((r.code == FAIL_NONE) == (state == STORE_OK));
    return state;
}

static inline void t_migrate(void)
{
    bool is_new = t_is_sqlite() && access(t_path, F_OK) != 0;
    struct store *s = is_new ? t_template_store(t_folder, "test.db") : t_store(1);

    T_OK(store_migrate(t_cx(), s));
    store_close(&s);
}

static inline struct store *t_migrated_store(int pool)
{
    t_migrate();
    return t_store(pool);
}

/* A connection to the migrated database. */
static inline struct db *t_db(void)
{
    const struct db_place place = {.where = t_is_sqlite() ? t_path : t_url};
    struct db *db = NULL;

    t_migrate();
    T_OK(db_open(t_cx(), t_driver, &place, &db));
    return db;
}

/* A lease to take at `now_ms`, by the clock of `db`, which stands still there. */
static inline struct lease *t_lease(
    struct db *db, Str owner, int64_t now_ms, int64_t until_ms)
{
    struct lease *lease = NEW(&t_cx()->mem, struct lease);

    *lease = (struct lease){.owner = owner, .length_ms = until_ms - now_ms};
    db_stop_clock(db, now_ms);
    return lease;
}

/* A context of its own, whose time is soon over. */
static inline struct cx t_soon(void)
{
    return (struct cx){.deadline_ms = clock_mono_ms() + 50};
}

/* One setting, to write and to read. */
static inline Res t_setting_put(struct cx *cx, struct db *db, void *value)
{
    return setting_put(cx, db, S("name"), *(Str *)value);
}

static inline Res t_setting_get(struct cx *cx, struct db *db, void *value)
{
    return setting_get(cx, db, S("name"), value);
}

static inline Str t_setting(struct store *s)
{
    Str value = S("none");

    (void)store_read(t_cx(), s, t_setting_get, &value).code;
    return value;
}

#define TS(name) cmocka_unit_test_setup_teardown(name, t_store_start, t_store_end)
#define TS_MAIN(...)                                                                     \
    int main(void)                                                                       \
    {                                                                                    \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                 \
        int failed = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);           \
                                                                                         \
        if (t_postgres() != NULL) {                                                      \
            t_driver = &db_postgres;                                                     \
            failed += cmocka_run_group_tests_name("postgres", tests, NULL, NULL);        \
        }                                                                                \
        return failed;                                                                   \
    }
