/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what a database says of itself, for the operator.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

struct store_facts {
    int64_t schema;           /* the version that its schema has */
    int64_t known;            /* the version that this binary knows */
    int64_t most_connections; /* that it gives to users such as ours; 0: any number */
};

/* Of a store that is there. */
Res store_facts_read(struct cx *cx, struct db *db, struct store_facts *ret) MUST;
