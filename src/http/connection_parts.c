/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection_parts.c - a connection's places in the lists of its loop, its count of
 * memory, and its end.
 */
#include "http/connection_parts.h"

#include <string.h>

#include "base/budgets.h"
#include "base/metric.h"
#include "http/loop.h"

_Static_assert(sizeof(struct http_connection) <= LIMIT_CONNECTION_BYTES, "an idle one");

struct http_connection *connection_of(struct deadline *d)
{
    return (struct http_connection
                *)(void *)((char *)d - offsetof(struct http_connection, deadline));
}

struct http_connection *connection_of_turn(struct deadline *turn)
{
    return (struct http_connection
                *)(void *)((char *)turn - offsetof(struct http_connection, turn));
}

void connection_set_deadline(struct http_connection *c, enum deadline_kind kind)
{
    struct http_loop *loop = c->loop;

    if (c->deadline_kind != DEADLINE_NONE) {
        deadlines_remove(&loop->deadlines[c->deadline_kind], &c->deadline);
    }
    c->deadline_kind = kind;
    if (kind != DEADLINE_NONE) {
        deadlines_add(&loop->deadlines[kind], &c->deadline, uv_now(&loop->uv));
        loop_arm(loop, c->deadline.at_ms);
    }
}

/* The work that has to be done in time; a request is first, wherever its connection is.
 */
static enum deadline_kind connection_due(const struct http_connection *c)
{
    static const enum deadline_kind kinds[] = {
        [CONNECTION_IDLE] = DEADLINE_IDLE,      [CONNECTION_READING] = DEADLINE_REQUEST,
        [CONNECTION_PAUSED] = DEADLINE_REQUEST, [CONNECTION_WORKING] = DEADLINE_NONE,
        [CONNECTION_ANSWERED] = DEADLINE_NONE,  [CONNECTION_WAITING] = DEADLINE_NONE,
        [CONNECTION_WRITING] = DEADLINE_WRITE,  [CONNECTION_LINGERING] = DEADLINE_LINGER,
        [CONNECTION_CLOSED] = DEADLINE_NONE,
    };

    if (c->exchange != NULL && !c->is_working) {
        return DEADLINE_REQUEST;
    }
    if (c->state == CONNECTION_LINGERING && c->is_late) {
        return DEADLINE_LATE;
    }
    return kinds[c->state];
}

/* The list of those that wait for their turn in this state. */
static struct deadlines *turn_list(struct http_loop *loop, enum connection_state state)
{
    switch (state) {
    case CONNECTION_ANSWERED:
        return &loop->answered;
    case CONNECTION_WAITING:
        return &loop->waiting;
    case CONNECTION_PAUSED:
        return &loop->paused;
    case CONNECTION_IDLE:
    case CONNECTION_READING:
    case CONNECTION_WORKING:
    case CONNECTION_WRITING:
    case CONNECTION_LINGERING:
    case CONNECTION_CLOSED:
        break;
    }
    return NULL;
}

static enum metric_connection connection_counted_as(enum connection_state state)
{
    static const enum metric_connection as[] = {
        [CONNECTION_IDLE] = METRIC_CONNECTION_IDLE,
        [CONNECTION_READING] = METRIC_CONNECTION_READING,
        [CONNECTION_PAUSED] = METRIC_CONNECTION_READING,
        [CONNECTION_WAITING] = METRIC_CONNECTION_READING,
        [CONNECTION_WORKING] = METRIC_CONNECTION_WORKING,
        [CONNECTION_ANSWERED] = METRIC_CONNECTION_WRITING,
        [CONNECTION_WRITING] = METRIC_CONNECTION_WRITING,
        [CONNECTION_LINGERING] = METRIC_CONNECTION_CLOSING,
        [CONNECTION_CLOSED] = METRIC_CONNECTION_NONE,
    };

    return as[state];
}

void connection_count(enum connection_state before, enum connection_state after)
{
    enum metric_connection was = connection_counted_as(before);
    enum metric_connection is = connection_counted_as(after);

    if (was == is) {
        return;
    }
    if (was != METRIC_CONNECTION_NONE) {
        metric_add(METRIC_HTTP_CONNECTIONS, was, -1);
    }
    if (is != METRIC_CONNECTION_NONE) {
        metric_add(METRIC_HTTP_CONNECTIONS, is, 1);
    }
}

void connection_set_state(struct http_connection *c, enum connection_state state)
{
    struct deadlines *before = turn_list(c->loop, c->state);
    struct deadlines *after = turn_list(c->loop, state);

    if (before != NULL) {
        deadlines_remove(before, &c->turn);
    }
    if (after != NULL) {
        deadlines_add(after, &c->turn, 0);
    }
    connection_count(c->state, state);
    c->state = state;
    enum deadline_kind kind = connection_due(c);

    if (kind != c->deadline_kind) {
        connection_set_deadline(c, kind);
    }
}

void connection_drop_input(struct http_connection *c)
{
    if (c->kept != NULL) {
        explicit_bzero(c->kept, c->kept_bytes);
    }
    heap_free(c->kept);
    c->kept = NULL;
    c->kept_bytes = 0;
    c->in = S("");
}

static void on_closed(uv_handle_t *handle)
{
    struct http_connection *c = handle->data;
    struct http_loop *loop = c->loop;

    heap_free(c);
    loop->n_connections--;
    loop_end_if_empty(loop);
}

/* The arena of a request is the handler's while it works, and counts as it was before. */
void connection_weigh(struct http_connection *c)
{
    size_t bytes = c->kept_bytes + out_bytes(c->out) + out_bytes(c->writing);

    if (c->exchange != NULL) {
        if (!c->is_working) {
            c->exchange->bytes = http_pool_exchange_bytes(c->exchange);
        }
        bytes += c->exchange->bytes;
    }
    budget_count(&c->loop->budget, &c->bytes, bytes);
}

/* The descriptor is free at once: a client that sees the end is counted no more. */
void connection_end_handle(struct http_connection *c)
{
    atomic_fetch_sub(&c->loop->shared->connections, 1);
    uv_close(&c->handle, on_closed);
}

void connection_cut(struct http_connection *c)
{
    if (c->state == CONNECTION_CLOSED) {
        return;
    }
    struct budget *budget = &c->loop->budget;

    /* libuv gives back what it is writing before the loop polls again. */
    budget_count(budget, &c->bytes, 0);
    if (c->is_working) {
        c->exchange->ex.is_gone = true;
        c->exchange->ex.connection = NULL;
        budget->bytes += c->exchange->bytes;
        c->loop->n_orphans++;
    } else if (c->exchange != NULL) {
        http_pool_give_exchange(&c->loop->pool, c->exchange);
    }
    c->exchange = NULL;
    c->is_working = false;
    connection_drop_input(c);
    http_pool_give_out(&c->loop->pool, c->out);
    c->out = NULL;
    connection_set_state(c, CONNECTION_CLOSED);
    connection_end_handle(c);
}

bool connection_is_new(struct deadline *idle)
{
    return idle != NULL && connection_of(idle)->round == connection_of(idle)->loop->round;
}

bool connection_cut_idle(struct http_loop *loop)
{
    struct deadline *longest = loop->deadlines[DEADLINE_IDLE].first;

    if (longest != NULL) {
        connection_cut(connection_of(longest));
    }
    return longest != NULL;
}
