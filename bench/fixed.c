/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixed.c - the limit that `initiate` is measured against: Caldock's own HTTP layer, one
 * thread, and a handler that answers every request whose body has come with the same.
 *
 *   fixed ADDRESS ANSWER-FILE    until SIGTERM; the file holds fields, an empty line and
 * a body, with \n at the end of each line before the body
 */
#include <signal.h>
#include <stdio.h>

#include "base/limits.h"
#include "http/server.h"

enum { PATIENCE_MS = 15 * 1000 };

static Str read_file(struct arena *mem, const char *path)
{
    FILE *file = fopen(path, "re");

    must_be(file != NULL);
    char *text = arena_alloc(mem, LIMIT_ANSWER_BYTES);
    size_t n = fread(text, 1, LIMIT_ANSWER_BYTES, file);

    (void)fclose(file);
    return (Str){text, n};
}

static void add_field(struct http_answer *a, Str line)
{
    size_t colon;

    must_be(str_find(line, ':', &colon));
    Str name = str_sub(line, 0, colon);
    Str value = str_trim(str_sub(line, colon + 1, line.n));

    if (str_eq_nocase(name, S("Content-Type"))) {
        a->content_type = value;
    } else {
        http_answer_header(a, name, value);
    }
}

static struct http_answer parse_answer(Str text)
{
    struct http_answer a = {.status = 200};
    Str line;

    while (str_next_part(&text, '\n', &line) && line.n > 0) {
        add_field(&a, line);
    }
    a.body = text;
    return a;
}

static void *lend_answer(void *answer, struct http_loop *loop)
{
    (void)loop;
    return answer;
}

static void answer_fixed(struct http_exchange *ex)
{
    const struct http_answer *fixed = ex->loop_data;

    if (ex->req.body.n > 0) {
        ex->answer = *fixed;
    } else {
        ex->answer.status = 400;
    }
    http_send(ex);
}

static void wait_for_the_end(const sigset_t *signals)
{
    int signal;

    must_be(sigwait(signals, &signal) == 0);
}

int main(int argc, char **argv)
{
    struct cx cx = {0};
    struct http_server *server = NULL;
    sigset_t signals;

    must_be(argc == 3);
    const struct http_listener listen = {str_from_z(argv[1]), answer_fixed};
    struct http_answer answer = parse_answer(read_file(&cx.mem, argv[2]));
    const struct http_options options = {
        .listen = &listen,
        .n_listen = 1,
        .threads = 1,
        .max_connections = 10000,
        .request_timeout_ms = PATIENCE_MS,
        .idle_timeout_ms = PATIENCE_MS,
        .shutdown_timeout_ms = PATIENCE_MS,
        .thread_start = lend_answer,
        .arg = &answer,
    };

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    must_be(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
    if (http_server_start(&cx, &options, &server).code != FAIL_NONE) {
        (void)fprintf(stderr, "fixed: %s\n", cx.why.text);
        return 1;
    }
    wait_for_the_end(&signals);
    http_server_stop(&server);
    cx_done(&cx);
    return 0;
}
