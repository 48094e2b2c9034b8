/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON body that is read, written by jansson and read again has the same fields; a body
 * that is read without a tree is read alike with one.
 */
#include <stdlib.h>

#include "base/json.h"
#include "http/body_json.h"
#include "http/body_plain.h"
#include "http/fuzz_body.h"

static json_t *json_from_field(const struct field *f)
{
    int64_t v;

    switch (f->kind) {
    case FIELD_TEXT:
        return json_stringn(f->text.p, f->text.n);
    case FIELD_NULL:
        return json_null();
    case FIELD_TRUE:
        return json_true();
    case FIELD_FALSE:
        return json_false();
    case FIELD_INT:
        must_be(str_to_int(f->text, &v));
        return json_integer(v);
    case FIELD_ID:
        must_be(str_to_int(f->text, &v));
        return json_pack("{sI}", "id", (json_int_t)v);
    case FIELD_OTHER:
        return json_array();
    }
    return NULL;
}

static void json_check_again(struct cx *cx, const struct fields *f)
{
    CLEANUP(j_done) json_t *j = json_object();
    struct fields again;

    for (size_t i = 0; i < f->n; i++) {
        const char *name;

        must_be(str_z(cx, f->at[i].name, &name).code == FAIL_NONE);
        must_be(json_object_set_new(j, name, json_from_field(&f->at[i])) == 0);
    }
    char *text = json_dumps(j, JSON_ENSURE_ASCII);

    must_be(body_read_json(cx, str_from_z(text), &again).code == FAIL_NONE);
    fields_check_equal(f, &again);
    free(text);
}

static void json_check_alike(struct cx *cx, Str body)
{
    struct fields plain, tree;

    if (body_read_plain(cx, body, &plain)) {
        must_be(body_read_tree(cx, body, &tree).code == FAIL_NONE);
        fields_check_equal(&plain, &tree);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    Str body = {(const char *)data, size};
    struct fields f;

    json_check_alike(&cx, body);
    if (body_read_json(&cx, body, &f).code == FAIL_NONE) {
        fields_check_all(&f);
        json_check_again(&cx, &f);
    }
    return 0;
}
