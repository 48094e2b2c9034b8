/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_net_memory.c - nothing secret of a call stays in the process when its arena is
 * wiped: not what went out, not what came in.
 *
 * The server is a process of its own, and the secrets are never whole in this one but
 * where a call puts them: they are made byte by byte, and looked for in the same way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/testing.h"
#include "net/net.h"
#include "net/testtls.h"

enum { SECRET_BYTES = 32 };

/* A bearer and a body that go out, a body and a field of the head that come. */
enum secret { SECRET_BEARER, SECRET_SENT, SECRET_RECEIVED, SECRET_FIELD, SECRETS };

static char secret_byte(enum secret which, size_t i)
{
    size_t x = (i + 3) * (i + 11) * ((size_t)which + 5);

    return (char)('a' + x % 26);
}

static void secret_add(struct buf *b, enum secret which)
{
    for (size_t i = 0; i < SECRET_BYTES; i++) {
        buf_add_char(b, secret_byte(which, i));
    }
}

/* The server, in a child. What it writes to `ready` tells where it is; it ends when
 * `ready` is closed at the other end. */

struct server_place {
    int port;
    char ca_file[32];
};

static void server_serve(int ready)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1000};
    struct testtls_plan plan = testtls_good;
    struct testtls s;
    struct server_place place = {0};
    char byte;

    buf_add(&b, S("HTTP/1.1 200 OK\r\nContent-Length: 34\r\nX-Secret: "));
    secret_add(&b, SECRET_FIELD);
    buf_add(&b, S("\r\n\r\n\""));
    secret_add(&b, SECRET_RECEIVED);
    buf_add(&b, S("\""));
    plan.answer = buf_text(&b);
    plan.stays_open = true;
    testtls_start(&s, &plan);
    place.port = s.port;
    memcpy(place.ca_file, s.ca_file, sizeof(place.ca_file));
    must_be(send(ready, &place, sizeof(place), 0) == (ssize_t)sizeof(place));
    while (recv(ready, &byte, 1, 0) > 0) {
    }
    testtls_stop(&s);
}

static pid_t server_fork(int *ready, struct server_place *place)
{
    int ends[2];

    must_be(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    pid_t child = fork();

    if (child == 0) {
        (void)close(ends[0]);
        server_serve(ends[1]);
        _exit(EXIT_SUCCESS);
    }
    (void)close(ends[1]);
    must_be(recv(ends[0], place, sizeof(*place), MSG_WAITALL) == (ssize_t)sizeof(*place));
    *ready = ends[0];
    return child;
}

/* Looking. */

static bool secret_is_at(const char *p, enum secret which)
{
    for (size_t i = 0; i < SECRET_BYTES; i++) {
        if (p[i] != secret_byte(which, i)) {
            return false;
        }
    }
    return true;
}

static size_t secret_count(const char *from, const char *to, enum secret which)
{
    size_t found = 0;

    for (const char *p = from; p + SECRET_BYTES <= to; p++) {
        found += secret_is_at(p, which);
    }
    return found;
}

/* In all memory that can be written, but for the stack, which is soon written over. */
static size_t secret_find(enum secret which)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[1024];
    size_t found = 0;

    must_be(maps != NULL);
    while (fgets(line, sizeof(line), maps) != NULL) {
        char *at;
        uintptr_t from = strtoul(line, &at, 16);
        uintptr_t to = strtoul(at + 1, &at, 16);

        if (str_starts(str_from_z(at), S(" rw")) && strstr(at, "[stack]") == NULL) {
            /* NOLINTNEXTLINE(performance-no-int-to-ptr): from a text of the kernel's */
            found += secret_count((const char *)from, (const char *)to, which);
        }
    }
    (void)fclose(maps);
    return found;
}

static void call_with_secrets(struct net *net, const struct server_place *place)
{
    const struct net_options options = {
        .ca_file = place->ca_file, .connect_timeout_ms = 60000, .timeout_ms = 60000};
    struct cx cx = {.deadline_ms = 0};
    struct buf url = {.mem = &cx.mem, .max = 100};
    struct buf bearer = {.mem = &cx.mem, .max = SECRET_BYTES};
    struct buf body = {.mem = &cx.mem, .max = 100};
    struct net_reply reply;

    buf_add(&url, S("https://localhost:"));
    buf_add_int(&url, place->port);
    secret_add(&bearer, SECRET_BEARER);
    secret_add(&body, SECRET_SENT);
    const struct net_request req = {
        .method = NET_POST,
        .url = buf_text(&url),
        .content_type = NET_FORM,
        .body = buf_text(&body),
        .bearer = buf_text(&bearer),
        .max_bytes = 100};

    T_OK(net_perform(&cx, &(struct net_via){net, &options}, &req, &reply));
    T_TRUE(secret_is_at(reply.body.p + 1, SECRET_RECEIVED));
    for (enum secret which = 0; which < SECRETS; which++) {
        T_TRUE(secret_find(which) > 0); /* the search finds what is there */
    }
    cx_done(&cx);
}

/* libcurl has the fields of an answer until the connections are given up. */
TEST(test_nothing_of_a_call_stays_in_the_heap)
{
    struct net *net = net_open();
    struct server_place place;
    int ready;
    int status = 0;
    pid_t server = server_fork(&ready, &place);

    call_with_secrets(net, &place);
    for (enum secret which = 0; which < SECRET_FIELD; which++) {
        T_INT(secret_find(which), 0);
    }
    net_close(&net);
    T_INT(secret_find(SECRET_FIELD), 0);
    (void)close(ready);
    T_INT(waitpid(server, &status, 0), server);
    T_INT(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_nothing_of_a_call_stays_in_the_heap)};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 77; /* skipped: their own memory is too large to search */
#endif
    return net_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
