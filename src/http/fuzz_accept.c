/* SPDX-License-Identifier: Apache-2.0 */
/* What Accept chooses does not depend on case, white space or empty elements. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/cx.h"
#include "http/url.h"

static const Str offers[] = {SI("application/json"), SI("application/xml")};

static int choose(Str accept)
{
    int choice = accept_choose(accept, offers, COUNT(offers));

    must_be(choice >= -1 && choice < (int)COUNT(offers));
    return choice;
}

/* White space on both sides of each comma and semicolon that is in no quoted string, and
 * an empty element beside each comma. */
static Str spaced(struct arena *mem, Str accept)
{
    struct buf b = {.mem = mem, .max = SIZE_MAX};
    bool is_quoted = false;

    for (size_t i = 0; i < accept.n; i++) {
        char c = accept.p[i];

        if (!is_quoted && c == ',') {
            buf_add(&b, S("\t, ,\t"));
        } else if (!is_quoted && c == ';') {
            buf_add(&b, S(" ;; "));
        } else {
            buf_add_char(&b, c);
        }
        if (c == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted && c == '\\' && i + 1 < accept.n) {
            buf_add_char(&b, accept.p[++i]);
        }
    }
    return buf_text(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    Str accept = {(const char *)data, size};
    int choice = choose(accept);

    must_be(choose(str_lower(&cx.mem, accept)) == choice);
    must_be(choose(spaced(&cx.mem, accept)) == choice);
    if (str_trim(accept).n > 0) {
        must_be(choose(str_cat(&cx.mem, S(" , "), accept)) == choice);
    }
    return 0;
}
