/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.c - the XML back end: libxml2's writer, fed from notes (XML 1.0, fifth edition).
 *
 * libxml2's writer is a handle that must be closed, and a caller that fails midway never
 * calls writer_done. So the calls are noted in the arena, and the handle lives in
 * xml_done only.
 */
#include "render/xml.h"

#include <pthread.h>

#include <libxml/parser.h>
#include <libxml/xmlwriter.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "render/backend.h"

enum xml_note_kind { NOTE_BEGIN, NOTE_VALUE, NOTE_END };

struct xml_note {
    struct xml_note *next;
    enum xml_note_kind kind;
    const xmlChar *name; /* not of NOTE_END */
    const xmlChar *text; /* of NOTE_VALUE; NULL: the element is empty */
};

static void xml_note_add(
    struct writer *w, enum xml_note_kind kind, const xmlChar *name, const xmlChar *text)
{
    struct xml_note *n = NEW(w->mem, struct xml_note);

    n->kind = kind;
    n->name = name;
    n->text = text;
    *w->last = n;
    w->last = &n->next;
}

/* The names of this program's tables are names in XML too. */
static const xmlChar *xml_name(struct writer *w, Str name)
{
    if (writer_in_array(w)) {
        return (const xmlChar *)"list-item";
    }
    w->noted += name.n;
    return (const xmlChar *)str_zdup(w->mem, name);
}

static bool char_is_carried(unsigned char c)
{
    return (c >= 0x20 && c < 0x80) || c == '\t' || c == '\n' || c == '\r';
}

/* How many bytes from the start of a text are ASCII that XML can carry. */
static size_t xml_plain_length(Str s)
{
    size_t n = 0;

    while (n < s.n && char_is_carried((unsigned char)s.p[n])) {
        n++;
    }
    return n;
}

static bool xml_can_carry(Str c)
{
    return (c.n > 1 || char_is_carried((unsigned char)c.p[0]))
           && !str_eq(c, S("\xEF\xBF\xBE")) && !str_eq(c, S("\xEF\xBF\xBF"));
}

/* A terminated copy, with U+FFFD for characters that XML cannot carry. It stops growing
 * at the limit. */
static const xmlChar *xml_text(struct writer *w, Str s)
{
    struct buf b = {.mem = w->mem, .max = LIMIT_ANSWER_BYTES + 1};

    (void)buf_reserve(&b, s.n + 1);
    while (s.n > 0 && !b.full) {
        size_t n = xml_plain_length(s);
        bool ok;

        buf_add(&b, str_sub(s, 0, n));
        s = str_sub(s, n, s.n);
        if (s.n > 0) {
            Str c = str_sub(s, 0, str_utf8_step(s, &ok));

            buf_add(&b, ok && xml_can_carry(c) ? c : S(REPLACEMENT));
            s = str_sub(s, c.n, s.n);
        }
    }
    buf_add_char(&b, '\0');
    w->noted += b.n;
    w->out.full = b.full || w->noted > LIMIT_ANSWER_BYTES;
    return (const xmlChar *)(b.full ? "" : b.p);
}

static void xml_begin(struct writer *w, Str name, bool is_array)
{
    (void)is_array;
    if (!w->out.full) {
        xml_note_add(w, NOTE_BEGIN, xml_name(w, name), NULL);
    }
}

static void xml_end(struct writer *w, bool is_array)
{
    (void)is_array;
    if (!w->out.full) {
        xml_note_add(w, NOTE_END, NULL, NULL);
    }
}

static void xml_value(struct writer *w, Str name, Str text, enum writer_value kind)
{
    if (!w->out.full) {
        const xmlChar *z = kind == WRITER_NULL ? NULL : xml_text(w, text);

        xml_note_add(w, NOTE_VALUE, xml_name(w, name), z);
    }
}

static int xml_note_play(xmlTextWriterPtr x, const struct xml_note *n)
{
    switch (n->kind) {
    case NOTE_BEGIN:
        return xmlTextWriterStartElement(x, n->name);
    case NOTE_VALUE:
        return xmlTextWriterWriteElement(x, n->name, n->text);
    case NOTE_END:
        return xmlTextWriterEndElement(x);
    }
    return -1;
}

static int xml_out_write(void *buf, const char *bytes, int n)
{
    buf_add(buf, (Str){bytes, (size_t)n});
    return n;
}

static void xml_text_writer_done(xmlTextWriterPtr *x)
{
    xmlFreeTextWriter(*x);
}

/* libxml2 must be started by one thread alone. */
static pthread_once_t libxml_start = PTHREAD_ONCE_INIT;

/* Only memory can run out here. */
static void xml_notes_play(struct writer *w)
{
    must_be(pthread_once(&libxml_start, xmlInitParser) == 0);
    CLEANUP(xml_text_writer_done)
    xmlTextWriterPtr x =
        xmlNewTextWriter(xmlOutputBufferCreateIO(xml_out_write, NULL, &w->out, NULL));

    must_be(x != NULL);
    must_be(
        xmlTextWriterWriteRaw(
            x, (const xmlChar *)"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
        >= 0);
    for (const struct xml_note *n = w->first; n != NULL; n = n->next) {
        must_be(xml_note_play(x, n) >= 0);
    }
    must_be(xmlTextWriterFlush(x) >= 0);
}

static Res xml_done(struct cx *cx, struct writer *w, Str *ret)
{
    if (!w->out.full) {
        xml_notes_play(w);
    }
    return buf_done(cx, &w->out, ret);
}

const struct writer_backend writer_xml = {
    .value = xml_value,
    .begin = xml_begin,
    .end = xml_end,
    .done = xml_done,
};
