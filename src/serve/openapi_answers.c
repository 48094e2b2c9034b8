/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_answers.c - the answers of openapi.json: successes from the table of routes,
 * errors from the table of failures (api/errors.h).
 *
 * `error_uses` says which endpoints can answer with which error.
 */
#include "serve/openapi_answers.h"

#include "api/errors.h"
#include "api/shape.h"
#include "base/buf.h"
#include "base/cx.h"
#include "serve/health.h"
#include "serve/openapi_parts.h"
#include "serve/openapi_schemas.h"
#include "serve/routes.h"

/* The codes of one status are shorter. */
enum { ERROR_CODES_BYTES = 1024 };

/* Lists the codes with this status, each once, in the order of enum fail. */
static Str error_codes_of(struct arena *mem, int status)
{
    struct buf b = {.mem = mem, .max = ERROR_CODES_BYTES};

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

static json_t *error_example(const struct error_row *row)
{
    return json_pack(
        "{so s{} so so}", "code", openapi_text(row->code), "field_errors", "message",
        openapi_text(row->message), "type", openapi_text(row->type));
}

static json_t *error_response(struct arena *mem, const struct error_row *row)
{
    json_t *headers = json_pack(
        "{so}", "X-Request-Id",
        openapi_header("string", "Names the request in the log."));

    if (row->status == 401) {
        openapi_set(
            headers, S("WWW-Authenticate"),
            openapi_header("string", "What is accepted."));
    }
    if (may_say_when(row->status)) {
        openapi_set(
            headers, S("Retry-After"), openapi_header("integer", "Seconds to wait."));
    }
    return json_pack(
        "{so so so}", "description", openapi_text(error_codes_of(mem, row->status)),
        "headers", headers, "content",
        openapi_content(mem, S("Error"), error_example(row), true));
}

/* Which endpoints can answer with an error. */
enum error_where {
    ALWAYS,
    TO_PROGRAMS, /* a person gets a page for it */
    IN_API,
    WITH_BODY,
    WITH_LOOKUP,
    WITH_SOURCE,
    WITH_VERSIONS,
    BY_SOURCE
};

static const struct error_use {
    enum fail kind;
    enum error_where where;
} error_uses[] = {
    {FAIL_PARAMETER_INVALID, IN_API},
    {FAIL_AUTHENTICATION_FAILED, IN_API},
    {FAIL_PERMISSION_DENIED, IN_API},
    {FAIL_NOT_FOUND, WITH_LOOKUP},
    {FAIL_NOT_ACCEPTABLE, IN_API},
    {FAIL_REQUEST_TIMEOUT, ALWAYS},
    {FAIL_CONFLICT, WITH_SOURCE},
    {FAIL_CONFLICT, WITH_VERSIONS},
    {FAIL_PAYLOAD_TOO_LARGE, WITH_BODY},
    {FAIL_UNSUPPORTED_MEDIA_TYPE, WITH_BODY},
    {FAIL_THROTTLED, IN_API},
    {FAIL_HEAD_TOO_LARGE, TO_PROGRAMS},
    {FAIL_INTERNAL, IN_API},
    {FAIL_NOT_IMPLEMENTED, ALWAYS},
    {FAIL_SOURCE_ERROR, WITH_SOURCE},
    {FAIL_UNAVAILABLE, IN_API},
    {FAIL_SOURCE_TIMEOUT, WITH_SOURCE},
    {FAIL_HTTP_VERSION, ALWAYS},
    {FAIL_PARSE_ERROR, BY_SOURCE},
    {FAIL_NOT_FOUND, BY_SOURCE},
    {FAIL_PAYLOAD_TOO_LARGE, BY_SOURCE},
    {FAIL_UNAVAILABLE, BY_SOURCE},
};

static bool error_is_used(const struct error_use *use, const struct endpoint *e)
{
    bool is_api = e->wants_credential;

    switch (use->where) {
    case ALWAYS:
        return true;
    case TO_PROGRAMS:
        return !e->answers_itself;
    case IN_API:
        return is_api;
    case WITH_BODY:
        return e->body != NULL;
    case WITH_LOOKUP:
        return is_api && (e->is_list || str_contains(e->path, S("{")));
    case WITH_SOURCE:
        return e->asks_source;
    case WITH_VERSIONS:
        return e->has_versions;
    case BY_SOURCE:
        return endpoint_is_for_source(e);
    }
    return false;
}

static bool error_is_used_anywhere(const struct error_use *use)
{
    size_t n;
    const struct endpoint *all = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        if (error_is_used(use, &all[i])) {
            return true;
        }
    }
    return false;
}

static bool status_is_used(int status)
{
    for (size_t i = 0; i < COUNT(error_uses); i++) {
        if (error_row(error_uses[i].kind)->status == status
            && error_is_used_anywhere(&error_uses[i])) {
            return true;
        }
    }
    return false;
}

json_t *openapi_error_responses(struct arena *mem)
{
    json_t *j = json_object();

    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        const struct error_row *row = error_row((enum fail)kind);
        Str name = str_cat(mem, S("Error"), str_int(mem, row->status));

        if (status_is_used(row->status) && json_object_getn(j, name.p, name.n) == NULL) {
            openapi_set(j, name, error_response(mem, row));
        }
    }
    return j;
}

static json_t *page_response(const char *about)
{
    return json_pack(
        "{ss s{s{s{ss}}}}", "description", about, "content", "text/html", "schema",
        "type", "string");
}

static void set_callback_responses(json_t *j)
{
    openapi_set(
        j, S("303"),
        json_pack(
            "{ss s{so}}", "description",
            "Back to the flow's redirect_uri, with success=1&account=<id> or "
            "success=0&error=<FlowError> appended: the callback flow_ended of initiate.",
            "headers", "Location", openapi_header("string", "The flow's redirect_uri.")));
    openapi_set(
        j, S("400"), page_response("The state can't be trusted: a page for the user."));
    openapi_set(
        j, S("431"), page_response("A head that is too large: a page with what to do."));
    openapi_set(j, S("503"), page_response("Overloaded: a page; the flow stays open."));
    openapi_set(
        j, S("default"), page_response("Any other failure: a page for the user."));
}

static json_t *success_example(const struct endpoint *e)
{
    return e->is_list ? openapi_list_example(e->answer) : openapi_example(e->answer);
}

static json_t *success_response(struct arena *mem, const struct endpoint *e, Str about)
{
    json_t *j = json_pack("{so}", "description", openapi_text(about));

    if (e->answer != NULL) {
        Str schema = e->is_list ? openapi_list_name(mem, e->answer) : e->answer->name;

        openapi_set(
            j, S("content"),
            openapi_content(mem, schema, success_example(e), e->wants_credential));
    } else if (e->status == 200 && !endpoint_is_for_source(e)) {
        openapi_set(
            j, S("content"),
            json_pack("{s{s{ss}}}", "application/json", "schema", "type", "object"));
    }
    return j;
}

json_t *openapi_responses(struct arena *mem, const struct endpoint *e)
{
    json_t *j = json_object();

    if (e->answers_itself) {
        set_callback_responses(j);
    } else {
        openapi_set(j, str_int(mem, e->status), success_response(mem, e, e->gives));
    }
    if (e->status_new != 0) {
        openapi_set(
            j, str_int(mem, e->status_new), success_response(mem, e, e->gives_new));
    }
    if (endpoint_is_for_source(e) && e->status != 200) {
        openapi_set(
            j, S("200"),
            json_pack(
                "{ss s{s{s{ss}}}}", "description", "The validationToken.", "content",
                "text/plain", "schema", "type", "string"));
    }
    if (e->answer == &ready_shape) {
        json_t *unready = success_response(mem, e, S("It is not: the members say why."));

        openapi_set(
            unready, S("headers"),
            json_pack(
                "{so}", "Retry-After", openapi_header("integer", "Seconds to wait.")));
        openapi_set(j, S("503"), unready);
    }
    for (size_t i = 0; i < COUNT(error_uses); i++) {
        Str status = str_int(mem, error_row(error_uses[i].kind)->status);

        if (error_is_used(&error_uses[i], e)) {
            openapi_set(j, status, openapi_reference(mem, S("responses/Error"), status));
        }
    }
    return j;
}
