/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h - prints an object of values and lists for an operator who looks at it.
 */
#pragma once

#include <stdio.h>

#include "base/json.h"

/* Of a terminal; 0: it has no end. */
struct screen_size {
    size_t rows, columns;
};

/* The values in one line, and each list as a table of its own. Null is "unknown", and a
 * member whose name ends in _s a duration. The items of a list have the same members.
 * Where there are too few rows the empty lines go first, and then the last ones. */
void screen_print(json_t *object, const struct screen_size *size, FILE *out);
