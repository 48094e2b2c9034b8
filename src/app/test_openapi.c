/* SPDX-License-Identifier: Apache-2.0 */
#include "app/documents.h"
#include "app/routes.h"
#include "base/json.h"
#include "base/testing.h"

enum { DEPTH = 64 };

static json_t *build(void)
{
    json_t *j = NULL;
    Str text;

    T_OK(openapi_build(t_cx(), S("https://a.example"), &text));
    T_OK(j_parse(t_cx(), text, DEPTH, &j));
    return j;
}

static void test_openapi_build_has_every_route(void **state)
{
    CLEANUP(j_done) json_t *j = build();
    const json_t *paths = json_object_get(j, "paths");
    size_t n;
    const struct endpoint *all = routes(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        Str method = str_lower(&t_cx()->mem, method_name(all[i].method));
        const json_t *path = json_object_getn(paths, all[i].path.p, all[i].path.n);
        const json_t *operation = json_object_getn(path, method.p, method.n);
        Str id;

        T_TRUE(j_text(operation, "operationId", &id));
        T_STR(id, all[i].name);
        T_TRUE(json_object_size(json_object_get(operation, "responses")) > 0);
        T_TRUE(
            (all[i].body != NULL) == (json_object_get(operation, "requestBody") != NULL));
    }
}

/* What "#/components/kind/name" leads to. */
static const json_t *follow(const json_t *j, Str path)
{
    Str part;

    T_TRUE(str_starts(path, S("#/")));
    path = str_sub(path, 2, path.n);
    while (str_next_part(&path, '/', &part)) {
        j = json_object_getn(j, part.p, part.n);
    }
    return j;
}

static size_t check_references(const json_t *root, json_t *j)
{
    const char *key;
    json_t *value;
    size_t i;
    size_t n = 0;

    json_object_foreach(j, key, value)
    {
        if (str_eq(str_from_z(key), S("$ref"))) {
            T_TRUE(follow(root, str_from_z(json_string_value(value))) != NULL);
            n++;
        }
        n += check_references(root, value);
    }
    json_array_foreach(j, i, value)
    {
        n += check_references(root, value);
    }
    return n;
}

static void test_openapi_build_refers_to_what_is_there(void **state)
{
    CLEANUP(j_done) json_t *j = build();

    (void)state;
    T_TRUE(check_references(j, j) > 20);
}

static void test_openapi_build_says_what_the_tables_say(void **state)
{
    CLEANUP(j_done) json_t *j = build();
    const json_t *source = follow(
        j, S("#/components/schemas/InitiateRequest/properties/calendar_source/enum"));
    const json_t *operation = json_object_get(
        json_object_get(
            json_object_get(j, "paths"),
            "/api/v2/external_calendars/accounts/oauth2/initiate"),
        "post");
    Str text;

    (void)state;
    T_INT(json_array_size(source), SOURCE_COUNT);
    T_INT(
        json_object_size(follow(operation, S("#/requestBody/content"))),
        3); /* media types */
    T_TRUE(j_text(follow(j, S("#/components/responses/Error403")), "description", &text));
    T_STR(
        text,
        S("provider_invalid, mode_not_allowed, permission_denied, feature_not_enabled"));
    T_TRUE(j_text(json_array_get(json_object_get(j, "servers"), 0), "url", &text));
    T_STR(text, S("https://a.example"));
}

T_MAIN(
    T(test_openapi_build_has_every_route), T(test_openapi_build_refers_to_what_is_there),
    T(test_openapi_build_says_what_the_tables_say))
