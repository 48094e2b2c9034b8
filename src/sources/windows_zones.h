/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windows_zones.h - inside sources/ only: the table of Windows' time zones, sorted by
 * Windows' name.
 */
#pragma once

#include "base/str.h"

struct windows_zone {
    Str windows;
    Str iana;
};

extern const struct windows_zone windows_zones[];
extern const size_t windows_zone_count;
