/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_form.c - reads application/x-www-form-urlencoded, strictly: a form that no browser
 * sends is refused.
 */
#include "http/body_form.h"

#include "base/arena.h"
#include "base/cx.h"
#include "http/url.h"

Res body_read_form(struct cx *cx, Str body, struct fields *ret)
{
    struct param *params;
    struct fields f = {0};

    if (str_starts(body, S("\xEF\xBB\xBF"))) {
        return fail(cx, FAIL_PARSE_ERROR, "a form that begins with a byte order mark");
    }
    TRY(url_query_parse(cx, body, &params, &f.n));
    struct field *fields = NEW_N(&cx->mem, struct field, f.n);

    for (size_t i = 0; i < f.n; i++) {
        fields[i] = (struct field){params[i].name, params[i].value, FIELD_TEXT};
    }
    f.at = fields;
    TRY(fields_check(cx, &f));
    *ret = f;
    return OK;
}
