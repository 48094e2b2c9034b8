/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_json.h - reads JSON: one object, whose members are the fields. Private to http/.
 */
#pragma once

#include "http/fields.h"

/* FAIL_PARSE_ERROR. */
Res body_read_json(struct cx *cx, Str body, struct fields *ret) MUST;
/* The same, but it always makes a tree. */
Res body_read_tree(struct cx *cx, Str body, struct fields *ret) MUST;
