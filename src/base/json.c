/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - jansson has a fixed depth of its own (2,048); ours is counted before it runs.
 */
#include "base/json.h"

#include <malloc.h>
#include <math.h>
#include <stdlib.h>

#include "base/cx.h"
#include "base/json_mend.h"

enum { NUMBER_TEXT_BYTES = 32 };

/* The size is the allocator's: libraries hand jansson's text to free(3) itself. */
static void wipe_and_free(void *p)
{
    if (p != NULL) {
        explicit_bzero(p, malloc_usable_size(p));
    }
    free(p);
}

void j_start(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}

/* Returns where the string that begins at `at` ends: at its closing quote, or at the
 * text's end.
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

/* NULL: `error` says why. */
static json_t *j_load(Str text, json_error_t *error)
{
    return json_loadb(
        text.n == 0 ? "" : text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
        error);
}

static Res j_refuse(struct cx *cx, const json_error_t *error)
{
    return fail(
        cx, FAIL_PARSE_ERROR, "no valid JSON at line %d, column %d (jansson code %d)",
        error->line, error->column, (int)json_error_code(error));
}

static Res j_check_depth(struct cx *cx, Str text, size_t depth)
{
    return j_depth_is_within(text, depth)
               ? OK
               : fail(cx, FAIL_PARSE_ERROR, "JSON nested deeper than %zu", depth);
}

Res j_parse(struct cx *cx, Str text, size_t depth, json_t **ret)
{
    json_error_t error;

    TRY(j_check_depth(cx, text, depth));
    json_t *j = j_load(text, &error);

    if (j == NULL && json_error_code(&error) == json_error_numeric_overflow) {
        j = j_load(json_mend_integers(&cx->mem, text), &error);
    }
    if (j == NULL) {
        return j_refuse(cx, &error);
    }
    *ret = j;
    return OK;
}

Res j_parse_kindly(struct cx *cx, Str text, size_t depth, json_t **ret)
{
    const Str mark = S("\xEF\xBB\xBF");
    json_error_t error;

    text = str_starts(text, mark) ? str_sub(text, mark.n, text.n) : text;
    TRY(j_check_depth(cx, text, depth));
    json_t *j = j_load(text, &error);

    if (j == NULL) {
        j = j_load(json_mend_all(&cx->mem, text), &error);
    }
    if (j == NULL) {
        return j_refuse(cx, &error);
    }
    *ret = j;
    return OK;
}

void j_done(json_t **j)
{
    json_decref(*j);
    *j = NULL;
}

const json_t *j_get(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    return json_is_null(v) ? NULL : v;
}

bool j_is_absent(const json_t *object, const char *key)
{
    return j_get(object, key) == NULL;
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

/* Cut downwards: a time is over no later than it says. */
static bool real_is_number(double real, int64_t *ret)
{
    double whole = floor(real);

    if (!(whole >= -(double)J_MOST && whole <= (double)J_MOST)) {
        return false;
    }
    *ret = (int64_t)whole;
    return true;
}

bool j_value_is_int(const json_t *v, int64_t *ret)
{
    if (json_is_integer(v)) {
        *ret = json_integer_value(v);
        return true;
    }
    return json_is_real(v) && floor(json_real_value(v)) == json_real_value(v)
           && real_is_number(json_real_value(v), ret);
}

static bool char_is_of_number(unsigned char c)
{
    return char_is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static bool number_is_in_range(const json_t *v, int64_t *ret)
{
    if (json_is_real(v)) {
        return real_is_number(json_real_value(v), ret);
    }
    if (!json_is_integer(v) || json_integer_value(v) > J_MOST
        || json_integer_value(v) < -J_MOST) {
        return false;
    }
    *ret = json_integer_value(v);
    return true;
}

/* By the grammar of JSON, as a value would have it. */
static bool text_is_number(Str text, int64_t *ret)
{
    CLEANUP(j_done) json_t *v = NULL;
    json_error_t error;

    if (text.n <= NUMBER_TEXT_BYTES && str_is_only(text, char_is_of_number)) {
        v = j_load(text, &error);
    }
    return number_is_in_range(v, ret);
}

bool j_value_is_number(const json_t *v, int64_t *ret)
{
    return json_is_string(v)
               ? text_is_number((Str){json_string_value(v), json_string_length(v)}, ret)
               : number_is_in_range(v, ret);
}

bool j_int(const json_t *object, const char *key, int64_t *ret)
{
    return j_value_is_int(json_object_get(object, key), ret);
}

bool j_number(const json_t *object, const char *key, int64_t *ret)
{
    return j_value_is_number(json_object_get(object, key), ret);
}
