/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - writes an answer in one way, in two formats: JSON and XML.
 *
 * begin, field, item, end; no tree. XML has a <root>, a child per field, <list-item> per
 * array item, an empty element for null, and U+FFFD for characters that XML 1.0 lacks.
 * `name` is the field's name inside an object; inside an array it is ignored: pass S("").
 * Names come from this program's own tables and are valid XML names.
 */
#pragma once

#include "base/str.h"

struct arena;
struct cx;
struct writer;

enum format { FORMAT_IS_JSON, FORMAT_IS_XML };

/* Opens the outermost object. */
struct writer *writer_open(struct arena *mem, enum format format);
void writer_text(
    struct writer *w, Str name, Str value); /* invalid UTF-8 becomes U+FFFD */
void writer_int(struct writer *w, Str name, int64_t value);
/* A number with three decimals. */
void writer_thousandths(struct writer *w, Str name, int64_t value);
void writer_bool(struct writer *w, Str name, bool value);
void writer_null(struct writer *w, Str name);
/* The empty Str is null. */
void writer_text_or_null(struct writer *w, Str name, Str value);
/* RFC 3339, as clock_rfc3339 writes it. */
void writer_time(struct writer *w, Str name, int64_t ms);
/* 0 is null. */
void writer_time_or_null(struct writer *w, Str name, int64_t ms);
/* The same without a fraction: seconds since 1970. */
void writer_second(struct writer *w, Str name, int64_t s);
void writer_second_or_null(struct writer *w, Str name, int64_t s);
void writer_object(struct writer *w, Str name); /* until writer_end */
void writer_array(struct writer *w, Str name);  /* until writer_end */
void writer_end(struct writer *w);
/* Closes the outermost object. FAIL_LIMIT past LIMIT_ANSWER_BYTES. Unbalanced: a bug,
 * aborts. */
Res writer_done(struct cx *cx, struct writer *w, Str *ret) MUST;

/* How many bytes the text of a value takes at most, whichever the format is. */
size_t writer_text_bytes(Str value);
/* The longest beginning of a text that takes no more than that, cut at a character's end.
 */
Str writer_text_cut(Str value, size_t most);

Str writer_content_type(enum format format);
