/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.c - every path of the service (docs/api.md §1), as one table for routing,
 * logging and openapi.json.
 */
#include "serve/routes.h"

#include <string.h>

#include "api/account_view.h"
#include "api/accounts.h"
#include "api/busy_periods.h"
#include "api/calendars.h"
#include "api/callback.h"
#include "api/event_view.h"
#include "api/events.h"
#include "api/initiate.h"
#include "api/notify.h"
#include "api/pushed_event_body.h"
#include "api/pushed_event_view.h"
#include "api/pushed_events.h"
#include "api/staff_settings.h"
#include "api/staff_settings_body.h"
#include "api/staff_settings_view.h"
#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "serve/health.h"

#define API "/api/v2/external_calendars"

/* The properties that rows of a kind share. */
#define API_ENDPOINT                                                                     \
    .negotiates = true, .wants_credential = true, .needs_node = true, .takes_head = true
#define CALLBACK_ENDPOINT .needs_node = true, .answers_itself = true

enum { SEGMENTS_MOST = 8, ALLOW_BYTES = 64 };

static const struct endpoint endpoints[] = {
    {.path = SI(API "/accounts/oauth2/initiate"),
     .method = METHOD_POST,
     API_ENDPOINT,
     .run = initiate_run,
     .name = SI("initiate"),
     .counts_as = METRIC_ROUTE_INITIATE,
     .tag = TAG_ACCOUNTS,
     .about = SI("Start connecting a calendar account"),
     .gives = SI("Where to send the user's browser."),
     .body = &initiate_body,
     .answer = &initiate_answer,
     .status = 200},
    {.path = SI(API "/accounts"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = accounts_list_run,
     .name = SI("accounts_list"),
     .counts_as = METRIC_ROUTE_ACCOUNTS,
     .tag = TAG_ACCOUNTS,
     .about = SI("List connected accounts"),
     .gives = SI("A page of the accounts that the credential may see."),
     .query = &accounts_list_query,
     .answer = &account_shape,
     .is_list = true,
     .status = 200},
    {.path = SI(API "/accounts/{id}"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = accounts_get_run,
     .name = SI("accounts_get"),
     .counts_as = METRIC_ROUTE_ACCOUNTS,
     .tag = TAG_ACCOUNTS,
     .about = SI("One connected account"),
     .gives = SI("The account."),
     .answer = &account_shape,
     .status = 200},
    {.path = SI(API "/accounts/{id}"),
     .method = METHOD_DELETE,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = accounts_delete_run,
     .name = SI("accounts_delete"),
     .counts_as = METRIC_ROUTE_ACCOUNTS,
     .tag = TAG_ACCOUNTS,
     .about = SI("Disconnect an account"),
     .gives = SI("The account is disconnected."),
     .status = 204},
    {.path = SI(API "/accounts/{id}/calendars"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = calendars_list_run,
     .name = SI("calendars_list"),
     .counts_as = METRIC_ROUTE_CALENDARS,
     .tag = TAG_CALENDARS,
     .about = SI("The calendars of an account"),
     .gives = SI("A page of the calendars, as the source has them now."),
     .answer = &calendar_shape,
     .is_list = true,
     .asks_source = true,
     .status = 200},
    {.path = SI(API "/accounts/{id}/calendars/{base64_calendar_id}"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = calendars_get_run,
     .name = SI("calendars_get"),
     .counts_as = METRIC_ROUTE_CALENDARS,
     .tag = TAG_CALENDARS,
     .about = SI("One calendar of an account"),
     .gives = SI("The calendar, as the source has it now."),
     .answer = &calendar_shape,
     .asks_source = true,
     .status = 200},
    {.path = SI(API "/staff_calendar_settings"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = staff_settings_list_run,
     .name = SI("staff_calendar_settings_list"),
     .counts_as = METRIC_ROUTE_SETTINGS,
     .tag = TAG_SETTINGS,
     .about = SI("List the calendars that block or receive"),
     .gives = SI("A page of the settings that the credential may see."),
     .query = &staff_settings_list_query,
     .answer = &staff_settings_shape,
     .is_list = true,
     .status = 200},
    {.path = SI(API "/staff_calendar_settings"),
     .method = METHOD_POST,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = staff_settings_create_run,
     .name = SI("staff_calendar_settings_create"),
     .counts_as = METRIC_ROUTE_SETTINGS,
     .tag = TAG_SETTINGS,
     .about = SI("Let a calendar block or receive"),
     .gives = SI("The setting, which is new."),
     .body = &staff_settings_create,
     .answer = &staff_settings_shape,
     .asks_source = true,
     .status = 201},
    {.path = SI(API "/staff_calendar_settings/{id}"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = staff_settings_get_run,
     .name = SI("staff_calendar_settings_get"),
     .counts_as = METRIC_ROUTE_SETTINGS,
     .tag = TAG_SETTINGS,
     .about = SI("The setting of one calendar"),
     .gives = SI("The setting."),
     .answer = &staff_settings_shape,
     .status = 200},
    {.path = SI(API "/staff_calendar_settings/{id}"),
     .method = METHOD_PUT,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = staff_settings_change_run,
     .name = SI("staff_calendar_settings_replace"),
     .counts_as = METRIC_ROUTE_SETTINGS,
     .tag = TAG_SETTINGS,
     .about = SI("Replace what may change of a setting"),
     .gives = SI("The setting, as it is now."),
     .body = &staff_settings_replace,
     .answer = &staff_settings_shape,
     .asks_source = true,
     .status = 200},
    {.path = SI(API "/staff_calendar_settings/{id}"),
     .method = METHOD_PATCH,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = staff_settings_change_run,
     .name = SI("staff_calendar_settings_change"),
     .counts_as = METRIC_ROUTE_SETTINGS,
     .tag = TAG_SETTINGS,
     .about = SI("Change some of a setting"),
     .gives = SI("The setting, as it is now."),
     .body = &staff_settings_change,
     .answer = &staff_settings_shape,
     .asks_source = true,
     .status = 200},
    {.path = SI(API "/staff_calendar_settings/{id}"),
     .method = METHOD_DELETE,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = staff_settings_delete_run,
     .name = SI("staff_calendar_settings_delete"),
     .counts_as = METRIC_ROUTE_SETTINGS,
     .tag = TAG_SETTINGS,
     .about = SI("Let a calendar neither block nor receive any more"),
     .gives = SI("The setting is removed."),
     .query = &staff_settings_delete_query,
     .status = 204},
    {.path = SI(API "/busy_periods"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = busy_periods_run,
     .name = SI("busy_periods"),
     .counts_as = METRIC_ROUTE_BUSY_PERIODS,
     .tag = TAG_BUSY_PERIODS,
     .about = SI("When one owner is busy"),
     .gives = SI("The busy periods, and how true they are."),
     .query = &busy_query_shape,
     .answer = &busy_answer_shape,
     .status = 200},
    {.path = SI(API "/events"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = events_list_run,
     .name = SI("events_list"),
     .counts_as = METRIC_ROUTE_EVENTS,
     .tag = TAG_EVENTS,
     .about = SI("The events of one owner's calendars, read live"),
     .gives = SI("A page of the events, as the sources have them now."),
     .query = &events_query_shape,
     .answer = &event_shape,
     .is_list = true,
     .asks_source = true,
     .status = 200},
    {.path = SI(API "/pushed_events"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = pushed_events_list_run,
     .name = SI("pushed_events_list"),
     .counts_as = METRIC_ROUTE_PUSHED_EVENTS,
     .tag = TAG_PUSHED_EVENTS,
     .about = SI("List the events that the application has pushed"),
     .gives = SI("A page of the owner's pushed events."),
     .query = &pushed_events_list_query,
     .answer = &pushed_event_shape,
     .is_list = true,
     .status = 200},
    {.path = SI(API "/pushed_events/{event_id}"),
     .method = METHOD_GET,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = pushed_events_get_run,
     .name = SI("pushed_events_get"),
     .counts_as = METRIC_ROUTE_PUSHED_EVENTS,
     .tag = TAG_PUSHED_EVENTS,
     .about = SI("One pushed event, and how far its copies are"),
     .gives = SI("The event and its copies."),
     .answer = &pushed_event_shape,
     .status = 200},
    {.path = SI(API "/pushed_events/{event_id}"),
     .method = METHOD_PUT,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = pushed_events_put_run,
     .name = SI("pushed_events_put"),
     .counts_as = METRIC_ROUTE_PUSHED_EVENTS,
     .tag = TAG_PUSHED_EVENTS,
     .about = SI("Push an event into the calendars that receive, or replace it"),
     .gives = SI("The event, which was there, as it is now."),
     .gives_new = SI("The event, which is new."),
     .query = &pushed_event_body_query,
     .body = &pushed_event_body_shape,
     .answer = &pushed_event_shape,
     .has_versions = true,
     .status_new = 201,
     .status = 200},
    {.path = SI(API "/pushed_events/{event_id}"),
     .method = METHOD_DELETE,
     API_ENDPOINT,
     .pool = POOL_STORE,
     .run = pushed_events_delete_run,
     .name = SI("pushed_events_delete"),
     .counts_as = METRIC_ROUTE_PUSHED_EVENTS,
     .tag = TAG_PUSHED_EVENTS,
     .about = SI("Remove an event, and its copies from their calendars"),
     .gives = SI("The event is removed; its copies are being removed."),
     .status = 204},
    {.path = SI("/oauth2/callback/google"),
     .method = METHOD_GET,
     CALLBACK_ENDPOINT,
     .pool = (enum work_pool)((int)POOL_SOURCES + SOURCE_GOOGLE - 1),
     .run = callback_run,
     .source = SOURCE_GOOGLE,
     .name = SI("callback_google"),
     .counts_as = METRIC_ROUTE_CALLBACK,
     .tag = TAG_SOURCES,
     .about = SI("Where Google sends the user back"),
     .status = 303},
    {.path = SI("/oauth2/callback/microsoft"),
     .method = METHOD_GET,
     CALLBACK_ENDPOINT,
     .pool = (enum work_pool)((int)POOL_SOURCES + SOURCE_MICROSOFT - 1),
     .run = callback_run,
     .source = SOURCE_MICROSOFT,
     .name = SI("callback_microsoft"),
     .counts_as = METRIC_ROUTE_CALLBACK,
     .tag = TAG_SOURCES,
     .about = SI("Where Microsoft sends the user back"),
     .status = 303},
    {.path = SI("/notify/google"),
     .method = METHOD_POST,
     .run = notify_google_run,
     .source = SOURCE_GOOGLE,
     .name = SI("notify_google"),
     .counts_as = METRIC_ROUTE_NOTIFY,
     .tag = TAG_SOURCES,
     .about = SI("Where Google says that a calendar has changed"),
     .gives = SI("The notice is taken."),
     .status = 200},
    {.path = SI("/notify/microsoft"),
     .method = METHOD_POST,
     .body_most = LIMIT_LARGE_BODY_BYTES,
     .run = notify_microsoft_run,
     .source = SOURCE_MICROSOFT,
     .name = SI("notify_microsoft"),
     .counts_as = METRIC_ROUTE_NOTIFY,
     .tag = TAG_SOURCES,
     .about = SI("Where Microsoft says that a calendar has changed"),
     .gives = SI("The notices are taken."),
     .status = 202},
    {.path = SI("/healthz"),
     .method = METHOD_GET,
     .takes_head = true,
     .is_probe = true,
     .run = health_live_run,
     .name = SI("healthz"),
     .counts_as = METRIC_ROUTE_HEALTHZ,
     .tag = TAG_SERVICE,
     .about = SI("Whether the process lives"),
     .gives = SI("The process lives."),
     .answer = &health_shape,
     .status = 200},
    {.path = SI("/readyz"),
     .method = METHOD_GET,
     .takes_head = true,
     .is_probe = true,
     .run = health_ready_run,
     .name = SI("readyz"),
     .counts_as = METRIC_ROUTE_READYZ,
     .tag = TAG_SERVICE,
     .about = SI("Whether the store answers and a key is loaded"),
     .gives = SI("The service is ready."),
     .answer = &ready_shape,
     .status = 200},
    {.path = SI("/api/v2/openapi.json"),
     .method = METHOD_GET,
     .takes_head = true,
     .run = health_openapi_run,
     .name = SI("openapi"),
     .counts_as = METRIC_ROUTE_OPENAPI,
     .tag = TAG_SERVICE,
     .about = SI("This description"),
     .gives = SI("The description."),
     .status = 200},
};

const struct endpoint *routes_all(size_t *n)
{
    *n = COUNT(endpoints);
    return endpoints;
}

static bool segment_is_variable(Str part)
{
    return str_starts(part, S("{"));
}

static bool route_path_fits(
    Str pattern, const Str *segments, size_t n, Str args[CALL_ARGS])
{
    Str rest = str_sub(pattern, 1, pattern.n);
    Str part;
    size_t at = 0;
    size_t n_args = 0;

    while (str_next_part(&rest, '/', &part)) {
        if (at == n || !(segment_is_variable(part) || str_eq(part, segments[at]))) {
            return false;
        }
        if (segment_is_variable(part) && n_args == CALL_ARGS) {
            return false;
        }
        if (segment_is_variable(part)) {
            args[n_args++] = segments[at];
        }
        at++;
    }
    return at == n;
}

static bool route_method_fits(const struct endpoint *e, enum method method)
{
    return e->method == method
           || (method == METHOD_HEAD && e->method == METHOD_GET && e->takes_head);
}

Res route_find(struct cx *cx, Str path, enum method method, struct route *ret)
{
    Str segments[SEGMENTS_MOST];
    size_t n;

    *ret = (struct route){0};
    TRY(url_path_split(cx, path, segments, COUNT(segments), &n));
    for (size_t i = 0; i < COUNT(endpoints); i++) {
        Str args[CALL_ARGS] = {{0}};

        if (!route_path_fits(endpoints[i].path, segments, n, args)) {
            continue;
        }
        *ret = (struct route){.path = &endpoints[i]};
        memcpy(ret->args, args, sizeof(args));
        if (route_method_fits(&endpoints[i], method)) {
            ret->endpoint = &endpoints[i];
            return OK;
        }
    }
    if (ret->path == NULL) {
        return fail(cx, FAIL_NOT_FOUND, "no such path");
    }
    return fail(cx, FAIL_METHOD_NOT_ALLOWED, "no such method for this path");
}

Str route_method_name(enum method method)
{
    static const Str names[] = {
        [METHOD_GET] = SI("GET"),         [METHOD_HEAD] = SI("HEAD"),
        [METHOD_POST] = SI("POST"),       [METHOD_PUT] = SI("PUT"),
        [METHOD_PATCH] = SI("PATCH"),     [METHOD_DELETE] = SI("DELETE"),
        [METHOD_OPTIONS] = SI("OPTIONS"), [METHOD_OTHER] = SI("other"),
    };

    return names[method];
}

Str route_methods(struct arena *mem, const struct endpoint *path)
{
    struct buf b = {.mem = mem, .max = ALLOW_BYTES};

    for (size_t i = 0; i < COUNT(endpoints); i++) {
        if (!str_eq(endpoints[i].path, path->path)) {
            continue;
        }
        buf_add(&b, route_method_name(endpoints[i].method));
        buf_add(
            &b, route_method_fits(&endpoints[i], METHOD_HEAD) ? S(", HEAD, ") : S(", "));
    }
    buf_add(&b, route_method_name(METHOD_OPTIONS));
    return buf_text(&b);
}
