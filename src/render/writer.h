/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - one way to write an answer, two formats: JSON and XML.
 *
 * begin, field, item, end; no tree. XML has a <root>, a child per field, <list-item> per
 * array item, an empty element for null, and U+FFFD for what XML 1.0 cannot carry.
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
void writer_bool(struct writer *w, Str name, bool value);
void writer_null(struct writer *w, Str name);
void writer_object(struct writer *w, Str name); /* until writer_end */
void writer_array(struct writer *w, Str name);  /* until writer_end */
void writer_end(struct writer *w);
/* Closes the outermost object. FAIL_LIMIT past LIMIT_ANSWER_BYTES. Unbalanced: a bug,
 * aborts. */
Res writer_done(struct cx *cx, struct writer *w, Str *ret) MUST;

Str format_content_type(enum format format);
