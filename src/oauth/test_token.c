/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/testserver.h"
#include "oauth/token.h"
#include "oauth/token_answer.h"

#define JSON                                                                             \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define JSON_400                                                                         \
    "HTTP/1.1 400 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define JSON_401                                                                         \
    "HTTP/1.1 401 No\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define GOOD "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"expires_in\":3599}"

static const struct net_options generous = {
    .connect_timeout_ms = 60000,
    .timeout_ms = 60000,
};

static Res parse(int status, Str body, enum token_leg leg, struct tokens *ret)
{
    const struct net_reply reply = {
        .status = status,
        .content_type = S("application/json; charset=utf-8"),
        .body = body,
    };
    bool client_refused;

    return token_parse_answer(t_cx(), &reply, leg, S("asked for"), ret, &client_refused);
}

static void test_token_parse_answer_reads_all_members(void **state)
{
    struct tokens t;

    (void)state;
    T_OK(parse(
        200,
        S("{\"access_token\":\"a.t\",\"expires_in\":3599,\"refresh_token\":\"1//r\","
          "\"scope\":\"openid email\",\"token_type\":\"bEARER\",\"id_token\":\"a.b.c\","
          "\"ext_expires_in\":3599,\"refresh_token_expires_in\":604799,\"x\":[{}]}"),
        LEG_EXCHANGE, &t));
    T_STR(t.access_token, S("a.t"));
    T_STR(t.refresh_token, S("1//r"));
    T_STR(t.id_token, S("a.b.c"));
    T_STR(t.scope, S("openid email"));
    T_INT(t.expires_in_s, 3599);
}

/* oauth-security 37, 38: what the answer does not have is told apart: no refresh token,
 * and a scope that is as requested. */
static void test_token_parse_answer_tells_what_is_absent(void **state)
{
    struct tokens t;

    (void)state;
    T_OK(parse(
        200,
        S("{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"refresh_token\":null}"),
        LEG_EXCHANGE, &t));
    T_STR(t.refresh_token, S(""));
    T_STR(t.id_token, S(""));
    T_STR(t.scope, S("asked for"));
    T_INT(t.expires_in_s, 0);
}

#define WITH(members) SI("{\"access_token\":\"at\",\"token_type\":\"Bearer\"" members "}")

/* oauth-security 35: an answer with invalid UTF-8, duplicate keys, depth over 16 or a
 * number out of range is refused; 36: so is a token_type other than Bearer. */
static void test_token_parse_answer_refuses_what_nobody_can_use(void **state)
{
    static const struct {
        Str body;
        enum fail want;
    } rows[] = {
        {WITH(""),                                                   FAIL_NONE        },
        {WITH(",\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]"),              FAIL_NONE        },
        {WITH(",\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"),            FAIL_SOURCE_ERROR},
        {WITH(",\"x\":\"\xFF\""),                                    FAIL_SOURCE_ERROR},
        {WITH(",\"access_token\":\"b\""),                            FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":0"),                                  FAIL_NONE        },
        {WITH(",\"expires_in\":-1"),                                 FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":1e99"),                               FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":3599.5"),                             FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":\"3599\""),                           FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":99999999999999999999"),               FAIL_SOURCE_ERROR},
        {WITH(",\"expires_in\":true"),                               FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":\"\""),                            FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":7"),                               FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":\"a\\nb\""),                       FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":\"a b\""),                         FAIL_SOURCE_ERROR},
        {WITH(",\"refresh_token\":\"\xC3\xA9\""),                    FAIL_SOURCE_ERROR},
        {WITH(",\"id_token\":[]"),                                   FAIL_SOURCE_ERROR},
        {WITH(",\"scope\":[\"a\"]"),                                 FAIL_SOURCE_ERROR},
        {WITH(",\"scope\":\"a\\u0001b\""),                           FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\"}"),                            FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\",\"token_type\":\"mac\"}"),     FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\",\"token_type\":\"Bearer \"}"), FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"at\",\"token_type\":1}"),           FAIL_SOURCE_ERROR},
        {SI("{\"token_type\":\"Bearer\"}"),                          FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":null,\"token_type\":\"Bearer\"}"),    FAIL_SOURCE_ERROR},
        {SI("{\"access_token\":\"\",\"token_type\":\"Bearer\"}"),    FAIL_SOURCE_ERROR},
        {SI("{\"error\":\"invalid_grant\"}"),                        FAIL_SOURCE_ERROR},
        {SI("[]"),                                                   FAIL_SOURCE_ERROR},
        {SI("null"),                                                 FAIL_SOURCE_ERROR},
        {SI(""),                                                     FAIL_SOURCE_ERROR},
        {SI("<html>"),                                               FAIL_SOURCE_ERROR},
        {SI("access_token=at&token_type=Bearer"),                    FAIL_SOURCE_ERROR},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tokens t = {.expires_in_s = 77};

        if (parse(200, rows[i].body, LEG_EXCHANGE, &t).code != rows[i].want) {
            T_STR(rows[i].body, S("the other answer"));
        }
        T_TRUE(rows[i].want == FAIL_NONE || t.expires_in_s == 77);
    }
}

static void test_token_parse_answer_cuts_a_life_to_its_limit(void **state)
{
    static const struct {
        Str body;
        int64_t want;
    } rows[] = {
        {WITH(",\"expires_in\":2591999"),             2591999           },
        {WITH(",\"expires_in\":2592000"),             LIMIT_EXPIRES_IN_S},
        {WITH(",\"expires_in\":2592001"),             LIMIT_EXPIRES_IN_S},
        {WITH(",\"expires_in\":9223372036854775807"), LIMIT_EXPIRES_IN_S},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tokens t;

        T_OK(parse(200, rows[i].body, LEG_EXCHANGE, &t));
        T_INT(t.expires_in_s, rows[i].want);
    }
}

static void test_token_parse_answer_holds_every_token_to_its_limit(void **state)
{
    static const struct {
        const char *name;
        size_t most;
    } rows[] = {
        {"refresh_token", LIMIT_REFRESH_TOKEN_BYTES},
        {"id_token",      LIMIT_ID_TOKEN_BYTES     },
        {"scope",         LIMIT_SCOPE_BYTES        },
        {"x_token",       LIMIT_ACCESS_TOKEN_BYTES }, /* stands for access_token */
    };

    (void)state;
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
                parse(200, buf_text(&b), LEG_EXCHANGE, &t));
        }
    }
}

/* oauth-security 33: invalid_grant on the code leg; 63: what ends a grant on refresh, and
 * what does not. Contract §9. */
static void test_token_parse_answer_tells_errors_apart(void **state)
{
    static const struct {
        int status;
        Str body;
        enum fail exchange;
        enum fail refresh;
    } rows[] = {
        {400, SI("{\"error\":\"invalid_grant\"}"),                                     FAIL_CODE_REJECTED,
         FAIL_GRANT_REFUSED                                                                                                                },
        {400, SI("{\"error\":\"interaction_required\"}"),                              FAIL_ACCESS_DENIED,
         FAIL_GRANT_REFUSED                                                                                                                },
        {400, SI("{\"error\":\"login_required\"}"),                                    FAIL_ACCESS_DENIED,
         FAIL_GRANT_REFUSED                                                                                                                },
        {400, SI("{\"error\":\"consent_required\"}"),                                  FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_GRANT_REFUSED                                                                                                                },
        {401, SI("{\"error\":\"invalid_client\"}"),                                    FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                         },
        {400, SI("{\"error\":\"unauthorized_client\"}"),                               FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                       },
        {400, SI("{\"error\":\"redirect_uri_mismatch\"}"),                             FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                         },
        {400, SI("{\"error\":\"unsupported_grant_type\"}"),                            FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                         },
        {400, SI("{\"error\":\"something_new\"}"),                                     FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                         },
        {400, SI("{\"error\":\"temporarily_unavailable\"}"),                           FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE                                                                                                           },
        {400,
         SI("{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS65001: x\"}"),
         FAIL_ADMIN_CONSENT_REQUIRED,                                                                               FAIL_GRANT_REFUSED     },
        {400,
         SI("{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS54005: x\"}"),
         FAIL_CODE_REJECTED,                                                                                        FAIL_GRANT_REFUSED     },
        {429, SI("{\"error\":\"invalid_grant\"}"),                                     FAIL_SOURCE_RATE_LIMITED,
         FAIL_SOURCE_RATE_LIMITED                                                                                                          },
        {500, SI("{\"error\":\"invalid_grant\"}"),                                     FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE                                                                                                           },
        {503, SI(""),                                                                  FAIL_SOURCE_UNAVAILABLE,     FAIL_SOURCE_UNAVAILABLE},
        {302, SI(GOOD),                                                                FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
        {201, SI(GOOD),                                                                FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
        {400, SI(GOOD),                                                                FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
        {404, SI("{}"),                                                                FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
        {400, SI("{\"error\":{\"code\":400}}"),                                        FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
        {400, SI("{\"error\":\"\"}"),                                                  FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
        {400, SI("{\"error\":\"a\\nb\"}"),                                             FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
        {400, SI("<html>"),                                                            FAIL_SOURCE_ERROR,           FAIL_SOURCE_ERROR      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tokens t = {.expires_in_s = 77};

        T_FAIL(rows[i].exchange, parse(rows[i].status, rows[i].body, LEG_EXCHANGE, &t));
        T_FAIL(rows[i].refresh, parse(rows[i].status, rows[i].body, LEG_REFRESH, &t));
        T_INT(t.expires_in_s, 77);
    }
}

/* oauth-security 25: error_description is not logged, only Microsoft's number in it. */
static void test_token_parse_answer_reasons_hold_no_description(void **state)
{
    struct tokens t;

    (void)state;
    T_FAIL(
        FAIL_CODE_REJECTED, parse(
                                400,
                                S("{\"error\":\"invalid_grant\",\"error_description\":"
                                  "\"AADSTS70008: user@example.com\"}"),
                                LEG_EXCHANGE, &t));
    Str why = str_from_z(t_cx()->why.text);

    T_TRUE(str_contains(why, S("invalid_grant")) && str_contains(why, S("70008")));
    T_TRUE(!str_contains(why, S("example.com")));
}

/* oauth-security 35: an answer that is not application/json is refused. */
static void test_token_parse_answer_wants_json_said_so(void **state)
{
    static const struct {
        Str type;
        enum fail want;
    } rows[] = {
        {SI("application/json"),                  FAIL_NONE        },
        {SI("Application/JSON ; charset=UTF-8"),  FAIL_NONE        },
        {SI("text/html"),                         FAIL_SOURCE_ERROR},
        {SI("text/json"),                         FAIL_SOURCE_ERROR},
        {SI("application/jsonx"),                 FAIL_SOURCE_ERROR},
        {SI("application/x-www-form-urlencoded"), FAIL_SOURCE_ERROR},
        {SI("x, application/json"),               FAIL_SOURCE_ERROR},
        {SI(""),                                  FAIL_SOURCE_ERROR},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct net_reply reply = {
            .status = 200, .content_type = rows[i].type, .body = S(GOOD)};
        struct tokens t;
        bool refused;

        T_FAIL(
            rows[i].want,
            token_parse_answer(t_cx(), &reply, LEG_EXCHANGE, S(""), &t, &refused));
    }
}

static const struct token_code code = {SI("4/c+de"), SI("verifier")};

static const struct oauth_client client = {
    .client_id = SI("client&id"),
    .client_secret = SI("s=1"),
    .client_secret_next = SI("s=2"),
    .redirect_uri = SI("https://us.example/cb"),
    .scopes = SI("openid email"),
};

/* A client at a server that plays `steps`; returns how many were played. */
static size_t exchange_at(
    struct server *s, const struct step *steps, size_t n, enum fail want,
    struct tokens *ret)
{
    struct net *net = net_open();
    struct oauth_client c = client;

    server_start(s, steps, n);
    c.token_url = server_url(&t_cx()->mem, s, "/token");
    T_FAIL(want, token_exchange(t_cx(), net, &generous, &c, &code, ret));
    net_close(&net);
    server_stop(s);
    return s->served;
}

/* oauth-security 29: the token request goes to the configured endpoint; 30: it is a POST
 * with the same redirect_uri, the flow's code_verifier, the client's credentials by one
 * method only, no secret in the URL. */
static void test_token_exchange_sends_one_form(void **state)
{
    static const struct step step = {SI(JSON GOOD), THEN_CLOSE};
    static struct server s;
    struct tokens t;

    (void)state;
    T_INT(exchange_at(&s, &step, 1, FAIL_NONE, &t), 1);
    T_STR(t.access_token, S("at"));
    T_STR(t.scope, S("openid email"));
    Str sent = server_request(&s, 0);

    T_TRUE(str_starts(sent, S("POST /token HTTP/1.1\r\n")));
    T_TRUE(str_ends(
        sent, S("\r\n\r\ngrant_type=authorization_code&code=4%2Fc%2Bde"
                "&redirect_uri=https%3A%2F%2Fus.example%2Fcb&code_verifier=verifier"
                "&client_id=client%26id&client_secret=s%3D1")));
    T_TRUE(!str_contains(sent, S("Authorization")));
}

static void test_token_exchange_tries_the_next_secret_when_refused(void **state)
{
    static const struct step steps[] = {
        {SI(JSON_401 "{\"error\":\"invalid_client\"}"), THEN_CLOSE},
        {SI(JSON GOOD),                                 THEN_CLOSE},
        {SI(JSON GOOD),                                 THEN_CLOSE},
    };
    static struct server s;
    struct tokens t;

    (void)state;
    T_INT(exchange_at(&s, steps, COUNT(steps), FAIL_NONE, &t), 2);
    T_TRUE(str_ends(server_request(&s, 0), S("&client_secret=s%3D1")));
    T_TRUE(str_ends(server_request(&s, 1), S("&client_secret=s%3D2")));
}

static void test_token_exchange_gives_up_after_the_next_secret(void **state)
{
    static const struct step steps[] = {
        {SI(JSON_401 "{\"error\":\"invalid_client\"}"), THEN_CLOSE},
        {SI(JSON_401 "{\"error\":\"invalid_client\"}"), THEN_CLOSE},
        {SI(JSON GOOD),                                 THEN_CLOSE},
    };
    static struct server s;
    struct tokens t;

    (void)state;
    T_INT(exchange_at(&s, steps, COUNT(steps), FAIL_SOURCE_MISCONFIGURED, &t), 2);
}

/* oauth-security 32: the code is not sent again, whatever went wrong; 33: nor after
 * invalid_grant; 34: and a redirect is not followed. */
static void test_token_exchange_sends_a_code_once(void **state)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI(JSON_400 "{\"error\":\"invalid_grant\"}"), THEN_CLOSE},        FAIL_CODE_REJECTED     },
        {{SI(JSON_401 "{\"error\":\"invalid_grant\"}"), THEN_CLOSE},        FAIL_CODE_REJECTED     },
        {{SI(JSON_400 "{\"error\":\"unauthorized_client\"}"), THEN_CLOSE},
         FAIL_ADMIN_CONSENT_REQUIRED                                                               },
        {{SI(""), THEN_CLOSE},                                              FAIL_SOURCE_UNAVAILABLE},
        {{SI(""), THEN_RESET},                                              FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE                                                                   },
        {{SI("HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
          THEN_CLOSE},
         FAIL_SOURCE_ERROR                                                                         },
        {{SI("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE                                                                   },
        {{SI("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_RATE_LIMITED                                                                  },
        {{SI("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"),
          THEN_CLOSE},
         FAIL_SOURCE_ERROR                                                                         },
    };
    static struct server s;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct step steps[] = {
            rows[i].step, {S(JSON GOOD), THEN_CLOSE}
        };
        struct tokens t;

        T_INT(exchange_at(&s, steps, COUNT(steps), rows[i].want, &t), 1);
    }
}

static void test_token_exchange_of_a_public_client_sends_no_secret(void **state)
{
    static const struct step step = {SI(JSON GOOD), THEN_CLOSE};
    static struct server s;
    struct net *net = net_open();
    struct tokens t;

    (void)state;
    server_start(&s, &step, 1);
    const struct oauth_client c = {
        .client_id = S("id"), .token_url = server_url(&t_cx()->mem, &s, "/token")};

    T_OK(token_exchange(t_cx(), net, &generous, &c, &code, &t));
    net_close(&net);
    server_stop(&s);
    T_TRUE(str_ends(server_request(&s, 0), S("&client_id=id")));
}

static void test_token_exchange_refuses_a_code_that_does_not_fit(void **state)
{
    static char text[64 * 1024];
    const struct token_code long_code = {
        {text, sizeof(text)},
        SI("v")
    };
    struct net *net = net_open();
    struct oauth_client c = client;
    struct tokens t;

    (void)state;
    memset(text, 'x', sizeof(text));
    c.token_url = S("http://127.0.0.1:1/");
    T_FAIL(FAIL_LIMIT, token_exchange(t_cx(), net, &generous, &c, &long_code, &t));
    net_close(&net);
}

static void test_token_refresh_sends_one_form(void **state)
{
    static const struct step steps[] = {
        {SI(JSON GOOD),                                                 THEN_CLOSE},
        {SI(JSON_400 "{\"error\":\"invalid_grant\"}"),                  THEN_CLOSE},
        {SI("HTTP/1.1 429 Slow\r\nRetry-After: 17\r\n\r\n"),            THEN_CLOSE},
        {SI(JSON "{\"token_type\":\"Bearer\",\"access_token\":\"a\"}"), THEN_CLOSE},
    };
    struct token_renewal renewal = {.refresh_token = S("1//r"), .scope = S("before")};
    static struct server s;
    struct net *net = net_open();
    struct oauth_client c = client;
    struct tokens t;

    (void)state;
    server_start(&s, steps, COUNT(steps));
    c.token_url = server_url(&t_cx()->mem, &s, "/token");
    T_OK(token_refresh(t_cx(), net, &generous, &c, &renewal, &t));
    T_FAIL(FAIL_GRANT_REFUSED, token_refresh(t_cx(), net, &generous, &c, &renewal, &t));
    T_INT(renewal.retry_after_s, -1);
    T_FAIL(
        FAIL_SOURCE_RATE_LIMITED,
        token_refresh(t_cx(), net, &generous, &c, &renewal, &t));
    T_INT(renewal.retry_after_s, 17);
    T_OK(token_refresh(t_cx(), net, &generous, &c, &renewal, &t));
    T_STR(t.scope, S("before")); /* RFC 6749 §6: none is said */
    net_close(&net);
    server_stop(&s);
    T_TRUE(str_ends(
        server_request(&s, 0), S("\r\n\r\ngrant_type=refresh_token&refresh_token=1%2F%2Fr"
                                 "&client_id=client%26id&client_secret=s%3D1")));
}

/* oauth-security 64: 200 and 400 invalid_token both count as done. */
static void test_token_withdraw_takes_a_dead_token_for_done(void **state)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI(JSON "{}"), THEN_CLOSE},                                      FAIL_NONE              },
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE}, FAIL_NONE              },
        {{SI(JSON_400 "{\"error\":\"invalid_token\"}"), THEN_CLOSE},       FAIL_NONE              },
        {{SI(JSON_400 "{\"error\":\"invalid_request\"}"), THEN_CLOSE},     FAIL_SOURCE_ERROR      },
        {{SI(JSON_400 "no json"), THEN_CLOSE},                             FAIL_SOURCE_ERROR      },
        {{SI("HTTP/1.1 302 Go\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR                                                                        },
        {{SI("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_RATE_LIMITED                                                                 },
        {{SI("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE                                                                  },
        {{SI(""), THEN_CLOSE},                                             FAIL_SOURCE_UNAVAILABLE},
    };
    static struct server s;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net *net = net_open();

        server_start(&s, &rows[i].step, 1);
        Str url = server_url(&t_cx()->mem, &s, "/revoke");

        T_FAIL(rows[i].want, token_withdraw(t_cx(), net, &generous, url, S("1//r")));
        net_close(&net);
        server_stop(&s);
        T_TRUE(str_starts(server_request(&s, 0), S("POST /revoke HTTP/1.1\r\n")));
        T_TRUE(str_ends(server_request(&s, 0), S("\r\n\r\ntoken=1%2F%2Fr")));
    }
}

/* Contract §9 'Callback', and what Microsoft's number adds. */
static void test_oauth_error_kind_is_the_contracts(void **state)
{
    static const struct {
        Str error;
        Str subcode;
        Str description;
        enum fail callback;
        enum fail exchange;
    } rows[] = {
        {SI("access_denied"),             SI(""),       SI(""),                      FAIL_ACCESS_DENIED,          FAIL_ACCESS_DENIED         },
        {SI("interaction_required"),      SI(""),       SI(""),                      FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED                                                                                                                  },
        {SI("login_required"),            SI(""),       SI(""),                      FAIL_ACCESS_DENIED,          FAIL_ACCESS_DENIED         },
        {SI("admin_policy_enforced"),     SI(""),       SI(""),                      FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
        {SI("org_internal"),              SI(""),       SI(""),                      FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
        {SI("unauthorized_client"),       SI(""),       SI(""),                      FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
        {SI("consent_required"),          SI(""),       SI(""),                      FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
        {SI("server_error"),              SI(""),       SI(""),                      FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE                                                                                                             },
        {SI("temporarily_unavailable"),   SI(""),       SI(""),                      FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE                                                                                                             },
        {SI("invalid_client"),            SI(""),       SI(""),                      FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI("invalid_scope"),             SI(""),       SI(""),                      FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI("invalid_resource"),          SI(""),       SI(""),                      FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI("invalid_request"),           SI(""),       SI(""),                      FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI("unsupported_response_type"), SI(""),       SI(""),                      FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI("redirect_uri_mismatch"),     SI(""),       SI(""),                      FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI("invalid_grant"),             SI(""),       SI(""),                      FAIL_SOURCE_ERROR,           FAIL_CODE_REJECTED         },
        {SI("something_new"),             SI(""),       SI(""),                      FAIL_SOURCE_ERROR,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI("Access_Denied"),             SI(""),       SI(""),                      FAIL_SOURCE_ERROR,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
        {SI(""),                          SI(""),       SI(""),                      FAIL_SOURCE_ERROR,           FAIL_SOURCE_MISCONFIGURED  },
 /* the number refines what the error leaves open */
        {SI("access_denied"),             SI(""),       SI("AADSTS65004: declined"), FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED                                                                                                                  },
        {SI("access_denied"),             SI("cancel"), SI("AADSTS65004: declined"),
         FAIL_ACCESS_DENIED,                                                                                      FAIL_ACCESS_DENIED         },
        {SI("access_denied"),             SI(""),       SI("AADSTS90094: x"),        FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
        {SI("access_denied"),             SI(""),       SI("AADSTS90095: x"),        FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
        {SI("access_denied"),             SI(""),       SI("AADSTS900941: x"),       FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
        {SI("interaction_required"),      SI(""),       SI("AADSTS65001: x"),
         FAIL_ADMIN_CONSENT_REQUIRED,                                                                             FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("invalid_grant"),             SI(""),       SI("AADSTS65001: x"),        FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED                                                                                                         },
 /* and never overrules it */
        {SI("access_denied"),             SI("cancel"), SI("AADSTS90094: x"),        FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED                                                                                                                  },
        {SI("access_denied"),             SI(""),       SI("AADSTS900942: x"),       FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED                                                                                                                  },
        {SI("access_denied"),             SI(""),       SI("AADSTS9009: 90094"),     FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED                                                                                                                  },
        {SI("access_denied"),             SI(""),       SI("65001"),                 FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED                                                                                                                  },
        {SI("server_error"),              SI(""),       SI("AADSTS90094: x"),        FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE                                                                                                             },
        {SI("invalid_client"),            SI(""),       SI("AADSTS65001: x"),        FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED                                                                                                           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            oauth_error_kind(rows[i].error, rows[i].subcode, rows[i].description, false),
            rows[i].callback);
        T_INT(
            oauth_error_kind(rows[i].error, rows[i].subcode, rows[i].description, true),
            rows[i].exchange);
    }
}

static void test_aadsts_number_finds_the_first(void **state)
{
    static const struct {
        Str text;
        int64_t want;
    } rows[] = {
        {SI("AADSTS65001: x"),             65001  },
        {SI("x (AADSTS7000222) AADSTS1"),  7000222},
        {SI("AADSTS"),                     0      },
        {SI("AADSTSx AADSTS5"),            0      },
        {SI("AADST"),                      0      },
        {SI("AADSTS99999999999999999999"), 0      },
        {SI(""),                           0      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(aadsts_number(rows[i].text), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_token_parse_answer_reads_all_members),
        T(test_token_parse_answer_tells_what_is_absent),
        T(test_token_parse_answer_refuses_what_nobody_can_use),
        T(test_token_parse_answer_cuts_a_life_to_its_limit),
        T(test_token_parse_answer_holds_every_token_to_its_limit),
        T(test_token_parse_answer_tells_errors_apart),
        T(test_token_parse_answer_reasons_hold_no_description),
        T(test_token_parse_answer_wants_json_said_so),
        T(test_token_exchange_sends_one_form),
        T(test_token_exchange_tries_the_next_secret_when_refused),
        T(test_token_exchange_gives_up_after_the_next_secret),
        T(test_token_exchange_sends_a_code_once),
        T(test_token_exchange_of_a_public_client_sends_no_secret),
        T(test_token_exchange_refuses_a_code_that_does_not_fit),
        T(test_token_refresh_sends_one_form),
        T(test_token_withdraw_takes_a_dead_token_for_done),
        T(test_oauth_error_kind_is_the_contracts),
        T(test_aadsts_number_finds_the_first),
    };

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
