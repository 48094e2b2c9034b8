/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - a time zone's rules, read from the system's tzdata (TZif, RFC 8536, versions 1
 * to 4).
 *
 * A struct zone is in the context's arena and never changes. Instants are seconds since
 * 1970 UTC without leap seconds, offsets are seconds east of UTC. An instant past
 * ±ZONE_INSTANT_MOST is treated as that.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

struct cx;
struct zone;

/* The folder of the system's zones. */
#define ZONE_FOLDER "/usr/share/zoneinfo"

/* True if `name` has the form of an IANA name, so that it can be a path below a folder:
 * at most LIMIT_TIME_ZONE_BYTES of letters, digits, '_', '-', '+' and single slashes
 * inside, a capital first (what else is in the folder begins with a small letter). */
bool zone_name_is_valid(Str name);

/* Reads the zone of that name. FAIL_NOT_FOUND: there is none. FAIL_CONFIG: the file can't
 * be read, or is no TZif. */
Res zone_load(struct cx *cx, const char *folder, Str name, struct zone **ret) MUST;
/* The same of a file's bytes. FAIL_PARSE_ERROR: no TZif, or one that counts leap seconds
 * (of the folder right/). */
Res zone_read(struct cx *cx, Str bytes, struct zone **ret) MUST;

/* The offset at an instant. */
int32_t zone_offset_s(const struct zone *z, int64_t at_s);
/* The first change of clocks after an instant; ZONE_NEVER (zone_rule.h): none. */
int64_t zone_next_s(const struct zone *z, int64_t after_s);
/* The first instant at which the local date is the `day` (since 1970-01-01) or later:
 * midnight; the earlier one where clocks show it twice, the end of the gap where they
 * skip it. */
int64_t zone_midnight_s(const struct zone *z, int32_t day);
/* The first and the last instant at which clocks show a local time, which is written as
 * seconds since 1970 as if in UTC: mostly one and the same. Where they skip it: what the
 * clocks of after and of before the gap make of it, so that first < last there, too. */
void zone_instants_s(
    const struct zone *z, int64_t local_s, int64_t *first, int64_t *last);
