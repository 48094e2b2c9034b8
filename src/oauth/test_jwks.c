/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
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

static struct arena *t_mem(void)
{
    return &t_cx()->mem;
}

/* A key URL that plays steps, and who asks it. */
struct jwks_scene {
    struct server server;
    struct step steps[SERVER_STEPS];
    size_t n;
    struct net *net;
    struct jwks *jwks;
};

static Str answer_with_keys(const char *headers, Str keys)
{
    Str head = str_cat(t_mem(), S(OK_JSON), str_from_z(headers));

    return str_cat(t_mem(), head, str_cat(t_mem(), S("\r\n"), test_jwks(t_mem(), keys)));
}

static void scene_plays(struct jwks_scene *s, Str answer)
{
    s->steps[s->n++] = (struct step){answer, THEN_CLOSE};
}

static Str first_key(void)
{
    return test_jwk(t_mem(), first, S(",\"kid\":\"1\",\"issuer\":\"https://i\""));
}

static Str second_key(void)
{
    return test_jwk(t_mem(), second, S(",\"kid\":\"2\""));
}

static struct jws t_token(EVP_PKEY *key, const char *kid)
{
    struct jws t = {.alg = JWS_RS256};
    Str header = str_cat(t_mem(), S("{\"alg\":\"RS256\",\"kid\":\""), str_from_z(kid));

    T_OK(jws_parse(
        t_cx(), test_token(t_mem(), key, str_cat(t_mem(), header, S("\"}")), S("{}")),
        MOST, &t));
    return t;
}

static void scene_begin(struct jwks_scene *s)
{
    testserver_start(&s->server, s->steps, s->n);
    s->net = net_open();
    s->jwks = jwks_open(testserver_url(t_mem(), &s->server, "/keys"), &generous);
    test_now_s = 1000000;
    jwks_set_clock(s->jwks, test_clock_s);
}

static void scene_end(struct jwks_scene *s, size_t fetches)
{
    jwks_unref(&s->jwks);
    net_close(&s->net);
    testserver_stop(&s->server);
    T_INT(s->server.served, fetches);
    memset(s, 0, sizeof(*s));
}

static struct jwks_scene scene;

static Res t_verify(const struct jws *t)
{
    const struct jwks_caller caller = {.net = scene.net};

    return jwks_verify(t_cx(), scene.jwks, &caller, t, JWS_RS256, NULL);
}

static Res t_verify_stranger(const struct jws *t)
{
    const struct jwks_caller caller = {.net = scene.net, .is_stranger = true};

    return jwks_verify(t_cx(), scene.jwks, &caller, t, JWS_RS256, NULL);
}

/* From memory alone: FAIL_UNAVAILABLE when a fetch would be needed. */
static Res t_verify_memory(const struct jws *t)
{
    const struct jwks_caller caller = {.net = NULL};

    return jwks_verify(t_cx(), scene.jwks, &caller, t, JWS_RS256, NULL);
}

TEST(test_jwks_verify_fetches_once_and_tells_the_issuer)
{
    struct jws good = t_token(first, "1");
    struct jws bad = t_token(second, "1");
    Str issuer = S("");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_begin(&scene);
    const struct jwks_caller caller = {.net = scene.net};

    T_FAIL(FAIL_UNAVAILABLE, t_verify_memory(&good));
    T_OK(jwks_verify(t_cx(), scene.jwks, &caller, &good, JWS_RS256, &issuer));
    T_STR(issuer, S("https://i"));
    T_OK(t_verify(&good));
    T_OK(t_verify_memory(&good));
    T_FAIL(FAIL_PARSE_ERROR, t_verify(&bad));
    T_FAIL(FAIL_PARSE_ERROR, t_verify_memory(&bad));
    T_FAIL(
        FAIL_PARSE_ERROR,
        jwks_verify(t_cx(), scene.jwks, &caller, &good, JWS_ES256, NULL));
    scene_end(&scene, 1);
}

/* SECURITY 42: given an unknown kid, the JWKS is fetched once, and not more than
 * once in 30 seconds, else the token is refused. */
TEST(test_jwks_verify_looks_an_unknown_kid_up)
{
    struct jws one = t_token(first, "1");
    struct jws two = t_token(second, "2");
    struct jws three = t_token(second, "3");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_plays(&scene, answer_with_keys("", second_key()));
    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_begin(&scene);
    T_OK(t_verify(&one));
    T_OK(t_verify(&two)); /* at once */
    T_OK(t_verify_memory(&two));
    T_FAIL(FAIL_NOT_FOUND, t_verify_memory(&one));
    T_FAIL(FAIL_NOT_FOUND, t_verify(&three));
    test_now_s += LIMIT_JWKS_PAUSE_S - 1;
    T_FAIL(FAIL_NOT_FOUND, t_verify(&three));
    T_INT(scene.server.served, 2);
    test_now_s += 1;
    T_FAIL(FAIL_NOT_FOUND, t_verify(&three));
    T_INT(scene.server.served, 3);
    T_OK(t_verify(&one));
    scene_end(&scene, 3);
}

/* A kid that isn't among keys that were fetched for this very token is not looked up
 * again. */
TEST(test_jwks_verify_does_not_look_up_what_it_just_fetched)
{
    struct jws two = t_token(second, "2");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_plays(&scene, answer_with_keys("", second_key()));
    scene_begin(&scene);
    T_FAIL(FAIL_NOT_FOUND, t_verify(&two));
    T_INT(scene.server.served, 1);
    T_OK(t_verify(&two));
    scene_end(&scene, 2);
}

TEST(test_jwks_verify_says_that_a_look_up_failed)
{
    struct jws one = t_token(first, "1");
    struct jws two = t_token(second, "2");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_plays(&scene, DOWN);
    scene_plays(&scene, answer_with_keys("", second_key()));
    scene_begin(&scene);
    T_OK(t_verify(&one));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify(&two));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify(&two)); /* not asked again yet */
    T_INT(scene.server.served, 2);
    T_OK(t_verify(&one));
    test_now_s += LIMIT_JWKS_PAUSE_S;
    T_OK(t_verify(&two));
    scene_end(&scene, 3);
}

/* SECURITY 69: the cache's age follows Cache-Control within 5 minutes and 24 hours. */
TEST(test_jwks_renew_goes_by_cache_control)
{
    static const struct {
        const char *headers;
        int64_t fresh_s;
    } rows[] = {
        {"", LIMIT_JWKS_FRESH_MIN_S},
        {"Cache-Control: no-store\r\n", LIMIT_JWKS_FRESH_MIN_S},
        {"Cache-Control: max-age=0\r\n", LIMIT_JWKS_FRESH_MIN_S},
        {"Cache-Control: max-age=300\r\n", 300},
        {"Cache-Control: max-age=301\r\n", 301},
        {"Cache-Control: max-age=86400\r\n", 86400},
        {"Cache-Control: max-age=86401\r\n", LIMIT_JWKS_FRESH_MAX_S},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jws one = t_token(first, "1");

        scene_plays(&scene, answer_with_keys(rows[i].headers, first_key()));
        scene_plays(&scene, answer_with_keys("", first_key()));
        scene_begin(&scene);
        T_OK(t_verify(&one));
        test_now_s += rows[i].fresh_s - 1;
        T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
        T_INT(scene.server.served, 1);
        test_now_s += 1;
        T_OK(t_verify(&one)); /* a request never renews */
        T_INT(scene.server.served, 1);
        T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
        scene_end(&scene, 2);
    }
}

/* SECURITY 69: given the JWKS is down, cached keys serve until a hard limit of 24
 * hours; then it fails closed. */
TEST(test_jwks_verify_serves_24_hours_without_its_url)
{
    struct jws one = t_token(first, "1");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_plays(&scene, DOWN);
    scene_plays(&scene, DOWN);
    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_begin(&scene);
    T_OK(t_verify(&one));
    test_now_s += LIMIT_JWKS_FRESH_MIN_S;
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, jwks_renew(t_cx(), scene.jwks, scene.net));
    T_OK(t_verify(&one));
    test_now_s += LIMIT_JWKS_KEPT_S - 1;
    T_OK(t_verify(&one));
    T_INT(scene.server.served, 2);
    test_now_s += 1;
    T_FAIL(FAIL_UNAVAILABLE, t_verify_memory(&one));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify(&one));
    test_now_s += LIMIT_JWKS_PAUSE_S;
    T_OK(t_verify(&one));
    scene_end(&scene, 4);
}

/* A failure of the very first fetch counts too; afterwards the background tries again. */
TEST(test_jwks_verify_pauses_after_a_failure)
{
    struct jws one = t_token(first, "1");

    scene_plays(&scene, DOWN);
    scene_plays(&scene, DOWN);
    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_begin(&scene);
    T_TRUE(jwks_needs_fetch(scene.jwks, S("1")));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify_stranger(&one));
    T_TRUE(!jwks_needs_fetch(scene.jwks, S("1")));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify_stranger(&one));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify(&one));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify_memory(&one));
    test_now_s += LIMIT_JWKS_PAUSE_S - 1;
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify(&one));
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net)); /* not again yet */
    T_INT(scene.server.served, 1);
    test_now_s += 1;
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, t_verify(&one));
    T_INT(scene.server.served, 2);
    test_now_s += LIMIT_JWKS_PAUSE_S;
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
    T_OK(t_verify_memory(&one));
    scene_end(&scene, 3);
}

TEST(test_jwks_needs_fetch_tells_beforehand)
{
    struct jws one = t_token(first, "1");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_begin(&scene);
    T_TRUE(jwks_needs_fetch(scene.jwks, S("1")));
    T_OK(t_verify(&one));
    T_TRUE(!jwks_needs_fetch(scene.jwks, S("1")));
    T_TRUE(!jwks_needs_fetch(scene.jwks, S(""))); /* each key is tried */
    T_TRUE(jwks_needs_fetch(scene.jwks, S("2")));
    struct jws two = t_token(second, "2");

    T_FAIL(FAIL_NOT_FOUND, t_verify(&two));
    T_TRUE(!jwks_needs_fetch(scene.jwks, S("2")));
    test_now_s += LIMIT_JWKS_PAUSE_S;
    T_TRUE(jwks_needs_fetch(scene.jwks, S("2")));
    scene_end(&scene, 2);
}

/* What the configuration before has fetched serves the next one, if the URL and the
 * options are the same. */
TEST(test_jwks_ref_same_keeps_what_was_fetched)
{
    struct net_options other = generous;
    struct jws one = t_token(first, "1");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_begin(&scene);
    Str url = testserver_url(t_mem(), &scene.server, "/keys");

    T_OK(t_verify(&one));
    other.timeout_ms++;
    T_TRUE(jwks_ref_same(scene.jwks, url, &other) == NULL);
    other = generous;
    other.connect_timeout_ms++;
    T_TRUE(jwks_ref_same(scene.jwks, url, &other) == NULL);
    other = generous;
    other.ca_file = "/ca";
    T_TRUE(jwks_ref_same(scene.jwks, url, &other) == NULL);
    other = generous;
    other.ca_mark++;
    T_TRUE(jwks_ref_same(scene.jwks, url, &other) == NULL);
    T_TRUE(jwks_ref_same(scene.jwks, S("http://127.0.0.1/keys"), &generous) == NULL);
    T_TRUE(jwks_ref_same(NULL, url, &generous) == NULL);
    struct jwks *again = jwks_ref_same(scene.jwks, url, &generous);

    T_TRUE(again == scene.jwks);
    jwks_unref(&again);
    T_TRUE(again == NULL);
    T_OK(t_verify_memory(&one));
    scene_end(&scene, 1);
}

TEST(test_jwks_verify_tells_what_is_wrong_with_the_url)
{
    static const struct {
        struct step step;
        enum fail want;
    } rows[] = {
        {{SI("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_UNAVAILABLE},
        {{SI("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_RATE_LIMITED},
        {{SI("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 302 No\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
         FAIL_SOURCE_ERROR},
        {{SI("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>"), THEN_CLOSE},
         FAIL_SOURCE_ERROR},
        {{SI(OK_JSON "\r\n{}"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI(OK_JSON "\r\n{\"keys\":[]}"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI(OK_JSON "\r\nnot json"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI("garbage\r\n\r\n"), THEN_CLOSE}, FAIL_SOURCE_ERROR},
        {{SI(""), THEN_RESET}, FAIL_SOURCE_UNAVAILABLE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jws one = t_token(first, "1");

        scene.steps[scene.n++] = rows[i].step;
        scene_begin(&scene);
        T_FAIL(rows[i].want, t_verify(&one));
        scene_end(&scene, 1);
    }
}

/* Key URLs say all sorts of things of their JSON, or nothing. */
TEST(test_jwks_verify_takes_any_media_type)
{
    static const char *const types[] = {
        "Content-Type: application/jwk-set+json\r\n", "Content-Type: text/plain\r\n",
        "Content-Type: application/octet-stream\r\n", ""};

    for (size_t i = 0; i < COUNT(types); i++) {
        struct jws one = t_token(first, "1");
        Str head = str_cat(
            t_mem(), S("HTTP/1.1 200 OK\r\nConnection: close\r\n"),
            str_cat(t_mem(), str_from_z(types[i]), S("\r\n\xEF\xBB\xBF")));

        scene_plays(&scene, str_cat(t_mem(), head, test_jwks(t_mem(), first_key())));
        scene_begin(&scene);
        T_OK(t_verify(&one));
        scene_end(&scene, 1);
    }
}

/* A secret that a URL publishes is no secret. */
TEST(test_jwks_verify_never_takes_hs256)
{
    static const Str secret = SI("0123456789abcdef0123456789abcdef");
    struct jws t = {.alg = JWS_RS256};

    T_OK(jws_parse(
        t_cx(),
        test_token_hs256(
            t_mem(), secret, S("{\"alg\":\"HS256\",\"kid\":\"s\"}"), S("{}")),
        MOST, &t));
    scene_plays(
        &scene, answer_with_keys(
                    "", S("{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\""
                          "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}")));
    scene_begin(&scene);
    const struct jwks_caller caller = {.net = scene.net};

    T_FAIL(
        FAIL_PARSE_ERROR,
        jwks_verify(t_cx(), scene.jwks, &caller, &t, JWS_RS256 | JWS_HS256, NULL));
    T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
    T_FAIL(
        FAIL_PARSE_ERROR,
        jwks_verify(t_cx(), scene.jwks, &caller, &t, JWS_RS256 | JWS_HS256, NULL));
    scene_end(&scene, 1);
}

TEST(test_jwks_renew_fetches_only_what_is_due)
{
    struct jws one = t_token(first, "1");
    struct jws two = t_token(second, "2");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_plays(&scene, DOWN);
    scene_plays(&scene, answer_with_keys("", second_key()));
    scene_begin(&scene);
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net)); /* never fetched: nothing */
    T_INT(scene.server.served, 0);
    T_OK(t_verify(&one));
    test_now_s += LIMIT_JWKS_FRESH_MIN_S - 1;
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
    T_INT(scene.server.served, 1);
    test_now_s += 1;
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, jwks_renew(t_cx(), scene.jwks, scene.net));
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net)); /* not again yet */
    T_INT(scene.server.served, 2);
    test_now_s += LIMIT_JWKS_PAUSE_S;
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
    T_OK(t_verify_memory(&two));
    scene_end(&scene, 3);
}

TEST(test_jwks_fetch_fetches_whatever_is_cached)
{
    struct jws two = t_token(second, "2");

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_plays(&scene, answer_with_keys("", second_key()));
    scene_plays(&scene, DOWN);
    scene_begin(&scene);
    T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
    T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, jwks_fetch(t_cx(), scene.jwks, scene.net));
    T_OK(t_verify_memory(&two)); /* kept */
    scene_end(&scene, 3);
}

/* A thread that verifies one token with a network handle of its own. */
struct jwks_asker {
    struct jwks *jwks;
    const struct jws *token;
    struct net *net;
    struct cx cx;
    pthread_t thread;
    Res res;
};

static void *asker_run(void *user)
{
    struct jwks_asker *a = user;
    const struct jwks_caller caller = {.net = a->net};

    test_now_s = 1000000;
    a->res = jwks_verify(&a->cx, a->jwks, &caller, a->token, JWS_RS256, NULL);
    return NULL;
}

static void asker_start(struct jwks_asker *a, const struct jws *token)
{
    *a = (struct jwks_asker){.jwks = scene.jwks, .token = token, .net = net_open()};
    T_INT(pthread_create(&a->thread, NULL, asker_run, a), 0);
}

static Res asker_end(struct jwks_asker *a)
{
    T_INT(pthread_join(a->thread, NULL), 0);
    net_close(&a->net);
    cx_done(&a->cx);
    return a->res;
}

/* All of them come before the keys do; one fetches. */
TEST(test_jwks_verify_fetches_once_for_all_who_wait)
{
    struct jws one = t_token(first, "1");
    struct jwks_asker askers[8];

    scene_plays(&scene, answer_with_keys("", first_key()));
    scene_begin(&scene);
    for (size_t i = 0; i < COUNT(askers); i++) {
        asker_start(&askers[i], &one);
    }
    for (size_t i = 0; i < COUNT(askers); i++) {
        T_OK(asker_end(&askers[i]));
    }
    scene_end(&scene, 1);
}

static void served_wait(size_t n)
{
    while (atomic_load(&scene.server.served) < n) {
        (void)sched_yield();
    }
}

/* The URL hangs: a stranger is answered at once, a flow when its time is over; the end of
 * the fetch ends all waiting. */
TEST(test_jwks_verify_lets_no_stranger_wait_for_a_fetch)
{
    struct jws one = t_token(first, "1");
    struct jwks_asker fetcher;
    struct jwks_asker waiter;

    scene.steps[scene.n++] = (struct step){S("HTTP/1.1 200 OK\r\n"), THEN_HANG};
    scene_begin(&scene);
    asker_start(&fetcher, &one);
    served_wait(1);
    asker_start(&waiter, &one);
    T_TRUE(!jwks_needs_fetch(scene.jwks, S("1")));
    T_FAIL(FAIL_UNAVAILABLE, t_verify_stranger(&one));
    T_FAIL(FAIL_UNAVAILABLE, t_verify_memory(&one));
    T_OK(jwks_renew(t_cx(), scene.jwks, scene.net));
    t_cx()->deadline_ms = clock_mono_ms() + 1;
    T_FAIL(FAIL_SOURCE_TIMEOUT, t_verify(&one));
    t_cx()->deadline_ms = 0;
    net_end_by(fetcher.net, clock_mono_ms());
    Res fetched = asker_end(&fetcher);

    T_TRUE(
        fetched.code == FAIL_SOURCE_TIMEOUT || fetched.code == FAIL_SOURCE_UNAVAILABLE);
    T_FAIL(fetched.code, asker_end(&waiter));
    T_FAIL(fetched.code, t_verify_stranger(&one)); /* the pause has begun */
    scene_end(&scene, 1);
}

TEST(test_jwks_verify_gives_a_stranger_little_time)
{
    struct jws one = t_token(first, "1");
    int64_t began_ms = clock_mono_ms();

    scene.steps[scene.n++] = (struct step){S("HTTP/1.1 200 OK\r\n"), THEN_HANG};
    scene_begin(&scene);
    T_FAIL(FAIL_SOURCE_TIMEOUT, t_verify_stranger(&one));
    T_TRUE(clock_mono_ms() - began_ms >= LIMIT_JWKS_STRANGER_MS);
    T_TRUE(clock_mono_ms() - began_ms < generous.timeout_ms);
    scene_end(&scene, 1);
}

struct jwks_shared {
    struct jwks *jwks;
    const struct jws *one;
};

static void *jwks_verify_many(void *user)
{
    const struct jwks_shared *s = user;
    const struct jwks_caller caller = {.net = NULL};
    struct cx cx = {.deadline_ms = 0};
    bool ok = true;

    test_now_s = 1000000;
    for (int i = 0; i < 200; i++) {
        ok = jwks_verify(&cx, s->jwks, &caller, s->one, JWS_RS256, NULL).code == FAIL_NONE
             && ok;
    }
    cx_done(&cx);
    return ok ? user : NULL;
}

/* Under a thread sanitizer too: keys live as long as a verification uses them. */
TEST(test_jwks_verify_survives_replacement_by_other_threads)
{
    struct jws one = t_token(first, "1");
    pthread_t threads[4];

    for (int i = 0; i < SERVER_STEPS; i++) {
        scene_plays(&scene, answer_with_keys("", first_key()));
    }
    scene_begin(&scene);
    T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
    struct jwks_shared s = {scene.jwks, &one};

    for (size_t i = 0; i < COUNT(threads); i++) {
        T_INT(pthread_create(&threads[i], NULL, jwks_verify_many, &s), 0);
    }
    for (int i = 1; i < SERVER_STEPS; i++) {
        T_OK(jwks_fetch(t_cx(), scene.jwks, scene.net));
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
        T(test_jwks_renew_goes_by_cache_control),
        T(test_jwks_verify_pauses_after_a_failure),
        T(test_jwks_needs_fetch_tells_beforehand),
        T(test_jwks_ref_same_keeps_what_was_fetched),
        T(test_jwks_verify_fetches_once_for_all_who_wait),
        T(test_jwks_verify_lets_no_stranger_wait_for_a_fetch),
        T(test_jwks_verify_gives_a_stranger_little_time),
        T(test_jwks_verify_serves_24_hours_without_its_url),
        T(test_jwks_verify_tells_what_is_wrong_with_the_url),
        T(test_jwks_verify_takes_any_media_type),
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
