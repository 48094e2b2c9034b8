/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - what the three readers check alike, and the two ways of the one for JSON.
 * Private to http/.
 */
#pragma once

#include "http/body.h"

/* FAIL_PARSE_ERROR past LIMIT_BODY_FIELDS. */
Res fields_check_count(struct cx *cx, size_t n) MUST;
/* FAIL_PARSE_ERROR for a name given twice, a NUL, invalid UTF-8. */
Res fields_check(struct cx *cx, const struct fields *f) MUST;

/* false: the body is not of the usual kind, and left to the other. What it reads, both
 * read alike; its text is the body's. */
bool body_read_plain(struct cx *cx, Str body, struct fields *ret) MUST;
Res body_read_tree(struct cx *cx, Str body, struct fields *ret) MUST;
