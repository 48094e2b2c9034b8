/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend.h - the interface of the back ends of the writer. Private to render/.
 *
 * writer.c keeps the nesting and its promises; a back end only writes.
 */
#pragma once

#include "base/buf.h"
#include "render/writer.h"

enum { WRITER_DEPTH = 8 };

enum writer_value {
    WRITER_QUOTED, /* text of any bytes */
    WRITER_PLAIN,  /* digits, true, false */
    WRITER_NULL,
};

struct writer {
    const struct writer_backend *backend;
    struct arena *mem;
    bool is_array[WRITER_DEPTH]; /* of what is open, the outermost first */
    size_t depth;

    struct buf out; /* JSON: the answer so far */
    bool comma;     /* JSON: a value stands before this one */

    struct xml_note *first; /* XML: what to write, noted in order */
    struct xml_note **last;
    size_t noted; /* XML: bytes of text so far */
};

struct writer_backend {
    void (*value)(struct writer *w, Str name, Str text, enum writer_value kind);
    void (*begin)(struct writer *w, Str name, bool is_array);
    void (*end)(struct writer *w, bool is_array);
    Res (*done)(struct cx *cx, struct writer *w, Str *ret);
};

/* U+FFFD in UTF-8: stands for a character that a format cannot carry. */
#define REPLACEMENT "\xEF\xBF\xBD"

static inline bool writer_in_array(const struct writer *w)
{
    return w->depth > 0 && w->is_array[w->depth - 1];
}
