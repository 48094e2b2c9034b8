/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_hint.c - tells the sender of a body what is wrong with it: the place of an error
 * in JSON, JSON sent under another type, a boundary without its quotes.
 */
#include "http/body_hint.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "http/boundary.h"
#include "http/grammar.h"

/* The longest has a boundary, or the words of jansson, in it. */
enum { HINT_BYTES = 512 };

_Static_assert(
    JSON_ERROR_TEXT_LENGTH + BOUNDARY_BYTES + 200 < HINT_BYTES, "a hint always fits");

static Str last_char(Str s)
{
    return str_sub(s, s.n == 0 ? 0 : s.n - 1, s.n);
}

static bool text_looks_like_json(Str text)
{
    text = str_trim(text);
    return (str_starts(text, S("{")) && str_eq(last_char(text), S("}")))
           || (str_starts(text, S("[")) && str_eq(last_char(text), S("]")));
}

/* The place where jansson could not read on. */
struct json_fault {
    size_t at;   /* of the bytes */
    Str problem; /* in words */
    enum json_error_code code;
};

/* jansson says "PROBLEM near 'TOKEN'", and the place behind the token. */
static struct json_fault json_fault_of(struct arena *mem, Str text, const json_error_t *e)
{
    static const Str near = SI(" near '");
    Str said = str_dup(mem, str_from_z(e->text));
    const char *p = memmem(said.p, said.n, near.p, near.n);
    size_t n = p == NULL ? said.n : (size_t)(p - said.p);
    Str token = str_sub(said, n + near.n, said.n == 0 ? 0 : said.n - 1);
    size_t at = e->position < 0 ? 0 : (size_t)e->position;

    at = at < text.n ? at : text.n;
    return (struct json_fault){
        .at = at - (token.n < at ? token.n : at),
        .problem = str_sub(said, 0, n),
        .code = json_error_code(e),
    };
}

/* The commonest slips in words of ours, all others in jansson's. */
static Str json_fault_words(Str text, const struct json_fault *f)
{
    Str here = str_sub(text, f->at, f->at + 1);
    bool is_end = str_eq(here, S("}")) || str_eq(here, S("]"));

    if (str_starts(text, S("\xEF\xBB\xBF"))) {
        return S("remove the byte order mark");
    }
    if (f->code == json_error_duplicate_key) {
        return S("this name comes twice");
    }
    if (f->code == json_error_end_of_input_expected) {
        return S("nothing may follow the object");
    }
    if (str_eq(here, S("'"))) {
        return S("write strings in double quotes");
    }
    if (is_end && str_eq(last_char(str_trim(str_sub(text, 0, f->at))), S(","))) {
        return S("remove the comma before the bracket");
    }
    return f->problem;
}

static bool is_utf8_tail(char c)
{
    return ((unsigned char)c & 0xC0U) == 0x80;
}

static Str json_fault_hint(struct arena *mem, Str text, const struct json_fault *f)
{
    struct buf b = {.mem = mem, .max = HINT_BYTES};
    int64_t line = 1;
    int64_t column = 1;

    for (size_t i = 0; i < f->at; i++) {
        column += is_utf8_tail(text.p[i]) ? 0 : 1;
        if (text.p[i] == '\n') {
            line++;
            column = 1;
        }
    }
    buf_add(&b, S("The JSON can't be read at line "));
    buf_add_int(&b, line);
    buf_add(&b, S(", column "));
    buf_add_int(&b, column);
    buf_add(&b, S(": "));
    buf_add(&b, json_fault_words(text, f));
    buf_add_char(&b, '.');
    return buf_text(&b);
}

static Str json_hint(struct cx *cx, Str text)
{
    const size_t flags =
        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
    json_error_t error;

    if (str_trim(text).n == 0) {
        return S("The body is empty: send a JSON object.");
    }
    if (!j_depth_is_within(text, LIMIT_JSON_DEPTH)) {
        return S("The JSON is nested too deep.");
    }
    CLEANUP(j_done) json_t *j = json_loadb(text.p, text.n, flags, &error);

    if (j != NULL) {
        return json_is_object(j) ? S("") : S("The JSON must be an object.");
    }
    struct json_fault f = json_fault_of(&cx->mem, text, &error);

    return json_fault_hint(&cx->mem, text, &f);
}

static Str boundary_hint(struct arena *mem, Str boundary)
{
    struct buf b = {.mem = mem, .max = HINT_BYTES};

    buf_add(&b, S("Write the boundary in quotes: boundary=\""));
    buf_add(&b, boundary);
    buf_add(&b, S("\"."));
    return buf_text(&b);
}

/* A boundary that should stand in quotes and doesn't, since it is no token; empty: none.
 */
static Str boundary_bare(Str params)
{
    Str part, name, token;

    while (str_next_part(&params, ';', &part)) {
        Str value = str_trim(part);

        if (!grammar_token(&value, &name) || !str_eq_nocase(name, S("boundary"))
            || !grammar_char(&value, '=') || !boundary_is_valid(value)) {
            continue;
        }
        Str rest = value;
        bool is_token = grammar_token(&rest, &token) && rest.n == 0;

        return is_token ? S("") : value;
    }
    return S("");
}

static bool is_type(Str type, Str subtype, Str main_wanted, Str sub_wanted)
{
    return str_eq_nocase(type, main_wanted) && str_eq_nocase(subtype, sub_wanted);
}

Str body_hint(struct cx *cx, const struct http_request *req)
{
    Str header, rest, type, subtype;
    Str boundary = S("");
    bool has_type = http_header(req, S("Content-Type"), &header) > 0;

    rest = header;
    has_type = has_type && grammar_media_type(&rest, &type, &subtype);
    if (has_type && is_type(type, subtype, S("application"), S("json"))) {
        return json_hint(cx, req->body);
    }
    if (has_type && is_type(type, subtype, S("multipart"), S("form-data"))) {
        boundary = boundary_bare(rest);
    }
    if (boundary.n > 0) {
        return boundary_hint(&cx->mem, boundary);
    }
    if (!text_looks_like_json(req->body)) {
        return S("");
    }
    if (has_type
        && is_type(type, subtype, S("application"), S("x-www-form-urlencoded"))) {
        return S("The body was read as a form and looks like JSON: send it with "
                 "Content-Type: application/json.");
    }
    return S("The body looks like JSON: send it with Content-Type: application/json.");
}
