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

#include "api/testbed.h"
#include "app/visit.h"
#include "base/buf.h"
#include "http/spares.h"

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
static struct spares spares;
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
    out = spares_take_out(&spares);
    out_add_answer(out, &ex->answer, &(struct out_frame){.date = &date});
    spares_give_exchange(&spares, (struct exchange *)(void *)ex);
}

void http_post(struct http_exchange *ex, void (*run)(struct http_post *self))
{
    (void)ex;
    (void)run;
    panic(__FILE__, __LINE__, "a warm request left its thread");
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
    struct auth_need need = {.credential = true, .provider = true};
    struct auth_loaded *loaded;

    api_token_hash(S(TOKEN), need.hash);
    tenant.token_hash = (Str){(const char *)need.hash, AUTH_TOKEN_HASH_BYTES};
    T_OK(BED_WRITE(bed_add, &tenant));
    T_OK(auth_load(
        t_cx(), bed.store, NULL, &loop->snapshot->settings.auth, &need, &loaded));
    auth_keep(loop->cache, loaded);
    auth_loaded_close(&loaded);
}

static void service_start(struct service *s)
{
    struct config *config = heap_alloc(sizeof(*config));

    atomic_init(&config->holders, 1);
    config->settings = bed.settings;
    config->settings.flow_timeout_s = 600;
    must_be(pthread_mutex_init(&s->lock, NULL) == 0);
    s->snapshot = snapshot_new(config, bed.keyring, S("node"));
    bed.keyring = NULL; /* the snapshot's */
}

/* The figure of dev/check-instructions: all of this, and nothing else. */
__attribute__((noinline)) static void warm_request(struct loop *loop, Str bytes)
{
    struct exchange *x = spares_take_exchange(&spares);

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

static void test_warm_initiate_is_answered_from_memory(void **state)
{
    struct service service = {.store = NULL};

    (void)state;
    service_start(&service);
    struct loop *loop = serve_thread_start(&service, NULL);
    int was = mute();

    warm_up(loop);
    for (int i = 0; i < REQUESTS; i++) {
        warm_request(loop, warm_bytes);
        T_TRUE(str_starts(buf_text(&out->text), S("HTTP/1.1 200 OK\r\n")));
        T_TRUE(str_ends(buf_text(&out->text), S("\",\"timeout_seconds\":600}")));
        spares_give_out(&spares, out);
    }
    unmute(was);
    serve_thread_stop(&service, loop);
    snapshot_drop(&service.snapshot);
    (void)pthread_mutex_destroy(&service.lock);
    spares_free(&spares);
}

T_MAIN(T_BED(test_warm_initiate_is_answered_from_memory))
