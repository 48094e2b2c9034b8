/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.c - the XML back end: libxml2's writer, fed from notes (XML 1.0, fifth edition).
 *
 * libxml2's writer is a handle that must be closed, and a caller that fails midway never
 * comes to writer_done. So the calls are noted in the arena, and the handle lives inside
 * xml_done alone.
 */
#include <pthread.h>

#include <libxml/parser.h>
#include <libxml/xmlwriter.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "render/back.h"

enum note_kind { NOTE_BEGIN, NOTE_TEXT, NOTE_END };

struct xml_note {
    struct xml_note *next;
    enum note_kind kind;
    const xmlChar *text; /* a name or a text, for libxml2 */
};

static void note(struct writer *w, enum note_kind kind, const xmlChar *text)
{
    struct xml_note *n = NEW(w->mem, struct xml_note);

    n->kind = kind;
    n->text = text;
    *w->last = n;
    w->last = &n->next;
}

static bool is_xml_char(Str c)
{
    unsigned char first = (unsigned char)c.p[0];

    return first >= 0x20 ? !str_eq(c, S("\xEF\xBF\xBE")) && !str_eq(c, S("\xEF\xBF\xBF"))
                         : first == '\t' || first == '\n' || first == '\r';
}

/* Terminated, and with U+FFFD for what XML cannot carry. Past the limit it grows no more.
 */
static const xmlChar *xml_text(struct writer *w, Str s)
{
    struct buf b = {.mem = w->mem, .max = LIMIT_ANSWER_BYTES + 1};

    while (s.n > 0 && !b.full) {
        bool ok;
        Str c = str_sub(s, 0, str_utf8_step(s, &ok));

        buf_add(&b, ok && is_xml_char(c) ? c : S(REPLACEMENT));
        s = str_sub(s, c.n, s.n);
    }
    buf_add_char(&b, '\0');
    w->noted += b.n;
    w->out.full = b.full || w->noted > LIMIT_ANSWER_BYTES;
    return (const xmlChar *)(b.full ? "" : b.p);
}

static void note_begin(struct writer *w, Str name)
{
    note(w, NOTE_BEGIN, xml_text(w, writer_in_array(w) ? S("list-item") : name));
}

static void xml_begin(struct writer *w, Str name, bool is_array)
{
    (void)is_array;
    if (!w->out.full) {
        note_begin(w, name);
    }
}

static void xml_end(struct writer *w, bool is_array)
{
    (void)is_array;
    if (!w->out.full) {
        note(w, NOTE_END, NULL);
    }
}

static void xml_value(struct writer *w, Str name, Str text, enum value_kind kind)
{
    if (w->out.full) {
        return;
    }
    note_begin(w, name);
    if (kind != VALUE_NULL) {
        note(w, NOTE_TEXT, xml_text(w, text));
    }
    note(w, NOTE_END, NULL);
}

static int play(xmlTextWriterPtr x, const struct xml_note *n)
{
    switch (n->kind) {
    case NOTE_BEGIN:
        return xmlTextWriterStartElement(x, n->text);
    case NOTE_TEXT:
        return xmlTextWriterWriteString(x, n->text);
    case NOTE_END:
        return xmlTextWriterEndElement(x);
    }
    return -1;
}

static int write_out(void *buf, const char *bytes, int n)
{
    buf_add(buf, (Str){bytes, (size_t)n});
    return n;
}

static void text_writer_done(xmlTextWriterPtr *x)
{
    xmlFreeTextWriter(*x);
}

/* libxml2 must be started by one thread alone. */
static pthread_once_t libxml_start = PTHREAD_ONCE_INIT;

/* What can fail here is memory alone. */
static void play_all(struct writer *w)
{
    must_be(pthread_once(&libxml_start, xmlInitParser) == 0);
    CLEANUP(text_writer_done)
    xmlTextWriterPtr x =
        xmlNewTextWriter(xmlOutputBufferCreateIO(write_out, NULL, &w->out, NULL));

    must_be(x != NULL);
    must_be(
        xmlTextWriterWriteRaw(
            x, (const xmlChar *)"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
        >= 0);
    for (const struct xml_note *n = w->first; n != NULL; n = n->next) {
        must_be(play(x, n) >= 0);
    }
    must_be(xmlTextWriterFlush(x) >= 0);
}

static Res xml_done(struct cx *cx, struct writer *w, Str *ret)
{
    if (!w->out.full) {
        play_all(w);
    }
    return buf_done(cx, &w->out, ret);
}

const struct writer_back writer_xml = {
    .value = xml_value,
    .begin = xml_begin,
    .end = xml_end,
    .done = xml_done,
};
