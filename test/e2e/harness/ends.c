/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends.c - takes Caldock's place in the tests of the harness (harness.test.mjs): every
 * command succeeds, and `serve` has started at once, waits for SIGTERM, and ends as the
 * environment variable HARNESS_END says. HARNESS_COMMAND=abort makes `check` abort.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int *kept;

static int is_set(const char *name, const char *value)
{
    const char *set = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */

    return set != NULL && strcmp(set, value) == 0;
}

static int is_end(const char *value)
{
    return is_set("HARNESS_END", value);
}

static void wait_for_term(void)
{
    sigset_t set;
    int got;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)fputs("service.started\n", stderr);
    (void)sigwait(&set, &got);
}

/* What a sanitizer finds without ending the process by itself. */
static int wrong(void)
{
    kept = malloc(sizeof(int));
    if (is_end("leak")) {
        kept = NULL;
    }
    if (is_end("overflow")) {
        volatile int most = 0x7fffffff;

        most = most + 1;
    }
    return 0;
}

static int serve(void)
{
    if (is_end("early")) {
        (void)fputs("service.started\n", stderr);
        return 0;
    }
    wait_for_term();
    if (is_end("abort")) {
        abort();
    }
    if (is_end("killed")) {
        (void)kill(getpid(), SIGKILL);
    }
    return is_end("fail") ? 3 : wrong();
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "serve") == 0) {
        return serve();
    }
    if (argc > 1 && strcmp(argv[1], "check") == 0 && is_set("HARNESS_COMMAND", "abort")) {
        abort();
    }
    return 0;
}
