/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.c - Windows' time zones as IANA's (CLDR, windowsZones). The only file that
 * includes ICU.
 */
#include "sources/zone.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include "base/limits.h"

/* The name's zone of the whole world ("001"); empty: Windows has none of that name. */
static Str from_windows(struct arena *mem, Str name)
{
    UChar windows[LIMIT_TIME_ZONE_BYTES + 1];
    UChar iana[LIMIT_TIME_ZONE_BYTES + 1];
    char text[LIMIT_TIME_ZONE_BYTES + 1];
    UErrorCode error = U_ZERO_ERROR;
    int32_t n = 0;

    u_strFromUTF8(windows, COUNT(windows), &n, name.p, (int32_t)name.n, &error);
    n = ucal_getTimeZoneIDForWindowsID(windows, n, NULL, iana, COUNT(iana), &error);
    u_strToUTF8(text, COUNT(text), &n, iana, n, &error);
    return U_SUCCESS(error) ? str_dup(mem, (Str){text, (size_t)n}) : S("");
}

static bool char_is_of_zone(unsigned char c)
{
    return char_is_alnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
}

bool zone_is_wellformed(Str name)
{
    return name.n > 0 && name.n <= LIMIT_TIME_ZONE_BYTES
           && str_is_only(name, char_is_of_zone);
}

Str zone_iana(struct arena *mem, Str name)
{
    size_t at;

    if (name.n == 0 || name.n > LIMIT_TIME_ZONE_BYTES) {
        return S("");
    }
    Str found = from_windows(mem, name);

    if (found.n > 0) {
        return found;
    }
    bool is_iana = zone_is_wellformed(name) && str_find(name, '/', &at);

    return is_iana ? str_dup(mem, name) : S("");
}
