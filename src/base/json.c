/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - jansson has a fixed depth of its own (2,048); ours is counted before it runs.
 */
#include "base/json.h"

#include "base/cx.h"

/* Where the string that begins at `at` ends: at its closing quote, or at the text's end.
 */
static size_t string_end(Str text, size_t at)
{
    for (at++; at < text.n && text.p[at] != '"'; at++) {
        at += text.p[at] == '\\';
    }
    return at;
}

bool j_depth_is_within(Str text, size_t most)
{
    size_t depth = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '"') {
            i = string_end(text, i);
        } else if ((c == '{' || c == '[') && ++depth > most) {
            return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

Res j_parse(struct cx *cx, Str text, size_t depth, json_t **ret)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_error_t error;

    if (!j_depth_is_within(text, depth)) {
        return fail(cx, FAIL_PARSE_ERROR, "JSON nested deeper than %zu", depth);
    }
    json_t *j = json_loadb(text.n == 0 ? "" : text.p, text.n, flags, &error);

    /* An integer past 64 bits is one of a member that nobody here reads as such. */
    if (j == NULL && json_error_code(&error) == json_error_numeric_overflow) {
        j = json_loadb(text.p, text.n, flags | JSON_DECODE_INT_AS_REAL, &error);
    }
    if (j == NULL) {
        return fail(
            cx, FAIL_PARSE_ERROR, "no valid JSON at line %d, column %d (jansson code %d)",
            error.line, error.column, (int)json_error_code(&error));
    }
    *ret = j;
    return OK;
}

void j_done(json_t **j)
{
    json_decref(*j);
    *j = NULL;
}

bool j_text(const json_t *object, const char *key, Str *ret)
{
    const json_t *v = json_object_get(object, key);

    if (!json_is_string(v)) {
        return false;
    }
    *ret = (Str){json_string_value(v), json_string_length(v)};
    return true;
}

bool j_int(const json_t *object, const char *key, int64_t *ret)
{
    const json_t *v = json_object_get(object, key);

    if (!json_is_integer(v)) {
        return false;
    }
    *ret = json_integer_value(v);
    return true;
}
