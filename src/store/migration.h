/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration.h - the steps of the schema, and what each means for a
 * caldock that doesn't know it.
 *
 * Step n brings the schema from version n - 1 to n. A caldock has the number of the
 * newest step that it knows.
 */
#pragma once

#include "base/embedded.h"

enum dialect { DIALECT_SQLITE, DIALECT_POSTGRES };

struct migration {
    Str name;
    int64_t oldest; /* the oldest caldock that works behind it, at least SCHEMA_FIRST_TOLD
                       since 13 */
    bool is_online; /* it takes no lock that writers would have to wait for long */
};

/* The last version that stood in schema_version alone. */
enum { SCHEMA_FIRST_TOLD = 12 };

/* The newest one. */
int64_t migration_newest(void);
/* `version` is from 1 to the newest. */
const struct migration *migration_get(int64_t version);
/* The oldest caldock that works behind this step and all before it. */
int64_t migration_oldest(int64_t version);
/* FAIL_CONFIG, for a schema of that version. */
Res migration_fail_older(struct cx *cx, int64_t version) MUST;
const struct embedded *migration_file(enum dialect dialect, int64_t version);
