/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.c - what a database says of itself. Reads alone.
 */
#include "store/facts.h"

#include "store/inner.h"

Res store_facts_read(struct cx *cx, struct db *db, struct store_facts *ret)
{
    const struct db_driver *driver = db_driver_of(db);
    struct store_facts f = {.known = migration_newest()};

    TRY(migrate_read_version(cx, db, &f.schema));
    if (driver->most_connections != NULL) {
        TRY(db_query_int(cx, db, driver->most_connections, DB_NONE, &f.most_connections));
    }
    *ret = f;
    return OK;
}
