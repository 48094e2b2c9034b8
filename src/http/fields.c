/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.c - finds a field, and makes the checks that all readers of bodies share.
 */
#include "http/fields.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/limits.h"

const struct field *fields_find(const struct fields *f, Str name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_eq(f->at[i].name, name)) {
            return &f->at[i];
        }
    }
    return NULL;
}

Res fields_check_count(struct cx *cx, size_t n)
{
    if (n > LIMIT_BODY_FIELDS) {
        return fail(cx, FAIL_PARSE_ERROR, "more than %d fields", (int)LIMIT_BODY_FIELDS);
    }
    return OK;
}

static bool is_utf8_text(Str s)
{
    size_t at;

    return str_is_utf8(s) && !str_find(s, '\0', &at);
}

static int fields_compare(const void *a, const void *b)
{
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

Res fields_check(struct cx *cx, const struct fields *f)
{
    Str *names = NEW_N(&cx->mem, Str, f->n);

    for (size_t i = 0; i < f->n; i++) {
        names[i] = f->at[i].name;
        if (!is_utf8_text(names[i]) || !is_utf8_text(f->at[i].text)) {
            return fail(cx, FAIL_PARSE_ERROR, "a field with a NUL or invalid UTF-8");
        }
    }
    qsort(names, f->n, sizeof(names[0]), fields_compare);
    for (size_t i = 1; i < f->n; i++) {
        if (str_eq(names[i - 1], names[i])) {
            return fail(cx, FAIL_PARSE_ERROR, "a field given twice");
        }
    }
    return OK;
}
