/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/testserver.h"
#include "oauth/jwks_clock.h"
#include "oauth/testjwt.h"

#define OK_JSON                                                                          \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define DOWN S("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")

enum { MOST = 8192 };

static const struct net_options generous = {
    .connect_timeout_ms = 60000,
    .timeout_ms = 60000,
};

static EVP_PKEY *first; /* made once: it takes a while */
static EVP_PKEY *second;

/* A clock that stands still until a test moves it. */
static _Thread_local int64_t test_now_s;

static int64_t test_clock_s(void)
{
    return test_now_s;
}

static struct arena *mem(void)
{
    return &t_cx()->mem;
}

/* A key URL that plays steps, and who asks it. */
struct scene {
    struct server server;
    struct step steps[SERVER_STEPS];
    size_t n;
    struct net *net;
    struct jwks *jwks;
};

static Str with_keys(const char *headers, Str keys)
{
    Str head = str_cat(mem(), S(OK_JSON), str_from_z(headers));

    return str_cat(mem(), head, str_cat(mem(), S("\r\n"), test_jwks(mem(), keys)));
}

static void plays(struct scene *s, Str answer)
{
    s->steps[s->n++] = (struct step){answer, THEN_CLOSE};
}

static Str first_key(void)
{
    return test_jwk(mem(), first, S(",\"kid\":\"1\",\"issuer\":\"https://i\""));
}

static Str second_key(void)
{
    return test_jwk(mem(), second, S(",\"kid\":\"2\""));
}

static struct jws token(EVP_PKEY *key, const char *kid)
{
    struct jws t = {.alg = JWS_RS256};
    Str header = str_cat(mem(), S("{\"alg\":\"RS256\",\"kid\":\""), str_from_z(kid));

    T_OK(jws_parse(
        t_cx(), test_token(mem(), key, str_cat(mem(), header, S("\"}")), S("{}")), MOST,
        &t));
    return t;
}

static void scene_begin(struct scene *s)
{
    server_start(&s->server, s->steps, s->n);
    s->net = net_open();
    s->jwks = jwks_open(server_url(mem(), &s->server, "/keys"), &generous);
    test_now_s = 1000000;
    jwks_set_clock(s->jwks, test_clock_s);
}

static void scene_end(struct scene *s, size_t fetches)
{
    jwks_close(&s->jwks);
    net_close(&s->net);
    server_stop(&s->server);
    T_INT(s->server.served, fetches);
    memset(s, 0, sizeof(*s));
}

static struct scene scene;

static Res verify(const struct jws *t)
{
    return jwks_verify(t_cx(), scene.jwks, scene.net, t, JWS_RS256, NULL);
}

static void test_jwks_verify_fetches_once_and_tells_the_issuer(void **state)
{
    struct jws good = token(first, "1");
    struct jws bad = token(second, "1");
    Str issuer = S("");

    (void)state;
    plays(&scene, with_keys("", first_key()));
    scene_begin(&scene);
    T_FAIL(FAIL_NOT_FOUND, jwks_verify_cached(t_cx(), scene.jwks, &good, JWS_RS256));
    T_OK(jwks_verify(t_cx(), scene.jwks, scene.net, &good, JWS_RS256, &issuer));
    T_STR(issuer, S("https://i"));
    T_OK(verify(&good));
    T_OK(jwks_verify_cached(t_cx(), scene.jwks, &good, JWS_RS256));
    T_FAIL(FAIL_PARSE_ERROR, verify(&bad));
    T_FAIL(FAIL_PARSE_ERROR, jwks_verify_cached(t_cx(), scene.jwks, &bad, JWS_RS256));
    T_FAIL(FAIL_PARSE_ERROR, jwks_verify_cached(t_cx(), scene.jwks, &good, JWS_ES256));
    scene_end(&scene, 1);
}

/* oauth-security 42: given an unknown kid, the JWKS is fetched once, and not more than
 * once in 30 seconds, else the token is refused. */
static void test_jwks_verify_looks_an_unknown_kid_up(void **state)
{
    struct jws one = token(first, "1");
    struct jws two = token(second, "2");
    struct jws three = token(second, "3");

    (void)state;
    plays(&scene, with_keys("", first_key()));
    plays(&scene, with_keys("", second_key()));
    plays(&scene, with_keys("", first_key()));
    scene_begin(&scene);
    T_OK(verify(&one));
    T_OK(verify(&two)); /* at once */
    T_OK(jwks_verify_cached(t_cx(), scene.jwks, &two, JWS_RS256));
    T_FAIL(FAIL_NOT_FOUND, jwks_verify_cached(t_cx(), scene.jwks, &one, JWS_RS256));
    T_FAIL(FAIL_NOT_FOUND, verify(&three));
    test_now_s += LIMIT_JWKS_LOOKUP_S - 1;
    T_FAIL(FAIL_NOT_FOUND, verify(&three));
    T_INT(scene.server.served, 2);
    test_now_s += 1;
    T_FAIL(FAIL_NOT_FOUND, verify(&three));
    T_INT(scene.server.served, 3);
    T_OK(verify(&one));
    scene_end(&scene, 3);
}

/* A kid that isn't among keys that were fetched for this very token is not looked up
 * again. */
static void test_jwks_verify_does_not_look_up_what_it_just_fetched(void **state)
{
    struct jws two = token(second, "2");

    (void)state;
    plays(&scene, with_keys("", first_key()));
    plays(&scene, with_keys("", second_key()));
    scene_begin(&scene);
    T_FAIL(FAIL_NOT_FOUND, verify(&two));
    T_INT(scene.server.served, 1);
    T_OK(verify(&two));
    scene_end(&scene, 2);
}

static void test_jwks_verify_says_that_a_look_up_failed(void **state)
{
    struct jws one = token(first, "1");
    struct jws two = token(second, "2");

    (void)state;
    plays(&scene, with_keys("", first_key()));
    plays(&scene, DOWN);
    plays(&scene, with_keys("", second_key()));
    scene_begin(&scene);
    T_OK(verify(&one));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, verify(&two));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, verify(&two)); /* not asked again yet */
    T_INT(scene.server.served, 2);
    T_OK(verify(&one));
    test_now_s += LIMIT_JWKS_LOOKUP_S;
    T_OK(verify(&two));
    scene_end(&scene, 3);
}

/* oauth-security 69: the cache's age follows Cache-Control within 5 minutes and 24 hours.
 */
static void test_jwks_verify_renews_by_cache_control(void **state)
{
    static const struct {
        const char *headers;
        int64_t fresh_s;
    } rows[] = {
        {"",                                 LIMIT_JWKS_FRESH_MIN_S},
        {"Cache-Control: no-store\r\n",      LIMIT_JWKS_FRESH_MIN_S},
        {"Cache-Control: max-age=0\r\n",     LIMIT_JWKS_FRESH_MIN_S},
        {"Cache-Control: max-age=300\r\n",   300                   },
        {"Cache-Control: max-age=301\r\n",   301                   },
        {"Cache-Control: max-age=86400\r\n", 86400                 },
        {"Cache-Control: max-age=86401\r\n", LIMIT_JWKS_FRESH_MAX_S},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jws one = token(first, "1");

        plays(&scene, with_keys(rows[i].headers, first_key()));
        plays(&scene, with_keys("", first_key()));
        scene_begin(&scene);
        T_OK(verify(&one));
        test_now_s += rows[i].fresh_s - 1;
        T_OK(verify(&one));
        T_INT(scene.server.served, 1);
        test_now_s += 1;
        T_OK(verify(&one));
        scene_end(&scene, 2);
    }
}

/* oauth-security 69: given the JWKS is down, cached keys serve until a hard limit of 24
 * hours; then it fails closed. */
static void test_jwks_verify_serves_24_hours_without_its_url(void **state)
{
    struct jws one = token(first, "1");

    (void)state;
    plays(&scene, with_keys("", first_key()));
    for (int i = 0; i < 4; i++) {
        plays(&scene, DOWN);
    }
    plays(&scene, with_keys("", first_key()));
    scene_begin(&scene);
    T_OK(verify(&one));
    test_now_s += LIMIT_JWKS_FRESH_MIN_S;
    T_OK(verify(&one)); /* tried */
    T_INT(scene.server.served, 2);
    test_now_s += LIMIT_JWKS_LOOKUP_S - 1;
    T_OK(verify(&one)); /* not tried again yet */
    T_INT(scene.server.served, 2);
    test_now_s += 1;
    T_OK(verify(&one));
    T_INT(scene.server.served, 3);
    test_now_s += LIMIT_JWKS_KEPT_S - LIMIT_JWKS_LOOKUP_S - 1;
    T_OK(verify(&one));
    T_INT(scene.server.served, 4);
    T_OK(jwks_verify_cached(t_cx(), scene.jwks, &one, JWS_RS256));
    test_now_s += 1;
    T_FAIL(FAIL_NOT_FOUND, jwks_verify_cached(t_cx(), scene.jwks, &one, JWS_RS256));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, verify(&one));
    T_OK(verify(&one)); /* without keys each try counts: it is up again */
    scene_end(&scene, 6);
}

static void test_jwks_verify_tells_what_is_wrong_with_the_url(void **state)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE                                                                                  },
        {{SI("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_RATE_LIMITED                                                                                 },
        {{SI("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR                                                                                        },
        {{SI("HTTP/1.1 302 No\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR                                                                                        },
        {{SI("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>"), THEN_CLOSE},
         FAIL_SOURCE_ERROR                                                                                        },
        {{SI(OK_JSON "\r\n{}"), THEN_CLOSE},                                               FAIL_SOURCE_ERROR      },
        {{SI(OK_JSON "\r\n{\"keys\":[]}"), THEN_CLOSE},                                    FAIL_SOURCE_ERROR      },
        {{SI(OK_JSON "\r\nnot json"), THEN_CLOSE},                                         FAIL_SOURCE_ERROR      },
        {{SI("garbage\r\n\r\n"), THEN_CLOSE},                                              FAIL_SOURCE_ERROR      },
        {{SI(""), THEN_RESET},                                                             FAIL_SOURCE_UNAVAILABLE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jws one = token(first, "1");

        scene.steps[scene.n++] = rows[i].step;
        scene_begin(&scene);
        T_FAIL(rows[i].want, verify(&one));
        scene_end(&scene, 1);
    }
}

static void test_jwks_verify_takes_the_type_of_rfc_7517(void **state)
{
    struct jws one = token(first, "1");

    (void)state;
    plays(
        &scene, str_cat(
                    mem(),
                    S("HTTP/1.1 200 OK\r\nContent-Type: application/jwk-set+json\r\n"
                      "Connection: close\r\n\r\n"),
                    test_jwks(mem(), first_key())));
    scene_begin(&scene);
    T_OK(verify(&one));
    scene_end(&scene, 1);
}

/* A secret that a URL publishes is none. */
static void test_jwks_verify_never_takes_hs256(void **state)
{
    static const Str secret = SI("0123456789abcdef0123456789abcdef");
    struct jws t = {.alg = JWS_RS256};

    (void)state;
    T_OK(jws_parse(
        t_cx(),
        test_token_hs256(mem(), secret, S("{\"alg\":\"HS256\",\"kid\":\"s\"}"), S("{}")),
        MOST, &t));
    plays(
        &scene, with_keys(
                    "", S("{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\""
                          "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}")));
    scene_begin(&scene);
    T_FAIL(
        FAIL_PARSE_ERROR,
        jwks_verify(t_cx(), scene.jwks, scene.net, &t, JWS_RS256 | JWS_HS256, NULL));
    scene_end(&scene, 1);
}

static void test_jwks_renew_fetches_only_what_is_due(void **state)
{
    struct jws one = token(first, "1");
    struct jws two = token(second, "2");

    (void)state;
    plays(&scene, with_keys("", first_key()));
    plays(&scene, DOWN);
    plays(&scene, with_keys("", second_key()));
    scene_begin(&scene);
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net)); /* never fetched: nothing */
    T_INT(scene.server.served, 0);
    T_OK(verify(&one));
    test_now_s += LIMIT_JWKS_FRESH_MIN_S - 1;
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
    T_INT(scene.server.served, 1);
    test_now_s += 1;
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, jwks_renew(t_cx(), scene.jwks, scene.net));
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net)); /* not again yet */
    T_INT(scene.server.served, 2);
    test_now_s += LIMIT_JWKS_LOOKUP_S;
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
    T_OK(jwks_verify_cached(t_cx(), scene.jwks, &two, JWS_RS256));
    scene_end(&scene, 3);
}

static void test_jwks_fetch_fetches_whatever_is_cached(void **state)
{
    struct jws two = token(second, "2");

    (void)state;
    plays(&scene, with_keys("", first_key()));
    plays(&scene, with_keys("", second_key()));
    plays(&scene, DOWN);
    scene_begin(&scene);
    T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
    T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, jwks_fetch(t_cx(), scene.jwks, scene.net));
    T_OK(jwks_verify_cached(t_cx(), scene.jwks, &two, JWS_RS256)); /* kept */
    scene_end(&scene, 3);
}

static int64_t due_clock_s(void)
{
    static atomic_int_fast64_t passed_s; /* each look at the clock is a while later */

    return 1000000 + atomic_fetch_add(&passed_s, 16);
}

struct shared {
    struct jwks *jwks;
    const struct jws *one;
};

/* Verifies while others replace the keys. */
static void *verify_many(void *user)
{
    const struct shared *s = user;
    struct net *net = net_open();
    struct cx cx = {.deadline_ms = 0};
    bool ok = true;

    for (int i = 0; i < 100; i++) {
        ok = jwks_verify(&cx, s->jwks, net, s->one, JWS_RS256, NULL).code == FAIL_NONE
             && ok;
    }
    net_close(&net);
    cx_done(&cx);
    return ok ? user : NULL;
}

/* Under a thread sanitizer too: keys live as long as anybody verifies with them. */
static void test_jwks_verify_survives_replacement_by_other_threads(void **state)
{
    struct jws one = token(first, "1");
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < SERVER_STEPS; i++) {
        plays(&scene, with_keys("", first_key()));
    }
    scene_begin(&scene);
    T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
    jwks_set_clock(scene.jwks, due_clock_s);
    struct shared s = {scene.jwks, &one};

    for (size_t i = 0; i < COUNT(threads); i++) {
        T_INT(pthread_create(&threads[i], NULL, verify_many, &s), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *result = NULL;

        T_INT(pthread_join(threads[i], &result), 0);
        T_TRUE(result == &s);
    }
    scene_end(&scene, SERVER_STEPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_jwks_verify_fetches_once_and_tells_the_issuer),
        T(test_jwks_verify_looks_an_unknown_kid_up),
        T(test_jwks_verify_does_not_look_up_what_it_just_fetched),
        T(test_jwks_verify_says_that_a_look_up_failed),
        T(test_jwks_verify_renews_by_cache_control),
        T(test_jwks_verify_serves_24_hours_without_its_url),
        T(test_jwks_verify_tells_what_is_wrong_with_the_url),
        T(test_jwks_verify_takes_the_type_of_rfc_7517),
        T(test_jwks_verify_never_takes_hs256),
        T(test_jwks_renew_fetches_only_what_is_due),
        T(test_jwks_fetch_fetches_whatever_is_cached),
        T(test_jwks_verify_survives_replacement_by_other_threads),
    };

    if (!net_start()) {
        return 1;
    }
    first = test_rsa(LIMIT_RSA_MIN_BITS);
    second = test_rsa(LIMIT_RSA_MIN_BITS);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    test_key_done(&first);
    test_key_done(&second);
    return failed;
}
