/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_parts.c - the JSON values that recur in openapi.json.
 */
#include "serve/openapi_parts.h"

json_t *openapi_text(Str s)
{
    return json_stringn(s.n == 0 ? "" : s.p, s.n);
}

void openapi_set(json_t *object, Str key, json_t *value)
{
    must_be(json_object_setn_new(object, key.p, key.n, value) == 0);
}

void openapi_add(json_t *array, json_t *value)
{
    must_be(json_array_append_new(array, value) == 0);
}

json_t *openapi_texts(const Str *all, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        openapi_add(array, openapi_text(all[i]));
    }
    return array;
}

/* `kind` is the part of the reference before the name: "schemas/", "responses/Error". */
json_t *openapi_reference(struct arena *mem, Str kind, Str name)
{
    Str path = str_cat(mem, str_cat(mem, S("#/components/"), kind), name);

    return json_pack("{so}", "$ref", openapi_text(path));
}

json_t *openapi_media(struct arena *mem, Str schema)
{
    return json_pack("{so}", "schema", openapi_reference(mem, S("schemas/"), schema));
}

json_t *openapi_content(struct arena *mem, Str schema, json_t *example, bool has_xml)
{
    json_t *media = openapi_media(mem, schema);
    json_t *j = json_pack("{so}", "application/json", media);

    openapi_set(media, S("example"), example);

    if (has_xml) {
        openapi_set(j, S("application/xml"), openapi_media(mem, schema));
    }
    return j;
}

json_t *openapi_header(const char *type, const char *about)
{
    return json_pack("{ss s{ss}}", "description", about, "schema", "type", type);
}
