/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c - asks /readyz of the first address of [server] listen, for a container whose
 * image has no other program that could.
 */
#include "cli/health.h"

#include "cli/print.h"
#include "http/listen_try.h"

enum { HEALTH_REASON_BYTES = 300 };

/* What came, as one line that does nothing to a terminal. */
static Str answer_text(struct arena *mem, Str bytes)
{
    char *text = str_zdup(mem, str_sub(bytes, 0, HEALTH_REASON_BYTES));
    size_t n = 0;

    for (; text[n] != 0; n++) {
        if (text[n] < 0x20 || text[n] == 0x7F) {
            text[n] = '?';
        }
    }
    return (Str){text, n};
}

/* "HTTP/1.1 503 Service Unavailable\r\n…\r\n\r\n{…}" */
static Res health_judge(struct cx *cx, Str address, Str answer)
{
    static const Str begin = SI("HTTP/1.1 ");
    Str status = str_sub(answer, begin.n, begin.n + 3);
    size_t at = 0;

    if (!str_starts(answer, begin)) {
        return fail(
            cx, FAIL_UNAVAILABLE, "%.*s: who answers there speaks no HTTP",
            STR_ARG(address));
    }
    if (str_eq(status, S("200"))) {
        return OK;
    }
    while (at < answer.n && !str_starts(str_sub(answer, at, answer.n), S("\r\n\r\n"))) {
        at++;
    }
    Str body = answer_text(&cx->mem, str_sub(answer, at + 4, answer.n));

    return fail(
        cx, FAIL_UNAVAILABLE, "%.*s answers %.*s: %.*s", STR_ARG(address),
        STR_ARG(answer_text(&cx->mem, status)), STR_ARG(body));
}

static Res health_ask(struct cx *cx, Str address)
{
    struct listen_address at;
    Str answer;

    TRY(listen_parse(cx, address, &at));
    Res res = listen_ask(
        cx, &at,
        S("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        LISTEN_WHOLE, &answer);

    if (res.code != FAIL_NONE) {
        Str why = str_dup(&cx->mem, str_from_z(cx->why.text));

        return fail(cx, res.code, "%.*s: %.*s", STR_ARG(address), STR_ARG(why));
    }
    return health_judge(cx, address, answer);
}

Res health_run(struct cli *cli)
{
    Str address = cli->app.config->listen.at[0];
    struct writer *w = print_open(cli);

    TRY(health_ask(cli->cx, address));
    writer_text(w, S("status"), S("ok"));
    writer_text(w, S("address"), address);
    return print_one(cli, w);
}
