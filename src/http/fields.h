/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - a body as a flat list of fields, whatever its format was.
 */
#pragma once

#include "base/str.h"

struct cx;

enum field_kind {
    FIELD_TEXT,
    FIELD_NULL,
    FIELD_TRUE,
    FIELD_FALSE,
    FIELD_INT,   /* an integer of JSON within 64 bits */
    FIELD_ID,    /* an object of JSON whose member `id` is such an integer */
    FIELD_OTHER, /* any other value of JSON, or a file part */
};

struct field {
    Str name;
    Str text; /* of FIELD_TEXT, not trimmed; the digits of FIELD_INT and FIELD_ID; else
                 empty */
    enum field_kind kind;
};

struct fields {
    const struct field *at;
    size_t n;
};

/* NULL when absent. */
const struct field *fields_find(const struct fields *f, Str name);

/* For the readers. FAIL_PARSE_ERROR past LIMIT_BODY_FIELDS. */
Res fields_check_count(struct cx *cx, size_t n) MUST;
/* FAIL_PARSE_ERROR for a name given twice, a NUL, invalid UTF-8. */
Res fields_check(struct cx *cx, const struct fields *f) MUST;
