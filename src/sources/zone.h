/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - inside sources/ only: time zones by their IANA names.
 */
#pragma once

#include "base/str.h"

struct arena;

/* Whether it has the form of an IANA name. */
bool zone_is_wellformed(Str name);
/* Of a zone that is named as Windows does (mapped by CLDR's data, which ICU has) or by
 * its IANA name already. Empty: neither. */
Str zone_iana(struct arena *mem, Str name);
