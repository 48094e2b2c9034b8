/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.h - reads bodies and queries by their shape.
 *
 * The values have the order of the shape's fields. After FAIL_PARAMETER_INVALID a field
 * with an error is zero and not given, and all others have their values, so that a
 * handler can check those too and note more errors.
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

/* Reads the request's body. Unknown fields are ignored. */
Res body_values_read(
    struct call *c, const struct api_shape *shape, struct api_value *values) MUST;
/* Reads the parameters of the query in the same way. */
Res body_query_read(
    struct call *c, const struct api_shape *shape, struct api_value *values) MUST;
