/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_mend.h - inside base/ only: rewrites JSON that jansson refuses for one value's
 * sake.
 */
#pragma once

#include "base/str.h"

struct arena;

/* An integer past 64 bits gets an exponent, which makes it a real. */
Str json_mend_integers(struct arena *mem, Str text);
/* That, a number past the largest double, and texts, as j_parse_kindly says. */
Str json_mend_all(struct arena *mem, Str text);
