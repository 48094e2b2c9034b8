/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tls.c - SECURITY 68: an expired, a self-signed or another host's certificate, and
 * TLS 1.0 and 1.1, are refused; authorities that are named replace the system's.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>

#include <openssl/pem.h>

#include "base/clock.h"
#include "base/testing.h"
#include "net/net.h"
#include "net/testtls.h"

/*
 * These two take the place of OpenSSL's for libcurl: whatever libcurl takes for the
 * system's authorities, by file or by folder, is `system_authority` alone.
 */
int X509_STORE_load_file(X509_STORE *store, const char *file);
int X509_STORE_load_path(X509_STORE *store, const char *folder);

static X509 *system_authority; /* NULL: the system has none */

static int system_load(X509_STORE *store)
{
    return system_authority == NULL || X509_STORE_add_cert(store, system_authority) == 1;
}

int X509_STORE_load_path(X509_STORE *store, const char *folder)
{
    (void)folder;
    return system_load(store);
}

int X509_STORE_load_file(X509_STORE *store, const char *file)
{
    if (!str_starts(str_from_z(file), S("/tmp/caldock-ca-"))) {
        return system_load(store);
    }
    FILE *f = fopen(file, "r");
    X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);
    int ok = x != NULL && X509_STORE_add_cert(store, x);

    X509_free(x);
    (void)(f == NULL ? 0 : fclose(f));
    return ok;
}

static Res tls_ask(struct net *net, const struct testtls *s, const char *ca_file)
{
    const struct net_options options = {
        .ca_file = ca_file, .connect_timeout_ms = 60000, .timeout_ms = 60000};
    struct net_reply reply = {.status = 0};
    struct net_request req = {.url = testtls_url(&t_cx()->mem, s)};
    Res res = net_perform(t_cx(), &(struct net_via){net, &options}, &req, &reply);

    T_INT(reply.status, res.code == FAIL_NONE ? 204 : 0);
    return res;
}

/* Answers the beginning of a handshake as a server of plain http does. */
static void *plain_http_answer(void *listener)
{
    static const Str answer = SI("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    char bytes[64];
    int fd = accept(*(const int *)listener, NULL, NULL);

    must_be(fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0);
    must_be(write(fd, answer.p, answer.n) == (ssize_t)answer.n);
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, bytes, sizeof(bytes)) > 0) {
    }
    (void)close(fd);
    return NULL;
}

TEST(test_net_perform_says_that_a_port_speaks_no_tls)
{
    const struct net_options options = {.connect_timeout_ms = 60000, .timeout_ms = 60000};
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct net *net = net_open();
    struct net_reply reply;
    pthread_t thread;

    T_INT(bind(listener, (struct sockaddr *)&at, n), 0);
    T_INT(listen(listener, 1), 0);
    T_INT(getsockname(listener, (struct sockaddr *)&at, &n), 0);
    T_INT(pthread_create(&thread, NULL, plain_http_answer, &listener), 0);
    struct net_request req = {
        .url = str_cat(
            &t_cx()->mem, S("https://127.0.0.1:"),
            str_int(&t_cx()->mem, ntohs(at.sin_port)))};

    T_FAIL(
        FAIL_SOURCE_UNAVAILABLE,
        net_perform(t_cx(), &(struct net_via){net, &options}, &req, &reply));
    T_TRUE(str_ends(
        str_from_z(t_cx()->why.text),
        S("no TLS there: perhaps the port of a server that speaks plain http")));
    T_INT(pthread_join(thread, NULL), 0);
    net_close(&net);
    (void)close(listener);
}

TEST(test_net_perform_verifies_tls)
{
    static const struct {
        const char *name;
        const char *host;
        long from_s;
        long to_s;
        int version;
        bool is_trusted;
        bool is_right;
    } rows[] = {
        {"TLS 1.3", "localhost", -CLOCK_HOUR_S, CLOCK_HOUR_S, TLS1_3_VERSION, true, true},
        {"TLS 1.2", "localhost", -CLOCK_HOUR_S, CLOCK_HOUR_S, TLS1_2_VERSION, true, true},
        {"TLS 1.1", "localhost", -CLOCK_HOUR_S, CLOCK_HOUR_S, TLS1_1_VERSION, true,
         false},
        {"TLS 1.0", "localhost", -CLOCK_HOUR_S, CLOCK_HOUR_S, TLS1_VERSION, true, false},
        {"self-signed", "localhost", -CLOCK_HOUR_S, CLOCK_HOUR_S, TLS1_3_VERSION, false,
         false},
        {"other host", "other.example", -CLOCK_HOUR_S, CLOCK_HOUR_S, TLS1_3_VERSION, true,
         false},
        {"expired", "localhost", -2 * CLOCK_HOUR_S, -CLOCK_HOUR_S, TLS1_3_VERSION, true,
         false},
        {"not yet", "localhost", CLOCK_HOUR_S, 2 * CLOCK_HOUR_S, TLS1_3_VERSION, true,
         false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct testtls s;
        struct net *net = net_open();

        const struct testtls_plan plan = {
            .host = rows[i].host,
            .from_s = rows[i].from_s,
            .to_s = rows[i].to_s,
            .version = rows[i].version};

        testtls_start(&s, &plan);
        Res res = tls_ask(net, &s, rows[i].is_trusted ? s.ca_file : NULL);

        net_close(&net);
        testtls_stop(&s);
        if ((res.code == FAIL_NONE) != rows[i].is_right) {
            print_error("%s: %s\n", rows[i].name, t_cx()->why.text);
        }
        T_INT(res.code, rows[i].is_right ? FAIL_NONE : FAIL_SOURCE_UNAVAILABLE);
    }
}

/* Two authorities, each with a server: one is named, the other is the system's. */
TEST(test_ca_file_replaces_the_systems_authorities)
{
    struct testtls named;
    struct testtls systems;
    struct net *net = net_open();

    testtls_start(&named, &testtls_good);
    testtls_start(&systems, &testtls_good);
    system_authority = systems.authority;
    T_OK(tls_ask(net, &systems, NULL));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, tls_ask(net, &named, NULL));
    T_OK(tls_ask(net, &named, named.ca_file));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, tls_ask(net, &systems, named.ca_file));
    T_OK(tls_ask(net, &systems, systems.ca_file));
    system_authority = NULL;
    net_close(&net);
    testtls_stop(&named);
    testtls_stop(&systems);
}

/* Not read once and kept: an authority that is added while the service runs counts. */
TEST(test_ca_file_that_changes_counts_at_the_next_connection)
{
    struct testtls before;
    struct testtls after;
    struct net *net = net_open();

    testtls_start(&before, &testtls_good);
    testtls_start(&after, &testtls_good);
    T_OK(tls_ask(net, &before, before.ca_file));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, tls_ask(net, &after, before.ca_file));
    T_INT(rename(after.ca_file, before.ca_file), 0);
    T_OK(tls_ask(net, &after, before.ca_file));
    net_close(&net);
    testtls_stop(&before);
    testtls_stop(&after);
}

static Res tls_ask_marked(struct net *net, const struct testtls *s, uint64_t mark)
{
    const struct net_options options = {
        .ca_file = s->ca_file,
        .ca_mark = mark,
        .connect_timeout_ms = 60000,
        .timeout_ms = 60000};
    const struct net_request req = {
        .url = testtls_url(&t_cx()->mem, s), .max_bytes = 100};
    struct net_reply reply;

    return net_perform(t_cx(), &(struct net_via){net, &options}, &req, &reply);
}

/* A session that is resumed is not verified: it would outlive the authority that did. */
TEST(test_ca_mark_that_changes_drops_what_was_verified_before)
{
    struct testtls_plan plan = testtls_good;
    struct testtls s;
    struct testtls other;
    struct net *net = net_open();

    plan.answer = S("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    testtls_start(&s, &plan);
    testtls_start(&other, &plan);
    T_OK(tls_ask_marked(net, &s, 1));
    T_INT(rename(other.ca_file, s.ca_file), 0);
    T_OK(tls_ask_marked(net, &s, 1)); /* else the next line shows nothing */
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, tls_ask_marked(net, &s, 2));
    net_close(&net);
    testtls_stop(&s);
    testtls_stop(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_net_perform_says_that_a_port_speaks_no_tls),
        T(test_net_perform_verifies_tls),
        T(test_ca_file_replaces_the_systems_authorities),
        T(test_ca_file_that_changes_counts_at_the_next_connection),
        T(test_ca_mark_that_changes_drops_what_was_verified_before),
    };

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
