/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_data.h - which tzdata this machine has, and whether it is too old to be trusted.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

struct cx;

struct zone_data {
    Str version;    /* "2026a" */
    int64_t file_s; /* when its file was made, which tells more than the version */
    int64_t year;   /* of the version */
};

/* FAIL_NOT_FOUND: the folder (ZONE_FOLDER) doesn't say. */
Res zone_data_find(struct cx *cx, const char *folder, struct zone_data *ret) MUST;
/* It is certainly older than a year. */
bool zone_data_is_old(const struct zone_data *d, int64_t now_s);
