/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_store.h - what `caldock check` says of the store, of the keys that it needs, and
 * of what is in it.
 */
#pragma once

#include "cli/check_report.h"

/* Fills the facts that other findings need. */
void check_read_store(struct check_report *c);
void check_key_file(struct check_report *c);
void check_store(struct check_report *c);
void check_schema(struct check_report *c);
void check_space(struct check_report *c);
void check_pool(struct check_report *c);
void check_providers(struct check_report *c);

/* Less than 5 %, or than 100 MB. */
bool check_space_is_short(int64_t free_bytes, int64_t all_bytes);
/* More than 80 % of what the database gives. */
bool check_pool_is_large(int64_t wanted, int64_t most);
