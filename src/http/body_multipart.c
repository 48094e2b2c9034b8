/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_multipart.c - reads multipart/form-data, strictly (RFC 7578 on RFC 2046 §5.1.1).
 *
 * Text before the first and behind the last delimiter is ignored. A part with a file name
 * is a file: its bytes are not checked.
 */
#include "http/body_multipart.h"

#include <string.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"
#include "http/boundary.h"
#include "http/charset.h"
#include "http/grammar.h"

#define CRLF "\r\n"

/* Cuts `*rest` behind the next `mark`; *ret is the text before the mark. */
static bool multipart_cut_at(Str *rest, Str mark, Str *ret)
{
    const char *p = rest->n == 0 ? NULL : memmem(rest->p, rest->n, mark.p, mark.n);

    if (p == NULL) {
        return false;
    }
    size_t at = (size_t)(p - rest->p);

    *ret = str_sub(*rest, 0, at);
    *rest = str_sub(*rest, at + mark.n, rest->n);
    return true;
}

static bool multipart_cut_start(Str *rest, Str start)
{
    if (!str_starts(*rest, start)) {
        return false;
    }
    *rest = str_sub(*rest, start.n, rest->n);
    return true;
}

enum { SEEN_DISPOSITION = 1, SEEN_TYPE = 2, SEEN_CODING = 4 };

/* A part, as described by its headers. */
struct part {
    Str name;
    bool is_file;
    enum charset charset;
    int seen; /* headers that must be single */
};

static Res part_disposition_read(struct cx *cx, Str s, struct part *part)
{
    bool has_name = false;
    Str type, name, value;

    if (!grammar_token(&s, &type) || !str_eq_nocase(type, S("form-data"))) {
        return fail(cx, FAIL_PARSE_ERROR, "a part that is not of a form");
    }
    while (grammar_param(&s, &name, &value)) {
        bool is_name = str_eq_nocase(name, S("name"));

        if (is_name && has_name) {
            return fail(cx, FAIL_PARSE_ERROR, "a part with two names");
        }
        if (is_name) {
            has_name = true;
            part->name = grammar_unquote(&cx->mem, value);
        }
        part->is_file = part->is_file || str_eq_nocase(name, S("filename"))
                        || str_eq_nocase(name, S("filename*"));
    }
    if (s.n > 0) {
        return fail(cx, FAIL_PARSE_ERROR, "a part with a malformed disposition");
    }
    return OK;
}

static Res part_type_read(struct cx *cx, Str s, struct part *part)
{
    Str type, subtype, name, value;

    if (!grammar_media_type(&s, &type, &subtype)) {
        return fail(cx, FAIL_PARSE_ERROR, "a part with a malformed type");
    }
    while (grammar_param(&s, &name, &value)) {
        if (str_eq_nocase(name, S("charset"))) {
            part->charset = charset_from_value(value);
        }
        if (part->charset == CHARSET_OTHER) {
            return fail(cx, FAIL_PARSE_ERROR, "a part that is not UTF-8");
        }
    }
    if (s.n > 0) {
        return fail(cx, FAIL_PARSE_ERROR, "a part with a malformed type");
    }
    return OK;
}

static Res part_coding_read(struct cx *cx, Str s, struct part *part)
{
    static const Str plain[] = {SI("7bit"), SI("8bit"), SI("binary")};

    (void)part;
    for (size_t i = 0; i < COUNT(plain); i++) {
        if (str_eq_nocase(s, plain[i])) {
            return OK;
        }
    }
    return fail(cx, FAIL_PARSE_ERROR, "a part with a transfer encoding");
}

static const struct part_header {
    Str name;
    int bit;
    Res (*read)(struct cx *cx, Str value, struct part *part);
} part_headers[] = {
    {SI("Content-Disposition"), SEEN_DISPOSITION, part_disposition_read},
    {SI("Content-Type"), SEEN_TYPE, part_type_read},
    {SI("Content-Transfer-Encoding"), SEEN_CODING, part_coding_read},
};

static const struct part_header *part_header_row(Str name)
{
    for (size_t i = 0; i < COUNT(part_headers); i++) {
        if (str_eq_nocase(name, part_headers[i].name)) {
            return &part_headers[i];
        }
    }
    return NULL;
}

static Res part_header_read(struct cx *cx, Str line, struct part *part)
{
    Str name;

    if (!grammar_is_line(line) || !str_is_utf8(line) || !grammar_token(&line, &name)
        || !grammar_char(&line, ':')) {
        return fail(cx, FAIL_PARSE_ERROR, "a part with a malformed header");
    }
    const struct part_header *row = part_header_row(name);

    if (row == NULL) {
        return OK;
    }
    if ((part->seen & row->bit) != 0) {
        return fail(cx, FAIL_PARSE_ERROR, "a part with a header twice");
    }
    part->seen |= row->bit;
    return row->read(cx, str_trim(line), part);
}

/* `text` stands between two delimiters: header lines, then an empty line and the content,
 * or neither. */
static Res part_read(struct cx *cx, Str text, struct field *ret)
{
    struct part part = {0};
    Str line;

    (void)multipart_cut_start(&text, S(CRLF));
    while (text.n > 0 && !multipart_cut_start(&text, S(CRLF))) {
        if (!multipart_cut_at(&text, S(CRLF), &line)) {
            return fail(cx, FAIL_PARSE_ERROR, "a part that ends inside a header");
        }
        TRY(part_header_read(cx, line, &part));
    }
    if (part.name.n == 0) {
        return fail(cx, FAIL_PARSE_ERROR, "a part without a name");
    }
    if (!part.is_file && !charset_fits(part.charset, text)) {
        return fail(cx, FAIL_PARSE_ERROR, "a part with other bytes than its charset's");
    }
    *ret = part.is_file ? (struct field){.name = part.name, .kind = FIELD_OTHER}
                        : (struct field){part.name, text, FIELD_TEXT};
    return OK;
}

/* At most as many parts as delimiters, since each part ends at one. */
static size_t parts_most(Str body, Str delimiter)
{
    size_t n = 0;
    Str part;

    while (n < LIMIT_BODY_FIELDS && multipart_cut_at(&body, delimiter, &part)) {
        n++;
    }
    return n;
}

/* From behind the first delimiter to behind the last one. */
static Res parts_read(struct cx *cx, Str *body, Str delimiter, struct fields *ret)
{
    struct field *fields = NEW_N(&cx->mem, struct field, parts_most(*body, delimiter));
    size_t n = 0;
    Str part;

    while (!multipart_cut_start(body, S("--"))) {
        grammar_space(body);
        if (!str_starts(*body, S(CRLF))) {
            return fail(cx, FAIL_PARSE_ERROR, "a malformed delimiter");
        }
        if (!multipart_cut_at(body, delimiter, &part)) {
            return fail(cx, FAIL_PARSE_ERROR, "no closing delimiter");
        }
        TRY(fields_check_count(cx, n + 1));
        TRY(part_read(cx, part, &fields[n]));
        n++;
    }
    *ret = (struct fields){fields, n};
    return OK;
}

Res body_read_multipart(struct cx *cx, Str body, Str boundary, struct fields *ret)
{
    struct fields f;
    Str preamble;

    if (!boundary_is_valid(boundary)) {
        return fail(cx, FAIL_PARSE_ERROR, "a missing or malformed boundary");
    }
    if (str_starts(body, S("\xEF\xBB\xBF"))) {
        return fail(cx, FAIL_PARSE_ERROR, "a body that begins with a byte order mark");
    }
    Str delimiter = str_cat(&cx->mem, S(CRLF "--"), boundary);

    if (!multipart_cut_start(
            &body, str_sub(delimiter, 2, delimiter.n)) /* on the first line */
        && !multipart_cut_at(&body, delimiter, &preamble)) {
        return fail(cx, FAIL_PARSE_ERROR, "no delimiter");
    }
    TRY(parts_read(cx, &body, delimiter, &f));
    grammar_space(&body);
    if (body.n > 0 && !str_starts(body, S(CRLF))) {
        return fail(cx, FAIL_PARSE_ERROR, "a malformed closing delimiter");
    }
    TRY(fields_check(cx, &f));
    *ret = f;
    return OK;
}
