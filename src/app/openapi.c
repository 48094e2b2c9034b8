/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.c - OpenAPI 3.0.3, printed from what the code works from: the table of routes,
 * the shapes of bodies and answers, the table of errors.
 */
#include "api/errors.h"
#include "app/documents.h"
#include "app/routes.h"
#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "version.h"

enum { REF_BYTES = 128, TEXT_BYTES = 1024, SHAPES_MOST = 16 };

static const Str json = SI("application/json");
static const Str xml = SI("application/xml");

/* A header or query parameter of the whole API. */
static const struct parameter {
    Str key;
    Str name;
    Str in;
    Str type;
    Str about;
    const Str *choices;
    size_t n_choices;
    int64_t low, high; /* of an integer, where low < high */
    bool only_lists;
} parameters[] = {
    {.key = SI("Format"), .name = SI("format"), .in = SI("query"), .type = SI("string"),
     .about = SI("The format of the answer; wins over Accept."),
     .choices = (const Str[]){SI("json"), SI("xml")}, .n_choices = 2},
    {.key = SI("ProviderId"), .name = SI("TeamUp-Provider-ID"), .in = SI("header"),
     .type = SI("integer"),
     .about = SI("The provider that the request is for. Required if the credential has "
                 "access to several."),
     .low = 1, .high = INT64_MAX},
    {.key = SI("RequestMode"), .name = SI("Teamup-Request-Mode"), .in = SI("header"),
     .type = SI("string"),
     .about = SI("Required if the credential has access to both modes."),
     .choices = (const Str[]){SI("customer"), SI("provider")}, .n_choices = 2},
    {.key = SI("User"), .name = SI("Caldock-User"), .in = SI("header"),
     .type = SI("string"),
     .about = SI("The end user that a credential which is bound to none acts for: 1 to "
                 "128 characters of A-Z a-z 0-9 . _ : @ | / + = -. Required in customer "
                 "mode.")},
    {.key = SI("Page"), .name = SI("page"), .in = SI("query"), .type = SI("integer"),
     .about = SI("From 1."), .low = 1, .high = INT64_MAX, .only_lists = true},
    {.key = SI("PageSize"), .name = SI("page_size"), .in = SI("query"),
     .type = SI("integer"), .about = SI("Items of a page."), .low = 1,
     .high = LIMIT_PAGE_SIZE, .only_lists = true},
};

static const Str schemes[] = {SI("Token"), SI("JWT"), SI("Bearer")};

static Str join(struct arena *mem, Str a, Str b)
{
    return str_cat(mem, a, b);
}

static void write_choices(struct writer *w, const Str *choices, size_t n)
{
    if (n == 0) {
        return;
    }
    writer_array(w, S("enum"));
    for (size_t i = 0; i < n; i++) {
        writer_text(w, S(""), choices[i]);
    }
    writer_end(w);
}

/* {"$ref": "#/components/<kind>/<name>"} */
static void write_ref(struct cx *cx, struct writer *w, Str name, Str kind, Str what)
{
    struct buf b = {.mem = &cx->mem, .max = REF_BYTES};

    buf_add(&b, S("#/components/"));
    buf_add(&b, kind);
    buf_add(&b, what);
    writer_object(w, name);
    writer_text(w, S("$ref"), buf_text(&b));
    writer_end(w);
}

static Str list_name(struct arena *mem, const struct api_shape *shape)
{
    return join(mem, shape->name, S("List"));
}

/* Schemas. */

static void write_field(struct writer *w, const struct api_field *f)
{
    static const struct {
        Str type;
        Str format;
    } types[] = {
        [VALUE_TEXT] = {SI("string"), SI("")},
        [VALUE_INT] = {SI("integer"), SI("int64")},
        [VALUE_BOOL] = {SI("boolean"), SI("")},
        [VALUE_TIME] = {SI("string"), SI("date-time")},
    };

    writer_object(w, f->name);
    writer_text(w, S("type"), types[f->type].type);
    if (types[f->type].format.n > 0) {
        writer_text(w, S("format"), types[f->type].format);
    }
    if (f->is_nullable) {
        writer_bool(w, S("nullable"), true);
    }
    if (f->about.n > 0) {
        writer_text(w, S("description"), f->about);
    }
    write_choices(w, f->choices, f->n_choices);
    writer_end(w);
}

/* What every schema begins with: an object, <root> in XML. */
static void open_schema(struct writer *w, Str name)
{
    writer_object(w, name);
    writer_text(w, S("type"), S("object"));
    writer_object(w, S("xml"));
    writer_text(w, S("name"), S("root"));
    writer_end(w);
}

static void write_shape(struct writer *w, const struct api_shape *shape)
{
    size_t n_required = 0;

    open_schema(w, shape->name);
    writer_object(w, S("properties"));
    for (size_t i = 0; i < shape->n; i++) {
        write_field(w, &shape->fields[i]);
        n_required += shape->fields[i].is_required;
    }
    writer_end(w);
    if (n_required > 0) {
        writer_array(w, S("required"));
        for (size_t i = 0; i < shape->n; i++) {
            if (shape->fields[i].is_required) {
                writer_text(w, S(""), shape->fields[i].name);
            }
        }
        writer_end(w);
    }
    writer_end(w);
}

static const struct api_field page_fields[] = {
    {.name = SI("count"), .type = VALUE_INT, .about = SI("Of all pages.")},
    {.name = SI("next"), .type = VALUE_TEXT, .is_nullable = true,
     .about = SI("The URI of the next page.")},
    {.name = SI("previous"), .type = VALUE_TEXT, .is_nullable = true,
     .about = SI("The URI of the page before.")},
};

static void write_list_shape(struct cx *cx, struct writer *w, const struct api_shape *shape)
{
    open_schema(w, list_name(&cx->mem, shape));
    writer_object(w, S("properties"));
    for (size_t i = 0; i < COUNT(page_fields); i++) {
        write_field(w, &page_fields[i]);
    }
    writer_object(w, S("results"));
    writer_text(w, S("type"), S("array"));
    writer_object(w, S("xml"));
    writer_bool(w, S("wrapped"), true);
    writer_end(w);
    writer_object(w, S("items"));
    writer_array(w, S("allOf"));
    write_ref(cx, w, S(""), S("schemas/"), shape->name);
    writer_end(w);
    writer_object(w, S("xml"));
    writer_text(w, S("name"), S("list-item"));
    writer_end(w);
    writer_end(w);
    writer_end(w);
    writer_end(w);
    writer_array(w, S("required"));
    for (size_t i = 0; i < COUNT(page_fields); i++) {
        writer_text(w, S(""), page_fields[i].name);
    }
    writer_text(w, S(""), S("results"));
    writer_end(w);
    writer_end(w);
}

static void write_error_schema(struct writer *w)
{
    static const Str names[] = {SI("code"), SI("message"), SI("type")};

    open_schema(w, S("Error"));
    writer_object(w, S("properties"));
    for (size_t i = 0; i < COUNT(names); i++) {
        writer_object(w, names[i]);
        writer_text(w, S("type"), S("string"));
        writer_end(w);
    }
    writer_object(w, S("field_errors"));
    writer_text(w, S("type"), S("object"));
    writer_text(
        w, S("description"),
        S("Messages by field; non_field_errors for what concerns the whole body."));
    writer_object(w, S("additionalProperties"));
    writer_text(w, S("type"), S("array"));
    writer_object(w, S("items"));
    writer_text(w, S("type"), S("string"));
    writer_end(w);
    writer_end(w);
    writer_end(w);
    writer_end(w);
    writer_array(w, S("required"));
    for (size_t i = 0; i < COUNT(names); i++) {
        writer_text(w, S(""), names[i]);
    }
    writer_text(w, S(""), S("field_errors"));
    writer_end(w);
    writer_end(w);
}

/* Every shape once, though several endpoints share it. */
static void write_schemas(struct cx *cx, struct writer *w)
{
    const struct api_shape *done[SHAPES_MOST];
    size_t n_done = 0;
    size_t n;
    const struct endpoint *all = routes(&n);

    writer_object(w, S("schemas"));
    write_error_schema(w);
    for (size_t i = 0; i < 2 * n; i++) {
        const struct endpoint *e = &all[i / 2];
        const struct api_shape *shape = i % 2 == 0 ? e->body : e->answer;
        size_t at = 0;

        if (shape != NULL && shape == e->answer && e->is_list) {
            write_list_shape(cx, w, shape);
        }
        while (at < n_done && done[at] != shape) {
            at++;
        }
        if (shape != NULL && at == n_done) {
            must_be(n_done < SHAPES_MOST);
            done[n_done++] = shape;
            write_shape(w, shape);
        }
    }
    writer_end(w);
}

/* Answers. */

static void write_media(struct cx *cx, struct writer *w, Str media, Str schema)
{
    writer_object(w, media);
    write_ref(cx, w, S("schema"), S("schemas/"), schema);
    writer_end(w);
}

static void write_header(struct writer *w, Str name, Str type, Str about)
{
    writer_object(w, name);
    writer_text(w, S("description"), about);
    writer_object(w, S("schema"));
    writer_text(w, S("type"), type);
    writer_end(w);
    writer_end(w);
}

static void write_error_headers(struct writer *w, const struct error_row *row)
{
    writer_object(w, S("headers"));
    write_header(
        w, S("X-Request-Id"), S("string"), S("Names the request in the service's log."));
    if (row->status == 401) {
        write_header(
            w, S("WWW-Authenticate"), S("string"), S("The schemes of credentials."));
    }
    if (row->status == 429 || row->status == 503) {
        write_header(w, S("Retry-After"), S("integer"), S("Seconds to wait."));
    }
    writer_end(w);
}

/* The codes that share a status, in the order of the kinds. */
static Str codes_of(struct cx *cx, int status)
{
    struct buf b = {.mem = &cx->mem, .max = TEXT_BYTES};
    Str seen = S("");

    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        const struct error_row *row = error_row((enum fail)kind);

        if (row->status != status || str_eq(row->code, seen)) {
            continue;
        }
        if (status == 500 && b.n > 0) {
            continue; /* what has no row of its own is internal_error again */
        }
        buf_add(&b, b.n > 0 ? S(", ") : S(""));
        buf_add(&b, row->code);
        seen = row->code;
    }
    return buf_text(&b);
}

/* The first kind of each status stands for it. */
static bool is_first_of_status(int kind)
{
    int status = error_row((enum fail)kind)->status;

    for (int before = FAIL_NONE + 1; before < kind; before++) {
        if (error_row((enum fail)before)->status == status) {
            return false;
        }
    }
    return true;
}

static void write_error_responses(struct cx *cx, struct writer *w)
{
    writer_object(w, S("responses"));
    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        const struct error_row *row = error_row((enum fail)kind);

        if (!is_first_of_status(kind)) {
            continue;
        }
        writer_object(
            w, join(&cx->mem, S("Error"), str_int(&cx->mem, row->status)));
        writer_text(w, S("description"), codes_of(cx, row->status));
        write_error_headers(w, row);
        writer_object(w, S("content"));
        write_media(cx, w, json, S("Error"));
        write_media(cx, w, xml, S("Error"));
        writer_end(w);
        writer_end(w);
    }
    writer_end(w);
}

/* Which errors an endpoint can answer with. What is no HTTP (408, 431, 501, 505) any. */
static const struct error_use {
    enum fail kind;
    enum { EVERYWHERE, IN_API, WITH_BODY, WITH_LOOKUP } where;
} error_uses[] = {
    {FAIL_PARAMETER_INVALID, IN_API},
    {FAIL_AUTHENTICATION_FAILED, IN_API},
    {FAIL_PERMISSION_DENIED, IN_API},
    {FAIL_NOT_FOUND, WITH_LOOKUP},
    {FAIL_NOT_ACCEPTABLE, IN_API},
    {FAIL_REQUEST_TIMEOUT, EVERYWHERE},
    {FAIL_PAYLOAD_TOO_LARGE, WITH_BODY},
    {FAIL_UNSUPPORTED_MEDIA_TYPE, WITH_BODY},
    {FAIL_THROTTLED, IN_API},
    {FAIL_HEAD_TOO_LARGE, EVERYWHERE},
    {FAIL_INTERNAL, IN_API},
    {FAIL_NOT_IMPLEMENTED, EVERYWHERE},
    {FAIL_UNAVAILABLE, IN_API},
    {FAIL_HTTP_VERSION, EVERYWHERE},
};

static bool error_is_used(const struct error_use *use, const struct endpoint *e)
{
    bool is_api = e->kind == ENDPOINT_API;

    switch (use->where) {
    case EVERYWHERE:
        return true;
    case IN_API:
        return is_api;
    case WITH_BODY:
        return e->body != NULL;
    case WITH_LOOKUP:
        return is_api && (e->is_list || str_contains(e->path, S("{")));
    }
    return false;
}

static void write_errors(struct cx *cx, struct writer *w, const struct endpoint *e)
{
    for (size_t i = 0; i < COUNT(error_uses); i++) {
        Str status = str_int(&cx->mem, error_row(error_uses[i].kind)->status);

        if (error_is_used(&error_uses[i], e)) {
            write_ref(cx, w, status, S("responses/Error"), status);
        }
    }
}

static void write_success(struct cx *cx, struct writer *w, const struct endpoint *e)
{
    writer_object(w, str_int(&cx->mem, e->status));
    writer_text(
        w, S("description"), e->status == 204 ? S("Done; no body.") : S("What was asked for."));
    if (e->answer != NULL) {
        Str schema = e->is_list ? list_name(&cx->mem, e->answer) : e->answer->name;

        writer_object(w, S("content"));
        write_media(cx, w, json, schema);
        if (e->kind == ENDPOINT_API) {
            write_media(cx, w, xml, schema);
        }
        writer_end(w);
    } else if (e->status == 200) {
        writer_object(w, S("content"));
        writer_object(w, json);
        writer_object(w, S("schema"));
        writer_text(w, S("type"), S("object"));
        writer_end(w);
        writer_end(w);
        writer_end(w);
    }
    writer_end(w);
}

static void write_page(struct writer *w, Str status, Str about)
{
    writer_object(w, status);
    writer_text(w, S("description"), about);
    writer_object(w, S("content"));
    writer_object(w, S("text/html"));
    writer_object(w, S("schema"));
    writer_text(w, S("type"), S("string"));
    writer_end(w);
    writer_end(w);
    writer_end(w);
    writer_end(w);
}

static void write_callback_answers(struct writer *w)
{
    writer_object(w, S("303"));
    writer_text(
        w, S("description"),
        S("Back to the redirect_uri of the flow, with success=1&account=<id> or "
          "success=0&error=<code> appended."));
    writer_object(w, S("headers"));
    write_header(w, S("Location"), S("string"), S("The redirect_uri of the flow."));
    writer_end(w);
    writer_end(w);
    write_page(w, S("400"), S("The state can't be trusted: a page for the user."));
    write_page(w, S("503"), S("Overloaded: a page for the user; the flow stays open."));
}

static void write_answers(struct cx *cx, struct writer *w, const struct endpoint *e)
{
    writer_object(w, S("responses"));
    if (e->kind == ENDPOINT_CALLBACK) {
        write_callback_answers(w);
    } else {
        write_success(cx, w, e);
    }
    if (e->answer == &ready_shape) {
        writer_object(w, S("503"));
        writer_text(w, S("description"), S("Says what is wrong."));
        writer_object(w, S("content"));
        write_media(cx, w, json, ready_shape.name);
        writer_end(w);
        writer_end(w);
    }
    write_errors(cx, w, e);
    writer_end(w);
}

/* Requests. */

static void write_parameters(struct cx *cx, struct writer *w)
{
    (void)cx;
    writer_object(w, S("parameters"));
    for (size_t i = 0; i < COUNT(parameters); i++) {
        const struct parameter *p = &parameters[i];

        writer_object(w, p->key);
        writer_text(w, S("name"), p->name);
        writer_text(w, S("in"), p->in);
        writer_text(w, S("description"), p->about);
        writer_object(w, S("schema"));
        writer_text(w, S("type"), p->type);
        if (p->low < p->high) {
            writer_int(w, S("minimum"), p->low);
            writer_int(w, S("maximum"), p->high);
        }
        write_choices(w, p->choices, p->n_choices);
        writer_end(w);
        writer_end(w);
    }
    writer_end(w);
}

static void write_plain_parameter(struct writer *w, Str name, Str in, bool is_required)
{
    writer_object(w, S(""));
    writer_text(w, S("name"), name);
    writer_text(w, S("in"), in);
    writer_bool(w, S("required"), is_required);
    writer_object(w, S("schema"));
    writer_text(w, S("type"), S("string"));
    writer_end(w);
    writer_end(w);
}

/* The variable segments of a path. */
static void write_path_parameters(struct writer *w, Str path)
{
    Str part;

    while (str_next_part(&path, '/', &part)) {
        if (str_starts(part, S("{"))) {
            write_plain_parameter(w, str_sub(part, 1, part.n - 1), S("path"), true);
        }
    }
}

static void write_operation_parameters(
    struct cx *cx, struct writer *w, const struct endpoint *e)
{
    static const Str callback[] = {SI("state"), SI("code"), SI("error")};

    writer_array(w, S("parameters"));
    write_path_parameters(w, e->path);
    for (size_t i = 0; i < COUNT(callback) && e->kind == ENDPOINT_CALLBACK; i++) {
        write_plain_parameter(w, callback[i], S("query"), i == 0);
    }
    for (size_t i = 0; i < COUNT(parameters) && e->kind == ENDPOINT_API; i++) {
        if (e->is_list || !parameters[i].only_lists) {
            write_ref(cx, w, S(""), S("parameters/"), parameters[i].key);
        }
    }
    writer_end(w);
}

static void write_body(struct cx *cx, struct writer *w, const struct endpoint *e)
{
    if (e->body == NULL) {
        return;
    }
    writer_object(w, S("requestBody"));
    writer_bool(w, S("required"), true);
    writer_object(w, S("content"));
    write_media(cx, w, json, e->body->name);
    write_media(cx, w, S("application/x-www-form-urlencoded"), e->body->name);
    write_media(cx, w, S("multipart/form-data"), e->body->name);
    writer_end(w);
    writer_end(w);
}

static void write_security(struct writer *w, const struct endpoint *e)
{
    writer_array(w, S("security"));
    for (size_t i = 0; i < COUNT(schemes) && e->kind == ENDPOINT_API; i++) {
        writer_object(w, S(""));
        writer_array(w, schemes[i]);
        writer_end(w);
        writer_end(w);
    }
    writer_end(w);
}

static void write_operation(struct cx *cx, struct writer *w, const struct endpoint *e)
{
    writer_object(w, str_lower(&cx->mem, method_name(e->method)));
    writer_text(w, S("operationId"), e->name);
    writer_text(w, S("summary"), e->about);
    write_security(w, e);
    write_operation_parameters(cx, w, e);
    write_body(cx, w, e);
    write_answers(cx, w, e);
    writer_end(w);
}

static void write_paths(struct cx *cx, struct writer *w)
{
    size_t n;
    const struct endpoint *all = routes(&n);

    writer_object(w, S("paths"));
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && str_eq(all[i - 1].path, all[i].path)) {
            continue; /* the table has a path's methods side by side */
        }
        writer_object(w, all[i].path);
        for (size_t k = i; k < n && str_eq(all[k].path, all[i].path); k++) {
            write_operation(cx, w, &all[k]);
        }
        writer_end(w);
    }
    writer_end(w);
}

static void write_security_schemes(struct writer *w)
{
    static const Str abouts[] = {
        SI("`Token ` and an API token."),
        SI("`JWT ` and a JSON Web Token of a configured issuer."),
        SI("An API token, or a JSON Web Token of a configured issuer."),
    };

    writer_object(w, S("securitySchemes"));
    for (size_t i = 0; i < COUNT(schemes); i++) {
        bool is_bearer = str_eq(schemes[i], S("Bearer"));

        writer_object(w, schemes[i]);
        writer_text(w, S("type"), is_bearer ? S("http") : S("apiKey"));
        if (is_bearer) {
            writer_text(w, S("scheme"), S("bearer"));
        } else {
            writer_text(w, S("in"), S("header"));
            writer_text(w, S("name"), S("Authorization"));
        }
        writer_text(w, S("description"), abouts[i]);
        writer_end(w);
    }
    writer_end(w);
}

static void write_info(struct writer *w, Str public_url)
{
    writer_text(w, S("openapi"), S("3.0.3"));
    writer_object(w, S("info"));
    writer_text(w, S("title"), S("Caldock"));
    writer_text(w, S("version"), S(CALDOCK_VERSION));
    writer_text(
        w, S("description"), S("Connects Google and Microsoft calendars to an application."));
    writer_object(w, S("license"));
    writer_text(w, S("name"), S("Apache-2.0"));
    writer_text(w, S("url"), S("https://www.apache.org/licenses/LICENSE-2.0"));
    writer_end(w);
    writer_end(w);
    writer_array(w, S("servers"));
    writer_object(w, S(""));
    writer_text(w, S("url"), public_url);
    writer_end(w);
    writer_end(w);
}

Res openapi_build(struct cx *cx, Str public_url, Str *ret)
{
    struct writer *w = writer_open(&cx->mem, FORMAT_IS_JSON);

    write_info(w, public_url);
    write_paths(cx, w);
    writer_object(w, S("components"));
    write_security_schemes(w);
    write_parameters(cx, w);
    write_schemas(cx, w);
    write_error_responses(cx, w);
    writer_end(w);
    return writer_done(cx, w, ret);
}
