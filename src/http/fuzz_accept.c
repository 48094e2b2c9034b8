/* SPDX-License-Identifier: Apache-2.0 */
/* The choice does not depend on case, white space or empty elements. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/cx.h"
#include "http/accept.h"

static const Str offers[] = {SI("application/json"), SI("application/xml")};

static const Str languages[] = {SI("en"), SI("de"), SI("fr")};

static size_t accept_checked_language(Str accept)
{
    size_t choice = accept_choose_language(accept, languages, COUNT(languages));

    must_be(choice < COUNT(languages));
    return choice;
}

static int accept_checked_choose(Str accept)
{
    int choice = accept_choose(accept, offers, COUNT(offers));

    must_be(choice >= -1 && choice < (int)COUNT(offers));
    return choice;
}

/* White space on both sides of each comma and semicolon that is in no quoted string, and
 * an empty element beside each comma. */
static Str accept_spaced(struct arena *mem, Str accept)
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
    int choice = accept_checked_choose(accept);

    must_be(accept_checked_choose(str_lower(&cx.mem, accept)) == choice);
    must_be(accept_checked_choose(accept_spaced(&cx.mem, accept)) == choice);
    if (str_trim(accept).n > 0) {
        must_be(accept_checked_choose(str_cat(&cx.mem, S(" , "), accept)) == choice);
    }
    must_be(
        accept_checked_language(str_lower(&cx.mem, accept))
        == accept_checked_language(accept));
    return 0;
}
