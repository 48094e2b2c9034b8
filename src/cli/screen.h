/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h - prints an object of values and lists for an operator who looks at it.
 */
#pragma once

#include <stdio.h>

#include "base/json.h"

/* The values in one line, and each list as a table of its own. Null is "unknown", and a
 * member whose name ends in _s a duration. The items of a list have the same members. */
void screen_print(json_t *object, FILE *out);
