/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_parts.h - the JSON values that recur in openapi.json.
 *
 * Each function returns a new value. The caller puts it into a larger one, or frees it.
 */
#pragma once

#include "base/json.h"

json_t *openapi_text(Str s);
json_t *openapi_texts(const Str *all, size_t n);
/* Both take over the value. */
void openapi_set(json_t *object, Str key, json_t *value);
void openapi_add(json_t *array, json_t *value);
/* `kind` is the part of the reference before the name: "schemas/", "responses/Error". */
json_t *openapi_reference(struct arena *mem, Str kind, Str name);
json_t *openapi_media(struct arena *mem, Str schema);
/* Describes JSON, and also XML where the format is negotiated. Takes over the example. */
json_t *openapi_content(struct arena *mem, Str schema, json_t *example, bool has_xml);
json_t *openapi_header(const char *type, const char *about);
