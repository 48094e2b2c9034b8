/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - what the three readers check alike. Private to http/.
 */
#pragma once

#include "http/body.h"

/* FAIL_PARSE_ERROR past LIMIT_BODY_FIELDS. */
Res fields_check_count(struct cx *cx, size_t n) MUST;
/* FAIL_PARSE_ERROR for a name given twice, a NUL, invalid UTF-8. */
Res fields_check(struct cx *cx, const struct fields *f) MUST;
