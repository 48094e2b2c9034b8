/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.c - the nesting of an answer, and the choice of its back end.
 */
#include "render/writer.h"

#include "base/arena.h"
#include "base/limits.h"
#include "render/back.h"

enum { USUAL_BYTES = 1024 };

struct writer *writer_open(struct arena *mem, enum format format)
{
    struct writer *w = NEW(mem, struct writer);

    w->back = format == FORMAT_IS_XML ? &writer_xml : &writer_json;
    w->mem = mem;
    w->out = (struct buf){.mem = mem, .max = LIMIT_ANSWER_BYTES};
    (void)buf_reserve(&w->out, USUAL_BYTES);
    w->last = &w->first;
    w->back->begin(w, S("root"), false);
    w->depth = 1;
    return w;
}

static bool is_of_a_name(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '-';
}

/* A name is written as it is, in both formats: this keeps it harmless there. */
static void check_name(const struct writer *w, Str name)
{
    must_be(w->depth > 0);
    must_be(
        writer_in_array(w)
        || (name.n > 0 && !char_is_digit((unsigned char)name.p[0]) && name.p[0] != '-'
            && str_is_only(name, is_of_a_name)));
}

static void put(struct writer *w, Str name, Str text, enum value_kind kind)
{
    check_name(w, name);
    w->back->value(w, name, text, kind);
}

void writer_text(struct writer *w, Str name, Str value)
{
    put(w, name, value, VALUE_QUOTED);
}

void writer_int(struct writer *w, Str name, int64_t value)
{
    put(w, name, str_int(w->mem, value), VALUE_PLAIN);
}

void writer_bool(struct writer *w, Str name, bool value)
{
    put(w, name, value ? S("true") : S("false"), VALUE_PLAIN);
}

void writer_null(struct writer *w, Str name)
{
    put(w, name, S(""), VALUE_NULL);
}

static void begin(struct writer *w, Str name, bool is_array)
{
    check_name(w, name);
    must_be(w->depth < WRITER_DEPTH);
    w->back->begin(w, name, is_array);
    w->is_array[w->depth++] = is_array;
}

void writer_object(struct writer *w, Str name)
{
    begin(w, name, false);
}

void writer_array(struct writer *w, Str name)
{
    begin(w, name, true);
}

static void end(struct writer *w)
{
    w->depth--;
    w->back->end(w, w->is_array[w->depth]);
}

void writer_end(struct writer *w)
{
    must_be(w->depth > 1);
    end(w);
}

Res writer_done(struct cx *cx, struct writer *w, Str *ret)
{
    must_be(w->depth == 1);
    end(w);
    return w->back->done(cx, w, ret);
}

Str format_content_type(enum format format)
{
    return format == FORMAT_IS_XML ? S("application/xml; charset=utf-8")
                                   : S("application/json");
}
