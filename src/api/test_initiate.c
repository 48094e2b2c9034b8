/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/endpoints.h"
#include "api/initiate.h"
#include "base/buf.h"
#include "base/limits.h"
#include "grants/testbed.h"
#include "oauth/authorize.h"

static const Str patterns[] = {
    SI("https://app.example/done"), SI("https://app.example/cb/*"),
    SI("http://127.0.0.1/back"), SI("com.example.app:/done")};
static const struct endpoint endpoint = {.status = 200};
static const struct http_header json = {SI("Content-Type"), SI("application/json")};
static struct http_answer answer;
static struct http_request req;

static struct call call_new(Str body)
{
    answer = (struct http_answer){0};
    req = (struct http_request){
        .method = METHOD_POST,
        .headers = &json,
        .n_headers = 1,
        .body = body,
        .has_body = true};
    bed.settings.flow_timeout_s = 600;
    return (struct call){
        .cx = t_cx(),
        .req = &req,
        .answer = &answer,
        .work.settings = &bed.settings,
        .endpoint = &endpoint,
        .who = {
            .credential = CREDENTIAL_TOKEN,
            .token_id = 42,
            .provider = BED_PROVIDER,
            .mode = MODE_PROVIDER,
            .user = S("amy"),
            .patterns = patterns,
            .n_patterns = COUNT(patterns)}};
}

/* The body for a source and a redirect_uri that need no escaping. */
static Str body_of(Str source, Str redirect_uri)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_BODY_BYTES};

    buf_add(&b, S("{\"calendar_source\":\""));
    buf_add(&b, source);
    buf_add(&b, S("\",\"redirect_uri\":\""));
    buf_add(&b, redirect_uri);
    buf_add(&b, S("\"}"));
    return buf_text(&b);
}

/* `text` from behind `mark` to the next `end`. */
static Str between(Str text, Str mark, char end)
{
    const char *p = memmem(text.p, text.n, mark.p, mark.n);
    size_t at = 0;

    T_TRUE(p != NULL);
    Str rest = str_sub(text, (size_t)(p - text.p) + mark.n, text.n);

    return str_find(rest, end, &at) ? str_sub(rest, 0, at) : rest;
}

static Str param_of(Str uri, Str name)
{
    struct param *params;
    size_t n;
    Str value;

    T_OK(url_query_parse(t_cx(), between(uri, S("?"), '#'), &params, &n));
    T_INT(url_query_find(params, n, name, &value), 1);
    return value;
}

TEST(test_initiate_run_answers_as_the_seed_shows)
{
    struct call c = call_new(body_of(S("GOOG"), S("https://app.example/done?once=1")));

    T_OK(initiate_run(&c));
    T_INT(answer.status, 200);
    T_STR(answer.content_type, S("application/json"));
    T_TRUE(str_starts(
        answer.body, S("{\"uri\":\"https://accounts.google.com/o/oauth2/v2/auth?")));
    T_TRUE(str_ends(answer.body, S("\",\"timeout_seconds\":600}")));

    c = call_new(body_of(S("MSFT"), S("https://app.example/done")));
    c.format = FORMAT_IS_XML;
    T_OK(initiate_run(&c));
    T_STR(answer.content_type, S("application/xml; charset=utf-8"));
    T_TRUE(str_contains(
        answer.body,
        S("<root><uri>https://login.microsoftonline.com/common/oauth2/v2.0/authorize?")));
    T_TRUE(str_contains(
        answer.body, S("</uri><timeout_seconds>600</timeout_seconds></root>")));
}

/* SECURITY 3, 4: what the browser carries opens, and fits what is derived. */
TEST(test_initiate_run_seals_who_asked_for_what)
{
    struct call c =
        call_new(body_of(S("MSFT"), S("https://app.example/cb/./x/../y?a=b")));
    struct flow flow;
    struct flow_secrets secrets;
    int64_t before_s = clock_now_s();

    T_OK(initiate_run(&c));
    Str uri = between(answer.body, S("\"uri\":\""), '"');

    T_OK(state_open(t_cx(), bed.keyring, param_of(uri, S("state")), &flow));
    T_INT(flow.credential, CREDENTIAL_TOKEN);
    T_INT(flow.token_id, 42);
    T_INT(flow.provider, BED_PROVIDER);
    T_INT(flow.mode, MODE_PROVIDER);
    T_STR(flow.user, S("amy"));
    T_INT(flow.source, SOURCE_MICROSOFT);
    T_STR(flow.redirect_uri, S("https://app.example/cb/y?a=b"));
    T_TRUE(flow.expires_s >= before_s + 600 && flow.expires_s <= clock_now_s() + 600);
    T_OK(state_derive_secrets(t_cx(), bed.keyring, &flow, &secrets));
    T_STR(
        param_of(uri, S("code_challenge")),
        ((Str){secrets.challenge, sizeof(secrets.challenge)}));
    T_STR(param_of(uri, S("nonce")), ((Str){secrets.nonce, sizeof(secrets.nonce)}));
    T_TRUE(!str_contains(answer.body, (Str){secrets.verifier, sizeof(secrets.verifier)}));
}

TEST(test_initiate_run_never_gives_the_same_twice)
{
    Str body = body_of(S("GOOG"), S("https://app.example/done"));
    Str seen[4];

    for (size_t i = 0; i < COUNT(seen); i++) {
        struct call c = call_new(body);

        T_OK(initiate_run(&c));
        seen[i] = answer.body;
        for (size_t j = 0; j < i; j++) {
            static const Str names[] = {SI("state"), SI("nonce"), SI("code_challenge")};

            for (size_t k = 0; k < COUNT(names); k++) {
                T_TRUE(!str_eq(
                    param_of(between(seen[i], S("\"uri\":\""), '"'), names[k]),
                    param_of(between(seen[j], S("\"uri\":\""), '"'), names[k])));
            }
        }
    }
}

/* Exactly the parameters of docs/api.md §5, each once. */
TEST(test_initiate_run_sends_the_contract_s_parameters)
{
    static const struct {
        Str source;
        Str scope;
        struct param extra[2];
    } rows[] = {
        {SI("GOOG"),
         SI("openid email https://www.googleapis.com/auth/calendar.calendarlist.readonly "
            "https://www.googleapis.com/auth/calendar.events"),
         {{SI("access_type"), SI("offline")},
          {SI("prompt"), SI("select_account consent")}}},
        {SI("MSFT"),
         SI("openid profile email offline_access User.Read Calendars.ReadWrite"),
         {{SI("prompt"), SI("select_account")}, {SI("response_mode"), SI("query")}}},
    };

    static const Str names[] = {SI("response_type"),  SI("client_id"),
                                SI("redirect_uri"),   SI("scope"),
                                SI("state"),          SI("nonce"),
                                SI("code_challenge"), SI("code_challenge_method")};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(body_of(rows[i].source, S("https://app.example/done")));
        struct param *params;
        size_t n;

        T_OK(initiate_run(&c));
        Str uri = between(answer.body, S("\"uri\":\""), '"');

        T_OK(url_query_parse(t_cx(), between(uri, S("?"), '#'), &params, &n));
        T_INT(n, COUNT(names) + COUNT(rows[i].extra));
        for (size_t k = 0; k < COUNT(names); k++) {
            T_TRUE(param_of(uri, names[k]).n > 0);
        }
        for (size_t k = 0; k < COUNT(rows[i].extra); k++) {
            T_STR(param_of(uri, rows[i].extra[k].name), rows[i].extra[k].value);
        }
        T_STR(param_of(uri, S("response_type")), S("code"));
        T_STR(param_of(uri, S("client_id")), S("client"));
        T_STR(
            param_of(uri, S("redirect_uri")),
            S("https://caldock.example/oauth2/callback"));
        T_STR(param_of(uri, S("scope")), rows[i].scope);
        T_STR(param_of(uri, S("code_challenge_method")), S("S256"));
    }
}

static Str error_of(const struct call *c, Str field)
{
    for (size_t i = 0; i < c->n_errors; i++) {
        if (str_eq(c->errors[i].field, field)) {
            return c->errors[i].message;
        }
    }
    return S("");
}

#define UNMATCHED                                                                        \
    "This URI matches none of the redirect patterns that are registered for the "        \
    "provider: use one that does, or have it registered."

TEST(test_initiate_run_reports_all_that_is_wrong)
{
    static const struct {
        Str body, source_error, redirect_error;
    } rows[] = {
        {SI("{}"), SI("This field is required."), SI("This field is required.")},
        {SI("{\"calendar_source\":\"ICLD\",\"redirect_uri\":\"https://evil.example/\"}"),
         SI("\"ICLD\" is not a valid choice."), SI(UNMATCHED)},
        {SI("{\"calendar_source\":null,\"redirect_uri\":\"https://app.example/done#x\"}"),
         SI("This field may not be null."), SI("Remove the fragment, from the # on.")},
        {SI("{\"calendar_source\":\"\",\"redirect_uri\":\"\"}"),
         SI("\"\" is not a valid choice."), SI("This field may not be blank.")},
        {SI("{\"calendar_source\":\"GOOG\",\"redirect_uri\":\"https://app.example/cb\"}"),
         SI(""), SI(UNMATCHED)},
        {SI("{\"calendar_source\":7,\"redirect_uri\":\"https://app.example/done\"}"),
         SI("Not a valid string."), SI("")},
        {SI("{\"calendar_source\":\"GOOG\",\"redirect_uri\":[]}"), SI(""),
         SI("Not a valid string.")},
        {SI("{\"calendar_source\":\"GOOG\","
            "\"redirect_uri\":\"https://app.example/done?success=1\"}"),
         SI(""),
         SI("Remove the query parameters success, error and account, however they are "
            "written: they are added at the end.")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(rows[i].body);

        T_FAIL(FAIL_PARAMETER_INVALID, initiate_run(&c));
        T_STR(error_of(&c, S("calendar_source")), rows[i].source_error);
        T_STR(error_of(&c, S("redirect_uri")), rows[i].redirect_error);
        T_INT(answer.status, 0);
    }
}

TEST(test_initiate_run_of_a_source_that_is_off_says_so)
{
    static const Str source_error =
        SI("This calendar source is not configured on this server.");
    struct call c;

    bed.settings.sources[SOURCE_MICROSOFT - 1].is_on = false;
    c = call_new(body_of(S("MSFT"), S("https://app.example/done")));
    T_FAIL(FAIL_PARAMETER_INVALID, initiate_run(&c));
    T_STR(error_of(&c, S("calendar_source")), source_error);
    c = call_new(body_of(S("MSFT"), S("https://evil.example/")));
    T_FAIL(FAIL_PARAMETER_INVALID, initiate_run(&c));
    T_STR(error_of(&c, S("calendar_source")), source_error);
    T_STR(error_of(&c, S("redirect_uri")), S(UNMATCHED));
    c = call_new(body_of(S("GOOG"), S("https://app.example/done")));
    T_OK(initiate_run(&c));
}

#define UNMATCHED_BODY                                                                   \
    "{\"calendar_source\":\"GOOG\",\"redirect_uri\":\"https://evil.example/\"}"

TEST(test_initiate_run_names_the_patterns_that_there_are)
{
    static const Str many[12] = {SI("https://a/1"), SI("https://a/2"), SI("https://a/3"),
                                 SI("https://a/4"), SI("https://a/5"), SI("https://a/6"),
                                 SI("https://a/7"), SI("https://a/8"), SI("https://a/9"),
                                 SI("https://a/x"), SI("https://a/y"), SI("https://a/z")};

    static const struct {
        size_t n;
        Str want;
    } rows[] = {
        {0, SI("The provider has no redirect pattern.")},
        {2, SI("Registered: https://a/1, https://a/2.")},
        {10, SI(", https://a/9, https://a/x.")},
        {11, SI(", https://a/9, https://a/x, and 1 more.")},
        {12, SI(", https://a/9, https://a/x, and 2 more.")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(S(UNMATCHED_BODY));

        c.who.patterns = many;
        c.who.n_patterns = rows[i].n;
        T_FAIL(FAIL_PARAMETER_INVALID, initiate_run(&c));
        T_TRUE(str_ends(c.hint, rows[i].want));
    }
}

/* The longest ones are told as well. */
TEST(test_initiate_run_names_patterns_of_any_length)
{
    char bytes[LIMIT_PATTERN_BYTES];
    Str longest[LIMIT_PATTERNS_PER_PROVIDER];
    struct call c = call_new(S(UNMATCHED_BODY));

    memset(bytes, 'x', sizeof(bytes));
    for (size_t i = 0; i < COUNT(longest); i++) {
        longest[i] = (Str){bytes, sizeof(bytes)};
    }
    c.who.patterns = longest;
    c.who.n_patterns = COUNT(longest);
    T_FAIL(FAIL_PARAMETER_INVALID, initiate_run(&c));
    T_TRUE(str_ends(c.hint, S("xxx, and 90 more.")));
}

TEST(test_initiate_run_takes_what_the_patterns_allow)
{
    static const struct {
        Str uri;
        bool ok;
    } rows[] = {
        {SI("https://app.example/done"), true},
        {SI("HTTPS://APP.example:443/done"), true},
        {SI("  https://app.example/done\\n"), true}, /* trimmed */
        {SI("https://app.example/cb/"), true},
        {SI("https://app.example/cb/../done"), true},
        {SI("http://127.0.0.1:49152/back"), true},
        {SI("com.example.app:/done?x=1"), true},
        {SI("https://app.example/done/"), false},
        {SI("https://app.example/cb/../other"), false},
        {SI("https://app.example:8443/done"), false},
        {SI("http://app.example/done"), false},
        {SI("com.example.other:/done"), false},
        {SI("//app.example/done"), false},
        {SI("javascript:alert(1)"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(body_of(S("GOOG"), rows[i].uri));

        T_FAIL(rows[i].ok ? FAIL_NONE : FAIL_PARAMETER_INVALID, initiate_run(&c));
        T_INT(error_of(&c, S("redirect_uri")).n > 0, !rows[i].ok);
    }
}

TEST(test_initiate_run_passes_on_what_no_field_is_to_blame_for)
{
    struct call c = call_new(S("[]"));

    T_FAIL(FAIL_PARSE_ERROR, initiate_run(&c));
    T_INT(c.n_errors, 0);
    c = call_new(S("{}"));
    req.body_too_large = true;
    T_FAIL(FAIL_PAYLOAD_TOO_LARGE, initiate_run(&c));
}

/* The longest of everything still makes a state and a URL. */
TEST(test_initiate_run_fits_at_its_limits)
{
    static const Str start = SI("https://app.example/cb/");
    char uri[LIMIT_REDIRECT_URI_BYTES + 1];
    char user[LIMIT_USER_BYTES];

    memset(uri, 'x', sizeof(uri));
    memcpy(uri, start.p, start.n);
    memset(user, 'u', sizeof(user));
    for (size_t n = LIMIT_REDIRECT_URI_BYTES; n <= sizeof(uri); n++) {
        struct call c = call_new(body_of(S("GOOG"), (Str){uri, n}));

        c.who.user = (Str){user, sizeof(user)};
        c.who.provider = INT64_MAX;
        c.who.token_id = INT64_MAX;
        T_FAIL(
            n > LIMIT_REDIRECT_URI_BYTES ? FAIL_PARAMETER_INVALID : FAIL_NONE,
            initiate_run(&c));
    }
}

T_MAIN(
    T_BED(test_initiate_run_answers_as_the_seed_shows),
    T_BED(test_initiate_run_seals_who_asked_for_what),
    T_BED(test_initiate_run_never_gives_the_same_twice),
    T_BED(test_initiate_run_sends_the_contract_s_parameters),
    T_BED(test_initiate_run_reports_all_that_is_wrong),
    T_BED(test_initiate_run_of_a_source_that_is_off_says_so),
    T_BED(test_initiate_run_names_the_patterns_that_there_are),
    T_BED(test_initiate_run_names_patterns_of_any_length),
    T_BED(test_initiate_run_takes_what_the_patterns_allow),
    T_BED(test_initiate_run_passes_on_what_no_field_is_to_blame_for),
    T_BED(test_initiate_run_fits_at_its_limits))
