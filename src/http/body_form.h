/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_form.h - reads application/x-www-form-urlencoded. Private to http/.
 */
#pragma once

#include "http/fields.h"

/* FAIL_PARSE_ERROR. Text without escapes stays the body's. */
Res body_read_form(struct cx *cx, Str body, struct fields *ret) MUST;
