/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pushed_event_view.c - events whole, and pages of them that fit into an answer
 * (docs/pushing.md §2).
 */
#include <string.h>

#include "api/pushed_event_view.h"
#include "base/limits.h"
#include "base/testing.h"

enum { LINKS_BYTES = 2 * (3 * LIMIT_HEAD_BYTES + 1024) }; /* to other pages */

static struct pushed_event event;
static struct pushed_copy_view copies[LIMIT_OWNER_SETTINGS];
static struct pushed_event_view views[LIMIT_PAGE_SIZE];

static Str filled(char c, size_t n)
{
    char *p = arena_alloc(&t_cx()->mem, n);

    memset(p, c, n);
    return (Str){p, n};
}

/* A page of such events. */
static void views_are(
    struct event_values values, struct pushed_copy copy, size_t n_copies)
{
    for (size_t i = 0; i < COUNT(copies); i++) {
        copies[i] = (struct pushed_copy_view){.copy = copy, .is_connected = true};
    }
    for (size_t i = 0; i < COUNT(views); i++) {
        views[i] = (struct pushed_event_view){
            .event = &event, .values = values, .copies = copies, .n_copies = n_copies};
    }
}

static struct event_values values_of(char c)
{
    return (struct event_values){
        .title = filled(c, LIMIT_PUSHED_TITLE),
        .description = filled(c, LIMIT_PUSHED_DESCRIPTION),
        .location = filled(c, LIMIT_PUSHED_LOCATION),
        .link = filled('x', LIMIT_PUSHED_LINK),
        .start = DATETIME_LAST_S,
        .end = DATETIME_LAST_S,
    };
}

static struct pushed_copy copy_of(char c, size_t id, size_t link)
{
    return (struct pushed_copy){
        .settings = INT64_MAX,
        .status = COPY_DELETED_BY_PERSON,
        .external_id = filled(c, id),
        .link = filled(c, link),
        .flags = COPY_CHANGED,
        .written_ms = 1769850000000,
        .start = DATETIME_LAST_S,
        .end = DATETIME_LAST_S,
    };
}

static int view_new(void **state)
{
    (void)state;
    event = (struct pushed_event){
        .event_id = filled('e', LIMIT_PUSHED_ID_BYTES),
        .version = INT64_MAX,
        .created_ms = 1769850000000,
        .updated_ms = 1769850000000};
    return 0;
}

#define T_VIEW(name) cmocka_unit_test_setup_teardown(name, view_new, t_end)

/* A list of `n` events, as long as any. */
static Str written(enum format format, size_t n, size_t most)
{
    struct writer *w = writer_open(&t_cx()->mem, format);
    Str text = S("");

    writer_array(w, S("results"));
    for (size_t i = 0; i < n; i++) {
        writer_object(w, S(""));
        pushed_event_view_write(w, &views[i], most);
        writer_end(w);
    }
    writer_end(w);
    T_OK(writer_done(t_cx(), w, &text));
    return text;
}

TEST(test_view_of_the_longest_page_fits)
{
    static const char chars[] = "x\"&\n\\";

    for (const char *c = chars; *c != 0; c++) {
        views_are(values_of(*c), copy_of('i', 200, 400), LIMIT_OWNER_DESTINATIONS);
        for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
            size_t most;

            T_TRUE(pushed_event_view_share(&t_cx()->mem, views, LIMIT_PAGE_SIZE, &most));
            T_TRUE(most > 0 && most < LIMIT_PUSHED_DESCRIPTION);
            Str text = written((enum format)format, LIMIT_PAGE_SIZE, most);

            T_TRUE(text.n < LIMIT_ANSWER_BYTES - LINKS_BYTES);
            T_TRUE(*c != 'x' || text.n > LIMIT_ANSWER_BYTES / 2);
        }
    }
}

/* Short texts are whole beside long ones, and a page with room for all cuts none. */
TEST(test_view_share_cuts_the_longest)
{
    struct event_values values = values_of('t');
    size_t most;

    views_are(values, copy_of('i', 40, 80), 1);
    T_TRUE(pushed_event_view_share(&t_cx()->mem, views, 50, &most));
    T_INT(most, LIMIT_PUSHED_DESCRIPTION);
    T_TRUE(pushed_event_view_share(&t_cx()->mem, views, LIMIT_PAGE_SIZE, &most));
    T_TRUE(most > LIMIT_PUSHED_TITLE && most < LIMIT_PUSHED_DESCRIPTION);
    Str text = written(FORMAT_IS_JSON, LIMIT_PAGE_SIZE, most);

    T_TRUE(str_contains(text, values.title) && !str_contains(text, values.description));
    T_TRUE(pushed_event_view_share(&t_cx()->mem, views, 0, &most));
}

/* What can't be cut: the page would have to be shorter, and is said to be. */
TEST(test_view_share_says_how_many_fit)
{
    struct pushed_copy copy = copy_of('i', LIMIT_EVENT_ID_BYTES, LIMIT_EVENT_LINK_BYTES);
    size_t fitting = 0;
    size_t most;

    views_are(values_of('x'), copy, LIMIT_OWNER_DESTINATIONS);
    T_TRUE(!pushed_event_view_share(&t_cx()->mem, views, LIMIT_PAGE_SIZE, &fitting));
    T_TRUE(fitting > 40 && fitting < LIMIT_PAGE_SIZE);
    T_TRUE(pushed_event_view_share(&t_cx()->mem, views, fitting, &most));
    T_TRUE(written(FORMAT_IS_XML, fitting, most).n < LIMIT_ANSWER_BYTES - LINKS_BYTES);
    T_TRUE(!pushed_event_view_share(&t_cx()->mem, views, fitting + 1, &most));
}

TEST(test_view_of_the_longest_event_is_whole)
{
    struct pushed_copy copy = copy_of('i', LIMIT_EVENT_ID_BYTES, LIMIT_EVENT_LINK_BYTES);
    struct event_values values = values_of('&');

    views_are(values, copy, LIMIT_OWNER_SETTINGS);
    Str text = written(FORMAT_IS_JSON, 1, PUSHED_EVENT_WHOLE);

    T_TRUE(str_contains(text, values.description) && str_contains(text, values.title));
    T_TRUE(text.n < LIMIT_ANSWER_BYTES);
    T_TRUE(written(FORMAT_IS_XML, 1, PUSHED_EVENT_WHOLE).n < LIMIT_ANSWER_BYTES);
}

/* No stored number stops the process. */
TEST(test_view_of_days_and_of_no_time)
{
    views_are(
        (struct event_values){.is_all_day = true, .start = INT64_MIN, .end = INT64_MAX},
        copy_of('i', 1, 1), 0);
    event.version = PUSHED_NO_VERSION;
    Str text = written(FORMAT_IS_JSON, 1, PUSHED_EVENT_WHOLE);

    T_TRUE(str_contains(
        text, S("\"start\":\"1970-01-01\",\"end\":\"9999-12-31\",\"is_all_day\":true,")));
    T_TRUE(str_contains(text, S("\"version\":null,")));
}

T_MAIN(
    T_VIEW(test_view_of_the_longest_page_fits), T_VIEW(test_view_share_cuts_the_longest),
    T_VIEW(test_view_share_says_how_many_fit),
    T_VIEW(test_view_of_the_longest_event_is_whole),
    T_VIEW(test_view_of_days_and_of_no_time))
