/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_multipart.h - reads multipart/form-data. Private to http/.
 */
#pragma once

#include "http/fields.h"

/* FAIL_PARSE_ERROR. The text of a part stays the body's. */
Res body_read_multipart(struct cx *cx, Str body, Str boundary, struct fields *ret) MUST;
