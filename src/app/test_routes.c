/* SPDX-License-Identifier: Apache-2.0 */
#include "app/routes.h"
#include "base/testing.h"

#define API "/api/v2/external_calendars"

static void test_route_find_reads_paths_as_the_contract_says(void **state)
{
    static const struct {
        enum method method;
        Str path;
        enum fail kind;
        Str name; /* of the endpoint */
        Str arg;
    } rows[] = {
        {METHOD_POST,   SI(API "/accounts/oauth2/initiate"),                            FAIL_NONE,               SI("initiate"),
         SI("")                                                                                                                                  },
        {METHOD_POST,   SI("/api/v2//external_calendars/accounts/oauth2/initiate"),
         FAIL_NONE,                                                                                              SI("initiate"),        SI("")   },
        {METHOD_POST,   SI("///api//v2/external_calendars/accounts/oauth2/initiate//"),
         FAIL_NONE,                                                                                              SI("initiate"),        SI("")   },
        {METHOD_POST,   SI("/%61pi/v2/external_calendars/accounts/oauth2/initiate"),
         FAIL_NONE,                                                                                              SI("initiate"),        SI("")   },
        {METHOD_POST,   SI("/API/v2/external_calendars/accounts/oauth2/initiate"),
         FAIL_NOT_FOUND,                                                                                         SI(""),                SI("")   },
        {METHOD_POST,   SI("/api/v2/external_calendars%2Faccounts/oauth2/initiate"),
         FAIL_NOT_FOUND,                                                                                         SI(""),                SI("")   },
        {METHOD_POST,   SI("/api/v2/external_calendars/accounts/oauth2/initiate/x"),
         FAIL_NOT_FOUND,                                                                                         SI(""),                SI("")   },
        {METHOD_GET,    SI(API "/accounts/oauth2/initiate"),                            FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")                                                                                                                                  },
        {METHOD_GET,    SI(API "/accounts"),                                            FAIL_NONE,               SI("accounts_list"),   SI("")   },
        {METHOD_GET,    SI(API "/accounts/"),                                           FAIL_NONE,               SI("accounts_list"),   SI("")   },
        {METHOD_GET,    SI(API "/accounts/7"),                                          FAIL_NONE,               SI("accounts_get"),    SI("7")  },
        {METHOD_GET,    SI(API "/accounts/a%2Fb"),                                      FAIL_NONE,               SI("accounts_get"),    SI("a/b")},
        {METHOD_GET,    SI(API "/accounts/%37"),                                        FAIL_NONE,               SI("accounts_get"),    SI("7")  },
        {METHOD_GET,    SI(API "/accounts/%2537"),                                      FAIL_NONE,               SI("accounts_get"),    SI("%37")},
        {METHOD_GET,    SI(API "/accounts/%3"),                                         FAIL_NOT_FOUND,          SI(""),                SI("")   },
        {METHOD_DELETE, SI(API "/accounts/7"),                                          FAIL_NONE,               SI("accounts_delete"), SI("7")  },
        {METHOD_POST,   SI(API "/accounts/7"),                                          FAIL_METHOD_NOT_ALLOWED, SI(""),                SI("")   },
        {METHOD_GET,    SI(API "/accounts/7/calendars"),                                FAIL_NONE,               SI("calendars_list"),
         SI("7")                                                                                                                                 },
        {METHOD_GET,    SI(API "/accounts/7/calendars/"),                               FAIL_NONE,               SI("calendars_list"),
         SI("7")                                                                                                                                 },
        {METHOD_GET,    SI(API "/accounts/7/calendars/YQ%3D%3D"),                       FAIL_NONE,
         SI("calendars_get"),                                                                                                           SI("7")  },
        {METHOD_GET,    SI(API "/accounts/7/calendars/YQ/x"),                           FAIL_NOT_FOUND,          SI(""),
         SI("")                                                                                                                                  },
        {METHOD_POST,   SI(API "/accounts/7/calendars"),                                FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")                                                                                                                                  },
        {METHOD_GET,    SI(API "/accounts/7/staff_calendar_settings"),                  FAIL_NOT_FOUND,
         SI(""),                                                                                                                        SI("")   },
        {METHOD_HEAD,   SI(API "/accounts"),                                            FAIL_NONE,               SI("accounts_list"),   SI("")   },
        {METHOD_HEAD,   SI("/healthz"),                                                 FAIL_NONE,               SI("healthz"),         SI("")   },
        {METHOD_GET,    SI("/oauth2/callback/google"),                                  FAIL_NONE,               SI("callback_google"),
         SI("")                                                                                                                                  },
        {METHOD_HEAD,   SI("/oauth2/callback/google"),                                  FAIL_METHOD_NOT_ALLOWED, SI(""),
         SI("")                                                                                                                                  },
        {METHOD_OTHER,  SI("/healthz"),                                                 FAIL_METHOD_NOT_ALLOWED, SI(""),                SI("")   },
        {METHOD_GET,    SI("/"),                                                        FAIL_NOT_FOUND,          SI(""),                SI("")   },
        {METHOD_GET,    SI("*"),                                                        FAIL_NOT_FOUND,          SI(""),                SI("")   },
        {METHOD_GET,    SI("/a/b/c/d/e/f/g/h/i"),                                       FAIL_NOT_FOUND,          SI(""),                SI("")   },
    };

    (void)state;
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

static void test_route_methods_lists_what_a_path_knows(void **state)
{
    static const struct {
        Str path;
        Str want;
    } rows[] = {
        {SI(API "/accounts/oauth2/initiate"), SI("POST, OPTIONS")             },
        {SI(API "/accounts"),                 SI("GET, HEAD, OPTIONS")        },
        {SI(API "/accounts/7"),               SI("GET, HEAD, DELETE, OPTIONS")},
        {SI("/oauth2/callback/microsoft"),    SI("GET, OPTIONS")              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct route route;

        T_FAIL(
            FAIL_METHOD_NOT_ALLOWED,
            route_find(t_cx(), rows[i].path, METHOD_OTHER, &route));
        T_STR(route_methods(&t_cx()->mem, route.path), rows[i].want);
    }
}

static void test_routes_are_complete_rows(void **state)
{
    size_t n;
    const struct endpoint *all = routes(&n);

    (void)state;
    T_TRUE(n > 0);
    for (size_t i = 0; i < n; i++) {
        T_TRUE(all[i].run != NULL && all[i].status >= 200 && all[i].name.n > 0);
        T_TRUE(all[i].lane == LANE_SLOW || all[i].kind != ENDPOINT_CALLBACK);
        for (size_t k = 0; k < i; k++) {
            T_TRUE(!str_eq(all[k].name, all[i].name));
        }
    }
}

T_MAIN(
    T(test_route_find_reads_paths_as_the_contract_says),
    T(test_route_methods_lists_what_a_path_knows), T(test_routes_are_complete_rows))
