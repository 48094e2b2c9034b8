/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testtls.c - one connection at a time, waiting in poll for it or for the end.
 */
#include "net/testtls.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

const struct testtls_plan testtls_good = {
    .host = "localhost",
    .from_s = -TESTTLS_HOUR_S,
    .to_s = TESTTLS_HOUR_S,
    .version = TLS1_3_VERSION,
};

/* Each has a name of its own, so that no other authority is taken for it. */
static void testtls_name(X509 *x, int port)
{
    unsigned char name[32];

    (void)snprintf((char *)name, sizeof(name), "authority %d", port);
    must_be(X509_NAME_add_entry_by_txt(
        X509_get_subject_name(x), "CN", MBSTRING_ASC, name, -1, -1, 0));
    must_be(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
}

static X509 *testtls_certificate(EVP_PKEY *key, const struct testtls *s)
{
    char names[64];
    X509 *x = X509_new();

    (void)snprintf(names, sizeof(names), "DNS:%s", s->plan->host);
    X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

    must_be(X509_set_version(x, 2) == 1 && alt != NULL);
    must_be(X509_gmtime_adj(X509_getm_notBefore(x), s->plan->from_s) != NULL);
    must_be(X509_gmtime_adj(X509_getm_notAfter(x), s->plan->to_s) != NULL);
    testtls_name(x, s->port);
    must_be(X509_add_ext(x, alt, -1) == 1 && X509_set_pubkey(x, key) == 1);
    must_be(X509_sign(x, key, EVP_sha256()) > 0);
    X509_EXTENSION_free(alt);
    return x;
}

static void testtls_write_authority(struct testtls *s)
{
    (void)snprintf(s->ca_file, sizeof(s->ca_file), "/tmp/caldock-ca-XXXXXX");
    int fd = mkstemp(s->ca_file);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

    must_be(f != NULL && PEM_write_X509(f, s->authority) == 1 && fclose(f) == 0);
}

/* false when the test is over. */
static bool testtls_waits(const struct testtls *s, int fd)
{
    struct pollfd fds[2] = {
        {.fd = fd, .events = POLLIN}, {.fd = s->stop[0], .events = POLLIN}};

    while (poll(fds, 2, -1) < 0) {
    }
    return fds[1].revents == 0;
}

/* A client that stops in the middle closes its end, so no read waits for ever. */
static void testtls_talks(const struct testtls *s, int fd)
{
    Str answer = s->plan->answer.n > 0 ? s->plan->answer : S("HTTP/1.1 204 No\r\n\r\n");
    SSL *tls = SSL_new(s->tls);
    char request[4096];

    must_be(SSL_set_fd(tls, fd) == 1);
    if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof(request)) > 0) {
        (void)SSL_write(tls, answer.p, (int)answer.n);
        if (s->plan->stays_open) {
            (void)testtls_waits(s, -1);
        } else {
            (void)SSL_shutdown(tls);
        }
    }
    SSL_free(tls);
}

static void *testtls_runs(void *user)
{
    struct testtls *s = user;

    while (testtls_waits(s, s->listener)) {
        int fd = accept(s->listener, NULL, NULL);

        if (fd >= 0) {
            testtls_talks(s, fd);
            (void)close(fd);
        }
    }
    return NULL;
}

static void testtls_listen(struct testtls *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof(a);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must_be(bind(s->listener, (const struct sockaddr *)&a, sizeof(a)) == 0);
    must_be(listen(s->listener, 4) == 0);
    must_be(getsockname(s->listener, (struct sockaddr *)&a, &size) == 0);
    s->port = ntohs(a.sin_port);
    must_be(pipe(s->stop) == 0);
}

void testtls_start(struct testtls *s, const struct testtls_plan *plan)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    *s = (struct testtls){.plan = plan};
    testtls_listen(s);
    s->authority = testtls_certificate(key, s);
    s->tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(s->tls, 0); /* so that it would speak TLS 1.0 */
    must_be(SSL_CTX_set_min_proto_version(s->tls, TLS1_VERSION) == 1);
    must_be(SSL_CTX_set_max_proto_version(s->tls, plan->version) == 1);
    must_be(SSL_CTX_use_certificate(s->tls, s->authority) == 1);
    must_be(SSL_CTX_use_PrivateKey(s->tls, key) == 1);
    testtls_write_authority(s);
    EVP_PKEY_free(key);
    must_be(pthread_create(&s->thread, NULL, testtls_runs, s) == 0);
}

void testtls_stop(struct testtls *s)
{
    (void)close(s->stop[1]);
    must_be(pthread_join(s->thread, NULL) == 0);
    SSL_CTX_free(s->tls);
    X509_free(s->authority);
    (void)close(s->stop[0]);
    (void)close(s->listener);
    (void)unlink(s->ca_file);
}

Str testtls_url(struct arena *mem, const struct testtls *s)
{
    return str_cat(
        mem, str_cat(mem, S("https://localhost:"), str_int(mem, s->port)), S("/"));
}
