/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.c - deletes the rows of a step.
 */
#include "store/step.h"

#include "base/cx.h"
#include "store/db_rows.h"

enum { PLACES = 25 }; /* of STEP_PLACES */

Res step_delete(
    struct cx *cx, struct db *db, const char *sql, int type, const struct db_list *keys)
{
    const Str *all = keys->at;
    struct db_value some[PLACES];
    Res r = OK;

    for (size_t at = 0; at < keys->n && r.code == FAIL_NONE; at += PLACES) {
        for (size_t i = 0; i < PLACES; i++) { /* the last key fills what is left */
            Str key = all[at + i < keys->n ? at + i : keys->n - 1];

            some[i] = type == DB_TEXT ? db_text(key) : db_blob(key);
        }
        r = db_exec(cx, db, sql, (struct db_args){some, PLACES}, NULL);
    }
    return r;
}
