/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the connections of a loop take together, and what happens when it is much.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "http/loop.h"
#include "http/testserving.h"

enum {
    BIG_BYTES = 24000, /* of the answer to /big */
    SMALL_BUDGET_BYTES = 1024 * 1024,
    USUAL_CONNECTIONS = 10000, /* of the configuration */
    USUAL_THREADS = 8,
    STUCK = 40,
    UPLOADS = 12,
    CROWD = 2000,
    SAY_BYTES = 64 * 1024,
    ADDRESS_SPACE_BYTES = 900 * 1000 * 1000,
};

static char big_body[BIG_BYTES];
static struct http_loop *the_loop;

static void budget_handle(struct http_exchange *ex)
{
    if (ex->req.refusal == FAIL_NONE && str_eq(ex->req.path, S("/big"))) {
        ex->answer.status = 200;
        ex->answer.body = (Str){big_body, BIG_BYTES};
        http_send(ex);
    } else {
        serving_handle(ex);
    }
}

static void *keep_the_loop(void *arg, struct http_loop *loop)
{
    the_loop = loop;
    return arg;
}

static const struct http_listener listen_anywhere[] = {
    {SI("127.0.0.1:0"), budget_handle},
};

static size_t allow_large(const struct http_request *req, void *arg)
{
    (void)req;
    (void)arg;
    return LIMIT_LARGE_BODY_BYTES;
}

static struct http_options budget_options(size_t max_memory_bytes)
{
    memset(big_body, '|', sizeof(big_body));
    return serving_options((struct http_options){
        .listen = listen_anywhere,
        .n_listen = COUNT(listen_anywhere),
        .max_connections = 2 * CROWD,
        .max_memory_bytes = max_memory_bytes,
        .body_limit = allow_large,
        .thread_start = keep_the_loop});
}

static struct http_server *budget_start(size_t max_memory_bytes)
{
    struct http_options o = budget_options(max_memory_bytes);
    struct http_server *s = NULL;

    T_OK(http_server_start(t_cx(), &o, &s));
    int fd = client_dial(s);

    client_say(fd, S(GET_("/begun"))); /* so the loop has told its address */
    (void)client_hear(fd, S("GET /begun||"));
    (void)close(fd);
    return s;
}

/* What is counted on the loop, read on its own thread. */
struct loop_count {
    struct http_post post;
    size_t bytes;
    size_t paused;
    bool is_done;
};

static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t count_done = PTHREAD_COND_INITIALIZER;

static void loop_count_run(struct http_post *post)
{
    struct loop_count *lc =
        (struct loop_count *)(void *)((char *)post - offsetof(struct loop_count, post));

    lc->bytes = the_loop->budget.bytes;
    for (const struct deadline *d = the_loop->paused.first; d != NULL; d = d->after) {
        lc->paused++;
    }
    (void)pthread_mutex_lock(&count_lock);
    lc->is_done = true;
    (void)pthread_cond_signal(&count_done);
    (void)pthread_mutex_unlock(&count_lock);
}

static struct loop_count count_now(void)
{
    struct loop_count lc = {.post.run = loop_count_run};

    T_TRUE(http_loop_post(the_loop, &lc.post));
    (void)pthread_mutex_lock(&count_lock);
    while (!lc.is_done) {
        (void)pthread_cond_wait(&count_done, &count_lock);
    }
    (void)pthread_mutex_unlock(&count_lock);
    return lc;
}

static size_t bytes_now(void)
{
    return count_now().bytes;
}

static void await_bytes(size_t most)
{
    while (bytes_now() > most) {
        (void)poll(NULL, 0, 1);
    }
}

/* The count when nothing more is read or written, for some rounds of the loop. */
static struct loop_count count_at_rest(void)
{
    struct loop_count now = count_now();

    for (int same = 0; same < 10; same++) {
        (void)poll(NULL, 0, 2);
        struct loop_count next = count_now();

        same = next.bytes == now.bytes && next.paused == now.paused ? same : 0;
        now = next;
    }
    return now;
}

/* Of the text that a client says over and over: how much of it was taken of late. A
 * request goes on where it was cut, or it would be a wrong one. */
static size_t narrow_at[4 * CROWD]; /* by descriptor */

/* A client with a small window, so that the kernel keeps little for it. */
static int narrow_dial(int port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = WAIT_S};
    int small = 2048;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    T_TRUE(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
    T_TRUE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    T_TRUE(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    T_TRUE((size_t)fd < COUNT(narrow_at));
    narrow_at[fd] = 0;
    return fd;
}

/* Says `text` over and over, as far as it is taken at once; returns how much was. */
static size_t narrow_say(int fd, Str text)
{
    size_t said = 0;
    ssize_t n = 1;

    while (said < SAY_BYTES && n > 0) {
        Str rest = str_sub(text, narrow_at[fd], text.n);

        n = send(fd, rest.p, rest.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            said += (size_t)n;
            narrow_at[fd] = (narrow_at[fd] + (size_t)n) % text.n;
        }
    }
    return said;
}

/* All of `fds` say `text` until no more is taken from any of them. */
static void narrow_say_all(const int *fds, int n, Str text)
{
    for (int quiet = 0; quiet < 5; quiet++) {
        size_t said = 0;

        for (int i = 0; i < n; i++) {
            said += narrow_say(fds[i], text);
        }
        quiet = said == 0 ? quiet : 0;
        (void)poll(NULL, 0, 20);
    }
}

static Str text_times(Str one, size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = n * one.n};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, one);
    }
    return buf_text(&b);
}

/* Reads all that comes; whether the server has closed, by FIN or RST. */
static bool is_closed_after_all(int fd)
{
    char bytes[4096];
    ssize_t n = 1;

    while (n > 0) {
        n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    }
    return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static Str ask_once(const struct http_server *s)
{
    return client_ask(s, S("GET /ok HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
}

TEST(test_budget_level_at_its_edges)
{
    static const struct {
        size_t bytes;
        enum budget_level level;
    } rows[] = {
        {0, BUDGET_EASY},    {499, BUDGET_EASY},  {500, BUDGET_TIGHT},
        {749, BUDGET_TIGHT}, {750, BUDGET_SHORT}, {1000, BUDGET_SHORT},
        {1001, BUDGET_OVER},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct budget b = {.most_bytes = 1000, .bytes = rows[i].bytes};

        T_INT(budget_level(&b), rows[i].level);
    }
}

TEST(test_budget_of_loop_divides_the_budget)
{
    T_INT(budget_of_loop(0, 1), LIMIT_CONNECTIONS_BYTES);
    T_INT(budget_of_loop(0, 4), LIMIT_CONNECTIONS_BYTES / 4);
    T_INT(budget_of_loop(0, 256), LIMIT_LOOP_BYTES);
    T_INT(budget_of_loop(1000, 4), 250);
}

/* Whatever one connection may take is counted in the budget, or bounded when all of them
 * take it. The budget is exceeded by one step of each loop at most. */
TEST(test_budget_bounds_whatever_connections_may_take)
{
    static const struct {
        const char *what;
        size_t bytes;
        bool is_counted;
    } rows[] = {
        {"the connection itself", LIMIT_CONNECTION_BYTES, false},
        {"input that is not parsed", LOOP_READ_BYTES, true},
        {"a request", LIMIT_CONNECTION_REQUEST_BYTES, true},
        {"answers that are not written", LIMIT_CONNECTION_ANSWERS_BYTES, true},
    };

    size_t total = LIMIT_CONNECTIONS_BYTES;

    for (size_t i = 0; i < COUNT(rows); i++) {
        total += rows[i].bytes * (rows[i].is_counted ? USUAL_THREADS : USUAL_CONNECTIONS);
    }
    T_TRUE(total <= LIMIT_HTTP_BYTES);
}

/* The largest head, in lines that come in pieces, and all of the largest body but a byte.
 */
TEST(test_budget_counts_the_largest_request)
{
    struct http_server *s = budget_start(0);
    struct buf b = {
        .mem = &t_cx()->mem, .max = LIMIT_HEAD_BYTES + LIMIT_LARGE_BODY_BYTES};
    int fd = client_dial(s);

    await_bytes(0);
    buf_add(&b, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 262144\r\n"));
    buf_add(&b, text_times(S("A: b\r\n"), LIMIT_HEAD_FIELDS - 3));
    buf_add(&b, S("C: "));
    buf_add(&b, text_times(S("c"), LIMIT_HEAD_BYTES - b.n - strlen("\r\n\r\n")));
    buf_add(&b, S("\r\n\r\n"));
    buf_add(&b, text_times(S("b"), LIMIT_LARGE_BODY_BYTES - 1));
    for (size_t i = 0; i < b.n; i += 300) {
        client_say(fd, str_sub(buf_text(&b), i, i + 300));
        (void)bytes_now(); /* so that each piece is read alone */
    }
    size_t most = count_at_rest().bytes;

    T_TRUE(most > LIMIT_LARGE_BODY_BYTES && most <= LIMIT_CONNECTION_REQUEST_BYTES);
    (void)close(fd);
    await_bytes(0);
    http_server_stop(&s);
}

TEST(test_budget_counts_answers_that_are_not_taken)
{
    static const struct {
        Str request;
        size_t answer;
    } rows[] = {
        {SI(GET_("/big")), BIG_BYTES},
        {SI(GET_("/1")), 256},
    };
    struct http_server *s = budget_start(0);

    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = narrow_dial(http_server_port(s, 0));
        size_t most = 0;

        while (most <= OUT_ENOUGH_BYTES) { /* the kernel takes the first ones */
            narrow_say_all(&fd, 1, text_times(rows[i].request, 100));
            size_t now = count_at_rest().bytes;

            most = now > most ? now : most;
        }
        T_TRUE(
            most <= LOOP_READ_BYTES + LIMIT_CONNECTION_ANSWERS_BYTES - LIMIT_ANSWER_BYTES
                        + rows[i].answer);
        (void)close(fd);
        await_bytes(0);
    }
    http_server_stop(&s);
}

/* What handlers have can't be closed: new requests are refused until they have answered.
 */
TEST(test_budget_refuses_requests_while_memory_is_short)
{
    struct http_server *s = budget_start(SMALL_BUDGET_BYTES);
    Str request = str_cat(
        &t_cx()->mem, S("POST /later HTTP/1.1\r\n" HOST "Content-Length: 12000\r\n\r\n"),
        text_times(S("b"), 12000)); /* read at once */
    int fds[LATER_MOST];
    int n = 0;

    while (bytes_now() < SMALL_BUDGET_BYTES / 4 * 3) {
        T_TRUE(answer_has_status(ask_once(s), S("200 ")));
        fds[n] = client_dial(s);
        client_say(fds[n++], request);
        (void)count_at_rest();
    }
    Str heard = ask_once(s);

    T_TRUE(answer_has_status(heard, S("503 ")));
    T_TRUE(str_contains(heard, S("\r\nConnection: close\r\n")));
    for (int i = 0; i < n; i++) {
        http_post(later_take(), later_send);
    }
    for (int i = 0; i < n; i++) {
        T_TRUE(answer_has_status(client_hear(fds[i], S("bbb")), S("200 ")));
        (void)close(fds[i]);
    }
    T_TRUE(answer_has_status(ask_once(s), S("200 ")));
    await_bytes(0);
    http_server_stop(&s);
}

/* When memory is short, the client that has been stuck for longest is closed, so that the
 * next request finds room. */
TEST(test_budget_closes_those_that_are_stuck)
{
    struct http_server *s = budget_start(SMALL_BUDGET_BYTES);
    int fds[STUCK];

    for (int i = 0; i < STUCK; i++) {
        fds[i] = narrow_dial(http_server_port(s, 0));
        (void)narrow_say(fds[i], text_times(S(GET_("/big")), 100));
        T_TRUE(count_at_rest().bytes <= SMALL_BUDGET_BYTES);
        Str heard = ask_once(s);

        heard = answer_has_status(heard, S("503 ")) ? ask_once(s) : heard;
        T_TRUE(answer_has_status(heard, S("200 ")));
    }
    T_TRUE(http_server_connections(s) < STUCK);
    T_TRUE(is_closed_after_all(fds[0]));
    for (int i = 0; i < STUCK; i++) {
        (void)close(fds[i]);
    }
    await_bytes(0);
    http_server_stop(&s);
}

/* Uploads that hold more than their share wait while memory is short, and go on when
 * there is room again. */
TEST(test_budget_pauses_those_that_take_most)
{
    struct http_server *s = budget_start(SMALL_BUDGET_BYTES);
    Str head = S("POST / HTTP/1.1\r\n" HOST
                 "Connection: close\r\nContent-Length: 65536\r\n\r\n");
    Str body = text_times(S("b"), LIMIT_BODY_BYTES);
    int fds[UPLOADS];
    int done = 0;

    for (int i = 0; i < UPLOADS; i++) {
        fds[i] = client_dial(s);
        client_say(fds[i], head);
    }
    (void)count_at_rest();
    for (int i = 0; i < UPLOADS; i++) {
        client_say(fds[i], str_sub(body, 1, body.n));
    }
    struct loop_count lc = count_at_rest();

    T_TRUE(lc.paused > 0 && lc.bytes <= SMALL_BUDGET_BYTES);
    T_INT(http_server_connections(s), UPLOADS);
    T_TRUE(answer_has_status(ask_once(s), S("503 "))); /* and the oldest is closed */
    for (int i = 0; i < UPLOADS; i++) {
        if (client_try_say(fds[i], S("b"))) {
            char bytes[16];

            done +=
                recv(fds[i], bytes, sizeof(bytes), MSG_WAITALL) == sizeof(bytes) ? 1 : 0;
        }
        (void)close(fds[i]);
    }
    T_TRUE(done > 0 && done < UPLOADS);
    await_bytes(0);
    http_server_stop(&s);
}

#if defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define HAS_SHADOW 1
#    endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define HAS_SHADOW 1
#endif

/* A server in a process of its own, which serves until `stop` is closed. */
struct child {
    pid_t pid;
    int stop;
    int port;
};

static void child_serve(int say_port, int stop)
{
    struct http_options o = budget_options(0);
    struct http_server *s = NULL;
    char byte;

#ifndef HAS_SHADOW /* a sanitizer takes terabytes */
    must_be(
        setrlimit(RLIMIT_AS, &(struct rlimit){ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES})
        == 0);
#endif
    must_be(http_server_start(t_cx(), &o, &s).code == FAIL_NONE);
    int port = http_server_port(s, 0);

    must_be(write(say_port, &port, sizeof(port)) == sizeof(port));
    must_be(read(stop, &byte, 1) == 0);
    http_server_stop(&s);
}

static struct child child_start(void)
{
    struct child child = {0};
    int port[2];
    int stop[2];

    T_TRUE(pipe2(port, O_CLOEXEC) == 0 && pipe2(stop, O_CLOEXEC) == 0);
    child.pid = fork();
    if (child.pid == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(stop[1]);
        child_serve(port[1], stop[0]);
        _exit(EXIT_SUCCESS);
    }
    (void)close(port[1]);
    (void)close(stop[0]);
    T_TRUE(read(port[0], &child.port, sizeof(child.port)) == sizeof(child.port));
    (void)close(port[0]);
    child.stop = stop[1];
    return child;
}

/* One answer of the child, to a client of its own. */
static bool child_answers(const struct child *child, Str status)
{
    int fd = narrow_dial(child->port);

    client_say(fd, S("GET /ok HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    bool ok = answer_has_status(client_hear(fd, S("")), status);

    (void)close(fd);
    return ok;
}

static void child_end(const struct child *child)
{
    int status = -1;

    (void)close(child->stop);
    T_TRUE(waitpid(child->pid, &status, 0) == child->pid);
    T_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static bool files_raise(rlim_t n)
{
    struct rlimit files;

    T_TRUE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_cur < n ? n : files.rlim_cur;
    return files.rlim_cur <= files.rlim_max && setrlimit(RLIMIT_NOFILE, &files) == 0;
}

/* Each of 2,000 clients sends 64 KiB of requests for 24 kB and reads nothing. */
TEST(test_budget_lets_the_service_live_among_clients_that_do_not_read)
{
    static int fds[CROWD];
    Str text = text_times(S(GET_("/big")), 100);

    if (!files_raise(CROWD + 100)) {
        skip();
    }
    struct child child = child_start();

    for (int i = 0; i < CROWD; i++) {
        fds[i] = narrow_dial(child.port);
    }
    narrow_say_all(fds, CROWD, text);
    T_TRUE(child_answers(&child, S("200 ")));
    for (int i = 0; i < CROWD; i++) {
        (void)close(fds[i]);
    }
    T_TRUE(child_answers(&child, S("200 ")));
    child_end(&child);
}

T_MAIN(
    T(test_budget_lets_the_service_live_among_clients_that_do_not_read),
    T(test_budget_level_at_its_edges), T(test_budget_of_loop_divides_the_budget),
    T(test_budget_bounds_whatever_connections_may_take),
    T(test_budget_counts_the_largest_request),
    T(test_budget_counts_answers_that_are_not_taken),
    T(test_budget_refuses_requests_while_memory_is_short),
    T(test_budget_closes_those_that_are_stuck),
    T(test_budget_pauses_those_that_take_most))
