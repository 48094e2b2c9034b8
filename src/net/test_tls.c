/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tls.c - oauth-security 68: given TLS with an expired, a self-signed, or another
 * host's certificate, or TLS 1.0/1.1, then refuse; no switch turns verification off.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/testing.h"
#include "net/net.h"

enum { HOUR_S = 3600 };

/* A server for one connection, its own authority. */
struct tls_server {
    int listener;
    int port;
    pthread_t thread;
    SSL_CTX *tls;
    char ca_file[32];
};

struct tls_row {
    const char *name;
    const char *host; /* that the certificate is for */
    long from_s;      /* from now */
    long to_s;
    int version; /* the newest that the server speaks */
    bool is_trusted;
    enum fail want;
};

static X509 *certificate_of(EVP_PKEY *key, const struct tls_row *row)
{
    char names[64];
    X509 *x = X509_new();

    (void)snprintf(names, sizeof(names), "DNS:%s", row->host);
    X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

    must_be(X509_set_version(x, 2) == 1 && alt != NULL);
    must_be(X509_gmtime_adj(X509_getm_notBefore(x), row->from_s) != NULL);
    must_be(X509_gmtime_adj(X509_getm_notAfter(x), row->to_s) != NULL);
    must_be(X509_NAME_add_entry_by_txt(
        X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
        -1, 0));
    must_be(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
    must_be(X509_add_ext(x, alt, -1) == 1 && X509_set_pubkey(x, key) == 1);
    must_be(X509_sign(x, key, EVP_sha256()) > 0);
    X509_EXTENSION_free(alt);
    return x;
}

static void certificate_write(struct tls_server *s, X509 *x)
{
    (void)snprintf(s->ca_file, sizeof(s->ca_file), "/tmp/caldock-ca-XXXXXX");
    int fd = mkstemp(s->ca_file);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

    must_be(f != NULL && PEM_write_X509(f, x) == 1 && fclose(f) == 0);
}

static void *serve_one(void *user)
{
    static const char answer[] = "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n";
    struct tls_server *s = user;
    int fd = accept(s->listener, NULL, NULL);
    SSL *tls = SSL_new(s->tls);
    char request[4096];

    must_be(fd >= 0 && SSL_set_fd(tls, fd) == 1);
    if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof(request)) > 0) {
        (void)SSL_write(tls, answer, sizeof(answer) - 1);
        (void)SSL_shutdown(tls);
    }
    SSL_free(tls);
    (void)close(fd);
    return NULL;
}

static void tls_start(struct tls_server *s, const struct tls_row *row)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof(a);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = certificate_of(key, row);

    s->tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(s->tls, 0); /* so that it would speak TLS 1.0 */
    must_be(SSL_CTX_set_min_proto_version(s->tls, TLS1_VERSION) == 1);
    must_be(SSL_CTX_set_max_proto_version(s->tls, row->version) == 1);
    must_be(SSL_CTX_use_certificate(s->tls, x) == 1);
    must_be(SSL_CTX_use_PrivateKey(s->tls, key) == 1);
    certificate_write(s, x);
    X509_free(x);
    EVP_PKEY_free(key);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must_be(bind(s->listener, (const struct sockaddr *)&a, sizeof(a)) == 0);
    must_be(listen(s->listener, 4) == 0);
    must_be(getsockname(s->listener, (struct sockaddr *)&a, &size) == 0);
    s->port = ntohs(a.sin_port);
    must_be(pthread_create(&s->thread, NULL, serve_one, s) == 0);
}

static void tls_stop(struct tls_server *s)
{
    must_be(pthread_join(s->thread, NULL) == 0);
    SSL_CTX_free(s->tls);
    (void)close(s->listener);
    (void)unlink(s->ca_file);
}

static void test_net_perform_verifies_tls(void **state)
{
    static const struct tls_row rows[] = {
        {"TLS 1.3",     "localhost",     -HOUR_S,     HOUR_S,     TLS1_3_VERSION, true,  FAIL_NONE},
        {"TLS 1.2",     "localhost",     -HOUR_S,     HOUR_S,     TLS1_2_VERSION, true,  FAIL_NONE},
        {"TLS 1.1",     "localhost",     -HOUR_S,     HOUR_S,     TLS1_1_VERSION, true,
         FAIL_SOURCE_UNAVAILABLE                                                                  },
        {"TLS 1.0",     "localhost",     -HOUR_S,     HOUR_S,     TLS1_VERSION,   true,
         FAIL_SOURCE_UNAVAILABLE                                                                  },
        {"self-signed", "localhost",     -HOUR_S,     HOUR_S,     TLS1_3_VERSION, false,
         FAIL_SOURCE_UNAVAILABLE                                                                  },
        {"other host",  "other.example", -HOUR_S,     HOUR_S,     TLS1_3_VERSION, true,
         FAIL_SOURCE_UNAVAILABLE                                                                  },
        {"expired",     "localhost",     -2 * HOUR_S, -HOUR_S,    TLS1_3_VERSION, true,
         FAIL_SOURCE_UNAVAILABLE                                                                  },
        {"not yet",     "localhost",     HOUR_S,      2 * HOUR_S, TLS1_3_VERSION, true,
         FAIL_SOURCE_UNAVAILABLE                                                                  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tls_server s;
        struct net *net = net_open();
        struct net_reply reply = {.status = 0};
        char url[64];

        tls_start(&s, &rows[i]);
        const struct net_options options = {
            .ca_file = rows[i].is_trusted ? s.ca_file : NULL,
            .connect_timeout_ms = 60000,
            .timeout_ms = 60000,
        };

        (void)snprintf(url, sizeof(url), "https://localhost:%d/", s.port);
        struct net_request req = {.url = str_from_z(url)};
        Res res = net_perform(t_cx(), net, &options, &req, &reply);

        net_close(&net);
        tls_stop(&s);
        if (res.code != rows[i].want) {
            print_error("%s: %s\n", rows[i].name, t_cx()->why.text);
        }
        T_INT(res.code, rows[i].want);
        T_INT(reply.status, rows[i].want == FAIL_NONE ? 204 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_net_perform_verifies_tls)};

    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
