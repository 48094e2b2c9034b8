/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback_page.c - the one page that Caldock shows a person: when there is no safe place
 * to redirect to.
 *
 * Contract §6. Self-contained, plain words: what happened, what to do, the request id.
 */
#include "api/endpoints.h"
#include "api/errors.h"
#include "base/buf.h"

enum { PAGE_BYTES = 4096 };

static const struct page {
    enum fail kind;
    Str title;
    Str happened;
    Str to_do;
} pages[] = {
    {FAIL_INTERNAL,      SI("Something went wrong"),
     SI("The fault is ours, not yours. Your calendar was not connected."),
     SI("Go back to the application that you came from and connect your calendar again.")},
    {FAIL_STATE_INVALID, SI("This link cannot be used"),
     SI("It is incomplete, was altered, or belongs to a connection that is no longer "
        "there. Your calendar was not connected."),
     SI("Go back to the application that you came from and connect your calendar again.")},
    {FAIL_UNAVAILABLE,   SI("One moment, please"),
     SI("Too much is going on here right now. Nothing is lost."),
     SI("Wait a few seconds and reload this page.")                                      },
};

static const struct page *page_of(enum fail kind)
{
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (pages[i].kind == kind) {
            return &pages[i];
        }
    }
    return &pages[0];
}

/* Everything in it is ours, but the request id, whose alphabet needs no escaping. */
static Str page_text(struct arena *mem, const struct page *page, Str request_id)
{
    struct buf b = {.mem = mem, .max = PAGE_BYTES};

    buf_add(
        &b, S("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"));
    buf_add(&b, page->title);
    buf_add(
        &b, S("</title>\n<style>body{max-width:34em;margin:15vh auto;padding:0 1em;"
              "font:1.1em/1.5 system-ui,sans-serif;color-scheme:light dark}</style>\n"
              "<main>\n<h1>"));
    buf_add(&b, page->title);
    buf_add(&b, S("</h1>\n<p>"));
    buf_add(&b, page->happened);
    buf_add(&b, S("</p>\n<p>"));
    buf_add(&b, page->to_do);
    buf_add(&b, S("</p>\n<p><small>If you ask for help, say this number: <code>"));
    buf_add(&b, request_id);
    buf_add(&b, S("</code></small></p>\n</main>\n</html>\n"));
    return buf_text(&b);
}

void callback_page(struct call *c, enum fail kind)
{
    const struct page *page = page_of(kind);
    const struct error_row *row = error_row(page->kind);
    int64_t wait_s = c->retry_after_s > 0 ? c->retry_after_s : row->retry_after_s;
    struct http_answer *a = c->answer;

    a->status = row->status;
    a->content_type = S("text/html; charset=utf-8");
    a->body = page_text(&c->cx->mem, page, str_from_z(c->cx->request_id));
    http_answer_header(
        a, S("Content-Security-Policy"),
        S("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
          "base-uri 'none'; form-action 'none'"));
    if (wait_s > 0) {
        http_answer_header(a, S("Retry-After"), str_int(&c->cx->mem, wait_s));
    }
}
