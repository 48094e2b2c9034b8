/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON in: jansson behind a scan of the bytes for depth.
 *
 * There are two readers. j_parse is for callers of the API and for tokens: strict.
 * j_parse_kindly is for answers of other services, of which one odd text must not cost
 * the rest. Both reject duplicate members, trailing data, and values nested deeper than
 * `depth` (the outermost value counts as 1).
 */
#pragma once

#include <jansson.h>

#include "base/str.h"

struct cx;

/* Makes jansson wipe what it frees. For the whole process; may be called again. */
void j_start(void);

/* FAIL_PARSE_ERROR. The caller closes with CLEANUP(j_done). Reasons hold no part of the
 * text. Rejects invalid UTF-8, a NUL (escaped too) and a byte order mark. An integer past
 * 64 bits becomes a real, and the other integers stay as they are. */
Res j_parse(struct cx *cx, Str text, size_t depth, json_t **ret) MUST;
/* As j_parse, but skips a byte order mark, puts U+FFFD for an escaped NUL, half of a
 * surrogate pair or a byte that is no UTF-8, takes control characters in texts, and cuts
 * a number that no double can hold to ±1e308. */
Res j_parse_kindly(struct cx *cx, Str text, size_t depth, json_t **ret) MUST;
void j_done(json_t **j); /* accepts NULL */

/* Members of an object. A member that is null counts as absent. */
const json_t *j_get(const json_t *object, const char *key); /* NULL: absent */
bool j_is_absent(const json_t *object, const char *key);

/* false: absent or of another type; `*ret` stays as it is. */
/* The text lives as long as the value. */
bool j_text(const json_t *object, const char *key, Str *ret);
/* An integer, or a whole real within ±J_MOST (1e3, 3599.0). */
bool j_int(const json_t *object, const char *key, int64_t *ret);
/* A count of seconds or a time, as other services write them: as j_int, or a number with
 * a fraction, which is cut downwards, or one of these in a text. All are within ±J_MOST,
 * so that sums of a few don't overflow. */
bool j_number(const json_t *object, const char *key, int64_t *ret);

/* The same for a value that is no member, such as an item of an array. NULL gives false.
 */
bool j_value_is_int(const json_t *v, int64_t *ret);
bool j_value_is_number(const json_t *v, int64_t *ret);

#define J_MOST ((int64_t)1 << 53) /* up to it, a double is exact */

/* Whether brackets outside strings never nest deeper than `most`. */
bool j_depth_is_within(Str text, size_t most);
