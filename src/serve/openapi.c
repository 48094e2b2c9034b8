/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.c - makes the OpenAPI 3.1 document once for each configuration, from the
 * tables that the code itself uses: routes, shapes of bodies and answers, errors.
 *
 * openapi_schemas.c, openapi_answers.c and openapi_webhooks.c make their parts. The rest
 * is here: parameters, operations, tags and the document.
 */
#include "serve/openapi.h"

#include "api/initiate.h"
#include "api/page.h"
#include "api/shape.h"
#include "base/cx.h"
#include "base/limits.h"
#include "config/config.h"
#include "serve/openapi_answers.h"
#include "serve/openapi_parts.h"
#include "serve/openapi_schemas.h"
#include "serve/openapi_webhooks.h"
#include "serve/routes.h"
#include "version.h"

/* Parameters. */

_Static_assert(LIMIT_USER_BYTES == 128, "\"1 to 128\"");

static const Str formats[] = {SI("json"), SI("xml")};
static const Str modes[] = {SI("customer"), SI("provider")};

/* clang-format off */
/* A parameter that every endpoint of the API takes. */
static const struct parameter {
    Str key; /* in the components */
    const char *in;
    struct api_field field;
} parameters[] = {
    {SI("Format"), "query", {.name = SI("format"),
        .choices = formats, .n_choices = COUNT(formats),
        .about = SI("The format of the answer; wins over Accept.")}},
    {SI("ProviderId"), "header", {.name = SI("TeamUp-Provider-ID"), .type = VALUE_INT,
        .least = 1, .most = INT64_MAX, .example = SI("1"),
        .about = SI("The provider that the request is for. Required if the credential has "
                    "access to several.")}},
    {SI("RequestMode"), "header", {.name = SI("Teamup-Request-Mode"),
        .choices = modes, .n_choices = COUNT(modes),
        .about = SI("Required if the credential has access to both modes.")}},
    {SI("User"), "header", {.name = SI("Caldock-User"),
        .most_chars = LIMIT_USER_BYTES, .example = SI("1234"),
        .about = SI("The end user that a credential bound to none acts for: 1 to 128 of "
                    "A-Z a-z 0-9 . _ : @ | / + = -. Required in customer mode.")}},
};

/* The variables of paths. */
static const struct api_field variables[] = {
    {.name = SI("id"), .type = VALUE_INT, .least = 1, .most = INT64_MAX,
        .about = SI("The number of what is asked for, as `id` in answers."),
        .example = SI("7")},
    {.name = SI("base64_calendar_id"),
        .about = SI("`base64_id` of the calendar."),
        .example = SI("dGVhbUBncm91cC5jYWxlbmRhci5nb29nbGUuY29t")},
    {.name = SI("event_id"), .most_chars = LIMIT_PUSHED_ID_BYTES,
        .about = SI("The application's own id of the event: `A-Z a-z 0-9 . _ : -`."),
        .example = SI("booking-4711")},
};

/* What a source sends a browser back with. */
static const struct api_field callback_fields[] = {
    {.name = SI("state"), .is_required = true,
        .about = SI("The flow, sealed."), .example = SI("…")},
    {.name = SI("code"), .about = SI("The authorization code.")},
    {.name = SI("error"), .about = SI("The source's own word: no FlowError.")},
};
static const struct api_shape callback_query = {
    SI("CallbackQuery"), callback_fields, COUNT(callback_fields)};

static const struct api_field notify_fields[] = {
    {.name = SI("validationToken"),
        .about = SI("Microsoft's test of the URL: it is sent back.")},
};
static const struct api_shape notify_query = {SI("NotifyQuery"), notify_fields, 1};

/* clang-format on */

static json_t *parameter_new(const struct api_field *f, const char *in, bool is_required)
{
    json_t *schema = openapi_field_or_default(f);
    json_t *j = json_pack(
        "{so ss sb so}", "name", openapi_text(f->name), "in", in, "required", is_required,
        "schema", schema);

    (void)json_object_del(schema, "description"); /* it is the parameter's */

    if (f->about.n > 0) {
        openapi_set(j, S("description"), openapi_text(f->about));
    }
    if (f->example.n > 0) {
        openapi_set(j, S("example"), openapi_field_example(f));
    }
    return j;
}

static json_t *parameter_components(void)
{
    json_t *j = json_object();

    for (size_t i = 0; i < COUNT(parameters); i++) {
        const struct parameter *p = &parameters[i];

        openapi_set(j, p->key, parameter_new(&p->field, p->in, false));
    }
    return j;
}

static json_t *variable_parameter(Str name)
{
    size_t i = 0;

    while (!str_eq(variables[i].name, name)) {
        i++;
        must_be(i < COUNT(variables));
    }
    return parameter_new(&variables[i], "path", true);
}

/* NULL adds nothing. */
static void add_query_parameters(json_t *all, const struct api_shape *query)
{
    for (size_t i = 0; query != NULL && i < query->n; i++) {
        const struct api_field *f = &query->fields[i];

        openapi_add(all, parameter_new(f, "query", f->is_required));
    }
}

static json_t *operation_parameters(struct arena *mem, const struct endpoint *e)
{
    bool is_notified = endpoint_is_for_source(e) && e->source == SOURCE_MICROSOFT;
    json_t *j = json_array();
    Str path = e->path;
    Str part;

    while (str_next_part(&path, '/', &part)) {
        if (str_starts(part, S("{"))) {
            openapi_add(j, variable_parameter(str_sub(part, 1, part.n - 1)));
        }
    }
    add_query_parameters(j, e->query);
    add_query_parameters(j, e->is_list ? &page_query_shape : NULL);
    add_query_parameters(j, e->answers_itself ? &callback_query : NULL);
    add_query_parameters(j, is_notified ? &notify_query : NULL);
    for (size_t i = 0; i < COUNT(parameters) && e->wants_credential; i++) {
        openapi_add(j, openapi_reference(mem, S("parameters/"), parameters[i].key));
    }
    return j;
}

static json_t *request_body(struct arena *mem, const struct api_shape *shape)
{
    json_t *content = openapi_content(mem, shape->name, openapi_example(shape), false);

    openapi_set(
        content, S("application/x-www-form-urlencoded"), openapi_media(mem, shape->name));
    openapi_set(content, S("multipart/form-data"), openapi_media(mem, shape->name));
    return json_pack("{sb so}", "required", 1, "content", content);
}

/* The end of a flow. */

/* clang-format off */
static const struct api_field ended_fields[] = {
    {.name = SI("success"), .type = VALUE_INT, .least = 0, .most = 1, .is_required = true,
        .about = SI("1: an account was connected; 0: none was."), .example = SI("1")},
    {.name = SI("account"), .type = VALUE_INT, .example = SI("7"),
        .about = SI("With success=1: the account's id. Read it before you believe it.")},
};
/* clang-format on */

static const struct api_shape ended_query = {
    SI("FlowEnded"), ended_fields, COUNT(ended_fields)};

/* Describes what the application is asked for when a flow has ended: by the browser,
 * which Caldock's own callback sends there by 303. */
static json_t *flow_ended_new(struct arena *mem)
{
    json_t *query = json_array();

    add_query_parameters(query, &ended_query);
    openapi_add(
        query, json_pack(
                   "{ss ss ss so}", "name", "error", "in", "query", "description",
                   "With success=0: why.", "schema",
                   openapi_reference(mem, S("schemas/"), S("FlowError"))));
    return json_pack(
        "{s{s{s{ss s[s] ss s[] so s{s{ss} s{ss}}}}}}", "flow_ended",
        "{$request.body#/redirect_uri}", "get", "operationId", "flow_ended", "tags",
        "Accounts", "summary", "The browser comes back to the application", "security",
        "parameters", query, "responses", "2XX", "description",
        "The application's own page.", "4XX", "description",
        "What came back proves nothing: the application didn't believe it.");
}

/* Paths. */

static const struct tag {
    const char *name;
    const char *about;
} tags[TAG_COUNT] = {
    [TAG_ACCOUNTS] = {"Accounts", "Calendar accounts: connected, shown, disconnected."},
    [TAG_CALENDARS] = {"Calendars", "The calendars of an account."},
    [TAG_SETTINGS] = {"Settings", "Which calendars block, and which receive."},
    [TAG_BUSY_PERIODS] = {"Busy periods", "When an owner is busy."},
    [TAG_EVENTS] = {"Events", "The events of an owner's calendars."},
    [TAG_PUSHED_EVENTS] = {"Pushed events", "Events that the application writes."},
    [TAG_SOURCES] = {"Sources", "What Google and Microsoft call, or send browsers to."},
    [TAG_WEBHOOKS] = {"Webhooks", "What applications are told at URLs of theirs."},
    [TAG_SERVICE] = {"Service", "Its health, and this description."},
};

static json_t *tags_new(void)
{
    json_t *j = json_array();

    for (int tag = TAG_NONE + 1; tag < TAG_COUNT; tag++) {
        openapi_add(
            j,
            json_pack("{ss ss}", "name", tags[tag].name, "description", tags[tag].about));
    }
    return j;
}

static json_t *operation_new(struct arena *mem, const struct endpoint *e)
{
    json_t *security = e->wants_credential
                           ? json_pack("[{s[]}{s[]}{s[]}]", "Token", "JWT", "Bearer")
                           : json_array();
    json_t *j = json_pack(
        "{so s[s] so so so so}", "operationId", openapi_text(e->name), "tags",
        tags[e->tag].name, "summary", openapi_text(e->about), "security", security,
        "parameters", operation_parameters(mem, e), "responses",
        openapi_responses(mem, e));

    if (e->body != NULL) {
        openapi_set(j, S("requestBody"), request_body(mem, e->body));
    }
    if (e->body == &initiate_body) {
        openapi_set(j, S("callbacks"), flow_ended_new(mem));
    }
    return j;
}

static json_t *paths_new(struct arena *mem)
{
    size_t n;
    const struct endpoint *all = routes_all(&n);
    json_t *j = json_object();

    for (size_t i = 0; i < n; i++) {
        json_t *path = json_object_getn(j, all[i].path.p, all[i].path.n);

        if (path == NULL) {
            path = json_object();
            openapi_set(j, all[i].path, path);
        }
        openapi_set(
            path, str_lower(mem, route_method_name(all[i].method)),
            operation_new(mem, &all[i]));
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

static json_t *info_new(void)
{
    return json_pack(
        "{ss ss ss s{ss ss}}", "title", "Caldock", "version", CALDOCK_VERSION,
        "description", "Connects Google and Microsoft calendars to an application.",
        "license", "name", "Apache License 2.0", "identifier", "Apache-2.0");
}

Res openapi_build(struct cx *cx, Str public_url, Str *ret)
{
    struct arena *mem = &cx->mem;
    CLEANUP(j_done)
    json_t *j = json_pack(
        "{ss so s[{so}] so so so s{so so so so}}", "openapi", "3.1.0", "info", info_new(),
        "servers", "url", openapi_text(public_url), "tags", tags_new(), "paths",
        paths_new(mem), "webhooks", openapi_webhooks(mem), "components",
        "securitySchemes", security_schemes(), "parameters", parameter_components(),
        "schemas", openapi_schemas(mem), "responses", openapi_error_responses(mem));
    size_t n = json_dumpb(j, NULL, 0, JSON_COMPACT);
    char *bytes = arena_alloc(mem, n);

    if (n == 0 || json_dumpb(j, bytes, n, JSON_COMPACT) != n) {
        return fail(cx, FAIL_INTERNAL, "openapi.json cannot be written");
    }
    *ret = (Str){bytes, n};
    return OK;
}

Res openapi_describe(struct cx *cx, struct config *config)
{
    CLEANUP(cx_done)
    struct cx own = {0}; /* its arena is freed when the text has been copied */
    Str text = S("");
    Res res = openapi_build(&own, config->settings.public_url, &text);

    if (res.code != FAIL_NONE) {
        cx->why = own.why;
        return res;
    }
    config->settings.openapi = str_dup(&config->mem, text);
    return OK;
}
