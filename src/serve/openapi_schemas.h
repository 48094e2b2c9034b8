/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_schemas.h - the schemas of openapi.json.
 */
#pragma once

#include "base/json.h"

struct api_field;
struct api_shape;

/* The schema of one field; the caller frees it. */
json_t *openapi_field(const struct api_field *field);
/* The same with the default, if it has one. */
json_t *openapi_field_or_default(const struct api_field *field);
json_t *openapi_field_example(const struct api_field *field);
/* Examples of a shape, and of a page of such items; the caller frees them. */
json_t *openapi_example(const struct api_shape *shape);
json_t *openapi_list_example(const struct api_shape *shape);
/* The schema of one shape, with types, limits and defaults; the caller frees it. */
json_t *openapi_shape(const struct api_shape *shape);
/* The name of the schema of a page of such items. */
Str openapi_list_name(struct arena *mem, const struct api_shape *shape);
/* The schemas of all endpoints by name, one for each shape; the caller frees them. */
json_t *openapi_schemas(struct arena *mem);
