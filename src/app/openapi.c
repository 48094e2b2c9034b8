/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.c - OpenAPI 3.0.3, made once at the start from what the code works from: the
 * table of routes, the shapes of bodies and answers, the table of errors.
 *
 * Every function here returns a new value, which its caller puts into a larger one.
 */
#include <stdlib.h>

#include "api/errors.h"
#include "app/documents.h"
#include "app/routes.h"
#include "base/buf.h"
#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "version.h"

enum { TEXT_BYTES = 1024 };

static json_t *text(Str s)
{
    return json_stringn(s.n == 0 ? "" : s.p, s.n);
}

static void set(json_t *object, Str key, json_t *value)
{
    must_be(json_object_setn_new(object, key.p, key.n, value) == 0);
}

static void add(json_t *array, json_t *value)
{
    must_be(json_array_append_new(array, value) == 0);
}

static json_t *texts(const Str *all, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        add(array, text(all[i]));
    }
    return array;
}

/* `kind` is "schemas/", "responses/Error", …: what stands before the name. */
static json_t *reference(struct arena *mem, Str kind, Str name)
{
    Str path = str_cat(mem, str_cat(mem, S("#/components/"), kind), name);

    return json_pack("{so}", "$ref", text(path));
}

/* Schemas. */

static json_t *field_schema(const struct api_field *f)
{
    static const struct {
        const char *type;
        const char *format;
    } types[] = {
        [VALUE_TEXT] = {"string",  NULL       },
        [VALUE_INT] = {"integer", "int64"    },
        [VALUE_BOOL] = {"boolean", NULL       },
        [VALUE_TIME] = {"string",  "date-time"},
    };

    json_t *j = json_pack(
        "{ss ss* sb}", "type", types[f->type].type, "format", types[f->type].format,
        "nullable", f->is_nullable);

    if (f->about.n > 0) {
        set(j, S("description"), text(f->about));
    }
    if (f->n_choices > 0) {
        set(j, S("enum"), texts(f->choices, f->n_choices));
    }
    return j;
}

/* An object; <root> in XML. Takes over its properties. */
static json_t *object_schema(json_t *properties, json_t *required)
{
    json_t *j = json_pack(
        "{ss s{ss} so}", "type", "object", "xml", "name", "root", "properties",
        properties);

    if (json_array_size(required) > 0) {
        set(j, S("required"), required);
    } else {
        json_decref(required);
    }
    return j;
}

static json_t *shape_schema(const struct api_shape *shape)
{
    json_t *properties = json_object();
    json_t *required = json_array();

    for (size_t i = 0; i < shape->n; i++) {
        set(properties, shape->fields[i].name, field_schema(&shape->fields[i]));
        if (shape->fields[i].is_required) {
            add(required, text(shape->fields[i].name));
        }
    }
    return object_schema(properties, required);
}

static const struct api_field page_fields[] = {
    {.name = SI("count"), .type = VALUE_INT, .about = SI("Of all pages.")},
    { .name = SI("next"),
     .type = VALUE_TEXT,
     .is_nullable = true,
     .about = SI("The URI of the next page.")},
    {                             .name = SI("previous"),
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
        "allOf", reference(mem, S("schemas/"), shape->name), "xml", "name", "list-item");

    for (size_t i = 0; i < COUNT(page_fields); i++) {
        set(properties, page_fields[i].name, field_schema(&page_fields[i]));
        add(required, text(page_fields[i].name));
    }
    set(properties, S("results"), results);
    add(required, text(S("results")));
    return object_schema(properties, required);
}

static json_t *error_schema(void)
{
    json_t *properties = json_pack(
        "{s{ss} s{ss ss s{ss s{ss}}} s{ss} s{ss}}", "code", "type", "string",
        "field_errors", "type", "object", "description",
        "Messages by field; non_field_errors for what concerns the whole body.",
        "additionalProperties", "type", "array", "items", "type", "string", "message",
        "type", "string", "type", "type", "string");

    return object_schema(
        properties, json_pack("[ssss]", "code", "field_errors", "message", "type"));
}

static Str list_name(struct arena *mem, const struct api_shape *shape)
{
    return str_cat(mem, shape->name, S("List"));
}

/* A shape that several endpoints share is one schema. */
static json_t *schemas(struct arena *mem)
{
    size_t n;
    const struct endpoint *all = routes(&n);
    json_t *j = json_object();

    set(j, S("Error"), error_schema());
    for (size_t i = 0; i < n; i++) {
        const struct endpoint *e = &all[i];

        if (e->body != NULL) {
            set(j, e->body->name, shape_schema(e->body));
        }
        if (e->answer != NULL) {
            set(j, e->answer->name, shape_schema(e->answer));
        }
        if (e->is_list) {
            set(j, list_name(mem, e->answer), list_schema(mem, e->answer));
        }
    }
    return j;
}

/* Answers. */

static json_t *media(struct arena *mem, Str schema)
{
    return json_pack("{so}", "schema", reference(mem, S("schemas/"), schema));
}

/* JSON, and where it is negotiated XML. */
static json_t *content(struct arena *mem, Str schema, bool has_xml)
{
    json_t *j = json_pack("{so}", "application/json", media(mem, schema));

    if (has_xml) {
        set(j, S("application/xml"), media(mem, schema));
    }
    return j;
}

static json_t *header(const char *type, const char *about)
{
    return json_pack("{ss s{ss}}", "description", about, "schema", "type", type);
}

/* The codes that share a status, each once, in the order of the kinds. */
static Str codes_of(struct arena *mem, int status)
{
    struct buf b = {.mem = mem, .max = TEXT_BYTES};

    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        const struct error_row *row = error_row((enum fail)kind);

        if (row->status == status && !str_contains(buf_text(&b), row->code)) {
            buf_add(&b, b.n > 0 ? S(", ") : S(""));
            buf_add(&b, row->code);
        }
    }
    return buf_text(&b);
}

static bool may_say_when(int status)
{
    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        const struct error_row *row = error_row((enum fail)kind);

        if (row->status == status && row->retry_after_s > 0) {
            return true;
        }
    }
    return false;
}

static json_t *error_response(struct arena *mem, const struct error_row *row)
{
    json_t *headers = json_pack(
        "{so}", "X-Request-Id", header("string", "Names the request in the log."));

    if (row->status == 401) {
        set(headers, S("WWW-Authenticate"), header("string", "What is accepted."));
    }
    if (may_say_when(row->status)) {
        set(headers, S("Retry-After"), header("integer", "Seconds to wait."));
    }
    return json_pack(
        "{so so so}", "description", text(codes_of(mem, row->status)), "headers", headers,
        "content", content(mem, S("Error"), true));
}

static json_t *error_responses(struct arena *mem)
{
    json_t *j = json_object();

    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        const struct error_row *row = error_row((enum fail)kind);

        set(j, str_cat(mem, S("Error"), str_int(mem, row->status)),
            error_response(mem, row));
    }
    return j;
}

/* Which errors an endpoint can answer with. */
enum error_where { ALWAYS, IN_API, WITH_BODY, WITH_LOOKUP, WITH_SOURCE };

static const struct error_use {
    enum fail kind;
    enum error_where where;
} error_uses[] = {
    {FAIL_PARAMETER_INVALID,      IN_API     },
    {FAIL_AUTHENTICATION_FAILED,  IN_API     },
    {FAIL_PERMISSION_DENIED,      IN_API     },
    {FAIL_NOT_FOUND,              WITH_LOOKUP},
    {FAIL_NOT_ACCEPTABLE,         IN_API     },
    {FAIL_REQUEST_TIMEOUT,        ALWAYS     },
    {FAIL_CONFLICT,               WITH_SOURCE},
    {FAIL_PAYLOAD_TOO_LARGE,      WITH_BODY  },
    {FAIL_UNSUPPORTED_MEDIA_TYPE, WITH_BODY  },
    {FAIL_THROTTLED,              IN_API     },
    {FAIL_HEAD_TOO_LARGE,         ALWAYS     },
    {FAIL_INTERNAL,               IN_API     },
    {FAIL_NOT_IMPLEMENTED,        ALWAYS     },
    {FAIL_SOURCE_ERROR,           WITH_SOURCE},
    {FAIL_UNAVAILABLE,            IN_API     },
    {FAIL_SOURCE_TIMEOUT,         WITH_SOURCE},
    {FAIL_HTTP_VERSION,           ALWAYS     },
};

static bool error_is_used(const struct error_use *use, const struct endpoint *e)
{
    bool is_api = e->kind == ENDPOINT_API;

    switch (use->where) {
    case ALWAYS:
        return true;
    case IN_API:
        return is_api;
    case WITH_BODY:
        return e->body != NULL;
    case WITH_LOOKUP:
        return is_api && (e->is_list || str_contains(e->path, S("{")));
    case WITH_SOURCE:
        return e->asks_source;
    }
    return false;
}

static json_t *page_response(const char *about)
{
    return json_pack(
        "{ss s{s{s{ss}}}}", "description", about, "content", "text/html", "schema",
        "type", "string");
}

static void set_callback_responses(json_t *j)
{
    set(j, S("303"),
        json_pack(
            "{ss s{so}}", "description",
            "Back to the flow's redirect_uri, with success=1&account=<id> or "
            "success=0&error=<code> appended.",
            "headers", "Location", header("string", "The flow's redirect_uri.")));
    set(j, S("400"), page_response("The state can't be trusted: a page for the user."));
    set(j, S("503"), page_response("Overloaded: a page; the flow stays open."));
}

static json_t *success_response(struct arena *mem, const struct endpoint *e)
{
    json_t *j = json_pack("{ss}", "description", "Done.");

    if (e->answer != NULL) {
        Str schema = e->is_list ? list_name(mem, e->answer) : e->answer->name;

        set(j, S("content"), content(mem, schema, e->kind == ENDPOINT_API));
    } else if (e->status == 200) {
        set(j, S("content"), json_pack("{s{}}", "application/json"));
    }
    return j;
}

static json_t *responses(struct arena *mem, const struct endpoint *e)
{
    json_t *j = json_object();

    if (e->kind == ENDPOINT_CALLBACK) {
        set_callback_responses(j);
    } else {
        set(j, str_int(mem, e->status), success_response(mem, e));
    }
    if (e->answer == &ready_shape) {
        set(j, S("503"), success_response(mem, e));
    }
    for (size_t i = 0; i < COUNT(error_uses); i++) {
        Str status = str_int(mem, error_row(error_uses[i].kind)->status);

        if (error_is_used(&error_uses[i], e)) {
            set(j, status, reference(mem, S("responses/Error"), status));
        }
    }
    return j;
}

/* Requests. */

/* A parameter of the whole API. */
/* clang-format off */
static const struct parameter {
    Str key; /* in the components */
    Str name;
    const char *in;
    const char *type;
    const char *about;
    Str choices[2];
    int64_t high; /* of a number; 0: no bound */
    bool only_lists;
} parameters[] = {
    {.key = SI("Format"),
     .name = SI("format"),
     .in = "query",
     .type = "string",
     .about = "The format of the answer; wins over Accept.",
     .choices = {SI("json"), SI("xml")}},
    {.key = SI("ProviderId"),
     .name = SI("TeamUp-Provider-ID"),
     .in = "header",
     .type = "integer",
     .about = "The provider that the request is for. Required if the credential has "
              "access to several."},
    {.key = SI("RequestMode"),
     .name = SI("Teamup-Request-Mode"),
     .in = "header",
     .type = "string",
     .about = "Required if the credential has access to both modes.",
     .choices = {SI("customer"), SI("provider")}},
    {.key = SI("User"),
     .name = SI("Caldock-User"),
     .in = "header",
     .type = "string",
     .about = "The end user that a credential bound to none acts for: 1 to 128 of "
              "A-Z a-z 0-9 . _ : @ | / + = -. Required in customer mode."},
    {.key = SI("Page"),
     .name = SI("page"),
     .in = "query",
     .type = "integer",
     .about = "From 1.",
     .only_lists = true},
    {.key = SI("PageSize"),
     .name = SI("page_size"),
     .in = "query",
     .type = "integer",
     .about = "Items of a page.",
     .high = LIMIT_PAGE_SIZE,
     .only_lists = true},
};

/* clang-format on */

static json_t *parameter_component(const struct parameter *p)
{
    json_t *schema = json_pack("{ss}", "type", p->type);

    if (p->choices[0].n > 0) {
        set(schema, S("enum"), texts(p->choices, COUNT(p->choices)));
    }
    if (str_eq(str_from_z(p->type), S("integer"))) {
        set(schema, S("minimum"), json_integer(1));
    }
    if (p->high > 0) {
        set(schema, S("maximum"), json_integer(p->high));
    }
    return json_pack(
        "{so ss ss so}", "name", text(p->name), "in", p->in, "description", p->about,
        "schema", schema);
}

static json_t *parameter_components(void)
{
    json_t *j = json_object();

    for (size_t i = 0; i < COUNT(parameters); i++) {
        set(j, parameters[i].key, parameter_component(&parameters[i]));
    }
    return j;
}

static json_t *own_parameter(Str name, const char *in, bool is_required)
{
    return json_pack(
        "{so ss sb s{ss}}", "name", text(name), "in", in, "required", is_required,
        "schema", "type", "string");
}

static json_t *operation_parameters(struct arena *mem, const struct endpoint *e)
{
    json_t *j = json_array();
    Str path = e->path;
    Str part;

    while (str_next_part(&path, '/', &part)) {
        if (str_starts(part, S("{"))) {
            add(j, own_parameter(str_sub(part, 1, part.n - 1), "path", true));
        }
    }
    if (e->kind == ENDPOINT_CALLBACK) {
        add(j, own_parameter(S("state"), "query", true));
        add(j, own_parameter(S("code"), "query", false));
        add(j, own_parameter(S("error"), "query", false));
    }
    for (size_t i = 0; i < COUNT(parameters) && e->kind == ENDPOINT_API; i++) {
        if (e->is_list || !parameters[i].only_lists) {
            add(j, reference(mem, S("parameters/"), parameters[i].key));
        }
    }
    return j;
}

static json_t *request_body(struct arena *mem, const struct api_shape *shape)
{
    return json_pack(
        "{sb s{so so so}}", "required", 1, "content", "application/json",
        media(mem, shape->name), "application/x-www-form-urlencoded",
        media(mem, shape->name), "multipart/form-data", media(mem, shape->name));
}

/* Paths. */

static json_t *operation(struct arena *mem, const struct endpoint *e)
{
    json_t *security = e->kind == ENDPOINT_API
                           ? json_pack("[{s[]}{s[]}{s[]}]", "Token", "JWT", "Bearer")
                           : json_array();
    json_t *j = json_pack(
        "{so so so so so}", "operationId", text(e->name), "summary", text(e->about),
        "security", security, "parameters", operation_parameters(mem, e), "responses",
        responses(mem, e));

    if (e->body != NULL) {
        set(j, S("requestBody"), request_body(mem, e->body));
    }
    return j;
}

static json_t *paths(struct arena *mem)
{
    size_t n;
    const struct endpoint *all = routes(&n);
    json_t *j = json_object();

    for (size_t i = 0; i < n; i++) {
        json_t *path = json_object_getn(j, all[i].path.p, all[i].path.n);

        if (path == NULL) {
            path = json_object();
            set(j, all[i].path, path);
        }
        set(path, str_lower(mem, method_name(all[i].method)), operation(mem, &all[i]));
    }
    return j;
}

static json_t *security_schemes(void)
{
    return json_pack(
        "{s{ss ss ss ss} s{ss ss ss ss} s{ss ss ss}}", "Token", "type", "apiKey", "in",
        "header", "name", "Authorization", "description", "`Token ` and an API token.",
        "JWT", "type", "apiKey", "in", "header", "name", "Authorization", "description",
        "`JWT ` and a JSON Web Token of a configured issuer.", "Bearer", "type", "http",
        "scheme", "bearer", "description",
        "An API token, or a JSON Web Token of a configured issuer.");
}

static json_t *info(void)
{
    return json_pack(
        "{ss ss ss s{ss ss}}", "title", "Caldock", "version", CALDOCK_VERSION,
        "description", "Connects Google and Microsoft calendars to an application.",
        "license", "name", "Apache-2.0", "url",
        "https://www.apache.org/licenses/LICENSE-2.0");
}

Res openapi_build(struct cx *cx, Str public_url, Str *ret)
{
    struct arena *mem = &cx->mem;
    CLEANUP(j_done)
    json_t *j = json_pack(
        "{ss so s[{so}] so s{so so so so}}", "openapi", "3.0.3", "info", info(),
        "servers", "url", text(public_url), "paths", paths(mem), "components",
        "securitySchemes", security_schemes(), "parameters", parameter_components(),
        "schemas", schemas(mem), "responses", error_responses(mem));
    size_t n = json_dumpb(j, NULL, 0, JSON_COMPACT);
    char *bytes = arena_alloc(mem, n);

    if (n == 0 || json_dumpb(j, bytes, n, JSON_COMPACT) != n) {
        return fail(cx, FAIL_INTERNAL, "openapi.json cannot be written");
    }
    *ret = (Str){bytes, n};
    return OK;
}
