/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.h - describes the fields of a body, a query or an answer, for reading, validating
 * and documenting them.
 */
#pragma once

#include "base/datetime.h"

enum value_type {
    VALUE_TEXT,
    VALUE_INT,
    VALUE_BOOL,
    VALUE_TIME,   /* RFC 3339 */
    VALUE_DATE,   /* YYYY-MM-DD */
    VALUE_MOMENT, /* one of these two, as another field says: value_read_moment */
    VALUE_OBJECT, /* of answers alone, as the next */
    VALUE_LIST,   /* of objects */
};

struct api_value {
    bool is_given; /* false: absent, and the rest is the field's default */
    bool is_null;
    bool truth;           /* of VALUE_BOOL */
    int32_t days;         /* of VALUE_DATE, since 1970 */
    int64_t number;       /* of VALUE_INT */
    struct datetime time; /* of VALUE_TIME */
    Str text;             /* of VALUE_TEXT, trimmed; of VALUE_MOMENT not read yet */
};

/* Members other than name, type, flags, choices, `object`, `about` and `example` apply
 * to requests only. */
struct api_field {
    Str name;
    enum value_type type;
    bool is_required; /* of a body: must be given; of an answer: always there */
    bool is_nullable;
    bool may_be_blank;  /* of VALUE_TEXT without choices */
    bool may_be_object; /* of VALUE_INT: in JSON an object, too, whose `id` it is */
    const Str *choices; /* of VALUE_TEXT, when only these are allowed */
    size_t n_choices;
    size_t most_chars; /* code points of VALUE_TEXT; 0: no limit of its own */
    size_t most_bytes; /* the same in bytes */
    int64_t least;     /* of VALUE_INT; with both 0 all of 64 bits */
    int64_t most;
    const struct api_value
        *otherwise;                 /* when absent; NULL: null, or else zero or empty */
    const struct api_shape *object; /* of VALUE_OBJECT and VALUE_LIST */
    Str about;
    Str example; /* as a form has it; of what has neither choices nor a default */
};

struct api_shape {
    Str name; /* "Account"; in openapi.json a schema */
    const struct api_field *fields;
    size_t n;
    bool is_partial; /* PATCH: no field is required, and absent ones have no default */
};
