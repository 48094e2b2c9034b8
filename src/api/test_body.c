/* SPDX-License-Identifier: Apache-2.0 */
#include "api/body.h"
#include "base/testing.h"

enum { IN_COLOUR, IN_TARGET, IN_NOTE, IN_COUNT };

static const Str colours[] = {SI("RED"), SI("BLUE")};

/* clang-format off */
static const struct api_field fields[IN_COUNT] = {
    [IN_COLOUR] = {.name = SI("colour"), .is_required = true,
        .choices = colours, .n_choices = COUNT(colours)},
    [IN_TARGET] = {.name = SI("target_uri"), .is_required = true},
    [IN_NOTE] = {.name = SI("note"), .is_nullable = true},
};
/* clang-format on */

static const struct api_shape shape = {SI("Thing"), fields, IN_COUNT};

static struct http_header media = {SI("Content-Type"), SI("application/json")};

static struct http_request json_request(Str body)
{
    return (struct http_request){
        .method = METHOD_POST,
        .headers = &media,
        .n_headers = 1,
        .body = body,
        .has_body = true};
}

#define REQUIRED "This field is required."
#define NO_NULL  "This field may not be null."
#define NO_TEXT  "Not a valid string."

/* clang-format off */
static const struct row {
    const char *name;
    Str body;
    Str colour, target;
    Str colour_error, target_error; /* empty: none */
} rows[] = {
    {"all is well", SI("{\"colour\":\"RED\",\"target_uri\":\"t\"}"), SI("RED"), SI("t"), SI(""), SI("")},
    {"white space around", SI("{\"colour\":\" BLUE\\n\",\"target_uri\":\"\\t t t \"}"), SI("BLUE"), SI("t t"), SI(""), SI("")},
    {"unknown fields are ignored", SI("{\"colour\":\"RED\",\"target_uri\":\"t\",\"more\":[1]}"), SI("RED"), SI("t"), SI(""), SI("")},
    {"both missing", SI("{}"), SI(""), SI(""), SI(REQUIRED), SI(REQUIRED)},
    {"both null", SI("{\"colour\":null,\"target_uri\":null}"), SI(""), SI(""), SI(NO_NULL), SI(NO_NULL)},
    {"both empty", SI("{\"colour\":\"\",\"target_uri\":\"\"}"), SI(""), SI(""),
        SI("\"\" is not a valid choice."), SI("This field may not be blank.")},
    {"both blank", SI("{\"colour\":\" \",\"target_uri\":\" \\t\"}"), SI(""), SI(""),
        SI("\"\" is not a valid choice."), SI("This field may not be blank.")},
    {"numbers", SI("{\"colour\":1,\"target_uri\":2.5}"), SI(""), SI(""), SI(NO_TEXT), SI(NO_TEXT)},
    {"an array and an object", SI("{\"colour\":[],\"target_uri\":{}}"), SI(""), SI(""), SI(NO_TEXT), SI(NO_TEXT)},
    {"booleans", SI("{\"colour\":true,\"target_uri\":false}"), SI(""), SI(""), SI(NO_TEXT), SI(NO_TEXT)},
    {"no such choice, in other capitals too", SI("{\"colour\":\"red\",\"target_uri\":\"t\"}"), SI(""), SI("t"),
        SI("\"red\" is not a valid choice."), SI("")},
    {"one is well, the other is not", SI("{\"colour\":\"RED\"}"), SI("RED"), SI(""), SI(""), SI(REQUIRED)},
};

/* clang-format on */

static Str body_error_of(const struct call *c, Str field)
{
    for (size_t i = 0; i < c->n_errors; i++) {
        if (str_eq(c->errors[i].field, field)) {
            return c->errors[i].message;
        }
    }
    return S("");
}

TEST(test_body_values_read_speaks_as_drf)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_request req = json_request(rows[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        struct api_value in[IN_COUNT];
        int errors = (rows[i].colour_error.n > 0) + (rows[i].target_error.n > 0);

        print_message("%s\n", rows[i].name);
        T_FAIL(
            errors > 0 ? FAIL_PARAMETER_INVALID : FAIL_NONE,
            body_values_read(&c, &shape, in));
        T_STR(in[IN_COLOUR].text, rows[i].colour);
        T_STR(in[IN_TARGET].text, rows[i].target);
        T_INT(in[IN_COLOUR].is_given, rows[i].colour.n > 0);
        T_INT(in[IN_TARGET].is_given, rows[i].target.n > 0);
        T_TRUE(!in[IN_NOTE].is_given && in[IN_NOTE].is_null);
        T_STR(body_error_of(&c, S("colour")), rows[i].colour_error);
        T_STR(body_error_of(&c, S("target_uri")), rows[i].target_error);
        T_INT(c.n_errors, errors);
    }
}

TEST(test_body_values_read_lets_the_optional_be_absent_or_null)
{
    static const struct {
        Str body, want;
        bool is_given, is_null;
    } notes[] = {
        {SI("{\"colour\":\"RED\",\"target_uri\":\"t\"}"), SI(""), false, true},
        {SI("{\"colour\":\"RED\",\"target_uri\":\"t\",\"note\":null}"), SI(""), true,
         true},
        {SI("{\"colour\":\"RED\",\"target_uri\":\"t\",\"note\":\"n\"}"), SI("n"), true,
         false},
    };

    for (size_t i = 0; i < COUNT(notes); i++) {
        struct http_request req = json_request(notes[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        struct api_value in[IN_COUNT];

        T_OK(body_values_read(&c, &shape, in));
        T_STR(in[IN_NOTE].text, notes[i].want);
        T_INT(in[IN_NOTE].is_given, notes[i].is_given);
        T_INT(in[IN_NOTE].is_null, notes[i].is_null);
    }
}

/* Of PATCH: absent is not null, nothing is required, and nothing has a default. */
TEST(test_body_values_read_of_a_part_tells_absent_from_null)
{
    static const struct api_value seven = {.number = 7};
    static const struct api_field some[] = {
        {.name = SI("a"), .is_required = true},
        {.name = SI("b"), .is_nullable = true},
        {.name = SI("c"), .type = VALUE_INT, .otherwise = &seven},
        {.name = SI("d"), .is_nullable = true},
    };
    static const struct api_shape whole = {SI("Whole"), some, COUNT(some), false};
    static const struct api_shape part = {SI("Part"), some, COUNT(some), true};
    struct http_request req = json_request(S("{\"b\":null}"));
    struct call c = {.cx = t_cx(), .req = &req};
    struct api_value in[COUNT(some)];

    T_OK(body_values_read(&c, &part, in));
    T_TRUE(!in[0].is_given && !in[0].is_null);
    T_TRUE(in[1].is_given && in[1].is_null);
    T_TRUE(!in[2].is_given && in[2].number == 0);
    T_TRUE(!in[3].is_given && !in[3].is_null);
    T_FAIL(FAIL_PARAMETER_INVALID, body_values_read(&c, &whole, in));
    T_STR(body_error_of(&c, S("a")), S(REQUIRED));
    T_TRUE(in[1].is_given && in[1].is_null);
    T_TRUE(!in[2].is_given && in[2].number == 7);
    T_TRUE(!in[3].is_given && in[3].is_null);
}

/* clang-format off */
#define PART(name, value) \
    "--b\r\nContent-Disposition: form-data; name=" name "\r\n\r\n" value "\r\n"

static const struct api_field typed_fields[] = {
    {.name = SI("text")},
    {.name = SI("number"), .type = VALUE_INT},
    {.name = SI("truth"), .type = VALUE_BOOL},
    {.name = SI("time"), .type = VALUE_TIME},
    {.name = SI("day"), .type = VALUE_DATE},
    {.name = SI("none"), .type = VALUE_INT, .is_nullable = true},
};
static const struct api_shape typed_shape = {SI("Typed"), typed_fields, COUNT(typed_fields)};

static const struct format_row {
    struct http_header type;
    Str body;
} formats[] = {
    {{SI("Content-Type"), SI("application/json")},
        SI("{\"text\":\"t\",\"number\":-5,\"truth\":true,"
           "\"time\":\"1970-01-01T01:00:00+01:00\",\"day\":\"1970-01-02\",\"none\":null}")},
    {{SI("Content-Type"), SI("application/json")}, /* an escape: read with a tree */
        SI("{\"text\":\"\\u0074\",\"number\":-5,\"truth\":true,"
           "\"time\":\"1970-01-01T01:00:00+01:00\",\"day\":\"1970-01-02\",\"none\":null}")},
    {{SI("Content-Type"), SI("application/x-www-form-urlencoded")},
        SI("text=t&number=-5&truth=TRUE&time=1970-01-01T01:00:00%2B01:00&day=1970-01-02&none=")},
    {{SI("Content-Type"), SI("multipart/form-data; boundary=b")},
        SI(PART("text", "t") PART("number", "-5") PART("truth", "1")
           PART("time", "1970-01-01T01:00:00+01:00") PART("day", "1970-01-02")
           PART("none", "") "--b--")},
};

/* clang-format on */

/* The same values in the three formats. */
TEST(test_body_values_read_reads_every_type_in_every_format)
{
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct http_request req = json_request(formats[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        struct api_value in[COUNT(typed_fields)];

        req.headers = &formats[i].type;
        T_OK(body_values_read(&c, &typed_shape, in));
        T_STR(in[0].text, S("t"));
        T_TRUE(in[1].number == -5);
        T_TRUE(in[2].truth);
        T_TRUE(in[3].time.s == 0 && in[3].is_given);
        T_INT(in[4].days, 1);
        T_TRUE(in[5].is_given && in[5].is_null);
    }
}

/* JSON has types of its own: text that looks like them is text. */
TEST(test_body_values_read_takes_no_text_of_json_for_a_number)
{
    static const struct api_field typed[] = {
        {.name = SI("number"), .type = VALUE_INT},
        {.name = SI("truth"), .type = VALUE_BOOL},
    };
    static const struct api_shape of_two = {SI("Two"), typed, COUNT(typed)};
    struct http_request req = json_request(S("{\"number\":\"5\",\"truth\":\"true\"}"));
    struct call c = {.cx = t_cx(), .req = &req};
    struct api_value in[COUNT(typed)];

    T_FAIL(FAIL_PARAMETER_INVALID, body_values_read(&c, &of_two, in));
    T_STR(body_error_of(&c, S("number")), S("A valid integer is required."));
    T_STR(body_error_of(&c, S("truth")), S("Must be a valid boolean."));
    T_TRUE(!in[0].is_given && in[0].number == 0 && !in[1].is_given);
}

TEST(test_body_values_read_reads_forms_and_nothing)
{
    struct http_header form = {S("Content-Type"), S("application/x-www-form-urlencoded")};
    struct http_request req = json_request(S("colour=RED&target_uri=+a%20b"));
    struct call c = {.cx = t_cx(), .req = &req};
    struct api_value in[IN_COUNT];

    req.headers = &form;
    T_OK(body_values_read(&c, &shape, in));
    T_STR(in[IN_COLOUR].text, S("RED"));
    T_STR(in[IN_TARGET].text, S("a b"));
    req = (struct http_request){.method = METHOD_POST};
    T_FAIL(FAIL_PARAMETER_INVALID, body_values_read(&c, &shape, in));
    T_STR(body_error_of(&c, S("colour")), S(REQUIRED));
}

/* clang-format off */
static const struct hint_row {
    Str type, body, want;
} hint_rows[] = {
    {SI("application/json"), SI("{\"colour\":\"RED\",\"target_uri\":\"t\"}"), SI("")},
    {SI("application/json"), SI("{\"colour\":\"RED\"}"), SI("")},
    {SI("application/json"), SI("{\"colour\":\"red\",\"target_uri\":\"t\"}"), SI("colour: choose RED or BLUE.")},
    {SI("application/json"), SI("{\"colour\":1,\"target_uri\":\"t\"}"), SI("")},
    {SI("application/json"), SI("{\"colour\":\"RED\",\"targetUri\":\"t\"}"),
        SI("Unknown field `targetUri`: did you mean `target_uri`?")},
    {SI("application/json"), SI("{\"Colour\":\"RED\",\"target-url\":\"t\",\"notes\":1}"),
        SI("Unknown field `Colour`: did you mean `colour`? "
           "Unknown field `target-url`: did you mean `target_uri`? "
           "Unknown field `notes`: did you mean `note`?")},
    {SI("application/json"), SI("{\"colour\":\"RED\",\"target_uri\":\"t\",\"Note\":1}"), SI("")},
    {SI("application/json"), SI("{'colour':1}"),
        SI("The JSON can't be read at line 1, column 2: write strings in double quotes.")},
    {SI("application/x-www-form-urlencoded"), SI("{\"colour\":\"RED\",\"target_uri\":\"t\"}"),
        SI("The body was read as a form and looks like JSON: send it with Content-Type: application/json.")},
    {SI("text/plain"), SI("{}"), SI("The body looks like JSON: send it with Content-Type: application/json.")},
    {SI("application/x-www-form-urlencoded"), SI("colour=green&targeturi=t"),
        SI("colour: choose RED or BLUE. Unknown field `targeturi`: did you mean `target_uri`?")},
};

/* clang-format on */

TEST(test_body_values_read_leaves_hints)
{
    for (size_t i = 0; i < COUNT(hint_rows); i++) {
        struct http_header type = {S("Content-Type"), hint_rows[i].type};
        struct http_request req = json_request(hint_rows[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        struct api_value in[IN_COUNT];

        req.headers = &type;
        (void)!body_values_read(&c, &shape, in).code;
        T_STR(c.hint, hint_rows[i].want);
    }
}

TEST(test_body_values_read_leaves_no_hint_at_a_body_that_was_not_read)
{
    struct http_request req = json_request(S(""));
    struct call c = {.cx = t_cx(), .req = &req};
    struct api_value in[IN_COUNT];

    req.body_too_large = true;
    T_FAIL(FAIL_PAYLOAD_TOO_LARGE, body_values_read(&c, &shape, in));
    T_STR(c.hint, S(""));
}

TEST(test_body_values_read_names_any_number_of_missing_fields)
{
    static const size_t counts[] = {9, 50};
    struct api_field many[50];

    for (size_t i = 0; i < COUNT(many); i++) {
        many[i] = (struct api_field){
            .name = str_cat(&t_cx()->mem, S("f"), str_int(&t_cx()->mem, (int64_t)i)),
            .is_required = true};
    }
    for (size_t i = 0; i < COUNT(counts); i++) {
        const struct api_shape of_many = {SI("Many"), many, counts[i]};
        struct http_request req = json_request(S("{}"));
        struct call c = {.cx = t_cx(), .req = &req};
        struct api_value in[COUNT(many)];

        T_FAIL(FAIL_PARAMETER_INVALID, body_values_read(&c, &of_many, in));
        T_INT(c.n_errors, counts[i]);
    }
}

TEST(test_body_values_read_looks_at_type_then_size_then_text)
{
    static const struct http_header text = {SI("Content-Type"), SI("text/plain")};

    static const struct {
        bool is_text, is_large;
        Str body;
        enum fail want;
    } cases[] = {
        {true, true, SI("{"), FAIL_UNSUPPORTED_MEDIA_TYPE},
        {true, false, SI("{"), FAIL_UNSUPPORTED_MEDIA_TYPE},
        {false, true, SI("{"), FAIL_PAYLOAD_TOO_LARGE},
        {false, false, SI("{"), FAIL_PARSE_ERROR},
        {false, false, SI(""), FAIL_PARSE_ERROR},
        {false, false, SI("{}"), FAIL_PARAMETER_INVALID},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_request req = json_request(cases[i].body);
        struct call c = {.cx = t_cx(), .req = &req};
        struct api_value in[IN_COUNT];

        req.headers = cases[i].is_text ? &text : &media;
        req.body_too_large = cases[i].is_large;
        T_FAIL(cases[i].want, body_values_read(&c, &shape, in));
        T_INT(c.n_errors > 0, cases[i].want == FAIL_PARAMETER_INVALID);
    }
}

static struct call call_with_query(Str query)
{
    struct call c = {.cx = t_cx()};
    struct param *params;

    T_OK(url_query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

TEST(test_body_query_read_reads_every_type)
{
    static const struct api_value hundred = {.number = 100};
    static const struct api_field filters[] = {
        {.name = SI("after"), .type = VALUE_TIME, .is_required = true},
        {.name = SI("account"), .type = VALUE_INT},
        {.name = SI("fresh"), .type = VALUE_BOOL},
        {.name = SI("limit"), .type = VALUE_INT, .otherwise = &hundred},
        {.name = SI("name")},
    };
    static const struct api_shape query = {SI("Filters"), filters, COUNT(filters)};
    struct api_value in[COUNT(filters)];
    struct call c = call_with_query(
        S("after=1970-01-01T01:00:01+01:00&account=5&fresh=1&unknown=x&name=a%20b"));

    T_OK(body_query_read(&c, &query, in));
    T_TRUE(in[0].time.s == 1 && in[1].number == 5 && in[2].truth && in[3].number == 100);
    T_TRUE(in[2].is_given && !in[3].is_given);
    T_STR(in[4].text, S("a b"));

    c = call_with_query(S("account=05&fresh=maybe&limit=1&limit=1&name=%FF"));
    T_FAIL(FAIL_PARAMETER_INVALID, body_query_read(&c, &query, in));
    T_INT(c.n_errors, COUNT(filters));
    T_STR(body_error_of(&c, S("after")), S(REQUIRED));
    T_STR(body_error_of(&c, S("account")), S("A valid integer is required."));
    T_STR(body_error_of(&c, S("fresh")), S("Must be a valid boolean."));
    T_STR(body_error_of(&c, S("limit")), S("This parameter may be given only once."));
    T_STR(body_error_of(&c, S("name")), S(NO_TEXT));
    for (size_t i = 0; i < COUNT(filters); i++) {
        T_TRUE(!in[i].is_given && in[i].number == 0 && in[i].text.n == 0);
    }
}

T_MAIN(
    T(test_body_values_read_speaks_as_drf),
    T(test_body_values_read_lets_the_optional_be_absent_or_null),
    T(test_body_values_read_of_a_part_tells_absent_from_null),
    T(test_body_values_read_reads_every_type_in_every_format),
    T(test_body_values_read_takes_no_text_of_json_for_a_number),
    T(test_body_values_read_reads_forms_and_nothing),
    T(test_body_values_read_leaves_hints),
    T(test_body_values_read_leaves_no_hint_at_a_body_that_was_not_read),
    T(test_body_values_read_names_any_number_of_missing_fields),
    T(test_body_values_read_looks_at_type_then_size_then_text),
    T(test_body_query_read_reads_every_type))
