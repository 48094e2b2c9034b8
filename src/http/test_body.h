/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_body.h - tables of bodies that a reader takes, and of those that it refuses.
 *
 * Only for test_body*.c. The boundary of multipart is "b".
 */
#pragma once

#include "base/buf.h"
#include "base/testing.h"
#include "http/body.h"

struct body_row {
    Str body;
    Str want; /* as fields_shown() shows the fields */
};

/* clang-format off */
#define ROW(body, want) {SI(body), SI(want)}

/* clang-format on */

/* [name=text], [name: null], [name: true], [name: int 5], [name: id 5],
 * [name: other] */
static inline Str fields_shown(const struct fields *f)
{
    static const Str words[] = {
        [FIELD_TEXT] = SI("="),        [FIELD_NULL] = SI(": null"),
        [FIELD_TRUE] = SI(": true"),   [FIELD_FALSE] = SI(": false"),
        [FIELD_INT] = SI(": int "),    [FIELD_ID] = SI(": id "),
        [FIELD_OTHER] = SI(": other"),
    };
    struct buf b = {.mem = &t_cx()->mem, .max = 1024 * 1024};

    for (size_t i = 0; i < f->n; i++) {
        buf_add(&b, S("["));
        buf_add(&b, f->at[i].name);
        buf_add(&b, words[f->at[i].kind]);
        buf_add(&b, f->at[i].text);
        buf_add(&b, S("]"));
    }
    return buf_text(&b);
}

static inline void body_check_takes(
    enum body_type type, const struct body_row *rows, size_t n)
{
    const struct body_media media = {type, SI("b")};

    for (size_t i = 0; i < n; i++) {
        Str body = str_dup(&t_cx()->mem, rows[i].body); /* so that ASan sees its end */
        struct fields f = {0};

        T_OK(body_read(t_cx(), &media, body, &f));
        T_STR(fields_shown(&f), rows[i].want);
    }
}

/* With FAIL_PARSE_ERROR, leaving the result alone. */
static inline void body_check_refuses(enum body_type type, const Str *bodies, size_t n)
{
    static const struct field untouched = {SI("untouched"), SI(""), FIELD_TEXT};
    const struct body_media media = {type, SI("b")};

    for (size_t i = 0; i < n; i++) {
        Str body = str_dup(&t_cx()->mem, bodies[i]);
        struct fields f = {&untouched, 1};
        Res res = body_read(t_cx(), &media, body, &f);

        if (res.code != FAIL_PARSE_ERROR) {
            print_error("taken: '%.*s'\n", STR_ARG(body));
        }
        T_FAIL(FAIL_PARSE_ERROR, res);
        T_TRUE(f.at == &untouched && f.n == 1);
    }
}

/* A text of `n` units between head and tail. */
static inline Str text_repeated(Str head, Str unit, size_t n, Str tail)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1024 * 1024};

    buf_add(&b, head);
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, unit);
    }
    buf_add(&b, tail);
    return buf_text(&b);
}
