/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_names.h - inside sources/ only: the names that sources have for time zones.
 */
#pragma once

#include "base/str.h"

/* The IANA name of a zone that is named by Windows (mapped by CLDR's table) or by IANA.
 * Empty: neither. The text is the table's or `name` itself. */
Str zone_names_iana(Str name);
