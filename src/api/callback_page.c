/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback_page.c - the one page that Caldock shows a person: when there is no safe place
 * to redirect to.
 *
 * docs/api.md §6. The page loads nothing else. It says in plain words, and in a language
 * that the browser asks for, what happened and what to do, and names the request id. The
 * words are in callback_texts.c.
 */
#include "api/callback_page.h"

#include "api/callback_texts.h"
#include "api/errors.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/metric.h"
#include "http/accept.h"

enum {
    CHAR_BYTES = 5,
    NAMES = 3,
    PAGE_BYTES = 4096 + NAMES * CHAR_BYTES * LIMIT_NAME_BYTES
};

static const struct page {
    enum fail kind;
    enum callback_text title;
    enum callback_text happened;
    enum callback_text to_do;
    bool may_go_back; /* where `to_do` is no way out */
} callback_pages[] = {
    {FAIL_INTERNAL, TEXT_FAULT_TITLE, TEXT_FAULT, TEXT_GO_BACK, false},
    {FAIL_STATE_INVALID, TEXT_LINK_TITLE, TEXT_LINK, TEXT_GO_BACK, false},
    {FAIL_HEAD_TOO_LARGE, TEXT_COOKIES_TITLE, TEXT_COOKIES, TEXT_COOKIES_TO_DO, true},
    {FAIL_UNAVAILABLE, TEXT_LATER_TITLE, TEXT_LATER, TEXT_LATER_TO_DO, false},
};

static const struct page *page_of_kind(enum fail kind)
{
    for (size_t i = 0; i < COUNT(callback_pages); i++) {
        if (callback_pages[i].kind == kind) {
            return &callback_pages[i];
        }
    }
    return &callback_pages[0];
}

/* A page on its way. */
struct page_draft {
    struct buf b;
    enum callback_language language;
    Str name; /* of the application; empty: not known */
};

static void page_add_escaped(struct buf *b, Str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '&') {
            buf_add(b, S("&amp;"));
        } else if (s.p[i] == '<') {
            buf_add(b, S("&lt;"));
        } else {
            buf_add_char(b, s.p[i]);
        }
    }
}

/* Our own text, which needs no escaping, with the name where it has one. */
static void page_add(struct page_draft *d, enum callback_text text)
{
    Str words = callback_texts_get(text, d->language);
    size_t at = words.n;

    (void)str_find(words, '{', &at);
    buf_add(&d->b, str_sub(words, 0, at));
    if (at < words.n) {
        page_add_escaped(&d->b, d->name);
        buf_add(&d->b, str_sub(words, at + 2, words.n));
    }
}

static void page_add_paragraph(struct page_draft *d, enum callback_text text)
{
    bool is_named = text == TEXT_GO_BACK && d->name.n > 0;

    buf_add(&d->b, S("<p>"));
    page_add(d, is_named ? TEXT_GO_BACK_TO : text);
    buf_add(&d->b, S("</p>\n"));
}

static void page_add_head(struct page_draft *d, const struct page *page)
{
    buf_add(&d->b, S("<!doctype html>\n<html lang=\""));
    buf_add(&d->b, callback_texts_languages[d->language]);
    buf_add(
        &d->b, S("\">\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"));
    page_add(d, page->title);
    if (d->name.n > 0) {
        buf_add(&d->b, S(" – "));
        page_add_escaped(&d->b, d->name);
    }
    buf_add(
        &d->b,
        S("</title>\n<style>:root{color-scheme:light dark;background:#fff;color:#1c1c1e}"
          "@media(prefers-color-scheme:dark){:root{background:#1c1c1e;color:#f2f2f4}}"
          "body{max-width:34em;margin:15vh auto;padding:0 1em;"
          "font:1.1em/1.5 system-ui,sans-serif;overflow-wrap:break-word}"
          "h1{line-height:1.2}code{font-size:1.2em;white-space:nowrap}</style>\n"));
}

static void page_add_main(struct page_draft *d, const struct page *page, Str request_id)
{
    buf_add(&d->b, S("<main>\n"));
    if (d->name.n > 0) {
        buf_add(&d->b, S("<p>"));
        page_add_escaped(&d->b, d->name);
        buf_add(&d->b, S("</p>\n"));
    }
    buf_add(&d->b, S("<h1>"));
    page_add(d, page->title);
    buf_add(&d->b, S("</h1>\n"));
    page_add_paragraph(d, page->happened);
    page_add_paragraph(d, page->to_do);
    if (page->may_go_back) {
        page_add_paragraph(d, TEXT_GO_BACK);
    }
    buf_add(&d->b, S("<p><small>"));
    page_add(d, TEXT_NUMBER);
    buf_add(&d->b, S(" <code>"));
    buf_add(&d->b, request_id); /* its alphabet needs no escaping */
    buf_add(&d->b, S("</code></small></p>\n</main>\n</html>\n"));
}

static enum callback_language page_language(const struct http_request *req)
{
    Str wanted;

    (void)http_header(req, S("Accept-Language"), &wanted);
    return (enum callback_language)accept_choose_language(
        wanted, callback_texts_languages, LANGUAGE_COUNT);
}

void callback_page(struct call *c, enum fail kind)
{
    const struct page *page = page_of_kind(kind);
    const struct error_row *row = error_row(page->kind);
    int64_t wait_s = call_retry_s(c, row);
    struct http_answer *a = c->answer;
    struct page_draft d = {
        .b = {.mem = &c->cx->mem, .max = PAGE_BYTES},
        .language = page_language(c->req),
        .name = c->work.settings->name};

    page_add_head(&d, page);
    page_add_main(&d, page, str_from_z(c->cx->request_id));
    metric_add(METRIC_CALLBACK_PAGES, (size_t)(page - callback_pages), 1);
    a->status = row->status;
    a->content_type = S("text/html; charset=utf-8");
    a->body = buf_text(&d.b);
    http_answer_header(
        a, S("Content-Security-Policy"),
        S("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
          "base-uri 'none'; form-action 'none'"));
    http_answer_header(a, S("Content-Language"), callback_texts_languages[d.language]);
    http_answer_header(a, S("Vary"), S("Accept-Language"));
    if (wait_s > 0) {
        http_answer_header(a, S("Retry-After"), str_int(&c->cx->mem, wait_s));
    }
}
