/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text comes back from both formats, except for characters that had to become U+FFFD:
 * the whole input as a field, its first lines as items of an array.
 */
#include <string.h>

#include <libxml/chvalid.h>
#include <libxml/parser.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/json.h"
#include "render/writer.h"

/* Few lines, since each costs libxml2 and jansson an element of its own. */
enum { TEXT_BYTES = 512, LINES = 16 };

/* A text as a format can carry it, judged here by code points. */
static Str text_carried(struct cx *cx, Str s, enum format format)
{
    struct buf b = {.mem = &cx->mem, .max = SIZE_MAX};

    (void)buf_reserve(&b, s.n);
    while (s.n > 0) {
        bool ok;
        Str c = str_sub(s, 0, str_utf8_step(s, &ok));

        if (format == FORMAT_IS_XML && ok) {
            const unsigned char *p = (const unsigned char *)c.p;
            int n = (int)c.n;
            int code = xmlGetUTF8Char(p, &n);

            ok = xmlIsCharQ(code) != 0;
        }
        buf_add(&b, ok ? c : S("\xEF\xBF\xBD"));
        s = str_sub(s, c.n, s.n);
    }
    return buf_text(&b);
}

/* The first lines of a text; how many. A line end is carried as it is, so that lines of
 * the text that was carried are the carried lines. */
static size_t text_lines(Str text, Str *lines)
{
    size_t n = 0;

    while (n < LINES && str_next_part(&text, '\n', &lines[n])) {
        n++;
    }
    return n;
}

static Str text_rendered(struct cx *cx, Str text, enum format format)
{
    struct writer *w = writer_open(&cx->mem, format);
    Str lines[LINES];
    size_t n = text_lines(text, lines);
    Str ret = S("");

    writer_text(w, S("whole"), text);
    writer_array(w, S("lines"));
    for (size_t i = 0; i < n; i++) {
        writer_text(w, S(""), lines[i]);
    }
    writer_end(w);
    must_be(writer_done(cx, w, &ret).code == FAIL_NONE);
    return ret;
}

static void render_check_json(struct cx *cx, Str text)
{
    Str out = text_rendered(cx, text, FORMAT_IS_JSON);
    CLEANUP(j_done) json_t *j = json_loadb(out.p, out.n, JSON_ALLOW_NUL, NULL);
    const json_t *items = json_object_get(j, "lines");
    Str want = text_carried(cx, text, FORMAT_IS_JSON);
    Str lines[LINES];
    size_t n = text_lines(want, lines);
    Str got;

    must_be(j_text(j, "whole", &got)); /* jansson takes UTF-8 alone */
    must_be(str_eq(got, want));
    must_be(json_array_size(items) == n);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(items, i);

        got = (Str){json_string_value(item), json_string_length(item)};
        must_be(str_eq(got, lines[i]));
    }
}

static void xml_check_node(xmlNode *node, const char *name, Str want)
{
    must_be(node != NULL && strcmp((const char *)node->name, name) == 0);
    xmlChar *got = xmlNodeGetContent(node);

    must_be(str_eq(str_from_z((const char *)got), want));
    xmlFree(got);
}

static void render_check_xml(struct cx *cx, Str text)
{
    Str out = text_rendered(cx, text, FORMAT_IS_XML);
    xmlDoc *doc = xmlReadMemory(out.p, (int)out.n, NULL, NULL, XML_PARSE_NONET);
    xmlNode *root = xmlDocGetRootElement(doc);
    Str want = text_carried(cx, text, FORMAT_IS_XML);
    Str lines[LINES];
    size_t n = text_lines(want, lines);

    must_be(root != NULL && strcmp((const char *)root->name, "root") == 0);
    xmlNode *whole = xmlFirstElementChild(root);
    xmlNode *array = xmlNextElementSibling(whole);

    xml_check_node(whole, "whole", want);
    must_be(array != NULL && strcmp((const char *)array->name, "lines") == 0);
    xmlNode *item = xmlFirstElementChild(array);

    for (size_t i = 0; i < n; i++) {
        xml_check_node(item, "list-item", lines[i]);
        item = xmlNextElementSibling(item);
    }
    must_be(item == NULL);
    xmlFreeDoc(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    Str text = {(const char *)data, size < TEXT_BYTES ? size : TEXT_BYTES};

    render_check_json(&cx, text);
    render_check_xml(&cx, text);
    return 0;
}
