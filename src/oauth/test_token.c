/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/testserver.h"
#include "oauth/token.h"

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

static struct token_code code = {SI("4/c+de"), SI("verifier")};

static const struct oauth_client client = {
    .client_id = SI("client&id"),
    .client_secret = SI("s=1"),
    .client_secret_next = SI("s=2"),
    .redirect_uri = SI("https://us.example/cb"),
    .scopes = SI("openid email"),
};

/* A client at a server that plays `steps`; returns how many were played. */
static size_t t_exchange_at(
    struct server *s, const struct step *steps, size_t n, enum fail want,
    struct tokens *ret)
{
    struct net *net = net_open();
    struct oauth_client c = client;

    testserver_start(s, steps, n);
    c.token_url = testserver_url(&t_cx()->mem, s, "/token");
    T_FAIL(
        want, token_exchange(t_cx(), &(struct net_via){net, &generous}, &c, &code, ret));
    net_close(&net);
    testserver_stop(s);
    return s->served;
}

/* SECURITY 29: the token request goes to the configured endpoint; 30: it is a POST
 * with the same redirect_uri, the flow's code_verifier, the client's credentials by one
 * method only, no secret in the URL. */
TEST(test_token_exchange_sends_one_form)
{
    static const struct step step = {SI(JSON GOOD), THEN_CLOSE};
    static struct server s;
    struct tokens t;

    T_INT(t_exchange_at(&s, &step, 1, FAIL_NONE, &t), 1);
    T_STR(t.access_token, S("at"));
    T_STR(t.scope, S("openid email"));
    Str sent = testserver_request(&s, 0);

    T_TRUE(str_starts(sent, S("POST /token HTTP/1.1\r\n")));
    T_TRUE(str_ends(
        sent, S("\r\n\r\ngrant_type=authorization_code&code=4%2Fc%2Bde"
                "&redirect_uri=https%3A%2F%2Fus.example%2Fcb&code_verifier=verifier"
                "&client_id=client%26id&client_secret=s%3D1")));
    T_TRUE(!str_contains(sent, S("Authorization")));
}

TEST(test_token_exchange_tries_the_next_secret_when_refused)
{
    static const struct step steps[] = {
        {SI(JSON_401 "{\"error\":\"invalid_client\"}"), THEN_CLOSE},
        {SI(JSON GOOD), THEN_CLOSE},
        {SI(JSON GOOD), THEN_CLOSE},
    };
    static struct server s;
    struct tokens t;

    T_INT(t_exchange_at(&s, steps, COUNT(steps), FAIL_NONE, &t), 2);
    T_TRUE(str_ends(testserver_request(&s, 0), S("&client_secret=s%3D1")));
    T_TRUE(str_ends(testserver_request(&s, 1), S("&client_secret=s%3D2")));
}

TEST(test_token_exchange_gives_up_after_the_next_secret)
{
    static const struct step steps[] = {
        {SI(JSON_401 "{\"error\":\"invalid_client\"}"), THEN_CLOSE},
        {SI(JSON_401 "{\"error\":\"invalid_client\"}"), THEN_CLOSE},
        {SI(JSON GOOD), THEN_CLOSE},
    };
    static struct server s;
    struct tokens t;

    T_INT(t_exchange_at(&s, steps, COUNT(steps), FAIL_SOURCE_MISCONFIGURED, &t), 2);
}

/* SECURITY 32: the code is not sent again, whatever went wrong; 33: nor after
 * invalid_grant; 34: and a redirect is not followed. */
TEST(test_token_exchange_sends_a_code_once)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI(JSON_400 "{\"error\":\"invalid_grant\"}"), THEN_CLOSE}, FAIL_CODE_REJECTED},
        {{SI(JSON_401 "{\"error\":\"invalid_grant\"}"), THEN_CLOSE}, FAIL_CODE_REJECTED},
        {{SI(JSON_400 "{\"error\":\"unauthorized_client\"}"), THEN_CLOSE},
         FAIL_ADMIN_CONSENT_REQUIRED},
        {{SI(""), THEN_CLOSE}, FAIL_SOURCE_UNAVAILABLE},
        {{SI(""), THEN_RESET}, FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
          THEN_CLOSE},
         FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_RATE_LIMITED},
        {{SI("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"),
          THEN_CLOSE},
         FAIL_SOURCE_ERROR},
    };
    static struct server s;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct step steps[] = {rows[i].step, {S(JSON GOOD), THEN_CLOSE}};
        struct tokens t;

        T_INT(t_exchange_at(&s, steps, COUNT(steps), rows[i].want, &t), 1);
    }
}

TEST(test_token_exchange_of_a_public_client_sends_no_secret)
{
    static const struct step step = {SI(JSON GOOD), THEN_CLOSE};
    static struct server s;
    struct net *net = net_open();
    struct tokens t;

    testserver_start(&s, &step, 1);
    const struct oauth_client c = {
        .client_id = S("id"), .token_url = testserver_url(&t_cx()->mem, &s, "/token")};

    T_OK(token_exchange(t_cx(), &(struct net_via){net, &generous}, &c, &code, &t));
    net_close(&net);
    testserver_stop(&s);
    T_TRUE(str_ends(testserver_request(&s, 0), S("&client_id=id")));
}

TEST(test_token_exchange_refuses_a_code_that_does_not_fit)
{
    static char text[64 * 1024];
    struct token_code long_code = {{text, sizeof(text)}, SI("v")};
    struct net *net = net_open();
    struct oauth_client c = client;
    struct tokens t;

    memset(text, 'x', sizeof(text));
    c.token_url = S("http://127.0.0.1:1/");
    T_FAIL(
        FAIL_LIMIT,
        token_exchange(t_cx(), &(struct net_via){net, &generous}, &c, &long_code, &t));
    net_close(&net);
}

TEST(test_token_try_asks_once_with_the_first_secret)
{
    static const struct step steps[] = {
        {SI(JSON_401 "{\"error\":\"invalid_client\"}"), THEN_CLOSE},
        {SI(JSON GOOD), THEN_CLOSE},
    };
    static struct server s;
    struct net *net = net_open();
    struct oauth_client c = client;
    struct net_reply reply;

    testserver_start(&s, steps, COUNT(steps));
    c.token_url = testserver_url(&t_cx()->mem, &s, "/token");
    T_OK(token_try(t_cx(), &(struct net_via){net, &generous}, &c, &code, &reply));
    net_close(&net);
    testserver_stop(&s);
    T_INT(s.served, 1);
    T_INT(reply.status, 401);
    T_STR(reply.body, S("{\"error\":\"invalid_client\"}"));
    T_TRUE(str_contains(testserver_request(&s, 0), S("&code=4%2Fc%2Bde&")));
    T_TRUE(str_ends(testserver_request(&s, 0), S("&client_secret=s%3D1")));
}

TEST(test_token_refresh_sends_one_form)
{
    static const struct step steps[] = {
        {SI(JSON GOOD), THEN_CLOSE},
        {SI(JSON_400 "{\"error\":\"invalid_grant\"}"), THEN_CLOSE},
        {SI("HTTP/1.1 429 Slow\r\nRetry-After: 17\r\n\r\n"), THEN_CLOSE},
        {SI(JSON "{\"token_type\":\"Bearer\",\"access_token\":\"a\"}"), THEN_CLOSE},
    };
    struct token_renewal renewal = {.refresh_token = S("1//r"), .scope = S("before")};
    static struct server s;
    struct net *net = net_open();
    struct oauth_client c = client;
    struct tokens t;

    testserver_start(&s, steps, COUNT(steps));
    c.token_url = testserver_url(&t_cx()->mem, &s, "/token");
    T_OK(token_refresh(t_cx(), &(struct net_via){net, &generous}, &c, &renewal, &t));
    T_FAIL(
        FAIL_GRANT_REFUSED,
        token_refresh(t_cx(), &(struct net_via){net, &generous}, &c, &renewal, &t));
    T_INT(renewal.retry_after_s, -1);
    T_FAIL(
        FAIL_SOURCE_RATE_LIMITED,
        token_refresh(t_cx(), &(struct net_via){net, &generous}, &c, &renewal, &t));
    T_INT(renewal.retry_after_s, 17);
    T_OK(token_refresh(t_cx(), &(struct net_via){net, &generous}, &c, &renewal, &t));
    T_STR(t.scope, S("before")); /* RFC 6749 §6: none is said */
    net_close(&net);
    testserver_stop(&s);
    T_TRUE(str_ends(
        testserver_request(&s, 0),
        S("\r\n\r\ngrant_type=refresh_token&refresh_token=1%2F%2Fr"
          "&client_id=client%26id&client_secret=s%3D1")));
}

/* SECURITY 64: 200 and 400 invalid_token both count as done. */
TEST(test_token_withdraw_takes_a_dead_token_for_done)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI(JSON "{}"), THEN_CLOSE}, FAIL_NONE},
        {{SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE}, FAIL_NONE},
        {{SI(JSON_400 "{\"error\":\"invalid_token\"}"), THEN_CLOSE}, FAIL_NONE},
        {{SI(JSON_400 "{\"error\":\"invalid_request\"}"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI(JSON_400 "no json"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 302 Go\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_RATE_LIMITED},
        {{SI("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE},
        {{SI(""), THEN_CLOSE}, FAIL_SOURCE_UNAVAILABLE},
    };
    static struct server s;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net *net = net_open();

        testserver_start(&s, &rows[i].step, 1);
        Str url = testserver_url(&t_cx()->mem, &s, "/revoke");

        T_FAIL(
            rows[i].want, token_withdraw(
                              t_cx(), &(struct net_via){net, &generous},
                              &(struct oauth_client){.revoke_url = url}, S("1//r")));
        net_close(&net);
        testserver_stop(&s);
        T_TRUE(str_starts(testserver_request(&s, 0), S("POST /revoke HTTP/1.1\r\n")));
        T_TRUE(str_ends(testserver_request(&s, 0), S("\r\n\r\ntoken=1%2F%2Fr")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_token_exchange_sends_one_form),
        T(test_token_exchange_tries_the_next_secret_when_refused),
        T(test_token_exchange_gives_up_after_the_next_secret),
        T(test_token_exchange_sends_a_code_once),
        T(test_token_exchange_of_a_public_client_sends_no_secret),
        T(test_token_exchange_refuses_a_code_that_does_not_fit),
        T(test_token_try_asks_once_with_the_first_secret),
        T(test_token_refresh_sends_one_form),
        T(test_token_withdraw_takes_a_dead_token_for_done),
    };

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
