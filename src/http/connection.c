/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.c - one connection: reads, hands requests to the handler one at a time,
 * writes answers in order, closes without losing the last one.
 *
 * An idle connection holds neither arena nor buffer. Nothing here parses (parser.c) or
 * formats (out.c).
 */
#include "http/connection.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/loop.h"

enum {
    DROPPED_MOST_BYTES = 16 * 1024 * 1024, /* of what comes after the last answer */
    REFUSED_MOST = 128, /* connections past max_connections that still get an answer */
};

struct http_connection {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    struct http_loop *loop;
    struct deadline deadline;
    enum connection_state state;
    struct exchange *exchange; /* from a request's first byte to its answer */
    Str in;                    /* read, not parsed: the loop's buffer, or `kept` */
    char *kept;
    struct out *out;     /* answers that are not being written yet */
    struct out *writing; /* what libuv is writing */
    size_t dropped;
    bool is_handling; /* the handler is being called */
    bool is_working;  /* and has not answered */
    bool is_last;     /* no request after this one */
    char peer[INET6_ADDRSTRLEN];
};

static struct http_connection *connection_of(struct deadline *d)
{
    return (struct http_connection
                *)(void *)((char *)d - offsetof(struct http_connection, deadline));
}

static void set_state(struct http_connection *c, enum connection_state state)
{
    struct http_loop *loop = c->loop;

    if (c->state != CONNECTION_CLOSED) {
        deadlines_remove(&loop->lists[c->state], &c->deadline);
    }
    c->state = state;
    if (state != CONNECTION_CLOSED) {
        deadlines_add(&loop->lists[state], &c->deadline, uv_now(&loop->uv));
        if (loop->lists[state].wait_ms > 0) {
            loop_arm(loop, c->deadline.at_ms);
        }
    }
}

static void drop_input(struct http_connection *c)
{
    heap_free(c->kept);
    c->kept = NULL;
    c->in = S("");
}

static void on_closed(uv_handle_t *handle)
{
    struct http_connection *c = handle->data;
    struct http_loop *loop = c->loop;

    drop_input(c);
    spares_give_out(&loop->spares, c->out);
    heap_free(c);
    loop->n_connections--;
    atomic_fetch_sub(loop->all_connections, 1);
    loop_end_if_empty(loop);
}

static void connection_close(struct http_connection *c)
{
    if (c->state == CONNECTION_CLOSED) {
        return;
    }
    set_state(c, CONNECTION_CLOSED);
    if (c->is_working) {
        c->exchange->ex.is_gone = true;
        c->exchange->ex.connection = NULL;
        c->loop->n_held++;
    } else if (c->exchange != NULL) {
        spares_give_exchange(&c->loop->spares, c->exchange);
    }
    c->exchange = NULL;
    c->is_working = false;
    uv_close(&c->handle, on_closed);
}

static void exchange_begin(struct http_connection *c)
{
    struct exchange *x = spares_take_exchange(&c->loop->spares);
    struct arena *mem = &x->ex.cx.mem;

    parser_begin(&x->parser, mem, &x->ex.req);
    x->ex.req.peer = str_dup(mem, str_from_z(c->peer));
    x->ex.req.started_us = clock_mono_us();
    x->ex.loop = c->loop;
    x->ex.loop_data = c->loop->data;
    x->ex.connection = c;
    c->exchange = x;
    set_state(c, CONNECTION_READING);
}

static void handle(struct http_connection *c)
{
    c->is_working = true;
    c->is_handling = true;
    c->loop->options->handle(&c->exchange->ex);
    c->is_handling = false;
}

static bool is_open_for_requests(const struct http_connection *c)
{
    return c->state != CONNECTION_CLOSED && !c->is_working && !c->is_last
           && c->writing == NULL;
}

static struct out *out_open(struct http_connection *c)
{
    if (c->out == NULL) {
        c->out = spares_take_out(&c->loop->spares);
    }
    return c->out;
}

/* As far as requests can be answered at once. */
static void eat(struct http_connection *c)
{
    while (is_open_for_requests(c)) {
        if (c->exchange == NULL) {
            c->in = parser_skip_blank(c->in);
        }
        if (c->in.n == 0 || (c->out != NULL && c->out->text.n > OUT_ENOUGH_BYTES)) {
            return;
        }
        if (c->exchange == NULL) {
            exchange_begin(c);
        }
        struct parser *parser = &c->exchange->parser;
        size_t n = parser_eat(parser, c->in);

        c->in = str_sub(c->in, n, c->in.n);
        if (parser_is_done(parser)) {
            handle(c);
        } else if (parser->expects_continue) {
            parser->expects_continue = false;
            out_add_continue(out_open(c));
        }
    }
}

static void pump(struct http_connection *c);

static void on_written(uv_write_t *write, int status)
{
    struct http_connection *c = write->data;

    spares_give_out(&c->loop->spares, c->writing);
    c->writing = NULL;
    if (status < 0) {
        connection_close(c);
    } else if (c->state != CONNECTION_CLOSED) {
        pump(c);
    }
}

static void flush(struct http_connection *c)
{
    if (c->out == NULL || c->writing != NULL || c->state == CONNECTION_CLOSED) {
        return;
    }
    struct out *o = c->out;
    uv_buf_t bytes = uv_buf_init(o->text.p, (unsigned)o->text.n);
    int n = uv_try_write(&c->stream, &bytes, 1);

    c->out = NULL;
    if (n == (int)bytes.len || (n < 0 && n != UV_EAGAIN)) {
        spares_give_out(&c->loop->spares, o);
        if (n < 0) {
            connection_close(c);
        }
        return;
    }
    size_t written = n < 0 ? 0 : (size_t)n;

    bytes = uv_buf_init(o->text.p + written, (unsigned)(o->text.n - written));
    o->write.data = c;
    c->writing = o;
    if (uv_write(&o->write, &c->stream, &bytes, 1, on_written) < 0) {
        spares_give_out(&c->loop->spares, o);
        c->writing = NULL;
        connection_close(c);
    }
}

/* The answer is on its way: says so by FIN, and reads on until the client closes, since
 * closing with unread bytes would reset the connection and destroy the answer. */
static void leave(struct http_connection *c)
{
    uv_os_fd_t fd;

    if (uv_fileno(&c->handle, &fd) == 0) {
        (void)shutdown(fd, SHUT_WR);
    }
    drop_input(c);
}

static void keep_input(struct http_connection *c)
{
    if (c->in.n == 0) {
        drop_input(c);
    } else if (c->kept == NULL) {
        c->kept = heap_alloc(c->in.n);
        memcpy(c->kept, c->in.p, c->in.n);
        c->in.p = c->kept;
    }
}

static enum connection_state next_state(const struct http_connection *c)
{
    if (c->is_working) {
        return CONNECTION_WORKING;
    }
    if (c->writing != NULL) {
        return CONNECTION_WRITING;
    }
    if (c->is_last) {
        return CONNECTION_LEAVING;
    }
    return c->exchange == NULL ? CONNECTION_IDLE : CONNECTION_READING;
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
    bool is_leaving = c->state == CONNECTION_LEAVING;

    if (n == UV_ENOBUFS) {
        return; /* nothing was read: on_room had none */
    }
    c->dropped += is_leaving && n > 0 ? (size_t)n : 0;
    if (n < 0 || c->dropped > DROPPED_MOST_BYTES) {
        connection_close(c);
    } else if (!is_leaving) {
        c->in = (Str){bytes->base, (size_t)n};
        pump(c);
    }
}

static void settle(struct http_connection *c)
{
    enum connection_state state = next_state(c);

    if (state == CONNECTION_LEAVING && c->state != CONNECTION_LEAVING) {
        leave(c);
    }
    keep_input(c);
    if (state != c->state || state == CONNECTION_IDLE) {
        set_state(c, state);
    }
    if (state == CONNECTION_WORKING || state == CONNECTION_WRITING) {
        (void)uv_read_stop(&c->stream);
    } else {
        (void)uv_read_start(&c->stream, on_room, on_read);
    }
}

/* Goes on until there is nothing to do but wait, or to write. */
static void pump(struct http_connection *c)
{
    eat(c);
    if (c->state == CONNECTION_CLOSED) {
        return;
    }
    if (c->out != NULL && c->writing == NULL) {
        keep_input(c);
        set_state(c, CONNECTION_ANSWERED);
        loop_answered(c->loop);
    } else {
        settle(c);
    }
}

void connection_write(struct deadline *d)
{
    struct http_connection *c = connection_of(d);

    do {
        flush(c);
        eat(c);
    } while (c->out != NULL && c->writing == NULL && c->state != CONNECTION_CLOSED);
    if (c->state != CONNECTION_CLOSED) {
        settle(c);
    }
}

void http_send(struct http_exchange *ex)
{
    struct exchange *x = (struct exchange *)(void *)ex;
    struct http_connection *c = ex->connection;
    struct http_loop *loop = ex->loop;

    if (ex->is_gone) {
        spares_give_exchange(&loop->spares, x);
        loop->n_held--;
        loop_end_if_empty(loop);
        return;
    }
    must_be(c->is_working);
    c->is_last = ex->answer.close || !x->parser.keeps_alive || loop->is_draining;
    out_add_answer(
        out_open(c), &ex->answer,
        &(struct out_frame){
            .is_head = ex->req.method == METHOD_HEAD,
            .is_http10 = x->parser.is_http10,
            .closes_after = c->is_last,
            .date = &loop->date,
        });
    spares_give_exchange(&loop->spares, x);
    c->exchange = NULL;
    c->is_working = false;
    if (!c->is_handling) {
        pump(c);
    }
}

static void refuse(struct http_connection *c, enum fail why)
{
    struct exchange *x = c->exchange;

    x->ex.req.refusal = why;
    x->parser.keeps_alive = false;
    handle(c);
    pump(c);
}

void connection_expire(struct deadline *d)
{
    struct http_connection *c = connection_of(d);

    if (c->state == CONNECTION_READING) {
        refuse(c, FAIL_REQUEST_TIMEOUT);
    } else {
        connection_close(c);
    }
}

void connection_cut(struct deadline *d)
{
    connection_close(connection_of(d));
}

static void peer_read(struct http_connection *c)
{
    struct sockaddr_storage at;
    int n = sizeof(at);

    if (c->handle.type == UV_NAMED_PIPE) {
        memcpy(c->peer, "unix", sizeof("unix"));
    } else if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&at, &n) == 0) {
        (void)uv_ip_name((const struct sockaddr *)&at, c->peer, sizeof(c->peer));
    }
}

static int accept_on(struct http_connection *c, uv_stream_t *listener)
{
    uv_loop_t *uv = &c->loop->uv;
    int e = listener->type == UV_NAMED_PIPE ? uv_pipe_init(uv, &c->pipe, 0)
                                            : uv_tcp_init(uv, &c->tcp);

    must_be(e == 0);
    c->handle.data = c;
    return uv_accept(listener, &c->stream);
}

void connection_accept(struct http_loop *loop, uv_stream_t *listener)
{
    struct http_connection *c = heap_alloc(sizeof(*c));
    int others = atomic_fetch_add(loop->all_connections, 1);
    int most = loop->options->max_connections;

    c->loop = loop;
    c->state = CONNECTION_CLOSED; /* in no list yet */
    loop->n_connections++;
    if (accept_on(c, listener) != 0 || others >= most + REFUSED_MOST) {
        uv_close(&c->handle, on_closed);
        return;
    }
    peer_read(c);
    set_state(c, CONNECTION_IDLE);
    if (others >= most) {
        exchange_begin(c);
        refuse(c, FAIL_UNAVAILABLE);
    } else {
        settle(c);
    }
}
