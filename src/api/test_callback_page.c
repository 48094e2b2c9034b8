/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "api/callback_page.h"
#include "api/endpoints.h"
#include "base/limits.h"
#include "base/testing.h"

/* The value of a header that the answer has once. */
static Str header(const struct http_answer *a, Str name)
{
    Str found = S("");
    size_t n = 0;

    for (size_t i = 0; i < a->n_extra; i++) {
        if (str_eq_nocase(a->extra[i].name, name)) {
            found = a->extra[i].value;
            n++;
        }
    }
    T_TRUE(n <= 1);
    return found;
}

/* What the browser and the operator say. */
static struct http_header language;
static struct settings settings;

static struct http_answer page_for(enum fail kind, int64_t retry_after_s)
{
    struct http_answer answer = {0};
    struct http_request req = {.headers = &language, .n_headers = language.name.n > 0};
    struct call c = {
        .cx = t_cx(),
        .req = &req,
        .answer = &answer,
        .work.settings = &settings,
        .work.retry_after_s = retry_after_s};

    (void)snprintf(t_cx()->request_id, sizeof(t_cx()->request_id), "req-1.2_3");
    callback_page(&c, kind);
    return answer;
}

TEST(test_callback_page_has_the_status_of_its_kind)
{
    static const struct {
        enum fail kind;
        int status;
        bool waits;
    } rows[] = {
        {FAIL_STATE_INVALID, 400, false}, {FAIL_UNAVAILABLE, 503, true},
        {FAIL_INTERNAL, 500, false},      {FAIL_CONFLICT, 500, false},
        {FAIL_NONE, 500, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_answer a = page_for(rows[i].kind, 0);

        T_INT(a.status, rows[i].status);
        Str pause = header(&a, S("Retry-After"));
        int64_t pause_s = 0;

        T_TRUE(str_to_int(pause, &pause_s) == rows[i].waits);
        T_TRUE(rows[i].waits || pause.n == 0);
        T_TRUE(pause_s >= rows[i].waits && pause_s <= 1 + LIMIT_RETRY_SPREAD_S);
    }
}

TEST(test_callback_page_waits_as_long_as_the_call_says)
{
    struct http_answer a = page_for(FAIL_UNAVAILABLE, 7);

    T_STR(header(&a, S("Retry-After")), S("7"));
}

/* SECURITY 12 and 27 */
TEST(test_callback_page_loads_and_leaks_nothing)
{
    static const enum fail kinds[] = {
        FAIL_STATE_INVALID, FAIL_UNAVAILABLE, FAIL_INTERNAL};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct http_answer a = page_for(kinds[i], 0);

        T_STR(a.content_type, S("text/html; charset=utf-8"));
        T_STR(
            header(&a, S("Content-Security-Policy")),
            S("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
              "base-uri 'none'; form-action 'none'"));
        T_TRUE(str_starts(a.body, S("<!doctype html>\n<html lang=\"en\">")));
        T_TRUE(str_contains(a.body, S("<code>req-1.2_3</code>")));
        T_TRUE(!str_contains(a.body, S("://")));
        T_TRUE(!str_contains(a.body, S("<script")));
    }
}

static struct http_answer page_in(Str accept)
{
    language = (struct http_header){S("Accept-Language"), accept};
    struct http_answer a = page_for(FAIL_STATE_INVALID, 0);

    language = (struct http_header){0};
    return a;
}

TEST(test_callback_page_speaks_the_language_of_the_browser)
{
    static const struct {
        Str accept;
        Str language;
        Str said;
    } rows[] = {
        {SI(""), SI("en"), SI("<h1>This link cannot be used</h1>")},
        {SI("ja"), SI("en"), SI("<h1>This link cannot be used</h1>")},
        {SI("de-AT,de;q=0.9,en;q=0.8"), SI("de"), SI("kann nicht verwendet werden</h1>")},
        {SI("da, fr-CH;q=0.9, en;q=0.5"), SI("fr"), SI("Ce lien ne peut pas")},
        {SI("es-419"), SI("es"), SI("Este enlace")},
        {SI("it"), SI("it"), SI("Questo link")},
        {SI("pt-BR"), SI("pt"), SI("Este link")},
        {SI("nl-BE"), SI("nl"), SI("Deze link")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_answer a = page_in(rows[i].accept);
        Str root = str_cat(&t_cx()->mem, S("<html lang=\""), rows[i].language);

        T_STR(header(&a, S("Content-Language")), rows[i].language);
        T_STR(header(&a, S("Vary")), S("Accept-Language"));
        T_TRUE(str_contains(a.body, str_cat(&t_cx()->mem, root, S("\">"))));
        T_TRUE(str_contains(a.body, rows[i].said));
    }
}

TEST(test_callback_page_names_the_application_as_text)
{
    settings.name = S("<b>M&uuml;ller</b>");
    struct http_answer a = page_in(S("de"));

    T_TRUE(!str_contains(a.body, S("<b>")));
    T_TRUE(str_contains(a.body, S(" – &lt;b>M&amp;uuml;ller&lt;/b></title>")));
    T_TRUE(
        str_contains(a.body, S("<p>Kehren Sie zu &lt;b>M&amp;uuml;ller&lt;/b> zurück")));
    settings.name = S("");
    a = page_in(S("de"));
    T_TRUE(str_contains(a.body, S("<p>Kehren Sie zu der Anwendung zurück")));
}

/* The longest name, of what grows most, in the page with the most text. */
TEST(test_callback_page_has_room_for_the_longest_name)
{
    static char name[LIMIT_NAME_BYTES];

    settings.name = (Str){memset(name, '&', sizeof(name)), sizeof(name)};
    for (int kind = FAIL_NONE; kind < FAIL_COUNT; kind++) {
        T_TRUE(str_ends(page_for((enum fail)kind, 0).body, S("</html>\n")));
    }
    settings.name = S("");
}

T_MAIN(
    T(test_callback_page_has_the_status_of_its_kind),
    T(test_callback_page_waits_as_long_as_the_call_says),
    T(test_callback_page_loads_and_leaks_nothing),
    T(test_callback_page_speaks_the_language_of_the_browser),
    T(test_callback_page_names_the_application_as_text),
    T(test_callback_page_has_room_for_the_longest_name))
