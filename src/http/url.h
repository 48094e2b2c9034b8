/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - percent-encoding, paths, queries, and Accept: the parts of a request that are
 * text.
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
 * does not begin with
 * '/', or has more than `most` segments.
 */
Res path_split(struct cx *cx, Str path, Str *segments, size_t most, size_t *n) MUST;

struct param {
    Str name; /* decoded */
    Str value;
};

/* All parameters in order. FAIL_PARSE_ERROR for a malformed escape or more than
 * LIMIT_BODY_FIELDS. */
Res query_parse(struct cx *cx, Str query, struct param **ret, size_t *n) MUST;
/* How often `name` occurs; *value is the first. */
size_t query_find(const struct param *params, size_t n, Str name, Str *value);

/*
 * Which of `offers` (media types without parameters, the preferred one first) an Accept
 * header wants (RFC 9110 §12.5.1): quality values and wildcards count, the most specific
 * range decides. The index, or -1 when it allows none. An absent or empty header allows
 * all. What is malformed is skipped as if it were not there; if nothing is left of a
 * non-empty header, -1.
 */
int accept_choose(Str accept, const Str *offers, size_t n);
