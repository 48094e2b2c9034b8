/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration.c - the table of the steps of the schema.
 */
#include "store/migration.h"

#include "base/cx.h"
#include "migrations_postgres.h"
#include "migrations_sqlite.h"

/* Name, the oldest caldock that works behind it, whether writers go on meanwhile. */
static const struct migration table[] = {
    {SI("start"), 1, false},
    {SI("refresh"), 2, false},
    {SI("keys"), 3, false},
    {SI("names"), 4, false},
    {SI("known_values"), 5, false},
    {SI("flow_tokens"), 6, false},
    {SI("refusals"), 7, false},
    {SI("by_source"), 8, false},
    {SI("steps"), 9, false},
    {SI("calendars"), 10, false},
    {SI("webhooks"), 11, false},
    {SI("pushes"), 12, false},
    {SI("oldest"), 12, true},
    {SI("flow_names"), 12, true},
    {SI("status"), 12, false},
    {SI("begun"), 12, false},
    {SI("sent_ends"), 12, true},
#ifdef MIGRATION_NEXT /* test/next: a caldock of the release to come */
    MIGRATION_NEXT,
#endif
};

static const struct embedded *const files[] = {
    [DIALECT_SQLITE] = migrations_sqlite, [DIALECT_POSTGRES] = migrations_postgres};

_Static_assert(
    COUNT(table) == COUNT(migrations_sqlite)
        && COUNT(table) == COUNT(migrations_postgres),
    "each step has a row, and a file for each store");

int64_t migration_newest(void)
{
    return (int64_t)COUNT(table);
}

const struct migration *migration_get(int64_t version)
{
    must_be(version >= 1 && version <= migration_newest());
    return &table[version - 1];
}

int64_t migration_oldest(int64_t version)
{
    int64_t oldest = 0;

    for (int64_t i = 1; i <= version; i++) {
        oldest = migration_get(i)->oldest > oldest ? migration_get(i)->oldest : oldest;
    }
    return oldest;
}

Res migration_fail_older(struct cx *cx, int64_t version)
{
    return fail(
        cx, FAIL_CONFIG,
        "store: schema %lld, this caldock knows %lld: caldock store migrate",
        (long long)version, (long long)migration_newest());
}

const struct embedded *migration_file(enum dialect dialect, int64_t version)
{
    must_be(version >= 1 && version <= migration_newest());
    return &files[dialect][version - 1];
}
