/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_names.c - Windows' time zones as IANA's.
 */
#include "sources/zone_names.h"

#include "base/zone.h"
#include "sources/windows_zones.h"

/* Returns the empty text when Windows has no such name. */
static Str zone_from_windows(Str name)
{
    size_t from = 0;
    size_t to = windows_zone_count;

    while (from < to) {
        size_t at = from + (to - from) / 2;
        int order = str_cmp(windows_zones[at].windows, name);

        if (order == 0) {
            return windows_zones[at].iana;
        }
        if (order < 0) {
            from = at + 1;
        } else {
            to = at;
        }
    }
    return S("");
}

Str zone_names_iana(Str name)
{
    Str found = zone_from_windows(name);
    size_t at;

    if (found.n > 0) {
        return found;
    }
    return zone_name_is_valid(name) && str_find(name, '/', &at) ? name : S("");
}
