/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "oauth/token_answer.h"

#define GOOD "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"expires_in\":3599}"

static Res t_parse(int status, Str body, enum oauth_leg leg, struct tokens *ret)
{
    const struct net_reply reply = {
        .status = status,
        .content_type = S("application/json; charset=utf-8"),
        .body = body,
    };
    struct token_note note;

    return token_parse_answer(t_cx(), &reply, leg, S("asked for"), ret, &note);
}

TEST(test_token_parse_answer_reads_all_members)
{
    struct tokens t;

    T_OK(t_parse(
        200,
        S("{\"access_token\":\"a.t\",\"expires_in\":3599,\"refresh_token\":\"1//r\","
          "\"scope\":\"openid email\",\"token_type\":\"bEARER\",\"id_token\":\"a.b.c\","
          "\"ext_expires_in\":3599,\"refresh_token_expires_in\":604799,\"x\":[{}]}"),
        OAUTH_EXCHANGE, &t));
    T_STR(t.access_token, S("a.t"));
    T_STR(t.refresh_token, S("1//r"));
    T_STR(t.id_token, S("a.b.c"));
    T_STR(t.scope, S("openid email"));
    T_INT(t.expires_in_s, 3599);
}

/* SECURITY 37, 38: what the answer does not have is told apart: no refresh token,
 * and a scope that is as requested. */
TEST(test_token_parse_answer_tells_what_is_absent)
{
    struct tokens t;

    T_OK(t_parse(
        200,
        S("{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"refresh_token\":null}"),
        OAUTH_EXCHANGE, &t));
    T_STR(t.refresh_token, S(""));
    T_STR(t.id_token, S(""));
    T_STR(t.scope, S("asked for"));
    T_INT(t.expires_in_s, 0);
}

#define WITH(members) SI("{\"access_token\":\"at\",\"token_type\":\"Bearer\"" members "}")

/* SECURITY 35: an answer with duplicate keys, depth over 16 or a number that can't be is
 * refused; 36: so is a token_type other than Bearer. */
TEST(test_token_parse_answer_refuses_what_nobody_can_use)
{
    static const struct {
        Str body;
        enum fail want;
    } rows[] = {
        {WITH(""), FAIL_NONE},
        {WITH(",\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]"), FAIL_NONE},
        {WITH(",\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"), FAIL_SOURCE_ERROR},
        {WITH(",\"x\":\"\xFF\\u0000\\uD800\",\"y\":1e999"), FAIL_NONE},
        {SI("\xEF\xBB\xBF" GOOD), FAIL_NONE},
        {SI("\xEF\xBB\xBF\xEF\xBB\xBF" GOOD), FAIL_SOURCE_ERROR},
        {WITH(",\"access_token\":\"b\""), FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":0"), FAIL_NONE},
        {WITH(",\"expires_in\":-1"), FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":true"), FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":\"soon\""), FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":\"\""), FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":\"-1\""), FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":-0.5"), FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":[3599]"), FAIL_SOURCE_ERROR},
        {WITH(",\"id_token\":null,\"scope\":null,\"error\":null"), FAIL_NONE},
        {WITH(",\"error\":\"\""), FAIL_NONE},
        {WITH(",\"refresh_token\":\"\""), FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":7"), FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":\"a\\nb\""), FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":\"a b\""), FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":\"\xC3\xA9\""), FAIL_SOURCE_ERROR},
        {WITH(",\"id_token\":[]"), FAIL_SOURCE_ERROR},
        {WITH(",\"scope\":[\"a\"]"), FAIL_SOURCE_ERROR},
        {WITH(",\"scope\":\"a\\u0001b\""), FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\"}"), FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\",\"token_type\":\"mac\"}"), FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\",\"token_type\":\"Bearer \"}"), FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\",\"token_type\":1}"), FAIL_SOURCE_ERROR},
        {SI("{\"token_type\":\"Bearer\"}"), FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":null,\"token_type\":\"Bearer\"}"), FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"\",\"token_type\":\"Bearer\"}"), FAIL_SOURCE_ERROR},
        {SI("[]"), FAIL_SOURCE_ERROR},
        {SI("null"), FAIL_SOURCE_ERROR},
        {SI(""), FAIL_SOURCE_ERROR},
        {SI("<html>"), FAIL_SOURCE_ERROR},
        {SI("access_token=at&token_type=Bearer"), FAIL_SOURCE_ERROR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tokens t = {.expires_in_s = 77};

        if (t_parse(200, rows[i].body, OAUTH_EXCHANGE, &t).code != rows[i].want) {
            T_STR(rows[i].body, S("the other answer"));
        }
        T_TRUE(rows[i].want == FAIL_NONE || t.expires_in_s == 77);
    }
}

TEST(test_token_parse_answer_reads_lifetimes)
{
    static const struct {
        Str body;
        int64_t want;
    } rows[] = {
        {WITH(",\"expires_in\":2591999"), 2591999},
        {WITH(",\"expires_in\":2592000"), LIMIT_EXPIRES_IN_S},
        {WITH(",\"expires_in\":2592001"), LIMIT_EXPIRES_IN_S},
        {WITH(",\"expires_in\":9223372036854775807"), LIMIT_EXPIRES_IN_S},
        {WITH(",\"expires_in\":99999999999999999999"), LIMIT_EXPIRES_IN_S},
        {WITH(",\"expires_in\":1e99"), LIMIT_EXPIRES_IN_S},
        {WITH(",\"expires_in\":\"3599\""), 3599},
        {WITH(",\"expires_in\":3599.0"), 3599},
        {WITH(",\"expires_in\":3599.9"), 3599},
        {WITH(",\"expires_in\":\"3.6e3\""), 3600},
        {WITH(",\"expires_in\":3600,\"x\":123456789012345678901234567890"), 3600},
        {WITH(",\"expires_in\":null"), 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tokens t;

        T_OK(t_parse(200, rows[i].body, OAUTH_EXCHANGE, &t));
        T_INT(t.expires_in_s, rows[i].want);
    }
}

TEST(test_token_parse_answer_holds_every_token_to_its_limit)
{
    static const struct {
        const char *name;
        size_t most;
    } rows[] = {
        {"refresh_token", LIMIT_REFRESH_TOKEN_BYTES},
        {"id_token", LIMIT_ID_TOKEN_BYTES},
        {"scope", LIMIT_SCOPE_BYTES},
        {"x_token", LIMIT_ACCESS_TOKEN_BYTES}, /* stands for access_token */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t n = rows[i].most; n <= rows[i].most + 1; n++) {
            struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_TOKEN_ANSWER_BYTES};
            bool is_access = strcmp(rows[i].name, "x_token") == 0;
            struct tokens t;

            buf_add(&b, S("{\"token_type\":\"Bearer\",\"access_token\":\""));
            buf_add(&b, is_access ? S("") : S("at\",\""));
            buf_add(&b, is_access ? S("") : str_from_z(rows[i].name));
            buf_add(&b, is_access ? S("") : S("\":\""));
            for (size_t x = 0; x < n; x++) {
                buf_add_char(&b, 'x');
            }
            buf_add(&b, S("\"}"));
            T_FAIL(
                n > rows[i].most ? FAIL_SOURCE_ERROR : FAIL_NONE,
                t_parse(200, buf_text(&b), OAUTH_EXCHANGE, &t));
        }
    }
}

/* SECURITY 33: invalid_grant on the code leg; 63: what ends a grant on refresh, and
 * what does not. docs/api.md §9. */
TEST(test_token_parse_answer_tells_errors_apart)
{
    static const struct {
        int status;
        Str body;
        enum fail exchange;
        enum fail refresh;
    } rows[] = {
        {400, SI("{\"error\":\"invalid_grant\"}"), FAIL_CODE_REJECTED,
         FAIL_GRANT_REFUSED},
        {400, SI("{\"error\":\"interaction_required\"}"), FAIL_ACCESS_DENIED,
         FAIL_GRANT_REFUSED},
        {400, SI("{\"error\":\"login_required\"}"), FAIL_ACCESS_DENIED,
         FAIL_GRANT_REFUSED},
        {400, SI("{\"error\":\"consent_required\"}"), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_GRANT_REFUSED},
        {401, SI("{\"error\":\"invalid_client\"}"), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {400, SI("{\"error\":\"unauthorized_client\"}"), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {400, SI("{\"error\":\"redirect_uri_mismatch\"}"), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {400, SI("{\"error\":\"unsupported_grant_type\"}"), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {400, SI("{\"error\":\"something_new\"}"), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {400, SI("{\"error\":\"temporarily_unavailable\"}"), FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE},
        {400,
         SI("{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS65001: x\"}"),
         FAIL_ADMIN_CONSENT_REQUIRED, FAIL_GRANT_REFUSED},
        {400,
         SI("{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS54005: x\"}"),
         FAIL_CODE_REJECTED, FAIL_GRANT_REFUSED},
        {200, SI("{\"error\":\"invalid_grant\"}"), FAIL_CODE_REJECTED,
         FAIL_GRANT_REFUSED},
        {200, WITH(",\"error\":\"invalid_client\""), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {429, SI("{\"error\":\"invalid_grant\"}"), FAIL_SOURCE_RATE_LIMITED,
         FAIL_SOURCE_RATE_LIMITED},
        {500, SI("{\"error\":\"invalid_grant\"}"), FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE},
        {503, SI(""), FAIL_SOURCE_UNAVAILABLE, FAIL_SOURCE_UNAVAILABLE},
        {302, SI(GOOD), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {201, SI(GOOD), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {400, SI(GOOD), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {404, SI("{}"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {400, SI("{\"error\":{\"code\":400}}"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {400, SI("{\"error\":\"\"}"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {400, SI("{\"error\":\"a\\nb\"}"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
        {400, SI("<html>"), FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tokens t = {.expires_in_s = 77};

        T_FAIL(
            rows[i].exchange, t_parse(rows[i].status, rows[i].body, OAUTH_EXCHANGE, &t));
        T_FAIL(rows[i].refresh, t_parse(rows[i].status, rows[i].body, OAUTH_REFRESH, &t));
        T_INT(t.expires_in_s, 77);
    }
}

/* A refresh token is not lost for what is odd beside it; SECURITY 62. */
TEST(test_token_parse_answer_rescues_a_refresh_token)
{
    static const struct {
        const char *name;
        int status;
        Str type;
        Str body;
        Str want;
    } rows[] = {
        {"nothing is odd", 200, SI("application/json"), WITH(",\"refresh_token\":\"R\""),
         SI("")},
        {"lifetime", 200, SI("application/json"),
         WITH(",\"refresh_token\":\"R\",\"expires_in\":\"soon\""), SI("R")},
        {"token_type", 200, SI("application/json"),
         SI("{\"access_token\":\"a\",\"refresh_token\":\"R\"}"), SI("R")},
        {"no access token", 200, SI("application/json"), SI("{\"refresh_token\":\"R\"}"),
         SI("R")},
        {"media type", 200, SI("text/html"), WITH(",\"refresh_token\":\"R\""), SI("R")},
        {"status", 201, SI("application/json"), WITH(",\"refresh_token\":\"R\""),
         SI("R")},
        {"a member twice", 200, SI("application/json"),
         WITH(",\"x\":1,\"x\":2,\"refresh_token\":\"R\""), SI("R")},
        {"depth", 200, SI("application/json"),
         WITH(",\"refresh_token\":\"R\",\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"),
         SI("R")},
        {"itself", 200, SI("application/json"), WITH(",\"refresh_token\":\"a b\""),
         SI("")},
        {"an error", 200, SI("application/json"),
         WITH(",\"refresh_token\":\"R\",\"error\":\"invalid_grant\""), SI("")},
        {"a refusal", 400, SI("application/json"),
         WITH(",\"refresh_token\":\"R\",\"error\":\"invalid_grant\""), SI("")},
        {"a redirect", 302, SI("application/json"), WITH(",\"refresh_token\":\"R\""),
         SI("")},
        {"no JSON", 200, SI("application/json"), SI("<html>"), SI("")},
        {"an empty body", 200, SI("application/json"), SI(""), SI("")},
        {"a list", 200, SI("application/json"), SI("[\"refresh_token\"]"), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct net_reply reply = {
            .status = rows[i].status, .content_type = rows[i].type, .body = rows[i].body};
        struct token_note note;
        struct tokens t;
        Res res = token_parse_answer(t_cx(), &reply, OAUTH_REFRESH, S("s"), &t, &note);

        print_message("%s\n", rows[i].name);
        T_INT(res.code == FAIL_NONE, i == 0);
        T_STR(note.rescued, rows[i].want);
    }
}

/* SECURITY 25: error_description is not logged, only Microsoft's number in it. */
TEST(test_token_parse_answer_reasons_hold_no_description)
{
    struct tokens t;

    T_FAIL(
        FAIL_CODE_REJECTED, t_parse(
                                400,
                                S("{\"error\":\"invalid_grant\",\"error_description\":"
                                  "\"AADSTS70008: user@example.com\"}"),
                                OAUTH_EXCHANGE, &t));
    Str why = str_from_z(t_cx()->why.text);

    T_TRUE(str_contains(why, S("invalid_grant")) && str_contains(why, S("70008")));
    T_TRUE(!str_contains(why, S("example.com")));
}

/* SECURITY 35: an answer that is not application/json is refused. */
TEST(test_token_parse_answer_wants_json_said_so)
{
    static const struct {
        Str type;
        enum fail want;
    } rows[] = {
        {SI("application/json"), FAIL_NONE},
        {SI("Application/JSON ; charset=UTF-8"), FAIL_NONE},
        {SI("text/html"), FAIL_SOURCE_ERROR},
        {SI("text/json"), FAIL_SOURCE_ERROR},
        {SI("application/jsonx"), FAIL_SOURCE_ERROR},
        {SI("application/x-www-form-urlencoded"), FAIL_SOURCE_ERROR},
        {SI("x, application/json"), FAIL_SOURCE_ERROR},
        {SI(""), FAIL_SOURCE_ERROR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct net_reply reply = {
            .status = 200, .content_type = rows[i].type, .body = S(GOOD)};
        struct tokens t;
        struct token_note note;

        T_FAIL(
            rows[i].want,
            token_parse_answer(t_cx(), &reply, OAUTH_EXCHANGE, S(""), &t, &note));
    }
}

T_MAIN(
    T(test_token_parse_answer_reads_all_members),
    T(test_token_parse_answer_tells_what_is_absent),
    T(test_token_parse_answer_refuses_what_nobody_can_use),
    T(test_token_parse_answer_reads_lifetimes),
    T(test_token_parse_answer_holds_every_token_to_its_limit),
    T(test_token_parse_answer_tells_errors_apart),
    T(test_token_parse_answer_rescues_a_refresh_token),
    T(test_token_parse_answer_reasons_hold_no_description),
    T(test_token_parse_answer_wants_json_said_so))
