/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.c - a program of the build: prints a file that is installed beside the binary and
 * made of its tables. It is called with the name of the file and the date of the release.
 */
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "config/sample.h"
#include "serve/openapi.h"

static Res page_openapi(struct cx *cx, Str *ret)
{
    return openapi_build(cx, S("http://127.0.0.1:8080"), ret);
}

static const struct made_page {
    Str name;
    Res (*make)(struct cx *cx, Str *ret);
} pages[] = {
    {SI("caldock.bash"), completion_bash}, {SI("_caldock"), completion_zsh},
    {SI("caldock.fish"), completion_fish}, {SI("caldock.conf"), sample_config},
    {SI("openapi.json"), page_openapi},
};

static Res page_make(struct cx *cx, Str name, Str date, Str *ret)
{
    TRY(app_start(cx));
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (str_eq(pages[i].name, name)) {
            return pages[i].make(cx, ret);
        }
    }
    return manual_page(cx, name, date, ret);
}

int main(int argc, char **argv)
{
    struct cx cx = {0};
    Str text = S("");
    Res res = argc == 3 ? page_make(&cx, str_from_z(argv[1]), str_from_z(argv[2]), &text)
                        : fail(&cx, FAIL_PARSE_ERROR, "usage: pages FILE DATE");
    bool is_done = res.code == FAIL_NONE && fwrite(text.p, 1, text.n, stdout) == text.n
                   && fflush(stdout) == 0;

    if (!is_done) {
        (void)fprintf(stderr, "pages: %s\n", cx.why.text);
    }
    cx_done(&cx);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
