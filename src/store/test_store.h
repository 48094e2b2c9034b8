/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store.h - for the tests of store/: a database in a folder of its own for each
 * test, and connections to it that commit each statement by itself.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/testing.h"
#include "store/driver.h"

static char t_folder[64];
static char t_path[80];

static inline void t_remove(const char *suffix)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s%s", t_path, suffix);
    (void)unlink(path);
}

static inline int t_store_start(void **state)
{
    (void)state;
    (void)snprintf(t_folder, sizeof(t_folder), "/tmp/caldock-store-XXXXXX");
    must_be(mkdtemp(t_folder) != NULL);
    (void)snprintf(t_path, sizeof(t_path), "%s/test.db", t_folder);
    return 0;
}

static inline int t_store_end(void **state)
{
    t_remove("");
    t_remove("-wal");
    t_remove("-shm");
    must_be(rmdir(t_folder) == 0);
    return t_end(state);
}

static inline struct store *t_store(int pool)
{
    struct store_options options = {
        .url = str_cat(&t_cx()->mem, S("sqlite:"), str_from_z(t_path)), .pool = pool};
    struct store *s = NULL;

    T_OK(store_open(t_cx(), &options, &s));
    return s;
}

/* A connection to the migrated database. */
static inline struct db *t_db(void)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    struct db *db = NULL;

    T_OK(store_migrate(t_cx(), s));
    T_OK(db_open(t_cx(), &db_sqlite, t_path, &db));
    return db;
}

#define TS(name) cmocka_unit_test_setup_teardown(name, t_store_start, t_store_end)
