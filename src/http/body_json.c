/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_json.c - reads the members of one JSON object as fields (RFC 8259).
 *
 * base/json.h parses. Text is copied out of its tree, which is freed here. The usual body
 * needs no tree: body_plain.c.
 */
#include "http/body_json.h"

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "http/body_plain.h"

static struct field field_from_json(struct arena *mem, const char *name, const json_t *j)
{
    struct field f = {.name = str_dup(mem, str_from_z(name)), .kind = FIELD_OTHER};
    const json_t *id = json_object_get(j, "id");

    if (json_is_null(j)) {
        f.kind = FIELD_NULL;
    } else if (json_is_boolean(j)) {
        f.kind = json_is_true(j) ? FIELD_TRUE : FIELD_FALSE;
    } else if (json_is_integer(j)) {
        f.kind = FIELD_INT;
        f.text = str_int(mem, json_integer_value(j));
    } else if (json_is_integer(id)) {
        f.kind = FIELD_ID;
        f.text = str_int(mem, json_integer_value(id));
    } else if (json_is_string(j)) {
        f.kind = FIELD_TEXT;
        f.text = str_dup(mem, (Str){json_string_value(j), json_string_length(j)});
    }
    return f;
}

Res body_read_tree(struct cx *cx, Str body, struct fields *ret)
{
    CLEANUP(j_done) json_t *j = NULL;
    const char *name;
    json_t *value;
    size_t n = 0;

    TRY(j_parse(cx, body, LIMIT_JSON_DEPTH, &j));
    if (!json_is_object(j)) {
        return fail(cx, FAIL_PARSE_ERROR, "JSON that is no object");
    }
    TRY(fields_check_count(cx, json_object_size(j)));
    struct field *fields = NEW_N(&cx->mem, struct field, json_object_size(j));

    json_object_foreach(j, name, value)
    {
        fields[n++] = field_from_json(&cx->mem, name, value);
    }
    *ret = (struct fields){fields, n};
    return OK;
}

Res body_read_json(struct cx *cx, Str body, struct fields *ret)
{
    return body_read_plain(cx, body, ret) ? OK : body_read_tree(cx, body, ret);
}
