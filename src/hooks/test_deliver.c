/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_deliver.c - attempts at a scripted receiver, and what each answer means.
 */
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "base/testmetric.h"
#include "hooks/deliver.h"
#include "hooks/post.h"
#include "net/guard.h"
#include "net/testserver.h"
#include "seal/keyedit.h"
#include "store/outbox.h"
#include "store/providers.h"
#include "store/store.h"
#include "store/test_template.h"
#include "store/webhook_endpoints.h"
#include "store/webhook_history.h"

static const struct guard_network loopback = {
    {[10] = 0xFF, [11] = 0xFF, [12] = 127}, 96 + 8};
static const struct net_guard guard = {&loopback, 1};

static struct {
    char folder[32];
    struct keyring *keyring;
    struct store *store;
    struct settings settings;
    struct worker worker;
    struct work work;
    int64_t endpoint;
    struct sign_secrets secrets;
    Str url;
} desk;

static Res desk_add(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_endpoint e = {.provider = 5, .url = desk.url};

    (void)arg;
    TRY(provider_add(cx, db, &(struct provider){.id = 5, .name = S("studio")}));
    TRY(webhook_endpoint_add(cx, db, &e, &e.id));
    e.sealed = sign_lock(&cx->mem, desk.keyring, e.id, &desk.secrets);
    must_be(keyring_record_key(e.sealed, &e.key_id));
    desk.endpoint = e.id;
    return webhook_endpoint_put_secret(cx, db, &e);
}

static int desk_open(void **state)
{
    const char *keys;
    struct cx *cx = t_cx();

    (void)state;
    (void)snprintf(desk.folder, sizeof(desk.folder), "/tmp/caldock-hooks-XXXXXX");
    T_TRUE(mkdtemp(desk.folder) != NULL && seal_start());
    T_OK(str_z(cx, str_cat(&cx->mem, str_from_z(desk.folder), S("/keys")), &keys));
    T_OK(keyedit_create(cx, keys));
    T_OK(keyring_open(cx, keys, &desk.keyring));
    desk.store = t_template_store(desk.folder, "store.db");
    sign_secret_make(&desk.secrets);
    desk.settings = (struct settings){
        .node = S("node"),
        .total_timeout_ms = 20000,
        .hooks =
            {
                .net =
                    {.connect_timeout_ms = 15000, .timeout_ms = 15000, .guard = &guard},
                .workers = 4,
            },
        .keyring = desk.keyring,
    };
    desk.worker = (struct worker){.store = desk.store, .net = net_open()};
    desk.work = (struct work){.settings = &desk.settings, .worker = &desk.worker};
    return 0;
}

static int desk_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int desk_close(void **state)
{
    net_close(&desk.worker.net);
    store_close(&desk.store);
    keyring_close(&desk.keyring);
    (void)nftw(desk.folder, desk_remove, 8, FTW_DEPTH | FTW_PHYS);
    return t_end(state);
}

static Res tell_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return outbox_put(
        cx, db,
        &(struct outbox_message){
            .type = WEBHOOK_ACCOUNT_CONNECTED,
            .provider = 5,
            .mode = MODE_CUSTOMER,
            .account = 7,
            .calendar_source = S("GOOG")});
}

static Res read_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_history *h = arg;

    *h = (struct webhook_history){.endpoint = desk.endpoint};
    return webhook_history_read(cx, db, h);
}

static struct webhook_delivery delivery_now(void)
{
    struct webhook_history h;

    T_OK(store_read(t_cx(), desk.store, read_work, &h));
    T_TRUE(h.n > 0);
    return h.at[0];
}

static Res endpoint_work(struct cx *cx, struct db *db, void *arg)
{
    return webhook_endpoint_get(cx, db, desk.endpoint, arg);
}

static struct webhook_endpoint endpoint_now(void)
{
    struct webhook_endpoint e = {0};

    T_OK(store_read(t_cx(), desk.store, endpoint_work, &e));
    return e;
}

static struct server server;

/* One message to a receiver that answers so. */
static void deliver_to(const struct step *step)
{
    testserver_start(&server, step, 1);
    desk.url = testserver_url(&t_cx()->mem, &server, "/hooks");
    T_OK(store_write(t_cx(), desk.store, desk_add, NULL));
    T_OK(store_write(t_cx(), desk.store, tell_work, NULL));
    T_OK(deliver_due(t_cx(), &desk.work, 0));
    testserver_stop(&server);
}

static Str header_of(Str request, Str name)
{
    Str line;

    while (str_next_part(&request, '\n', &line)) {
        if (str_starts(line, name)) {
            return str_trim(str_sub(line, name.n, line.n));
        }
    }
    return S("");
}

TEST(test_deliver_due_sends_what_receivers_verify)
{
    static const struct step step = {SI("HTTP/1.1 204 No Content\r\n\r\n"), THEN_CLOSE};
    int64_t timestamp = 0;

    deliver_to(&step);
    Str sent = testserver_request(&server, 0);
    Str id = header_of(sent, S("webhook-id:"));
    size_t head = (size_t)((const char *)memmem(sent.p, sent.n, "\r\n\r\n", 4) - sent.p);

    T_TRUE(str_starts(sent, S("POST /hooks HTTP/1.1\r\n")));
    T_TRUE(str_starts(header_of(sent, S("User-Agent:")), S("Caldock/")));
    T_STR(header_of(sent, S("Content-Type:")), S("application/json"));
    T_TRUE(str_to_int(header_of(sent, S("webhook-timestamp:")), &timestamp));
    T_STR(
        header_of(sent, S("webhook-signature:")),
        sign_message(
            &t_cx()->mem, &desk.secrets, id, timestamp, str_sub(sent, head + 4, sent.n)));
    struct webhook_delivery d = delivery_now();

    T_STR(d.message, id);
    T_INT(d.state, WEBHOOK_DELIVERED);
    T_INT(d.status, 204);
    T_INT(d.failure.n, 0);
}

static const struct answer {
    const char *name;
    struct step step;
    enum webhook_delivery_state state;
    int status;
    const char *failure;
    int64_t again_s; /* at least */
    int64_t most_s;
} answers[] = {
    {"ok",
     {SI("HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
     WEBHOOK_DELIVERED,
     299,
     "",
     0,
     0},
    {"the head decides",
     {SI("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"), THEN_RESET},
     WEBHOOK_DELIVERED,
     200,
     "",
     0,
     0},
    {"redirect",
     {SI("HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n"),
      THEN_CLOSE},
     WEBHOOK_WAITING,
     302,
     "",
     5,
     6},
    {"refused",
     {SI("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
     WEBHOOK_WAITING,
     404,
     "",
     5,
     6},
    {"reset", {SI(""), THEN_RESET}, WEBHOOK_WAITING, 0, "unreachable", 5, 6},
    {"no HTTP",
     {SI("SSH-2.0-x\r\n"), THEN_CLOSE},
     WEBHOOK_WAITING,
     0,
     "bad_answer",
     5,
     6},
    {"told later",
     {SI("HTTP/1.1 503 No\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"),
      THEN_CLOSE},
     WEBHOOK_WAITING,
     503,
     "",
     3600,
     3600},
    {"told much later",
     {SI("HTTP/1.1 429 No\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n"),
      THEN_CLOSE},
     WEBHOOK_WAITING,
     429,
     "",
     86400,
     86400},
    {"told sooner",
     {SI("HTTP/1.1 502 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
     WEBHOOK_WAITING,
     502,
     "",
     5,
     6},
    {"not asked for",
     {SI("HTTP/1.1 500 No\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"),
      THEN_CLOSE},
     WEBHOOK_WAITING,
     500,
     "",
     5,
     6},
    {"gone",
     {SI("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
     WEBHOOK_FAILED,
     410,
     "",
     0,
     0},
};

TEST(test_deliver_due_judges_answers)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        const struct answer *a = &answers[i];
        int64_t began_ms = clock_now_ms();

        T_TRUE(i == 0 || desk_open(NULL) == 0);
        deliver_to(&a->step);
        struct webhook_delivery d = delivery_now();

        if (d.state != a->state || !str_eq(d.failure, str_from_z(a->failure))) {
            print_error("%s: %d %.*s\n", a->name, (int)d.state, STR_ARG(d.failure));
        }
        T_INT(d.state, a->state);
        T_INT(d.status, a->status);
        T_INT(d.attempts, 1);
        T_STR(d.failure, str_from_z(a->failure));
        if (a->state == WEBHOOK_WAITING) {
            T_TRUE(d.due_ms >= began_ms + a->again_s * 1000);
            T_TRUE(d.due_ms <= clock_now_ms() + a->most_s * 1000);
        }
        T_INT(
            endpoint_now().state, a->status == 410 ? WEBHOOK_DISABLED : WEBHOOK_ENABLED);
        if (i + 1 < COUNT(answers)) {
            T_INT(desk_close(NULL), 0);
        }
    }
}

/* One message to a receiver that answers so, at a desk of its own; what was counted
 * before it. */
static int64_t *deliver_counted(const struct step *step)
{
    T_INT(desk_close(NULL), 0);
    T_INT(desk_open(NULL), 0);
    int64_t *before = t_metric_now(METRIC_WEBHOOK_ATTEMPTS);

    deliver_to(step);
    return before;
}

TEST(test_deliver_due_counts_each_outcome)
{
    static const struct step good = {
        SI("HTTP/1.1 204 Yes\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step refused = {
        SI("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step failed = {
        SI("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step gone = {
        SI("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    static const struct step reset = {SI(""), THEN_RESET};

    T_COUNTED(deliver_counted(&good), METRIC_WEBHOOK_ATTEMPTS, S("delivered"));
    T_COUNTED(deliver_counted(&refused), METRIC_WEBHOOK_ATTEMPTS, S("refused"));
    T_COUNTED(deliver_counted(&failed), METRIC_WEBHOOK_ATTEMPTS, S("failed"));
    T_COUNTED(deliver_counted(&gone), METRIC_WEBHOOK_ATTEMPTS, S("gone"));
    T_COUNTED(deliver_counted(&reset), METRIC_WEBHOOK_ATTEMPTS, S("no_answer"));
}

TEST(test_deliver_due_refuses_addresses_that_are_closed)
{
    static const struct net_guard closed;
    static const struct step step = {SI("HTTP/1.1 200 OK\r\n\r\n"), THEN_CLOSE};

    desk.settings.hooks.net.guard = &closed;
    deliver_to(&step);
    T_INT(server.served, 0);
    T_STR(delivery_now().failure, S("address_refused"));
    T_INT(delivery_now().state, WEBHOOK_WAITING);
}

static Res script_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_endpoint e;

    TRY(webhook_endpoint_get(cx, db, desk.endpoint, &e));
    e.sealed = arg == NULL ? S("x") : e.sealed;
    return webhook_endpoint_put_secret(cx, db, &e);
}

TEST(test_deliver_due_sends_nothing_unsigned)
{
    static const struct step step = {SI("HTTP/1.1 200 OK\r\n\r\n"), THEN_CLOSE};

    testserver_start(&server, &step, 1);
    desk.url = testserver_url(&t_cx()->mem, &server, "/hooks");
    T_OK(store_write(t_cx(), desk.store, desk_add, NULL));
    T_OK(store_write(t_cx(), desk.store, script_work, NULL));
    T_OK(store_write(t_cx(), desk.store, tell_work, NULL));
    T_OK(deliver_due(t_cx(), &desk.work, 0));
    testserver_stop(&server);
    T_INT(server.served, 0);
    T_STR(delivery_now().failure, S("secret_unreadable"));
}

/* The first worker leaves failing endpoints to the others; those beyond the setting rest.
 */
TEST(test_deliver_due_keeps_a_worker_for_those_that_answer)
{
    static const struct step steps[] = {
        {SI("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE},
        {SI("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE}};

    testserver_start(&server, steps, 2);
    desk.url = testserver_url(&t_cx()->mem, &server, "/hooks");
    T_OK(store_write(t_cx(), desk.store, desk_add, NULL));
    T_OK(store_write(t_cx(), desk.store, tell_work, NULL));
    T_OK(store_write(t_cx(), desk.store, tell_work, NULL));
    T_OK(deliver_due(t_cx(), &desk.work, 5));
    T_INT(server.served, 0);
    T_OK(deliver_due(t_cx(), &desk.work, 0));
    T_INT(server.served, 1);
    T_OK(deliver_due(t_cx(), &desk.work, 0));
    T_INT(server.served, 1);
    T_OK(deliver_due(t_cx(), &desk.work, 4));
    testserver_stop(&server);
    T_INT(server.served, 2);
}

TEST(test_deliver_pause_ms_is_as_documented)
{
    static const int64_t pauses_s[] = {5,     300,   1800,  7200, 18000,
                                       36000, 50400, 72000, 86400};

    for (size_t i = 0; i < COUNT(pauses_s); i++) {
        T_INT(deliver_pause_ms((int64_t)i + 1), pauses_s[i] * 1000);
    }
    T_INT(deliver_pause_ms(COUNT(pauses_s) + 1), 0);
    T_INT(deliver_pause_ms(1000), 0);
}

static Res look(const struct net_guard *g, const char *url)
{
    struct hook_settings settings = {.net = {.guard = g}};

    return post_look(t_cx(), &settings, str_from_z(url));
}

TEST(test_post_look_says_what_would_be_refused)
{
    static const struct net_guard closed;

    static const struct {
        const char *url;
        enum fail closed, open;
    } rows[] = {
        {"https://127.0.0.1:8443/", FAIL_ADDRESS_REFUSED, FAIL_NONE},
        {"http://127.0.0.1:8080/", FAIL_ADDRESS_REFUSED, FAIL_NONE},
        {"http://localhost:8080/", FAIL_ADDRESS_REFUSED, FAIL_NONE},
        {"http://[::ffff:127.0.0.1]:8080/", FAIL_ADDRESS_REFUSED, FAIL_NONE},
        {"https://8.8.8.8/", FAIL_NONE, FAIL_NONE},
        {"http://8.8.8.8:8080/", FAIL_ADDRESS_REFUSED, FAIL_ADDRESS_REFUSED},
        {"https://169.254.169.254/", FAIL_ADDRESS_REFUSED, FAIL_ADDRESS_REFUSED},
        {"https://127.0.0.1:22/", FAIL_ADDRESS_REFUSED, FAIL_ADDRESS_REFUSED},
        {"https://u@8.8.8.8/", FAIL_ADDRESS_REFUSED, FAIL_ADDRESS_REFUSED},
        {"https://8.8.8.8/#f", FAIL_ADDRESS_REFUSED, FAIL_ADDRESS_REFUSED},
        {"https://nowhere.invalid/", FAIL_NOT_FOUND, FAIL_NOT_FOUND},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(look(&closed, rows[i].url).code, rows[i].closed);
        T_INT(look(&guard, rows[i].url).code, rows[i].open);
    }
}

#define T_DESK(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T_DESK(test_deliver_due_sends_what_receivers_verify),
        T_DESK(test_deliver_due_judges_answers),
        T_DESK(test_deliver_due_counts_each_outcome),
        T_DESK(test_deliver_due_refuses_addresses_that_are_closed),
        T_DESK(test_deliver_due_sends_nothing_unsigned),
        T_DESK(test_deliver_due_keeps_a_worker_for_those_that_answer),
        T(test_deliver_pause_ms_is_as_documented),
        T(test_post_look_says_what_would_be_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
