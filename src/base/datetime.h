/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime.h - dates and times as the API writes them (docs/api.md §10): RFC 3339
 * exactly, years 1970 to 9999.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct datetime {
    int64_t s;  /* since 1970, UTC */
    int32_t ns; /* 0 to 999,999,999 */
};

#define DATETIME_LAST_S INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* With seconds and an offset or Z, both T and Z capital, at most nine digits of fraction,
 * no leap second. false: anything else, and times before 1970 or after 9999 in UTC. */
bool datetime_parse(Str text, struct datetime *ret);
/* The same without an offset: a time that clocks somewhere show, as if it were in UTC. */
bool datetime_local_parse(Str text, struct datetime *ret);
/* Whole seconds: starts are rounded down, ends up, at most to DATETIME_LAST_S. */
int64_t datetime_floor_s(const struct datetime *t);
int64_t datetime_ceil_s(const struct datetime *t);

/* 2026-01-31T09:00:00Z, of 0 to DATETIME_LAST_S. */
enum { DATETIME_TEXT_BYTES = 24 };

Str datetime_write(int64_t s, char text[DATETIME_TEXT_BYTES]);

/* YYYY-MM-DD, as days since 1970. */
bool datetime_date_parse(Str text, int32_t *ret);

/* 2026-01-31; no day before 1970 or after 9999. */
enum { DATETIME_DATE_BYTES = 12 };

Str datetime_date_write(int32_t days, char text[DATETIME_DATE_BYTES]);
