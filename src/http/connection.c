/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.c - one connection: reads, hands requests to the handler one at a time,
 * writes answers in order, closes without losing the last one.
 *
 * Three functions carry it. connection_eat gives input to the parser and whole requests
 * to the handler, as long as the handler answers at once and the turn lasts.
 * connection_flush writes. connection_settle derives the state from facts (the handler
 * works, a write is under way, this was the last request, a part of one has come) and
 * sets the deadline, reading and the count of memory to match, so that no path forgets
 * one of them. Every event (bytes, a write that has ended, a late answer, a deadline, a
 * turn) ends in connection_go_on or connection_write, which call these three.
 *
 * Input is parsed where it was read, in the loop's buffer. The rest is copied to `kept`
 * when the connection has to wait, and nothing is read before that is eaten. One request
 * is handled at a time, so answers keep their order; none is begun while the client has
 * answers to take, so a client that doesn't read stops its own requests.
 *
 * libuv reports the end of a closed handle later: the struct lives until on_closed, its
 * descriptor and memory are free before. An exchange that a worker has outlives its
 * connection, as an orphan of the loop, until http_send gives it back.
 *
 * Nothing here parses (parser.c) or formats (out.c).
 */
#include "http/connection.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/budgets.h"
#include "base/clock.h"
#include "base/metric.h"
#include "http/connection_parts.h"
#include "http/loop.h"

enum {
    DROPPED_MOST_BYTES = 16 * 1024 * 1024, /* of what comes after the last answer */
};

static void connection_begin_exchange(struct http_connection *c)
{
    struct pool_exchange *x = http_pool_take_exchange(&c->loop->pool);
    struct arena *mem = &x->ex.cx.mem;

    parser_begin(&x->parser, mem, &x->ex.req);
    x->parser.body_limit = c->loop->options->body_limit;
    x->parser.body_limit_arg = c->loop->data;
    x->ex.req.peer = str_dup(mem, str_from_z(c->peer));
    x->ex.req.started_us = clock_mono_us();
    x->ex.loop = c->loop;
    x->ex.loop_data = c->loop->data;
    x->ex.connection = c;
    c->exchange = x;
    c->blank_bytes = 0;
    connection_set_deadline(c, DEADLINE_NONE); /* until it is known to last */
}

static void connection_handle(struct http_connection *c)
{
    c->exchange->bytes = http_pool_exchange_bytes(c->exchange);
    if (c->deadline_kind == DEADLINE_REQUEST) {
        connection_set_deadline(c, DEADLINE_NONE); /* it is whole */
    }
    c->n_turn++;
    c->loop->n_requests++;
    c->is_working = true;
    c->is_handling = true;
    c->answer(&c->exchange->ex);
    c->is_handling = false;
}

static bool is_open_for_requests(const struct http_connection *c)
{
    return c->state != CONNECTION_CLOSED && !c->is_working && !c->is_last
           && c->writing == NULL;
}

static struct out *connection_out(struct http_connection *c)
{
    if (c->out == NULL) {
        c->out = http_pool_take_out(&c->loop->pool);
    }
    return c->out;
}

/* Has the handler answer `why` to the request that has begun, which is the last one. */
static void connection_refuse(struct http_connection *c, enum fail why)
{
    struct pool_exchange *x = c->exchange;

    x->ex.req.refusal = why;
    x->parser.keeps_alive = false;
    connection_handle(c);
}

/* Begins a request; while memory is short, that is its refusal. */
static void connection_begin(struct http_connection *c)
{
    connection_begin_exchange(c);
    if (budget_level(&c->loop->budget) >= BUDGET_SHORT) {
        metric_add(METRIC_HTTP_REFUSED, METRIC_REFUSED_MEMORY, 1);
        connection_refuse(c, FAIL_UNAVAILABLE);
        loop_make_room(c->loop); /* so that the next request finds some */
    }
}

static void connection_parse(struct http_connection *c)
{
    struct parser *parser = &c->exchange->parser;
    size_t n = parser_eat(parser, c->in);

    c->in = str_sub(c->in, n, c->in.n);
    if (parser_is_done(parser)) {
        connection_handle(c);
    } else if (parser->expects_continue) {
        parser->expects_continue = false;
        out_add_continue(connection_out(c));
    }
}

/* Whether there is nothing to parse, or it has to wait. */
static bool connection_has_enough(const struct http_connection *c)
{
    return c->in.n == 0 || (c->out != NULL && out_has_enough(c->out))
           || (c->exchange == NULL && c->n_turn >= LIMIT_TURN_REQUESTS);
}

/* Handles requests while they can be answered at once and the turn lasts. */
static void connection_eat(struct http_connection *c)
{
    if (c->round != c->loop->round) {
        c->round = c->loop->round;
        c->n_turn = 0;
    }
    while (is_open_for_requests(c)) {
        if (c->exchange == NULL && !parser_skip_blank(&c->in, &c->blank_bytes)) {
            connection_begin_exchange(c);
            connection_refuse(c, FAIL_MALFORMED_REQUEST);
            return;
        }
        if (connection_has_enough(c)) {
            return;
        }
        if (c->exchange == NULL) {
            connection_begin(c);
        } else {
            connection_parse(c);
        }
    }
}

static void connection_go_on(struct http_connection *c);

static void on_written(uv_write_t *write, int status)
{
    struct http_connection *c = write->data;

    http_pool_give_out(&c->loop->pool, c->writing);
    c->writing = NULL;
    if (c->deadline_kind == DEADLINE_WRITE) {
        connection_set_deadline(c, DEADLINE_NONE); /* what is written next has its own */
    }
    if (status < 0) {
        connection_cut(c);
    } else if (c->state != CONNECTION_CLOSED) {
        connection_go_on(c);
    }
}

static void connection_flush(struct http_connection *c)
{
    if (c->out == NULL || c->writing != NULL || c->state == CONNECTION_CLOSED) {
        return;
    }
    struct out *o = c->out;
    uv_buf_t bytes = uv_buf_init(o->text.p, (unsigned)o->text.n);
    int n = uv_try_write(&c->stream, &bytes, 1);

    c->out = NULL;
    if (n == (int)bytes.len || (n < 0 && n != UV_EAGAIN)) {
        http_pool_give_out(&c->loop->pool, o);
        if (n < 0) {
            connection_cut(c);
        }
        return;
    }
    size_t written = n < 0 ? 0 : (size_t)n;

    bytes = uv_buf_init(o->text.p + written, (unsigned)(o->text.n - written));
    o->write.data = c;
    c->writing = o;
    if (uv_write(&o->write, &c->stream, &bytes, 1, on_written) < 0) {
        http_pool_give_out(&c->loop->pool, o);
        c->writing = NULL;
        connection_cut(c);
    }
}

/* The answer is on its way: says so by FIN, and reads on until the client closes, since
 * closing with unread bytes would reset the connection and destroy the answer. */
static void connection_linger(struct http_connection *c)
{
    uv_os_fd_t fd;

    if (uv_fileno(&c->handle, &fd) == 0) {
        (void)shutdown(fd, SHUT_WR);
    }
    connection_drop_input(c);
    connection_weigh(c);
}

static void connection_keep_input(struct http_connection *c)
{
    if (c->in.n == 0) {
        connection_drop_input(c);
    } else if (c->kept == NULL) {
        c->kept = heap_alloc(c->in.n);
        c->kept_bytes = c->in.n;
        memcpy(c->kept, c->in.p, c->in.n);
        c->in.p = c->kept;
    }
}

/* Whether memory is tight, and it takes more than an equal share of it. */
static bool connection_takes_much(const struct http_connection *c)
{
    const struct budget *b = &c->loop->budget;

    return budget_level(b) >= BUDGET_TIGHT
           && c->bytes > b->most_bytes / 2 / c->loop->n_connections;
}

static enum connection_state connection_next_state(const struct http_connection *c)
{
    if (c->is_working) {
        return CONNECTION_WORKING;
    }
    if (c->writing != NULL) {
        return CONNECTION_WRITING;
    }
    if (c->is_last) {
        return CONNECTION_LINGERING;
    }
    if (c->exchange != NULL) {
        return connection_takes_much(c) ? CONNECTION_PAUSED : CONNECTION_READING;
    }
    return c->in.n > 0 ? CONNECTION_WAITING : CONNECTION_IDLE;
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret)
{
    const struct http_connection *c = handle->data;
    bool is_answered = c->state == CONNECTION_ANSWERED;

    (void)wanted;
    *ret = uv_buf_init(c->loop->read_bytes, is_answered ? 0 : LOOP_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct http_connection *c = stream->data;
    bool is_lingering = c->state == CONNECTION_LINGERING;

    if (n == UV_ENOBUFS) {
        return; /* nothing was read: on_room had none */
    }
    c->dropped += is_lingering && n > 0 ? (size_t)n : 0;
    if (n < 0 || c->dropped > DROPPED_MOST_BYTES) {
        connection_cut(c);
    } else if (!is_lingering) {
        c->in = (Str){bytes->base, (size_t)n};
        connection_go_on(c);
    }
    if (n > 0) {
        explicit_bzero(bytes->base, (size_t)n); /* secrets pass through it */
    }
}

static void connection_enter(struct http_connection *c, enum connection_state state)
{
    connection_set_state(c, state);
    if (state == CONNECTION_IDLE || state == CONNECTION_READING
        || state == CONNECTION_LINGERING) {
        (void)uv_read_start(&c->stream, on_room, on_read);
    } else {
        (void)uv_read_stop(&c->stream);
    }
}

static void connection_settle(struct http_connection *c)
{
    connection_keep_input(c);
    connection_weigh(c);
    enum connection_state state = connection_next_state(c);

    if (state == CONNECTION_LINGERING && c->state != CONNECTION_LINGERING) {
        connection_linger(c);
    }
    connection_enter(c, state);
    if (budget_level(&c->loop->budget) == BUDGET_OVER) {
        loop_make_room(c->loop); /* closes this one, perhaps */
    }
}

/* Goes on until there is nothing to do but wait, or to write. */
static void connection_go_on(struct http_connection *c)
{
    connection_eat(c);
    if (c->state == CONNECTION_CLOSED) {
        return;
    }
    if (c->out != NULL && c->writing == NULL) {
        connection_keep_input(c);
        connection_weigh(c);
        connection_set_state(c, CONNECTION_ANSWERED);
        loop_write_if_many(c->loop);
    } else {
        connection_settle(c);
    }
}

bool connection_take_turn(struct deadline *turn)
{
    struct http_connection *c = connection_of_turn(turn);

    if (c->round == c->loop->round) {
        return false;
    }
    connection_go_on(c);
    return true;
}

void connection_resume(struct deadline *turn)
{
    connection_enter(connection_of_turn(turn), CONNECTION_READING);
}

void connection_write(struct deadline *turn)
{
    struct http_connection *c = connection_of_turn(turn);

    do {
        connection_flush(c);
        connection_eat(c);
    } while (c->out != NULL && c->writing == NULL && c->state != CONNECTION_CLOSED);
    if (c->state != CONNECTION_CLOSED) {
        connection_settle(c);
    }
}

static void connection_add_answer(struct http_connection *c, const struct http_answer *a)
{
    const struct pool_exchange *x = c->exchange;

    bool is_leaving = atomic_load(&c->loop->shared->is_leaving);

    c->is_last = a->close || !x->parser.keeps_alive || is_leaving;
    const struct out_frame frame = {
        .is_head = x->ex.req.method == METHOD_HEAD,
        .is_http10 = x->parser.is_http10,
        .closes_after = c->is_last,
        .date = &c->loop->date,
    };

    if (!out_add_answer(connection_out(c), a, &frame)) {
        const struct http_answer too_large = {.status = 500, .body = S("")};

        must_be(out_add_answer(c->out, &too_large, &frame));
    }
}

void http_send(struct http_exchange *ex)
{
    struct pool_exchange *x = (struct pool_exchange *)(void *)ex;
    struct http_connection *c = ex->connection;
    struct http_loop *loop = ex->loop;

    if (ex->is_gone) {
        loop->budget.bytes -= x->bytes;
        http_pool_give_exchange(&loop->pool, x);
        loop->n_orphans--;
        loop_end_if_empty(loop);
        return;
    }
    must_be(c->is_working);
    loop->n_answers++;
    connection_add_answer(c, &ex->answer);
    http_pool_give_exchange(&loop->pool, x);
    c->exchange = NULL;
    c->is_working = false;
    if (!c->is_handling) {
        connection_go_on(c);
    }
}

void connection_expire(struct deadline *d)
{
    struct http_connection *c = connection_of(d);

    if (c->deadline_kind == DEADLINE_REQUEST) {
        c->is_late = true;
        connection_refuse(c, FAIL_REQUEST_TIMEOUT);
        connection_go_on(c);
    } else {
        connection_cut(c);
    }
}

static void connection_read_peer(struct http_connection *c)
{
    struct sockaddr_storage at;
    int n = sizeof(at);

    if (c->handle.type == UV_NAMED_PIPE) {
        memcpy(c->peer, "unix", sizeof("unix"));
    } else if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&at, &n) == 0) {
        (void)uv_ip_name((const struct sockaddr *)&at, c->peer, sizeof(c->peer));
    }
}

/* Owns `fd` from now on. */
static int connection_open(struct http_connection *c, bool is_unix, int fd)
{
    uv_loop_t *uv = &c->loop->uv;
    int e = is_unix ? uv_pipe_init(uv, &c->pipe, 0) : uv_tcp_init(uv, &c->tcp);

    must_be(e == 0);
    c->handle.data = c;
    e = is_unix ? uv_pipe_open(&c->pipe, fd) : uv_tcp_open(&c->tcp, fd);
    if (e != 0) {
        (void)close(fd);
    }
    return e;
}

void connection_accept(struct loop_listener *listener, int fd)
{
    struct http_loop *loop = listener->loop;
    struct http_connection *c = heap_alloc(sizeof(*c));
    int others = atomic_fetch_add(&loop->shared->connections, 1);
    int most = loop->options->max_connections;

    c->loop = loop;
    c->answer = listener->answer;
    c->state = CONNECTION_IDLE;
    c->round = loop->round;
    connection_count(CONNECTION_CLOSED, CONNECTION_IDLE);
    c->deadline_kind = DEADLINE_NONE;
    loop->n_connections++;
    if (others >= most) {
        shared_limit_reached(loop->shared, SHARED_LIMIT_CONNECTIONS);
    }
    if (connection_open(c, listener->is_unix, fd) != 0
        || others >= most + LIMIT_REFUSED_CONNECTIONS) {
        metric_add(METRIC_HTTP_REFUSED, METRIC_REFUSED_CONNECTIONS, 1);
        connection_count(CONNECTION_IDLE, CONNECTION_CLOSED);
        c->state = CONNECTION_CLOSED;
        connection_end_handle(c);
        return;
    }
    connection_read_peer(c);
    if (others >= most && !connection_cut_idle(loop)) {
        metric_add(METRIC_HTTP_REFUSED, METRIC_REFUSED_CONNECTIONS, 1);
        connection_begin_exchange(c);
        connection_refuse(c, FAIL_UNAVAILABLE);
        connection_go_on(c);
    } else {
        connection_settle(c);
    }
}
