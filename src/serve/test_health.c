/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "serve/health.h"
#include "serve/service.h"
#include "version.h"

#define ANSWER(status, store, keys, schema)                                              \
    SI("{\"status\":\"" status "\",\"store\":\"" store "\",\"keys\":\"" keys             \
       "\",\"schema\":\"" schema "\",\"version\":\"" CALDOCK_VERSION                     \
       "\",\"draining\":false}")
#define AWAY "unavailable"

static Str retry_of(const struct http_answer *a)
{
    for (size_t i = 0; i < a->n_extra; i++) {
        if (str_eq(a->extra[i].name, S("Retry-After"))) {
            return a->extra[i].value;
        }
    }
    return S("");
}

/* /readyz is what a load balancer goes by: a node without keys or store refuses all that
 * needs them, and must get no requests. */
TEST(test_ready_says_what_is_missing)
{
    static const struct {
        bool is_ready;
        int64_t seen_ms; /* from now; 0: the store gave no answer when last asked */
        int64_t trusted_ms;
        enum store_state state;
        int status;
        Str body;
    } rows[] = {
        {true, CLOCK_MINUTE_MS, CLOCK_MINUTE_MS, STORE_OK, 200,
         ANSWER("ok", "ok", "ok", "ok")},
        /* nobody counts on its keys: not yet, or not any more */
        {true, CLOCK_MINUTE_MS, 0, STORE_OK, 503, ANSWER(AWAY, "ok", AWAY, "ok")},
        {true, CLOCK_MINUTE_MS, -1, STORE_OK, 503, ANSWER(AWAY, "ok", AWAY, "ok")},
        /* a store that is away is why there are no keys */
        {true, 0, 0, STORE_OK, 503, ANSWER(AWAY, AWAY, "ok", "ok")},
        {true, 0, CLOCK_MINUTE_MS, STORE_OK, 503, ANSWER(AWAY, AWAY, "ok", "ok")},
        {true, -LIMIT_STORE_SEEN_MS, CLOCK_MINUTE_MS, STORE_OK, 503,
         ANSWER(AWAY, AWAY, "ok", "ok")},
        {true, 0, 0, STORE_READ_ONLY, 503, ANSWER(AWAY, "read_only", "ok", "ok")},
        {true, 0, 0, STORE_TOO_NEW, 503, ANSWER(AWAY, "ok", "ok", "schema_too_new")},
        {true, 0, 0, STORE_FILE_GONE, 503, ANSWER(AWAY, "file_gone", "ok", "ok")},
        {true, 0, 0, STORE_FILE_REPLACED, 503, ANSWER(AWAY, "file_replaced", "ok", "ok")},
        {true, 0, 0, STORE_TOO_OLD, 503, ANSWER(AWAY, "ok", "ok", "schema_too_old")},
        {false, CLOCK_MINUTE_MS, CLOCK_MINUTE_MS, STORE_OK, 503,
         ANSWER(AWAY, AWAY, "ok", "ok")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct service service = {.store = NULL};
        struct http_answer answer = {.status = 0};
        struct call call = {.cx = t_cx(), .service = &service, .answer = &answer};
        int64_t now_ms = clock_mono_ms();
        int64_t seen_ms = rows[i].seen_ms == 0 ? 0 : now_ms + rows[i].seen_ms;

        atomic_store(&service.readiness.store_is_ready, rows[i].is_ready);
        atomic_store(&service.readiness.store_seen_ms, seen_ms);
        atomic_store(&service.readiness.store_state, rows[i].state);
        atomic_store(&service.readiness.trusted_until_ms, now_ms + rows[i].trusted_ms);
        T_OK(health_ready_run(&call));
        T_INT(answer.status, rows[i].status);
        T_STR(retry_of(&answer), rows[i].status == 200 ? S("") : S("1"));
        T_STR(answer.body, rows[i].body);
    }
}

TEST(test_ready_says_that_the_node_is_about_to_stop)
{
    struct service service = {.store = NULL};
    struct http_answer answer = {.status = 0};
    struct call call = {.cx = t_cx(), .service = &service, .answer = &answer};

    atomic_store(&service.readiness.store_is_ready, true);
    readiness_note_store(&service.readiness, STORE_OK);
    atomic_store(&service.readiness.trusted_until_ms, clock_mono_ms() + CLOCK_MINUTE_MS);
    readiness_note_draining(&service.readiness);
    T_OK(health_ready_run(&call));
    T_INT(answer.status, 503);
    T_TRUE(str_starts(answer.body, S("{\"status\":\"unavailable\",\"store\":\"ok\"")));
    T_TRUE(str_ends(answer.body, S("\"draining\":true}")));
    T_TRUE(readiness_may_serve(&service.readiness)); /* what still comes is answered */
}

/* Whoever doesn't know what a schema means leaves it alone. */
TEST(test_serve_nothing_on_a_schema_that_is_too_new)
{
    struct readiness r = {.store_is_ready = true};

    atomic_store(&r.trusted_until_ms, clock_mono_ms() + CLOCK_MINUTE_MS);
    readiness_note_store(&r, STORE_READ_ONLY);
    T_TRUE(readiness_may_serve(&r));
    readiness_note_store(&r, STORE_TOO_NEW);
    T_TRUE(!readiness_may_serve(&r));
}

T_MAIN(
    T(test_ready_says_that_the_node_is_about_to_stop),
    T(test_serve_nothing_on_a_schema_that_is_too_new), T(test_ready_says_what_is_missing))
