/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text comes back from both formats, but for what had to become U+FFFD: the whole
 * input as a field, its lines as items of an array.
 */
#include <string.h>

#include <libxml/chvalid.h>
#include <libxml/parser.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/json.h"
#include "render/writer.h"

/* What a format can carry of a text, told apart here by code point. */
static Str carried(struct cx *cx, Str s, enum format format)
{
    struct buf b = {.mem = &cx->mem, .max = SIZE_MAX};

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

static Str written(struct cx *cx, Str text, enum format format)
{
    struct writer *w = writer_open(&cx->mem, format);
    Str line, ret = S("");

    writer_text(w, S("whole"), text);
    writer_array(w, S("lines"));
    while (str_next_part(&text, '\n', &line)) {
        writer_text(w, S(""), line);
    }
    writer_end(w);
    must_be(writer_done(cx, w, &ret).code == FAIL_NONE);
    must_be(str_is_utf8(ret));
    return ret;
}

static void check_json(struct cx *cx, Str text)
{
    Str out = written(cx, text, FORMAT_IS_JSON);
    CLEANUP(j_done) json_t *j = json_loadb(out.p, out.n, JSON_ALLOW_NUL, NULL);
    const json_t *lines = json_object_get(j, "lines");
    Str got, line;
    size_t i = 0;

    must_be(j_text(j, "whole", &got));
    must_be(str_eq(got, carried(cx, text, FORMAT_IS_JSON)));
    while (str_next_part(&text, '\n', &line)) {
        const json_t *item = json_array_get(lines, i++);

        got = (Str){json_string_value(item), json_string_length(item)};
        must_be(str_eq(got, carried(cx, line, FORMAT_IS_JSON)));
    }
    must_be(json_array_size(lines) == i);
}

static void check_node(struct cx *cx, xmlNode *node, const char *name, Str text)
{
    must_be(node != NULL && strcmp((const char *)node->name, name) == 0);
    xmlChar *got = xmlNodeGetContent(node);

    must_be(str_eq(str_from_z((const char *)got), carried(cx, text, FORMAT_IS_XML)));
    xmlFree(got);
}

static void check_xml(struct cx *cx, Str text)
{
    Str out = written(cx, text, FORMAT_IS_XML);
    xmlDoc *doc = xmlReadMemory(out.p, (int)out.n, NULL, NULL, XML_PARSE_NONET);
    xmlNode *root = xmlDocGetRootElement(doc);
    Str line;

    must_be(root != NULL && strcmp((const char *)root->name, "root") == 0);
    xmlNode *whole = xmlFirstElementChild(root);
    xmlNode *lines = xmlNextElementSibling(whole);

    check_node(cx, whole, "whole", text);
    must_be(lines != NULL && strcmp((const char *)lines->name, "lines") == 0);
    xmlNode *item = xmlFirstElementChild(lines);

    for (; str_next_part(&text, '\n', &line); item = xmlNextElementSibling(item)) {
        check_node(cx, item, "list-item", line);
    }
    must_be(item == NULL);
    xmlFreeDoc(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    Str text = {(const char *)data, size};

    if (size <= 16 * 1024) { /* far below the limit of an answer */
        check_json(&cx, text);
        check_xml(&cx, text);
    }
    return 0;
}
