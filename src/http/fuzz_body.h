/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_body.h - checks the fields of every body that a reader takes.
 *
 * Only for fuzz_json.c, fuzz_form.c and fuzz_multipart.c.
 */
#pragma once

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "http/body.h"

/* So many from each end: to find all would take the square of a thousand. */
enum { FIELDS_FOUND = 8 };

static inline void fields_check_all(const struct fields *f)
{
    must_be(f->n <= LIMIT_BODY_FIELDS);
    for (size_t i = 0; i < f->n; i++) {
        const struct field *at = &f->at[i];
        size_t nul;

        must_be(str_is_utf8(at->name) && !str_find(at->name, '\0', &nul));
        must_be(str_is_utf8(at->text) && !str_find(at->text, '\0', &nul));
        must_be(at->kind == FIELD_TEXT || at->kind == FIELD_INT || at->text.n == 0);
    }
    for (size_t i = 0; i < f->n && i < FIELDS_FOUND; i++) { /* names are unique */
        must_be(fields_find(f, f->at[i].name) == &f->at[i]);
        must_be(fields_find(f, f->at[f->n - 1 - i].name) == &f->at[f->n - 1 - i]);
    }
}

static inline void fields_check_equal(const struct fields *a, const struct fields *b)
{
    must_be(a->n == b->n);
    for (size_t i = 0; i < a->n; i++) {
        must_be(str_eq(a->at[i].name, b->at[i].name));
        must_be(str_eq(a->at[i].text, b->at[i].text));
        must_be(a->at[i].kind == b->at[i].kind);
    }
}
