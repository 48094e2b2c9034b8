/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_connection.c - the life of a few connections on one loop: bytes in pieces,
 * pipelines, slow readers, answers that come later, deadlines that pass, memory that is
 * short.
 *
 * The input is a list of steps. What the clients have sent is read once more, with the
 * parser alone, and says what they must have heard: every answer in its place and whole,
 * and nothing after the last one. In the end nothing may be left of any connection.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "http/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CLIENTS = 4,
    SENT_MOST_BYTES = 128 * 1024, /* by one client */
    HEARD_MOST_BYTES = 1024 * 1024,
    LATER_MOST = 64,
    TURNS_MOST = 16,
    STEPS_MOST = 256,
    ROUNDS_MOST = 100 * 1000,  /* until nothing moves any more */
    BUDGET_BYTES = 256 * 1024, /* of which two uploads take most */
    SEND_BUFFER_BYTES = 4096,  /* of the server: what it writes soon has to wait */
    REQUEST_MS = 10 * 1000,
    IDLE_MS = 15 * 1000,
};

struct client {
    int fd; /* -1: none */
    struct buf sent;
    struct buf heard;
    bool is_over;  /* the server has closed */
    bool is_ended; /* its own end is closed: the server may close, too */
};

/* Requests that a connection has had handled in a round. */
struct turn {
    const struct http_connection *connection;
    unsigned round;
    int n;
};

static char padding[256 << 9]; /* of long answers */
static struct arena mem;       /* of one input */
static struct client clients[CLIENTS];
static struct http_exchange *later[LATER_MOST];
static size_t n_later;
static struct turn turns[TURNS_MOST];
static size_t next_turn;
static bool is_disturbed; /* deadlines have passed, or there was too little room */
static struct http_shared shared;
static struct http_loop *loop;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_bytes = sizeof(address);

/* An answer says all that was read, and is as long as a path like /b7 says. */
static Str answer_body(struct arena *m, const struct http_request *r)
{
    struct buf b = {.mem = m, .max = LIMIT_ANSWER_BYTES};

    buf_add(&b, r->method_text);
    buf_add_char(&b, ' ');
    buf_add(&b, r->path);
    buf_add_char(&b, '|');
    buf_add(&b, r->query);
    buf_add_char(&b, '|');
    buf_add(&b, r->body);
    if (r->path.n == 3 && r->path.p[1] == 'b' && r->path.p[2] >= '0'
        && r->path.p[2] <= '9') {
        buf_add(&b, (Str){padding, (size_t)256 << (r->path.p[2] - '0')});
    }
    return buf_text(&b);
}

static int answer_status(const struct http_request *r)
{
    switch ((int)r->refusal) {
    case FAIL_NONE:
        return r->body_too_large ? 413 : 200;
    case FAIL_REQUEST_TIMEOUT:
        return 408;
    case FAIL_UNAVAILABLE:
        return 503;
    }
    return 400;
}

static void count_turn(const struct http_exchange *ex)
{
    struct turn *t = NULL;

    for (size_t i = 0; i < TURNS_MOST && t == NULL; i++) {
        t = turns[i].connection == ex->connection ? &turns[i] : NULL;
    }
    if (t == NULL) {
        t = &turns[next_turn++ % TURNS_MOST];
        t->connection = ex->connection;
        t->n = 0;
    }
    t->n = t->round == loop->round ? t->n + 1 : 1;
    t->round = loop->round;
    must_be(t->n <= LIMIT_TURN_REQUESTS + 1); /* one more may be refused */
}

static void fuzz_handle(struct http_exchange *ex)
{
    count_turn(ex);
    ex->answer.status = answer_status(&ex->req);
    ex->answer.body =
        ex->answer.status == 200 ? answer_body(&ex->cx.mem, &ex->req) : S("");
    is_disturbed |= ex->answer.status == 408 || ex->answer.status == 503;
    if (ex->answer.status == 200 && str_starts(ex->req.path, S("/l"))
        && n_later < LATER_MOST) {
        later[n_later++] = ex;
    } else {
        http_send(ex);
    }
}

static void loop_begin(void)
{
    static struct http_listener listener;
    static struct http_options options = {
        .listen = &listener,
        .n_listen = 1,
        .threads = 1,
        .max_connections = CLIENTS - 1,
        .max_memory_bytes = BUDGET_BYTES,
        .request_timeout_ms = REQUEST_MS,
        .idle_timeout_ms = IDLE_MS,
        .shutdown_timeout_ms = IDLE_MS,
    };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    must_be(fd >= 0);
    memset(padding, 'p', sizeof(padding));
    (void)signal(SIGPIPE, SIG_IGN); /* a loop thread blocks it */
    log_setup(LEVEL_ERROR, FORMAT_LOGFMT);
    /* Without a name, Linux makes one. */
    must_be(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
    must_be(getsockname(fd, (struct sockaddr *)&address, &address_bytes) == 0);
    loop = loop_open(&options, &shared);
    must_be(loop_listen(loop, fd, true, fuzz_handle) == 0);
}

static void narrow(uv_handle_t *handle, void *unused)
{
    int bytes = SEND_BUFFER_BYTES;
    uv_os_fd_t fd;

    (void)unused;
    if (handle->type == UV_NAMED_PIPE && uv_fileno(handle, &fd) == 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    }
}

static void check_list(const struct deadlines *list, bool is_sorted)
{
    const struct deadline *before = NULL;

    for (const struct deadline *d = list->first; d != NULL; d = d->after) {
        must_be(d->before == before);
        must_be(!is_sorted || before == NULL || before->at_ms <= d->at_ms);
        must_be(!is_sorted || d->at_ms <= uv_now(&loop->uv) + list->wait_ms);
        before = d;
    }
    must_be(list->last == before);
}

static void check_loop(void)
{
    for (size_t i = 0; i < DEADLINE_KINDS; i++) {
        check_list(&loop->deadlines[i], true);
    }
    check_list(&loop->answered, false);
    check_list(&loop->waiting, false);
    check_list(&loop->paused, false);
    must_be(loop->n_connections <= CLIENTS + LIMIT_REFUSED_CONNECTIONS);
}

static void loop_step(void)
{
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    check_loop();
    is_disturbed |= budget_level(&loop->budget) >= BUDGET_SHORT;
}

static bool client_is_open(const struct client *c)
{
    return c->fd >= 0;
}

static void client_connect(struct client *c)
{
    if (client_is_open(c) || c->sent.mem != NULL) {
        return; /* one life each */
    }
    c->sent = (struct buf){.mem = &mem, .max = SENT_MOST_BYTES};
    c->heard = (struct buf){.mem = &mem, .max = HEARD_MOST_BYTES};
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    must_be(c->fd >= 0);
    must_be(connect(c->fd, (struct sockaddr *)&address, address_bytes) == 0);
    is_disturbed |= loop->n_connections >= CLIENTS - 1;
    loop_step();
    uv_walk(&loop->uv, narrow, NULL);
}

static void client_say(struct client *c, Str text)
{
    if (!client_is_open(c) || c->is_ended || text.n > c->sent.max - c->sent.n) {
        return;
    }
    ssize_t n = send(c->fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0) {
        buf_add(&c->sent, str_sub(text, 0, (size_t)n));
    }
}

/* Whether something came, be it the end. */
static bool client_hear(struct client *c, size_t most)
{
    char bytes[16 * 1024];

    if (!client_is_open(c) || c->is_over) {
        return false;
    }
    if (c->heard.max - c->heard.n < sizeof(bytes)) {
        is_disturbed = true; /* it has heard enough, and is a slow reader from now on */
        return false;
    }
    ssize_t n =
        recv(c->fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes), MSG_DONTWAIT);

    if (n > 0) {
        buf_add(&c->heard, (Str){bytes, (size_t)n});
    }
    c->is_over = n == 0 || (n < 0 && errno != EAGAIN);
    return n > 0 || c->is_over;
}

static void client_end(struct client *c)
{
    if (client_is_open(c)) {
        (void)shutdown(c->fd, SHUT_WR);
        c->is_ended = true;
    }
}

static void client_close(struct client *c)
{
    if (client_is_open(c)) {
        (void)close(c->fd);
        c->fd = -1;
        c->is_ended = true;
    }
}

static void answer_later(size_t i)
{
    struct http_exchange *ex = later[i];

    memmove(&later[i], &later[i + 1], (n_later - i - 1) * sizeof(*later));
    n_later--;
    http_send(ex);
}

/* Time passes for all deadlines alike. */
static void time_pass(uint64_t ms)
{
    for (size_t i = 0; i < DEADLINE_KINDS; i++) {
        for (struct deadline *d = loop->deadlines[i].first; d != NULL; d = d->after) {
            d->at_ms = d->at_ms > ms ? d->at_ms - ms : 0;
        }
    }
    is_disturbed = true;
    loop_expire(loop);
    check_loop();
    if (ms >= REQUEST_MS) {
        must_be(loop->deadlines[DEADLINE_REQUEST].first == NULL);
        must_be(loop->paused.first == NULL);
    }
    if (ms >= IDLE_MS) {
        must_be(loop->deadlines[DEADLINE_IDLE].first == NULL);
    }
}

/* What the clients must have heard. */

/* Reads one answer off the front of `*rest`; -1 when it is cut. */
static int answer_read(Str *rest, bool is_head, Str *body, bool *is_last)
{
    size_t end = 0;
    size_t line;
    int64_t status;
    int64_t length = 0;

    while (end + 4 <= rest->n && !str_eq(str_sub(*rest, end, end + 4), S("\r\n\r\n"))) {
        end++;
    }
    if (end + 4 > rest->n) {
        return -1;
    }
    Str head = str_sub(*rest, 0, end + 2);

    must_be(str_starts(head, S("HTTP/1.1 ")));
    must_be(str_to_int(str_sub(head, 9, 12), &status));
    *is_last = str_contains(head, S("\r\nConnection: close\r\n"));
    while (str_find(head, '\n', &line)) {
        if (str_starts(head, S("Content-Length: "))) {
            must_be(str_to_int(str_sub(head, 16, line - 1), &length));
        }
        head = str_sub(head, line + 1, head.n);
    }
    size_t n = is_head ? 0 : (size_t)length;

    if (rest->n - end - 4 < n) {
        return -1;
    }
    *body = str_sub(*rest, end + 4, end + 4 + n);
    *rest = str_sub(*rest, end + 4 + n, rest->n);
    return (int)status;
}

/* The next request of what was sent; false when there is none, or it isn't whole. */
static bool request_read(Str *rest, struct http_request *req, struct parser *p)
{
    size_t blank = 0;

    if (!parser_skip_blank(rest, &blank)) {
        *req = (struct http_request){.refusal = FAIL_MALFORMED_REQUEST};
        *p = (struct parser){.keeps_alive = false};
        *rest = S("");
        return true;
    }
    if (rest->n == 0) {
        return false;
    }
    parser_begin(p, &mem, req);
    size_t n = parser_eat(p, *rest);

    *rest = str_sub(*rest, n, rest->n);
    return parser_is_done(p);
}

/* How many of its requests a client has heard the answers of; all of them in order. */
static size_t check_answers(const struct client *c)
{
    Str sent = buf_text(&c->sent);
    Str heard = buf_text(&c->heard);
    bool is_last = false;
    struct http_request req = {0};
    struct parser p = {0};
    size_t n = 0;

    while (heard.n > 0) {
        Str body;
        Str before = sent;
        bool is_whole = request_read(&sent, &req, &p);
        int status = answer_read(&heard, req.method == METHOD_HEAD, &body, &is_last);

        if (status < 0) {
            break; /* it was cut */
        }
        if (status == 100) {
            sent = before;
            continue;
        }
        if (status == 408 || status == 503) {
            must_be(is_last && heard.n == 0);
            break;
        }
        must_be(is_whole && status == answer_status(&req));
        must_be(
            status != 200 || req.method == METHOD_HEAD
            || str_eq(body, answer_body(&mem, &req)));
        must_be(p.keeps_alive || is_last);
        must_be(!is_last || heard.n == 0);
        n++;
    }
    return n;
}

/* All that is whole has been answered. */
static void check_all_answered(const struct client *c, size_t answered)
{
    Str sent = buf_text(&c->sent);
    struct http_request req;
    struct parser p;
    size_t n = 0;
    bool is_over = false;

    while (!is_over && request_read(&sent, &req, &p)) {
        is_over = !p.keeps_alive;
        n++;
    }
    must_be(n == answered);
}

/* Steps. */

static Str request_of(unsigned kind, unsigned arg)
{
    static const Str texts[] = {
        SI("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"),
        SI("GET /l HTTP/1.1\r\nHost: x\r\n\r\n"),
        SI("GET /b6 HTTP/1.1\r\nHost: x\r\n\r\n"),
        SI("POST /2?q HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
        SI("HEAD /b3 HTTP/1.1\r\nHost: x\r\n\r\n"),
        SI("POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
        SI("POST /4 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
        SI("3\r\nabc\r\n"),
        SI("0\r\n\r\n"),
        SI("POST /5 HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"),
        SI("GET /6 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        SI("GET /7 HTTP/1.0\r\n\r\n"),
        SI("\r\n"),
        SI("ab"),
        SI("nonsense\r\n"),
        SI("GET /l HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    };
    struct buf b = {.mem = &mem, .max = 64 * 1024};
    Str one = texts[kind % COUNT(texts)];

    for (unsigned i = 0; i <= arg % 64; i++) {
        buf_add(&b, one);
    }
    return buf_text(&b);
}

static Str filler(size_t n)
{
    char *p = arena_alloc(&mem, n);

    return (Str){memset(p, 'f', n), n};
}

struct steps {
    const uint8_t *at;
    size_t n;
};

static unsigned step_byte(struct steps *s)
{
    if (s->n == 0) {
        return 0;
    }
    s->n--;
    return *s->at++;
}

static void step_say_bytes(struct steps *s, struct client *c)
{
    size_t n = 1 + step_byte(s) % 64U;

    n = n < s->n ? n : s->n;
    client_say(c, (Str){(const char *)s->at, n});
    s->at += n;
    s->n -= n;
}

static void step_take(struct steps *s)
{
    static const uint64_t passes_ms[] = {
        100, LIMIT_LATE_MS, LIMIT_LINGER_MS, REQUEST_MS / 2, REQUEST_MS, IDLE_MS};
    unsigned what = step_byte(s);
    struct client *c = &clients[what / 16 % CLIENTS];
    unsigned arg;

    switch (what % 16) {
    case 0:
        client_connect(c);
        break;
    case 1:
        step_say_bytes(s, c);
        break;
    case 2:
        arg = step_byte(s);
        client_say(c, request_of(arg % 16, 0));
        break;
    case 3:
        arg = step_byte(s);
        client_say(c, request_of(arg % 16, step_byte(s)));
        break;
    case 4:
    case 12:
    case 13:
    case 14:
    case 15:
        loop_step();
        break;
    case 5:
        (void)client_hear(c, 1 + (size_t)step_byte(s) * 64);
        break;
    case 6:
        time_pass(passes_ms[step_byte(s) % COUNT(passes_ms)]);
        break;
    case 7:
        if (n_later > 0) {
            answer_later(step_byte(s) % n_later);
        }
        break;
    case 8:
        client_end(c);
        break;
    case 9:
        client_close(c);
        break;
    case 10:
        client_say(c, filler((size_t)step_byte(s) * 256));
        break;
    case 11:
        while (client_hear(c, SIZE_MAX)) {
        }
        break;
    }
}

/* Whether a round of the loop, and of clients that hear, brought anything. */
static bool all_move(void)
{
    uint64_t requests = loop->n_requests;
    size_t bytes = loop->budget.bytes;
    bool has_heard = false;

    while (n_later > 0) {
        answer_later(0);
    }
    loop_step();
    for (size_t i = 0; i < CLIENTS; i++) {
        while (client_hear(&clients[i], SIZE_MAX)) {
            has_heard = true;
        }
    }
    return has_heard || loop->n_requests != requests || loop->budget.bytes != bytes
           || loop->waiting.first != NULL
           || (loop->paused.first != NULL && budget_level(&loop->budget) < BUDGET_SHORT);
}

/* Until nothing moves any more. */
static void all_settle(void)
{
    int quiet = 0;

    for (int i = 0; quiet < 4; i++) {
        quiet = all_move() ? 0 : quiet + 1;
        must_be(i < ROUNDS_MOST);
    }
}

static void all_close(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        client_close(&clients[i]);
    }
    /* That a client has gone is seen by reading, which a PAUSED connection does not. */
    for (int i = 0; i < 100 && loop->n_connections > 0; i++) {
        loop_step();
        time_pass(i % 10 == 9 ? IDLE_MS : 0);
    }
    must_be(loop->n_connections == 0 && loop->n_orphans == 0);
    must_be(atomic_load(&shared.connections) == 0);
    must_be(loop->budget.bytes == 0);
    must_be(loop->paused.first == NULL && loop->waiting.first == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct steps steps = {data, size};

    if (loop == NULL) {
        loop_begin();
    }
    is_disturbed = false;
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.fd = -1};
    }
    client_connect(&clients[0]);
    for (int i = 0; i < STEPS_MOST && steps.n > 0; i++) {
        step_take(&steps);
    }
    all_settle();
    for (size_t i = 0; i < CLIENTS; i++) {
        size_t answered = check_answers(&clients[i]);

        if (!is_disturbed && !clients[i].is_ended) {
            check_all_answered(&clients[i], answered);
        }
    }
    all_close();
    arena_done(&mem);
    return 0;
}
