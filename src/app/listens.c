/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listens.c - compares a configuration's addresses with each other, and tries them.
 */
#include "app/listens.h"

#include "base/buf.h"
#include "http/listen_try.h"
#include "serve/health.h"

/* An address of the configuration, and where it stands. */
struct listens_row {
    Str text;
    Str where;
    struct listen_address at;
};

/* "caldock.conf:2: [server] listen"; empty: not given. */
static Str listens_where(const struct config *c, Str key)
{
    for (const struct config_value *v = c->values; v != NULL; v = v->next) {
        if (str_eq(v->section, S("server")) && str_eq(v->key, key)) {
            return str_eq(v->where, S("default")) ? S("") : v->where;
        }
    }
    return S("");
}

static Res listens_add(
    struct cx *cx, const struct text_list *list, Str where, struct listens_row *rows,
    size_t *n)
{
    for (size_t i = 0; i < list->n; i++) {
        struct listens_row *row = &rows[(*n)++];

        row->text = list->at[i];
        row->where = where;
        TRY(listen_parse(cx, row->text, &row->at));
    }
    return OK;
}

static Res listens_refuse(
    struct cx *cx, const struct listens_row *row, const struct listens_row *other)
{
    bool is_same = str_eq(row->text, other->text);

    return fail(
        cx, FAIL_CONFIG,
        "%.*s: %.*s %s %.*s of %.*s: leave one out, or take another port",
        STR_ARG(row->where), STR_ARG(row->text),
        is_same ? "stands there twice, as" : "can't be had beside", STR_ARG(other->text),
        STR_ARG(other->where));
}

/* Compares the row `i` with those before it. */
static Res listens_compare(struct cx *cx, const struct listens_row *rows, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (listen_clash(&rows[i].at, &rows[j].at)) {
            return listens_refuse(cx, &rows[i], &rows[j]);
        }
    }
    return OK;
}

Res listens_check(struct cx *cx, const struct config *c)
{
    Str listen = listens_where(c, S("listen"));
    Str metrics = listens_where(c, S("metrics_listen"));
    size_t n = 0;
    struct listens_row *rows =
        NEW_N(&cx->mem, struct listens_row, c->listen.n + c->metrics_listen.n);

    listen = listen.n > 0 ? listen : S("[server] listen, its default");
    metrics = metrics.n > 0 ? metrics : S("[server] metrics_listen, its default");
    TRY(listens_add(cx, &c->listen, listen, rows, &n));
    TRY(listens_add(cx, &c->metrics_listen, metrics, rows, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(listens_compare(cx, rows, i));
    }
    return OK;
}

/* Where there is one for it, the list is of these alone. Returns its length. */
static size_t listens_stand_in(
    struct arena *mem, const struct inherited *sockets, bool for_metrics,
    struct text_list *list, int *fds)
{
    Str *addresses = NEW_N(mem, Str, sockets->n);
    size_t n = 0;

    for (size_t i = 0; i < sockets->n; i++) {
        const struct inherited_socket *s = &sockets->at[i];

        if (str_eq(s->name, LISTENS_METRICS) == for_metrics) {
            fds[n] = s->fd;
            addresses[n++] = s->address;
        }
    }
    if (n > 0) {
        *list = (struct text_list){addresses, n};
    }
    return list->n;
}

int *listens_inherit(struct arena *mem, const struct inherited *sockets, struct config *c)
{
    size_t most = c->listen.n + c->metrics_listen.n + sockets->n;
    int *fds = NEW_N(mem, int, most);
    size_t n = listens_stand_in(mem, sockets, false, &c->listen, fds);

    (void)listens_stand_in(mem, sockets, true, &c->metrics_listen, fds + n);
    return fds;
}

Res listens_try(struct cx *cx, Str address)
{
    struct listen_address at;

    TRY(listen_parse(cx, address, &at));
    return listen_try(cx, address, &at);
}

/* "HTTP/1.1 200 OK\r\n…\r\nCaldock-Node: id\r\n…": the node has put its id there. */
static bool answer_names_node(Str answer)
{
    return str_starts(answer, S("HTTP/1.1 200 "))
           && str_contains(answer, S("\r\n" HEALTH_NODE_HEADER ": "));
}

bool listens_is_ours(struct cx *cx, Str address, Str nodes)
{
    struct buf head = {.mem = &cx->mem, .max = LISTEN_ASK_BYTES};
    struct listen_address at;
    Str answer;

    buf_add(
        &head,
        S("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" HEALTH_NODE_HEADER
          ": "));
    buf_add(&head, nodes);
    buf_add(&head, S("\r\n\r\n"));
    return nodes.n > 0 && !head.full && listen_parse(cx, address, &at).code == FAIL_NONE
           && listen_ask(cx, &at, (Str){head.p, head.n}, LISTEN_HEAD, &answer).code
                  == FAIL_NONE
           && answer_names_node(answer);
}
