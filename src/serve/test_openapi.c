/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/testing.h"
#include "config/config.h"
#include "grants/account_state.h"
#include "serve/openapi.h"
#include "serve/openapi_schemas.h"
#include "serve/routes.h"

enum { DEPTH = 64 };

static json_t *build(void)
{
    json_t *j = NULL;
    Str text;

    T_OK(openapi_build(t_cx(), S("https://a.example"), &text));
    T_OK(j_parse(t_cx(), text, DEPTH, &j));
    return j;
}

TEST(test_openapi_describe_writes_into_the_settings)
{
    struct config c = {.settings.public_url = S("https://b.example/caldock")};

    T_OK(openapi_describe(t_cx(), &c));
    T_TRUE(str_contains(
        c.settings.openapi, S("\"servers\":[{\"url\":\"https://b.example/caldock\"}]")));
    arena_done(&c.mem);
}

TEST(test_openapi_build_has_every_route)
{
    CLEANUP(j_done) json_t *j = build();
    const json_t *paths = json_object_get(j, "paths");
    size_t n;
    const struct endpoint *all = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        Str method = str_lower(&t_cx()->mem, route_method_name(all[i].method));
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

TEST(test_openapi_build_refers_to_what_is_there)
{
    CLEANUP(j_done) json_t *j = build();

    T_TRUE(check_references(j, j) > 20);
}

TEST(test_openapi_build_says_what_the_tables_say)
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

static const Str sizes[] = {SI("S"), SI("L")};
static const struct api_field sized_fields[] = {
    {.name = SI("text"), .is_required = true, .most_chars = 9},
    {.name = SI("number"),
     .type = VALUE_INT,
     .least = -1,
     .most = 4294967295,
     .otherwise = &(const struct api_value){.number = 7}},
    {.name = SI("truth"),
     .type = VALUE_BOOL,
     .otherwise = &(const struct api_value){.truth = true}},
    {.name = SI("size"),
     .choices = sizes,
     .n_choices = COUNT(sizes),
     .otherwise = &(const struct api_value){.text = SI("S")}},
    {.name = SI("zone"), .is_nullable = true},
    {.name = SI("time"), .type = VALUE_TIME, .is_required = true},
    {.name = SI("day"), .type = VALUE_DATE},
    {.name = SI("when"), .type = VALUE_MOMENT, .is_nullable = true, .is_required = true},
};

#define MOMENT                                                                           \
    "\"when\":{\"anyOf\":[{\"type\":\"string\",\"format\":\"date-time\"},"               \
    "{\"type\":\"string\",\"format\":\"date\"},{\"type\":\"null\"}]}"

static void shape_is(bool is_partial, const char *want)
{
    const struct api_shape shape = {
        SI("Sized"), sized_fields, COUNT(sized_fields), is_partial};
    CLEANUP(j_done) json_t *j = openapi_shape(&shape);
    CLEANUP(j_done) json_t *wanted = NULL;

    T_OK(j_parse(t_cx(), str_from_z(want), DEPTH, &wanted));
    T_TRUE(json_equal(json_object_get(j, "properties"), wanted));
    T_INT(json_array_size(json_object_get(j, "required")), is_partial ? 0 : 3);
}

TEST(test_openapi_shape_says_types_limits_and_defaults)
{
    shape_is(
        false, "{\"text\":{\"type\":\"string\",\"maxLength\":9},"
               "\"number\":{\"type\":\"integer\",\"format\":\"int64\","
               "\"minimum\":-1,\"maximum\":4294967295,\"default\":7},"
               "\"truth\":{\"type\":\"boolean\",\"default\":true},"
               "\"size\":{\"type\":\"string\",\"enum\":[\"S\",\"L\"],"
               "\"default\":\"S\"},"
               "\"zone\":{\"type\":[\"string\",\"null\"],\"default\":null},"
               "\"time\":{\"type\":\"string\",\"format\":\"date-time\"},"
               "\"day\":{\"type\":\"string\",\"format\":\"date\"}," MOMENT "}");
}

#define INNER                                                                            \
    "\"required\":[\"size\"],\"properties\":{\"size\":{\"type\":[\"string\","            \
    "\"null\"],\"enum\":[\"S\",\"L\",null]}}"

TEST(test_openapi_shape_describes_objects_within)
{
    static const struct api_field inner_fields[] = {
        {.name = SI("size"),
         .is_required = true,
         .is_nullable = true,
         .choices = sizes,
         .n_choices = COUNT(sizes)}};
    static const struct api_shape inner = {SI("Inner"), inner_fields, 1};
    static const struct api_field outer_fields[] = {
        {.name = SI("of"), .type = VALUE_OBJECT, .object = &inner},
        {.name = SI("all"), .type = VALUE_LIST, .object = &inner}};
    static const struct api_shape outer = {
        SI("Outer"), outer_fields, COUNT(outer_fields)};
    CLEANUP(j_done) json_t *j = openapi_shape(&outer);
    CLEANUP(j_done) json_t *wanted = NULL;

    T_OK(j_parse(
        t_cx(),
        S("{\"type\":\"object\",\"xml\":{\"name\":\"root\"},\"properties\":{\"of\":{"
          "\"type\":\"object\"," INNER "},\"all\":{"
          "\"type\":\"array\",\"xml\":{\"wrapped\":true},"
          "\"items\":{\"type\":\"object\",\"xml\":{\"name\":\"list-item\"}," INNER
          "}}}}"),
        DEPTH, &wanted));
    T_TRUE(json_equal(j, wanted));
}

/* A list's own parameters stand beside those that all have. */
TEST(test_openapi_build_has_the_parameters_of_a_query)
{
    CLEANUP(j_done) json_t *j = build();
    const json_t *parameters = json_object_get(
        json_object_get(
            json_object_get(
                json_object_get(j, "paths"),
                "/api/v2/external_calendars/staff_calendar_settings"),
            "get"),
        "parameters");
    const json_t *own = json_array_get(parameters, 0);
    Str text;

    T_TRUE(j_text(own, "name", &text));
    T_STR(text, S("calendar_source_account"));
    T_TRUE(j_text(own, "in", &text));
    T_STR(text, S("query"));
    T_TRUE(j_text(json_object_get(own, "schema"), "type", &text));
    T_STR(text, S("integer"));
}

/* Of PATCH: an absent field changes nothing. */
TEST(test_openapi_shape_of_a_part_has_no_defaults)
{
    shape_is(
        true, "{\"text\":{\"type\":\"string\",\"maxLength\":9},"
              "\"number\":{\"type\":\"integer\",\"format\":\"int64\","
              "\"minimum\":-1,\"maximum\":4294967295},"
              "\"truth\":{\"type\":\"boolean\"},"
              "\"size\":{\"type\":\"string\",\"enum\":[\"S\",\"L\"]},"
              "\"zone\":{\"type\":[\"string\",\"null\"]},"
              "\"time\":{\"type\":\"string\",\"format\":\"date-time\"},"
              "\"day\":{\"type\":\"string\",\"format\":\"date\"}," MOMENT "}");
}

/* An example has what is required, and what has an example of its own. */
TEST(test_openapi_example_is_made_of_the_fields)
{
    static const struct api_field inner_fields[] = {
        {.name = SI("sizes"), .is_required = true, .choices = sizes, .n_choices = 2}};
    static const struct api_shape inner = {SI("Inner"), inner_fields, 1};
    static const struct api_field fields[] = {
        {.name = SI("id"), .type = VALUE_INT, .is_required = true, .example = SI("7")},
        {.name = SI("text"), .example = SI("x")},
        {.name = SI("left_out")},
        {.name = SI("off"), .type = VALUE_BOOL, .is_required = true},
        {.name = SI("on"), .type = VALUE_BOOL, .example = SI("true")},
        {.name = SI("none"), .is_required = true, .is_nullable = true},
        {.name = SI("of"), .type = VALUE_OBJECT, .is_required = true, .object = &inner},
        {.name = SI("all"), .type = VALUE_LIST, .is_required = true, .object = &inner}};
    static const struct api_shape shape = {SI("Outer"), fields, COUNT(fields)};
    CLEANUP(j_done) json_t *j = openapi_example(&shape);
    CLEANUP(j_done) json_t *wanted = NULL;

    T_OK(j_parse(
        t_cx(),
        S("{\"id\":7,\"text\":\"x\",\"off\":false,\"on\":true,\"none\":null,"
          "\"of\":{\"sizes\":\"S\"},\"all\":[{\"sizes\":\"S\"}]}"),
        DEPTH, &wanted));
    T_TRUE(json_equal(j, wanted));
}

/* What an application has to tell apart is listed, each word once. */
TEST(test_openapi_build_lists_what_is_closed)
{
    static const struct {
        Str path;
        size_t n;
    } rows[] = {
        {SI("#/components/schemas/Error/properties/code/enum"), 26},
        {SI("#/components/schemas/Error/properties/type/enum"), 6},
        {SI("#/components/schemas/FlowError/enum"), 18},
        {SI("#/components/schemas/Account/properties/status_reason/enum"),
         ACCOUNT_REASONS + 1}, /* null */
    };

    CLEANUP(j_done) json_t *j = build();

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(json_array_size(follow(j, rows[i].path)), rows[i].n);
    }
}

T_MAIN(
    T(test_openapi_shape_says_types_limits_and_defaults),
    T(test_openapi_shape_of_a_part_has_no_defaults),
    T(test_openapi_shape_describes_objects_within),
    T(test_openapi_build_has_the_parameters_of_a_query),
    T(test_openapi_describe_writes_into_the_settings),
    T(test_openapi_build_has_every_route), T(test_openapi_build_refers_to_what_is_there),
    T(test_openapi_build_says_what_the_tables_say),
    T(test_openapi_example_is_made_of_the_fields),
    T(test_openapi_build_lists_what_is_closed))
