/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_schemas.c - the schemas of openapi.json, made from the shapes of bodies and
 * answers (api/shape.h).
 */
#include "serve/openapi_schemas.h"

#include "api/errors.h"
#include "api/shape.h"
#include "api/webhook_view.h"
#include "base/cx.h"
#include "grants/outcome.h"
#include "serve/openapi_parts.h"
#include "serve/routes.h"

/* Returns the value of an absent field; NULL: it has none. */
static json_t *field_default(const struct api_field *f)
{
    const struct api_value *v = f->otherwise;

    if (v == NULL) {
        return f->is_nullable && !f->is_required ? json_null() : NULL;
    }
    switch (f->type) {
    case VALUE_INT:
        return json_integer(v->number);
    case VALUE_BOOL:
        return json_boolean(v->truth);
    case VALUE_TEXT:
        return openapi_text(v->text);
    case VALUE_TIME:
    case VALUE_DATE:
    case VALUE_MOMENT:
    case VALUE_OBJECT:
    case VALUE_LIST:
        break;
    }
    return NULL;
}

static void set_limits(json_t *schema, const struct api_field *f)
{
    if (f->least != 0 || f->most != 0) {
        openapi_set(schema, S("minimum"), json_integer(f->least));
    }
    if (f->most != 0 && f->most != INT64_MAX) {
        openapi_set(schema, S("maximum"), json_integer(f->most));
    }
    if (f->most_chars > 0) {
        openapi_set(schema, S("maxLength"), json_integer((json_int_t)f->most_chars));
    }
}

/* A list of choices has to name null, too. */
static json_t *field_choices(const struct api_field *f)
{
    json_t *j = openapi_texts(f->choices, f->n_choices);

    if (f->is_nullable) {
        openapi_add(j, json_null());
    }
    return j;
}

static void set_shape(json_t *schema, const struct api_shape *shape);

/* An object that is <list-item> in XML. */
static json_t *item_schema(const struct api_shape *shape)
{
    json_t *j = json_pack("{ss s{ss}}", "type", "object", "xml", "name", "list-item");

    set_shape(j, shape);
    return j;
}

static const struct {
    const char *name;
    const char *format;
} types[] = {
    [VALUE_TEXT] = {"string", NULL},   [VALUE_INT] = {"integer", "int64"},
    [VALUE_BOOL] = {"boolean", NULL},  [VALUE_TIME] = {"string", "date-time"},
    [VALUE_DATE] = {"string", "date"}, [VALUE_OBJECT] = {"object", NULL},
    [VALUE_LIST] = {"array", NULL},
};

static json_t *type_schema(enum value_type type, bool is_nullable)
{
    json_t *name = is_nullable ? json_pack("[ss]", types[type].name, "null")
                               : json_string(types[type].name);

    return json_pack("{so ss*}", "type", name, "format", types[type].format);
}

static json_t *moment_schema(bool is_nullable)
{
    json_t *forms =
        json_pack("[oo]", type_schema(VALUE_TIME, false), type_schema(VALUE_DATE, false));

    if (is_nullable) {
        openapi_add(forms, json_pack("{ss}", "type", "null"));
    }
    return json_pack("{so}", "anyOf", forms);
}

json_t *openapi_field(const struct api_field *f)
{
    json_t *j = f->type == VALUE_MOMENT ? moment_schema(f->is_nullable)
                                        : type_schema(f->type, f->is_nullable);

    if (f->about.n > 0) {
        openapi_set(j, S("description"), openapi_text(f->about));
    }
    if (f->n_choices > 0) {
        openapi_set(j, S("enum"), field_choices(f));
    }
    set_limits(j, f);
    if (f->type == VALUE_OBJECT) {
        set_shape(j, f->object);
    } else if (f->type == VALUE_LIST) {
        openapi_set(j, S("xml"), json_pack("{sb}", "wrapped", 1));
        openapi_set(j, S("items"), item_schema(f->object));
    }
    return j;
}

json_t *openapi_field_or_default(const struct api_field *f)
{
    json_t *j = openapi_field(f);
    json_t *otherwise = field_default(f);

    if (otherwise != NULL) {
        openapi_set(j, S("default"), otherwise);
    }
    return j;
}

/* Examples. */

/* Of a field that has an example of its own. */
static json_t *given_example(const struct api_field *f)
{
    int64_t number = 0;

    switch (f->type) {
    case VALUE_INT:
        must_be(str_to_int(f->example, &number));
        return json_integer(number);
    case VALUE_BOOL:
        return json_boolean(str_eq(f->example, S("true")));
    case VALUE_TEXT:
    case VALUE_TIME:
    case VALUE_DATE:
    case VALUE_MOMENT:
    case VALUE_OBJECT:
    case VALUE_LIST:
        break;
    }
    return openapi_text(f->example);
}

/* Every field of an answer that has no example, and may not be null, has choices, is a
 * boolean or has a shape. */
json_t *openapi_field_example(const struct api_field *f)
{
    if (f->example.n > 0) {
        return given_example(f);
    }
    if (f->type == VALUE_OBJECT) {
        return openapi_example(f->object);
    }
    if (f->type == VALUE_LIST) {
        return json_pack("[o]", openapi_example(f->object));
    }
    if (f->is_nullable) {
        return json_null();
    }
    if (f->n_choices > 0) {
        return openapi_text(f->choices[0]);
    }
    must_be(f->type == VALUE_BOOL);
    return json_false();
}

json_t *openapi_example(const struct api_shape *shape)
{
    json_t *j = json_object();

    for (size_t i = 0; i < shape->n; i++) {
        const struct api_field *f = &shape->fields[i];

        if (f->is_required || f->example.n > 0) {
            openapi_set(j, f->name, openapi_field_example(f));
        }
    }
    return j;
}

json_t *openapi_list_example(const struct api_shape *shape)
{
    return json_pack(
        "{si sn sn s[o]}", "count", 1, "next", "previous", "results",
        openapi_example(shape));
}

/* Shapes. */

/* Takes over both. */
static void set_members(json_t *schema, json_t *properties, json_t *required)
{
    openapi_set(schema, S("properties"), properties);
    if (json_array_size(required) > 0) {
        openapi_set(schema, S("required"), required);
    } else {
        json_decref(required);
    }
}

static void set_shape(json_t *schema, const struct api_shape *shape)
{
    json_t *properties = json_object();
    json_t *required = json_array();

    for (size_t i = 0; i < shape->n; i++) {
        const struct api_field *f = &shape->fields[i];

        openapi_set(
            properties, f->name,
            shape->is_partial ? openapi_field(f) : openapi_field_or_default(f));
        if (f->is_required && !shape->is_partial) {
            openapi_add(required, openapi_text(f->name));
        }
    }
    set_members(schema, properties, required);
}

/* An object that is <root> in XML. */
static json_t *root_schema(void)
{
    return json_pack("{ss s{ss}}", "type", "object", "xml", "name", "root");
}

json_t *openapi_shape(const struct api_shape *shape)
{
    json_t *j = root_schema();

    set_shape(j, shape);
    return j;
}

/* Makes an object, which is <root> in XML. Takes over the properties. */
static json_t *object_schema(json_t *properties, json_t *required)
{
    json_t *j = root_schema();

    set_members(j, properties, required);
    return j;
}

static const struct api_field page_fields[] = {
    {.name = SI("count"), .type = VALUE_INT, .about = SI("Of all pages.")},
    {.name = SI("next"),
     .type = VALUE_TEXT,
     .is_nullable = true,
     .about = SI("The URI of the next page.")},
    {.name = SI("previous"),
     .type = VALUE_TEXT,
     .is_nullable = true,
     .about = SI("The URI of the page before.")},
};

static json_t *list_schema(struct arena *mem, const struct api_shape *shape)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    json_t *results = json_pack(
        "{ss s{sb} s{s[o] s{ss}}}", "type", "array", "xml", "wrapped", 1, "items",
        "allOf", openapi_reference(mem, S("schemas/"), shape->name), "xml", "name",
        "list-item");

    for (size_t i = 0; i < COUNT(page_fields); i++) {
        openapi_set(properties, page_fields[i].name, openapi_field(&page_fields[i]));
        openapi_add(required, openapi_text(page_fields[i].name));
    }
    openapi_set(properties, S("results"), results);
    openapi_add(required, openapi_text(S("results")));
    return object_schema(properties, required);
}

/* Adds a text that the list doesn't have. */
static void add_once(json_t *texts, Str text)
{
    const json_t *known;
    size_t i;

    json_array_foreach(texts, i, known)
    {
        if (str_eq(str_from_z(json_string_value(known)), text)) {
            return;
        }
    }
    openapi_add(texts, openapi_text(text));
}

static json_t *error_schema(void)
{
    json_t *codes = json_array();
    json_t *kinds = json_array();

    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        const struct error_row *row = error_row((enum fail)kind);

        add_once(codes, row->code);
        add_once(kinds, row->type);
    }
    json_t *properties = json_pack(
        "{s{ss ss so} s{ss ss s{ss s{ss}}} s{ss ss} s{ss ss so}}", "code", "type",
        "string", "description", "What to branch on. A later version may know more.",
        "enum", codes, "field_errors", "type", "object", "description",
        "Messages by field; non_field_errors for what concerns the whole body.",
        "additionalProperties", "type", "array", "items", "type", "string", "message",
        "type", "string", "description", "For people; it may change.", "type", "type",
        "string", "description", "The kind of error.", "enum", kinds);

    return object_schema(
        properties, json_pack("[ssss]", "code", "field_errors", "message", "type"));
}

/* How a flow may end without an account (grants/outcome.h). */
static json_t *flow_error_schema(void)
{
    json_t *outcomes = json_array();

    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        add_once(outcomes, outcome_of((enum fail)kind));
    }
    return json_pack(
        "{ss ss so}", "type", "string", "description",
        "Why a flow ended without an account.", "enum", outcomes);
}

Str openapi_list_name(struct arena *mem, const struct api_shape *shape)
{
    return str_cat(mem, shape->name, S("List"));
}

/* Makes one schema of a shape, however many endpoints use it. */
json_t *openapi_schemas(struct arena *mem)
{
    size_t n;
    const struct endpoint *all = routes_all(&n);
    json_t *j = json_object();

    openapi_set(j, S("Error"), error_schema());
    openapi_set(j, S("FlowError"), flow_error_schema());
    openapi_set(j, webhook_view_message.name, openapi_shape(&webhook_view_message));
    for (size_t i = 0; i < n; i++) {
        const struct endpoint *e = &all[i];

        if (e->body != NULL) {
            openapi_set(j, e->body->name, openapi_shape(e->body));
        }
        if (e->answer == NULL) {
            continue;
        }
        openapi_set(j, e->answer->name, openapi_shape(e->answer));
        if (e->is_list) {
            openapi_set(
                j, openapi_list_name(mem, e->answer), list_schema(mem, e->answer));
        }
    }
    return j;
}
