/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_tables.h - inside store/ only: which tables `caldock store copy` carries over, and
 * which columns. A test compares them with what the database has.
 */
#pragma once

#include "base/str.h"

enum { COPY_TABLES = 21, COPY_KEYS_MOST = 2 };

struct copy_table {
    Str name;
    /* A letter a column: i an int, t text, b a blob. The first ones are the key, by which
     * `select` reads a page behind a row. */
    const char *types;
    const char *columns; /* their names, in the same order */
    size_t n_keys;
    const char *select; /* its last argument is how many rows at most */
    const char *insert; /* one row */
    const char *count;
    bool is_large;     /* a row may have half a megabyte */
    bool gives_ids;    /* the ids that it gave are not given again */
    const char *clear; /* removes what a node writes that serves nobody yet; else NULL */
};

/* In an order that references allow. */
extern const struct copy_table copy_tables[COPY_TABLES];
