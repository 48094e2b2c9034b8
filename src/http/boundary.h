/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boundary.h - the form of a boundary (RFC 2046 §5.1.1). Private to http/.
 */
#pragma once

#include "base/str.h"

enum { BOUNDARY_BYTES = 70 };

bool boundary_is_valid(Str s);
