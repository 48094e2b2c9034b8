/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inner.h - inside store/ only: what the pool, migrations and copies need of each other.
 */
#pragma once

#include "store/driver.h"

/* Call the driver's `find` and `create`. */
Res store_find_file(struct cx *cx, struct store *s) MUST;
/* From here on a store that is for reading says of what it can't do that its schema is
 * older; 0: it isn't. */
void store_note_older(struct store *s, int64_t version);
bool store_is_migrated_by_hand(const struct store *s);
/* Fails where the file can't be used any more; *ret says why. OK: it is no file. */
Res store_look_at_file(struct cx *cx, struct store *s, enum store_state *ret) MUST;
Res store_create(struct cx *cx, struct store *s) MUST;
/* 0: there is no schema. */
Res migrate_read_version(struct cx *cx, struct db *db, int64_t *ret) MUST;
/* FAIL_CONFIG: the schema may have columns that this binary doesn't know. */
Res migrate_check_is_done(struct cx *cx, struct db *db) MUST;
/* store_migrate within a transaction, behind store_create. */
Res migrate_schema(struct cx *cx, struct db *db) MUST;
