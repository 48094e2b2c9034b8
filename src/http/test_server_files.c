/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_server_files.c - a server without a free descriptor. valgrind can't run these: it
 * accepts a client that has no place, and drops it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>

#include "base/testchild.h"
#include "base/testmetric.h"
#include "http/loop.h"
#include "http/testserving.h"

static struct http_loop *short_loop;

static void *keep_short_loop(void *arg, struct http_loop *loop)
{
    short_loop = loop;
    return arg;
}

/* From now on no new descriptor has a place. Returns the limit of before. */
static rlim_t files_end(void)
{
    struct rlimit files = {0};
    int lowest = dup(STDERR_FILENO);

    T_TRUE(lowest > 0 && getrlimit(RLIMIT_NOFILE, &files) == 0);
    (void)close(lowest);
    T_TRUE(
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)lowest, files.rlim_max}) == 0);
    return files.rlim_cur;
}

static void files_go_on(rlim_t limit)
{
    struct rlimit files = {0};

    T_TRUE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = limit;
    T_TRUE(setrlimit(RLIMIT_NOFILE, &files) == 0);
}

/* A client that has its descriptor, and connects later. */
static int client_prepare(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = {.tv_sec = WAIT_S};

    T_TRUE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    return fd;
}

static void client_join(const struct http_server *s, int fd)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)http_server_port(s, 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    T_TRUE(connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0);
}

static struct http_server *start_short(void)
{
    return serving_start((struct http_options){.thread_start = keep_short_loop});
}

TEST(test_http_server_cuts_who_is_idle_where_there_is_no_descriptor)
{
    struct http_server *s = start_short();
    int busy = client_half_say(s);
    int idle = client_dial(s);
    int next = client_prepare();

    client_say(idle, S(GET_("/1")));
    (void)client_hear(idle, S("GET /1||"));
    struct t_ear ear = t_hear();
    rlim_t limit = files_end();

    client_join(s, next);
    client_say(next, S(GET_("/2")));
    T_TRUE(answer_has_status(client_hear(next, S("GET /2||")), S("200 ")));
    T_STR(client_hear(idle, S("")), S(""));
    client_say(busy, S("b"));
    T_TRUE(answer_has_status(client_hear(busy, S("POST /half||b")), S("200 ")));
    files_go_on(limit);
    T_INT(atomic_load(&short_loop->shared->reached[SHARED_LIMIT_FILES]), 1);
    http_server_stop(&s);
    Str text = t_heard(ear);

    T_TRUE(
        str_contains(text, S("event=\"limits.files\" connections=\"2\" times=\"1\"\n")));
    T_INT(t_lines_with(text, S("event=")), 1);
    (void)close(busy);
    (void)close(idle);
    (void)close(next);
}

/* Refused clients may have sent something: their connections are reset. */
static void client_is_refused(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);

    T_TRUE(n == 0 || (n < 0 && errno == ECONNRESET));
}

TEST(test_http_server_refuses_and_counts_where_all_are_busy_and_no_descriptor_is_left)
{
    struct http_server *s = start_short();
    int busy = client_half_say(s);
    int next[3] = {client_prepare(), client_prepare(), client_prepare()};
    const int64_t *before = t_metric_now(METRIC_HTTP_REFUSED);
    rlim_t limit = files_end();

    for (int i = 0; i < 3; i++) {
        client_join(s, next[i]);
    }
    for (int i = 0; i < 3; i++) {
        client_is_refused(next[i]);
    }
    files_go_on(limit);
    const int64_t *now = t_metric_now(METRIC_HTTP_REFUSED);

    T_INT(now[METRIC_REFUSED_FILES] - before[METRIC_REFUSED_FILES], 3);
    for (int i = 0; i < 3; i++) {
        (void)close(next[i]);
    }
    client_say(busy, S("b"));
    T_TRUE(answer_has_status(client_hear(busy, S("POST /half||b")), S("200 ")));
    (void)close(busy);
    http_server_stop(&s);
}

static int reserve; /* a descriptor that somebody else has now */

static void reserve_lose(struct http_post *post)
{
    (void)post;
    reserve = short_loop->reserve;
    short_loop->reserve = -1;
}

/* A server with one client that is busy, no descriptor, no reserve, and one client more.
 */
static struct http_server *start_at_rest(int *busy, int *next, rlim_t *limit)
{
    static struct http_post post = {.run = reserve_lose};
    struct http_server *s = start_short();

    *busy = client_half_say(s);
    *next = client_prepare();
    *limit = files_end();
    T_TRUE(http_loop_post(short_loop, &post));
    client_join(s, *next);
    client_say(*next, S(GET_("/2")));
    while (atomic_load(&short_loop->shared->reached[SHARED_LIMIT_FILES]) == 0) {
        (void)sched_yield();
    }
    return s;
}

TEST(test_http_server_lets_clients_wait_while_others_have_all_descriptors)
{
    int busy;
    int next;
    rlim_t limit;
    struct http_server *s = start_at_rest(&busy, &next, &limit);

    client_say(busy, S("b"));
    T_TRUE(answer_has_status(client_hear(busy, S("POST /half||b")), S("200 ")));
    T_TRUE(answer_has_status(client_hear(next, S("GET /2||")), S("200 ")));
    files_go_on(limit);
    (void)close(reserve);
    (void)close(busy);
    (void)close(next);
    http_server_stop(&s);
}

TEST(test_http_server_stops_while_clients_wait_for_descriptors)
{
    int busy;
    int next;
    rlim_t limit;
    struct http_server *s = start_at_rest(&busy, &next, &limit);

    (void)close(busy);
    http_server_stop(&s);
    files_go_on(limit);
    (void)close(reserve);
    (void)close(next);
}

T_MAIN(
    T(test_http_server_cuts_who_is_idle_where_there_is_no_descriptor),
    T(test_http_server_refuses_and_counts_where_all_are_busy_and_no_descriptor_is_left),
    T(test_http_server_lets_clients_wait_while_others_have_all_descriptors),
    T(test_http_server_stops_while_clients_wait_for_descriptors))
