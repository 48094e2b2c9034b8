/* SPDX-License-Identifier: Apache-2.0 */
/*
 * back.h - what a back end of the writer has to do. Private to render/.
 *
 * writer.c keeps the nesting and its promises; a back end only writes.
 */
#pragma once

#include "base/buf.h"
#include "render/writer.h"

enum { WRITER_DEPTH = 8 };

enum value_kind {
    VALUE_QUOTED, /* text of any bytes */
    VALUE_PLAIN,  /* digits, true, false */
    VALUE_NULL,
};

struct writer {
    const struct writer_back *back;
    struct arena *mem;
    bool is_array[WRITER_DEPTH]; /* of what is open, the outermost first */
    size_t depth;

    struct buf out; /* JSON: the answer so far */
    bool comma;     /* JSON: a value stands before this one */

    struct xml_note *first; /* XML: what to write, noted in order */
    struct xml_note **last;
    size_t noted; /* XML: bytes of text so far */
};

struct writer_back {
    void (*value)(struct writer *w, Str name, Str text, enum value_kind kind);
    void (*begin)(struct writer *w, Str name, bool is_array);
    void (*end)(struct writer *w, bool is_array);
    Res (*done)(struct cx *cx, struct writer *w, Str *ret);
};

extern const struct writer_back writer_json, writer_xml;

/* What stands for a character that cannot be carried: U+FFFD in UTF-8. */
#define REPLACEMENT "\xEF\xBF\xBD"

static inline bool writer_in_array(const struct writer *w)
{
    return w->depth > 0 && w->is_array[w->depth - 1];
}
