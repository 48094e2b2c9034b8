/* SPDX-License-Identifier: Apache-2.0 */
/*
 * near_miss.h - finds a field that was sent under nearly the right name.
 */
#pragma once

#include "api/shape.h"
#include "http/fields.h"

/* Finds a sent field that the shape doesn't know, and whose name differs from `name` only
 * in case and punctuation, or by one slip. NULL: there is none. */
const struct field *near_miss_find(
    const struct fields *sent, const struct api_shape *shape, Str name);
