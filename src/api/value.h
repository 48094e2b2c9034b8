/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - reads one value of a body or a query by the type and limits of its field,
 * with Django REST Framework's messages (docs/api.md §4, §10).
 */
#pragma once

#include "api/shape.h"
#include "http/fields.h"

/* A value of JSON has a type; a value of a form or a query is text. */
enum value_from { VALUE_FROM_JSON, VALUE_FROM_FORM, VALUE_FROM_QUERY };

/* What a field is when it is absent. */
extern const struct api_value value_false;

/* Returns the complaint about what was sent, or the empty Str, and sets *ret to the value
 * then. Its text is that of `sent`. */
Str value_read(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret);
/* Reads the text of a VALUE_MOMENT as a VALUE_TIME or VALUE_DATE, with that type's
 * complaint. */
Str value_read_moment(
    struct arena *mem, const struct api_value *moment, enum value_type type,
    struct api_value *ret);
/* Returns the value of a field that is absent, and may be. */
struct api_value value_absent(const struct api_field *f, bool is_partial);
