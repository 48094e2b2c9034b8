/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_answers.h - the answers of openapi.json.
 */
#pragma once

#include "base/json.h"

struct endpoint;

/* The answers of an endpoint by status; the caller frees them. */
json_t *openapi_responses(struct arena *mem, const struct endpoint *e);
/* The errors of all endpoints, for the components; the caller frees them. */
json_t *openapi_error_responses(struct arena *mem);
