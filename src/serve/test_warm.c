/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A warm `initiate` from its bytes to the bytes of its answer, with neither store nor
 * worker at hand. dev/check-instructions counts what warm_request costs.
 *
 * http_send and its like stand here instead of those of http/, which need a connection;
 * time stands still, so that nothing that is cached gets old, however slow it runs.
 */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "auth/check.h"
#include "auth/load.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "grants/testbed.h"
#include "http/pool.h"
#include "serve/serve.h"
#include "serve/visit.h"

#define TOKEN "cdk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define BODY                                                                             \
    "{\"calendar_source\":\"GOOG\",\"redirect_uri\":"                                    \
    "\"https://app.example/settings/calendars/connected?tab=two\"}"
#define WARM_PATTERN "https://app.example/settings/*"

enum { REQUESTS = 100 };

static const Str warm_bytes =
    SI("POST /api/v2/external_calendars/accounts/oauth2/initiate HTTP/1.1\r\n"
       "Host: 127.0.0.1:8080\r\n"
       "Authorization: Token " TOKEN "\r\n"
       "Content-Type: application/json\r\n"
       "Accept: application/json\r\n"
       "Content-Length: 100\r\n"
       "\r\n" BODY);

/* What the loop thread of http/ has. */
static struct http_pool pool;
static struct out_date date;
static struct out *out;

int clock_gettime(clockid_t which, struct timespec *t)
{
    (void)which;
    *t = (struct timespec){.tv_sec = 1800000000, .tv_nsec = 123456789};
    return 0;
}

void http_send(struct http_exchange *ex)
{
    out = http_pool_take_out(&pool);
    must_be(out_add_answer(out, &ex->answer, &(struct out_frame){.date = &date}));
    http_pool_give_exchange(&pool, (struct pool_exchange *)(void *)ex);
}

void http_post(struct http_exchange *ex, void (*run)(struct http_post *self))
{
    (void)ex;
    (void)run;
    fail_panic(__FILE__, __LINE__, "a warm request left its thread");
}

bool http_loop_post(struct http_loop *loop, struct http_post *post)
{
    (void)loop;
    (void)post;
    return false;
}

struct http_exchange *http_exchange_of(struct http_post *post)
{
    (void)post;
    return NULL;
}

/* As a worker does it for a cold credential. */
static void warm_up(struct loop *loop)
{
    static const Str patterns[] = {SI(BED_PATTERN), SI(WARM_PATTERN)};
    struct bed_tenant tenant = {
        .provider = BED_PROVIDER + 1,
        .patterns = patterns,
        .n_patterns = COUNT(patterns),
    };
    struct auth_gap gap = {.credential = true, .provider = true};
    struct auth_loaded *loaded;

    api_token_hash(S(TOKEN), gap.hash);
    tenant.token_hash = (Str){(const char *)gap.hash, AUTH_TOKEN_HASH_BYTES};
    T_OK(BED_WRITE(bed_add, &tenant));
    T_OK(auth_load(
        t_cx(), bed.store, NULL, &loop->snapshot->settings.auth, &gap, &loaded));
    auth_keep(loop->cache, loaded);
    auth_loaded_close(&loaded);
}

static void service_start(struct service *s)
{
    struct config *config = heap_alloc(sizeof(*config));

    atomic_init(&config->refs, 1);
    config->settings = bed.settings;
    config->settings.flow_timeout_s = 600;
    snapshots_open(&s->snapshots, snapshot_new(config, bed.keyring, S("node")));
    bed.keyring = NULL; /* the snapshot's */
}

/* The figure of dev/check-instructions: all of this, and nothing else. */
__attribute__((noinline)) static void warm_request(struct loop *loop, Str bytes)
{
    struct pool_exchange *x = http_pool_take_exchange(&pool);

    parser_begin(&x->parser, &x->ex.cx.mem, &x->ex.req);
    x->ex.req.peer = S("127.0.0.1");
    x->ex.loop_data = loop;
    must_be(parser_eat(&x->parser, bytes) == bytes.n);
    serve_handle(&x->ex);
}

/* The log goes nowhere meanwhile. */
static int mute(void)
{
    int was = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    must_be(was >= 0 && dup2(nowhere, STDERR_FILENO) >= 0);
    (void)close(nowhere);
    return was;
}

static void unmute(int was)
{
    must_be(dup2(was, STDERR_FILENO) >= 0);
    (void)close(was);
}

TEST(test_warm_initiate_is_answered_from_memory)
{
    struct service service = {.store = NULL};

    service_start(&service);
    int was = mute();

    log_start();
    struct loop *loop = serve_thread_start(&service, NULL);

    warm_up(loop);
    for (int i = 0; i < REQUESTS; i++) {
        warm_request(loop, warm_bytes);
        T_TRUE(str_starts(buf_text(&out->text), S("HTTP/1.1 200 OK\r\n")));
        T_TRUE(str_ends(buf_text(&out->text), S("\",\"timeout_seconds\":600}")));
        http_pool_give_out(&pool, out);
    }
    serve_thread_stop(&service, loop);
    T_TRUE(log_stop(LIMIT_LOG_STOP_MS));
    unmute(was);
    snapshots_close(&service.snapshots);
    http_pool_free(&pool);
}

T_MAIN(T_BED(test_warm_initiate_is_answered_from_memory))
