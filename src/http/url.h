/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - takes paths and queries apart, and undoes percent-encoding.
 */
#pragma once

#include "base/str.h"

struct arena;
struct cx;

/* Decodes once; FAIL_PARSE_ERROR for a cut or malformed escape. `plus`: '+' is a space.
 * The result may hold any byte. */
Res url_decode(struct cx *cx, Str s, bool plus, Str *ret) MUST;

/*
 * Splits a path into decoded segments: runs of slashes count as one, one trailing slash
 * (or a run) is dropped, %2F never splits. FAIL_NOT_FOUND when it has a malformed escape,
 * does not begin with '/', or has more than `most` segments.
 */
Res url_path_split(struct cx *cx, Str path, Str *segments, size_t most, size_t *n) MUST;

struct param {
    Str name; /* decoded */
    Str value;
    bool is_unreadable; /* of url_query_parse_each: the value has a malformed escape */
};

/* All parameters in order. FAIL_PARSE_ERROR for a malformed escape or more than
 * LIMIT_BODY_FIELDS. */
Res url_query_parse(struct cx *cx, Str query, struct param **ret, size_t *n) MUST;
/* Reads a query in which each parameter counts by itself: it takes any number of
 * parameters, marks a value that can't be decoded as unreadable and empty, and leaves out
 * a parameter whose name can't be decoded. */
void url_query_parse_each(struct arena *mem, Str query, struct param **ret, size_t *n);
/* How often `name` occurs; *value is the first. */
size_t url_query_find(const struct param *params, size_t n, Str name, Str *value);
/* Whether any name occurs more than once. */
bool url_query_has_repeats(struct arena *mem, const struct param *params, size_t n);
/* Whether `name` occurs with a value that is unreadable. */
bool url_query_is_unreadable(const struct param *params, size_t n, Str name);
