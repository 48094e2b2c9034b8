/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.c - every path of the service (contract §1), as one table that routing, logging
 * and openapi.json work from.
 */
#include "app/routes.h"

#include "app/documents.h"
#include "base/buf.h"
#include "base/cx.h"

#define API "/api/v2/external_calendars"

enum { SEGMENTS_MOST = 8, ALLOW_BYTES = 64 };

/* clang-format off */
static const struct endpoint table[] = {
    {.path = SI(API "/accounts/oauth2/initiate"),
     .method = METHOD_POST,
     .kind = ENDPOINT_API,
     .lane = LANE_FAST,
     .run = initiate_run,
     .name = SI("initiate"),
     .about = SI("Start connecting a calendar account"),
     .body = &initiate_body,
     .answer = &initiate_answer,
     .status = 200},
    {.path = SI(API "/accounts"),
     .method = METHOD_GET,
     .kind = ENDPOINT_API,
     .lane = LANE_SLOW,
     .run = accounts_list_run,
     .name = SI("accounts_list"),
     .about = SI("List connected accounts"),
     .answer = &account_shape,
     .is_list = true,
     .status = 200},
    {.path = SI(API "/accounts/{id}"),
     .method = METHOD_GET,
     .kind = ENDPOINT_API,
     .lane = LANE_SLOW,
     .run = accounts_get_run,
     .name = SI("accounts_get"),
     .about = SI("One connected account"),
     .answer = &account_shape,
     .status = 200},
    {.path = SI(API "/accounts/{id}"),
     .method = METHOD_DELETE,
     .kind = ENDPOINT_API,
     .lane = LANE_SLOW,
     .run = accounts_delete_run,
     .name = SI("accounts_delete"),
     .about = SI("Disconnect an account"),
     .status = 204},
    {.path = SI(API "/accounts/{id}/calendars"),
     .method = METHOD_GET,
     .kind = ENDPOINT_API,
     .lane = LANE_SLOW,
     .run = calendars_list_run,
     .name = SI("calendars_list"),
     .about = SI("The calendars of an account"),
     .answer = &calendar_shape,
     .is_list = true,
     .asks_source = true,
     .status = 200},
    {.path = SI(API "/accounts/{id}/calendars/{base64_calendar_id}"),
     .method = METHOD_GET,
     .kind = ENDPOINT_API,
     .lane = LANE_SLOW,
     .run = calendars_get_run,
     .name = SI("calendars_get"),
     .about = SI("One calendar of an account"),
     .answer = &calendar_shape,
     .asks_source = true,
     .status = 200},
    {.path = SI("/oauth2/callback/google"),
     .method = METHOD_GET,
     .kind = ENDPOINT_CALLBACK,
     .lane = LANE_SLOW,
     .run = callback_google_run,
     .name = SI("callback_google"),
     .about = SI("Where Google sends the user back"),
     .status = 303},
    {.path = SI("/oauth2/callback/microsoft"),
     .method = METHOD_GET,
     .kind = ENDPOINT_CALLBACK,
     .lane = LANE_SLOW,
     .run = callback_microsoft_run,
     .name = SI("callback_microsoft"),
     .about = SI("Where Microsoft sends the user back"),
     .status = 303},
    {.path = SI("/healthz"),
     .method = METHOD_GET,
     .kind = ENDPOINT_DOCUMENT,
     .lane = LANE_FAST,
     .run = healthz_run,
     .name = SI("healthz"),
     .about = SI("Whether the process lives"),
     .answer = &health_shape,
     .status = 200},
    {.path = SI("/readyz"),
     .method = METHOD_GET,
     .kind = ENDPOINT_DOCUMENT,
     .lane = LANE_SLOW,
     .run = readyz_run,
     .name = SI("readyz"),
     .about = SI("Whether the store answers and a key is loaded"),
     .answer = &ready_shape,
     .status = 200},
    {.path = SI("/api/v2/openapi.json"),
     .method = METHOD_GET,
     .kind = ENDPOINT_DOCUMENT,
     .lane = LANE_FAST,
     .run = openapi_run,
     .name = SI("openapi"),
     .about = SI("This description"),
     .status = 200},
};

/* clang-format on */

const struct endpoint *routes(size_t *n)
{
    *n = COUNT(table);
    return table;
}

static bool is_variable(Str part)
{
    return str_starts(part, S("{"));
}

static bool path_fits(Str pattern, const Str *segments, size_t n, Str args[ROUTE_ARGS])
{
    Str rest = str_sub(pattern, 1, pattern.n);
    Str part;
    size_t at = 0;
    size_t n_args = 0;

    while (str_next_part(&rest, '/', &part)) {
        if (at == n || !(is_variable(part) || str_eq(part, segments[at]))) {
            return false;
        }
        if (is_variable(part)) {
            args[n_args++] = segments[at];
        }
        at++;
    }
    return at == n;
}

static bool method_fits(const struct endpoint *e, enum method method)
{
    return e->method == method
           || (method == METHOD_HEAD && e->method == METHOD_GET
               && e->kind != ENDPOINT_CALLBACK);
}

Res route_find(struct cx *cx, Str path, enum method method, struct route *ret)
{
    Str segments[SEGMENTS_MOST];
    size_t n;

    *ret = (struct route){0};
    TRY(path_split(cx, path, segments, COUNT(segments), &n));
    for (size_t i = 0; i < COUNT(table); i++) {
        Str args[ROUTE_ARGS] = {{0}};

        if (!path_fits(table[i].path, segments, n, args)) {
            continue;
        }
        *ret = (struct route){
            .path = &table[i], .args = {args[0], args[1]}
        };
        if (method_fits(&table[i], method)) {
            ret->endpoint = &table[i];
            return OK;
        }
    }
    if (ret->path == NULL) {
        return fail(cx, FAIL_NOT_FOUND, "no such path");
    }
    return fail(cx, FAIL_METHOD_NOT_ALLOWED, "no such method for this path");
}

Str method_name(enum method method)
{
    static const Str names[] = {
        [METHOD_GET] = SI("GET"),         [METHOD_HEAD] = SI("HEAD"),
        [METHOD_POST] = SI("POST"),       [METHOD_DELETE] = SI("DELETE"),
        [METHOD_OPTIONS] = SI("OPTIONS"), [METHOD_OTHER] = SI("other"),
    };

    return names[method];
}

Str route_methods(struct arena *mem, const struct endpoint *path)
{
    struct buf b = {.mem = mem, .max = ALLOW_BYTES};

    for (size_t i = 0; i < COUNT(table); i++) {
        if (!str_eq(table[i].path, path->path)) {
            continue;
        }
        buf_add(&b, method_name(table[i].method));
        buf_add(&b, method_fits(&table[i], METHOD_HEAD) ? S(", HEAD, ") : S(", "));
    }
    buf_add(&b, method_name(METHOD_OPTIONS));
    return buf_text(&b);
}
