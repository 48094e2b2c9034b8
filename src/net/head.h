/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.h - facts from the fields of an answer's head (RFC 9110, RFC 9111).
 *
 * Each function takes a field's value, empty for an absent field. A value that cannot be
 * read counts as absent: no answer is lost for it.
 */
#pragma once

#include "base/str.h"

/* The longest date that is read: those of RFC 9110 §5.6.7 have at most 33 bytes. */
enum { HEAD_DATE_BYTES = 63 };

/* More seconds than these are these (RFC 9111 §1.2.2). */
enum { HEAD_SECONDS = INT32_MAX };

/* Seconds since 1970; -1: none. */
int64_t head_date_s(Str date);
/* Seconds from `now_s` on, at most `most_s`; 0 for a time that is over, -1: none. */
int64_t head_retry_after_s(Str retry_after, int64_t now_s, int64_t most_s);
/* How long the answer stays fresh: max-age less the Age that it has already, at most
 * HEAD_SECONDS; 0 for no-store and no-cache, -1: not said. The fields of a repeated
 * Cache-Control come joined by commas. */
int64_t head_max_age_s(Str cache_control, Str age);

/* The coding of the body that a line of the head names. */
enum head_coding {
    HEAD_NO_CODING,
    HEAD_GZIP,
    HEAD_CHUNKED,
    HEAD_OTHER_CONTENT, /* Content-Encoding: anything else, also several */
    HEAD_OTHER_TRANSFER /* Transfer-Encoding: anything else, also several */
};

enum head_coding head_coding_of(Str line);
/* Whether a Content-Type names `type`, whatever its parameters. */
bool head_type_is(Str content_type, Str type);
