/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON in: jansson behind a scan of the bytes for depth.
 *
 * Rejects duplicate keys, invalid UTF-8, a NUL (escaped too), a byte order mark, trailing
 * data and what is nested deeper than `depth` (the outermost value counts as 1).
 */
#pragma once

#include <jansson.h>

#include "base/str.h"

struct cx;

/* FAIL_PARSE_ERROR. The caller closes with CLEANUP(j_done). Reasons hold no part of the
 * text. Where one integer is past 64 bits, all of them are reals. */
Res j_parse(struct cx *cx, Str text, size_t depth, json_t **ret) MUST;
void j_done(json_t **j); /* accepts NULL */

/* Members of an object. A Str lives as long as the value. false: absent or of another
 * type. */
bool j_text(const json_t *object, const char *key, Str *ret);
bool j_int(const json_t *object, const char *key, int64_t *ret);

/* Whether brackets outside strings never nest deeper than `most`. */
bool j_depth_is_within(Str text, size_t most);
