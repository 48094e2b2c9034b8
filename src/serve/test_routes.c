/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric.h"
#include "base/testing.h"
#include "serve/routes.h"

#define API "/api/v2/external_calendars"

TEST(test_route_find_reads_paths_as_the_contract_says)
{
    static const struct {
        enum method method;
        Str path;
        enum fail kind;
        Str name; /* of the endpoint */
        Str arg;
    } rows[] = {
        {METHOD_POST, SI(API "/accounts/oauth2/initiate"), FAIL_NONE, SI("initiate"),
         SI("")},
        {METHOD_POST, SI("/api/v2//external_calendars/accounts/oauth2/initiate"),
         FAIL_NONE, SI("initiate"), SI("")},
        {METHOD_POST, SI("///api//v2/external_calendars/accounts/oauth2/initiate//"),
         FAIL_NONE, SI("initiate"), SI("")},
        {METHOD_POST, SI("/%61pi/v2/external_calendars/accounts/oauth2/initiate"),
         FAIL_NONE, SI("initiate"), SI("")},
        {METHOD_POST, SI("/API/v2/external_calendars/accounts/oauth2/initiate"),
         FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_POST, SI("/api/v2/external_calendars%2Faccounts/oauth2/initiate"),
         FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_POST, SI("/api/v2/external_calendars/accounts/oauth2/initiate/x"),
         FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_GET, SI(API "/accounts/oauth2/initiate"), FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")},
        {METHOD_GET, SI(API "/accounts"), FAIL_NONE, SI("accounts_list"), SI("")},
        {METHOD_GET, SI(API "/accounts/"), FAIL_NONE, SI("accounts_list"), SI("")},
        {METHOD_GET, SI(API "/accounts/7"), FAIL_NONE, SI("accounts_get"), SI("7")},
        {METHOD_GET, SI(API "/accounts/a%2Fb"), FAIL_NONE, SI("accounts_get"), SI("a/b")},
        {METHOD_GET, SI(API "/accounts/%37"), FAIL_NONE, SI("accounts_get"), SI("7")},
        {METHOD_GET, SI(API "/accounts/%2537"), FAIL_NONE, SI("accounts_get"), SI("%37")},
        {METHOD_GET, SI(API "/accounts/%3"), FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_DELETE, SI(API "/accounts/7"), FAIL_NONE, SI("accounts_delete"), SI("7")},
        {METHOD_POST, SI(API "/accounts/7"), FAIL_METHOD_NOT_ALLOWED, SI(""), SI("")},
        {METHOD_GET, SI(API "/accounts/7/calendars"), FAIL_NONE, SI("calendars_list"),
         SI("7")},
        {METHOD_GET, SI(API "/accounts/7/calendars/"), FAIL_NONE, SI("calendars_list"),
         SI("7")},
        {METHOD_GET, SI(API "/accounts/7/calendars/YQ%3D%3D"), FAIL_NONE,
         SI("calendars_get"), SI("7")},
        {METHOD_GET, SI(API "/accounts/7/calendars/YQ/x"), FAIL_NOT_FOUND, SI(""),
         SI("")},
        {METHOD_POST, SI(API "/accounts/7/calendars"), FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")},
        {METHOD_GET, SI(API "/accounts/7/staff_calendar_settings"), FAIL_NOT_FOUND,
         SI(""), SI("")},
        {METHOD_GET, SI(API "/staff_calendar_settings"), FAIL_NONE,
         SI("staff_calendar_settings_list"), SI("")},
        {METHOD_POST, SI(API "/staff_calendar_settings"), FAIL_NONE,
         SI("staff_calendar_settings_create"), SI("")},
        {METHOD_PUT, SI(API "/staff_calendar_settings"), FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")},
        {METHOD_GET, SI(API "/staff_calendar_settings/7"), FAIL_NONE,
         SI("staff_calendar_settings_get"), SI("7")},
        {METHOD_PUT, SI(API "/staff_calendar_settings/7"), FAIL_NONE,
         SI("staff_calendar_settings_replace"), SI("7")},
        {METHOD_PATCH, SI(API "/staff_calendar_settings/7"), FAIL_NONE,
         SI("staff_calendar_settings_change"), SI("7")},
        {METHOD_DELETE, SI(API "/staff_calendar_settings/7"), FAIL_NONE,
         SI("staff_calendar_settings_delete"), SI("7")},
        {METHOD_POST, SI(API "/staff_calendar_settings/7"), FAIL_METHOD_NOT_ALLOWED,
         SI(""), SI("")},
        {METHOD_GET, SI(API "/events"), FAIL_NONE, SI("events_list"), SI("")},
        {METHOD_HEAD, SI(API "/events/"), FAIL_NONE, SI("events_list"), SI("")},
        {METHOD_POST, SI(API "/events"), FAIL_METHOD_NOT_ALLOWED, SI(""), SI("")},
        {METHOD_GET, SI(API "/events/7"), FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_GET, SI(API "/pushed_events"), FAIL_NONE, SI("pushed_events_list"),
         SI("")},
        {METHOD_PUT, SI(API "/pushed_events"), FAIL_METHOD_NOT_ALLOWED, SI(""), SI("")},
        {METHOD_GET, SI(API "/pushed_events/booking-7"), FAIL_NONE,
         SI("pushed_events_get"), SI("booking-7")},
        {METHOD_HEAD, SI(API "/pushed_events/a%20b"), FAIL_NONE, SI("pushed_events_get"),
         SI("a b")},
        {METHOD_PUT, SI(API "/pushed_events/7"), FAIL_NONE, SI("pushed_events_put"),
         SI("7")},
        {METHOD_DELETE, SI(API "/pushed_events/7"), FAIL_NONE, SI("pushed_events_delete"),
         SI("7")},
        {METHOD_PATCH, SI(API "/pushed_events/7"), FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")},
        {METHOD_GET, SI(API "/pushed_events/7/copies"), FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_HEAD, SI(API "/accounts"), FAIL_NONE, SI("accounts_list"), SI("")},
        {METHOD_HEAD, SI("/healthz"), FAIL_NONE, SI("healthz"), SI("")},
        {METHOD_GET, SI("/oauth2/callback/google"), FAIL_NONE, SI("callback_google"),
         SI("")},
        {METHOD_HEAD, SI("/oauth2/callback/google"), FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")},
        {METHOD_POST, SI("/notify/google"), FAIL_NONE, SI("notify_google"), SI("")},
        {METHOD_POST, SI("/notify/microsoft/"), FAIL_NONE, SI("notify_microsoft"),
         SI("")},
        {METHOD_GET, SI("/notify/microsoft"), FAIL_METHOD_NOT_ALLOWED, SI(""), SI("")},
        {METHOD_POST, SI("/notify/apple"), FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_OTHER, SI("/healthz"), FAIL_METHOD_NOT_ALLOWED, SI(""), SI("")},
        {METHOD_GET, SI("/"), FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_GET, SI("*"), FAIL_NOT_FOUND, SI(""), SI("")},
        {METHOD_GET, SI("/a/b/c/d/e/f/g/h/i"), FAIL_NOT_FOUND, SI(""), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct route route;

        T_FAIL(rows[i].kind, route_find(t_cx(), rows[i].path, rows[i].method, &route));
        T_TRUE((route.endpoint != NULL) == (rows[i].kind == FAIL_NONE));
        T_TRUE((route.path != NULL) == (rows[i].kind != FAIL_NOT_FOUND));
        if (route.endpoint != NULL) {
            T_STR(route.endpoint->name, rows[i].name);
            T_STR(route.args[0], rows[i].arg);
        }
    }
}

TEST(test_route_methods_lists_what_a_path_knows)
{
    static const struct {
        Str path;
        Str want;
    } rows[] = {
        {SI(API "/accounts/oauth2/initiate"), SI("POST, OPTIONS")},
        {SI(API "/accounts"), SI("GET, HEAD, OPTIONS")},
        {SI(API "/accounts/7"), SI("GET, HEAD, DELETE, OPTIONS")},
        {SI(API "/staff_calendar_settings"), SI("GET, HEAD, POST, OPTIONS")},
        {SI(API "/staff_calendar_settings/7"),
         SI("GET, HEAD, PUT, PATCH, DELETE, OPTIONS")},
        {SI(API "/events"), SI("GET, HEAD, OPTIONS")},
        {SI(API "/pushed_events"), SI("GET, HEAD, OPTIONS")},
        {SI(API "/pushed_events/7"), SI("GET, HEAD, PUT, DELETE, OPTIONS")},
        {SI("/oauth2/callback/microsoft"), SI("GET, OPTIONS")},
        {SI("/notify/google"), SI("POST, OPTIONS")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct route route;

        T_FAIL(
            FAIL_METHOD_NOT_ALLOWED,
            route_find(t_cx(), rows[i].path, METHOD_OTHER, &route));
        T_STR(route_methods(&t_cx()->mem, route.path), rows[i].want);
    }
}

TEST(test_routes_are_complete_rows)
{
    size_t n;
    const struct endpoint *all = routes_all(&n);

    T_TRUE(n > 0);
    for (size_t i = 0; i < n; i++) {
        T_TRUE(all[i].run != NULL && all[i].status >= 200 && all[i].name.n > 0);
        T_TRUE(all[i].pool != POOL_NONE || !all[i].answers_itself);
        for (size_t k = 0; k < i; k++) {
            T_TRUE(!str_eq(all[k].name, all[i].name));
        }
    }
}

/* A path with too many segments or variables would never be found. */
TEST(test_routes_all_can_be_found)
{
    size_t n;
    const struct endpoint *all = routes_all(&n);
    struct route route;

    for (size_t i = 0; i < n; i++) {
        T_OK(route_find(t_cx(), all[i].path, all[i].method, &route));
        T_TRUE(route.endpoint == &all[i]);
    }
}

TEST(test_routes_have_the_paths_of_each_source)
{
    size_t n;
    const struct endpoint *all = routes_all(&n);
    int found[SOURCE_COUNT + 1] = {0};
    int notified[SOURCE_COUNT + 1] = {0};

    for (size_t i = 0; i < n; i++) {
        T_TRUE(!all[i].answers_itself || all[i].source != 0);
        found[all[i].source] += all[i].answers_itself ? 1 : 0;
        notified[all[i].source] += endpoint_is_for_source(&all[i]) ? 1 : 0;
        if (all[i].source != 0) {
            T_TRUE(str_ends(all[i].path, source_get(all[i].source)->name));
        }
    }
    for (int id = 1; id <= SOURCE_COUNT; id++) {
        T_INT(found[id], 1);
        T_INT(notified[id], 1);
    }
}

/* Whether it is the name of the endpoint, or that with a verb or a source behind it. */
static bool route_is_of(Str route, const struct endpoint *e)
{
    return str_eq(route, e->name)
           || str_starts(e->name, str_cat(&t_cx()->mem, route, S("_")));
}

/* The metrics count by number. */
TEST(test_routes_are_the_values_of_a_label)
{
    const struct metric_label *const *labels =
        metric_families[METRIC_HTTP_REQUESTS].labels;
    const struct metric_label *timed = metric_families[METRIC_HTTP_DURATION].labels[0];
    bool is_used[METRIC_ROUTES] = {[METRIC_ROUTE_NONE] = true};
    size_t n;
    const struct endpoint *all = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        T_TRUE(route_is_of(labels[0]->values[all[i].counts_as], &all[i]));
        is_used[all[i].counts_as] = true;
    }
    T_INT(labels[0]->n, METRIC_ROUTES);
    T_INT(timed->n, METRIC_ROUTES_TIMED);
    for (size_t i = 0; i < METRIC_ROUTES; i++) {
        T_TRUE(is_used[i]);
        T_TRUE(i >= timed->n || str_eq(timed->values[i], labels[0]->values[i]));
    }
    T_STR(labels[0]->values[METRIC_ROUTE_NONE], S("none"));
    T_INT(labels[1]->n, METHOD_OTHER + 1);
    for (enum method m = METHOD_GET; m <= METHOD_OTHER; m++) {
        T_STR(labels[1]->values[m], route_method_name(m));
    }
}

T_MAIN(
    T(test_routes_are_the_values_of_a_label),
    T(test_route_find_reads_paths_as_the_contract_says),
    T(test_route_methods_lists_what_a_path_knows), T(test_routes_are_complete_rows),
    T(test_routes_all_can_be_found), T(test_routes_have_the_paths_of_each_source))
