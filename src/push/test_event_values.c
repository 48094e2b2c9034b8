/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_event_values.c - sealed values open as they were, for their own event alone; what
 * stands in a calendar; keys of copies.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/testing.h"
#include "calendars/shared.h"
#include "push/copy_key.h"
#include "push/event_values.h"
#include "seal/keyedit.h"
#include "seal/keyring.h"
#include "sources/writes.h"

static const struct event_values cut = {
    .title = SI("Cut \xc3\xa9"),
    .start = 1774656000,
    .end = 1774659600,
    .description = SI("a\nb"),
    .location = SI("Chair 2"),
    .link = SI("https://a.example/1"),
    .is_free = true,
    .has_attendees = true,
};

static struct keyring *ring_new(void)
{
    char path[] = "/tmp/caldock-values-XXXXXX";
    struct keyring *ring;

    T_TRUE(seal_start());
    T_TRUE(mkdtemp(path) != NULL);
    const char *file;

    T_OK(str_z(t_cx(), str_cat(&t_cx()->mem, str_from_z(path), S("/keys")), &file));
    T_OK(keyedit_create(t_cx(), file));
    T_OK(keyring_open(t_cx(), file, &ring));
    (void)unlink(file);
    (void)rmdir(path);
    return ring;
}

TEST(test_event_values_open_as_they_were)
{
    CLEANUP(keyring_close) struct keyring *ring = ring_new();
    Str record = event_values_seal(&t_cx()->mem, ring, 7, &cut);
    struct event_values v;
    Str renewed;

    T_OK(event_values_open(t_cx(), ring, 7, record, &v));
    T_STR(v.title, cut.title);
    T_STR(v.description, cut.description);
    T_STR(v.location, cut.location);
    T_STR(v.link, cut.link);
    T_INT(v.start, cut.start);
    T_INT(v.end, cut.end);
    T_TRUE(v.is_free && v.has_attendees && !v.is_private && !v.is_all_day);
    T_FAIL(FAIL_UNREADABLE, event_values_open(t_cx(), ring, 8, record, &v));
    T_OK(event_values_renew(t_cx(), ring, 7, record, &renewed));
    T_TRUE(!str_eq(renewed, record));
    T_OK(event_values_open(t_cx(), ring, 7, renewed, &v));
    T_STR(v.title, cut.title);
    T_FAIL(FAIL_UNREADABLE, event_values_renew(t_cx(), ring, 8, record, &renewed));
    Str odd = keyring_seal(&t_cx()->mem, ring, KEY_EVENT, S("odd"), S("pushed event 7"));

    T_FAIL(FAIL_UNREADABLE, event_values_open(t_cx(), ring, 7, odd, &v));
}

static Str text_of(char c, size_t n)
{
    char *p = arena_alloc(&t_cx()->mem, n);

    memset(p, c, n);
    return (Str){p, n};
}

TEST(test_event_values_hold_the_longest_texts)
{
    CLEANUP(keyring_close) struct keyring *ring = ring_new();
    struct event_values v = {
        .title = text_of('x', (size_t)4 * LIMIT_PUSHED_TITLE),
        .description = text_of('x', (size_t)4 * LIMIT_PUSHED_DESCRIPTION),
        .location = text_of('x', (size_t)4 * LIMIT_PUSHED_LOCATION),
        .link = text_of('x', (size_t)4 * LIMIT_PUSHED_LINK),
        .start = INT64_MIN,
        .end = INT64_MAX,
        .is_all_day = true,
        .is_private = true,
    };
    struct event_values back;

    T_OK(event_values_open(
        t_cx(), ring, 1, event_values_seal(&t_cx()->mem, ring, 1, &v), &back));
    T_INT(back.link.n, v.link.n);
    T_INT(back.end, INT64_MAX);
    T_INT(back.start, INT64_MIN);
    T_TRUE(back.is_all_day && back.is_private);
}

TEST(test_event_values_digest_differs_with_each_value)
{
    const struct instance_keys keys = {.values = {1}};
    const struct instance_keys others = {.values = {2}};
    Str digest = event_values_digest(&t_cx()->mem, &keys, &cut);
    struct event_values more[] = {cut, cut, cut, cut, cut, cut, cut, cut, cut, cut};

    more[0].title = S("Cut");
    more[1].description = S("");
    more[2].location = S("Chair");
    more[3].link = S("");
    more[4].start++;
    more[5].end++;
    more[6].is_free = false;
    more[7].is_private = true;
    more[8].has_attendees = false;
    more[9].is_all_day = true;
    T_INT(digest.n, EVENT_DIGEST_BYTES);
    T_STR(event_values_digest(&t_cx()->mem, &keys, &cut), digest);
    T_TRUE(!str_eq(event_values_digest(&t_cx()->mem, &others, &cut), digest));
    for (size_t i = 0; i < COUNT(more); i++) {
        T_TRUE(!str_eq(event_values_digest(&t_cx()->mem, &keys, &more[i]), digest));
    }
}

TEST(test_event_values_wish_puts_the_link_below)
{
    struct event_values v = cut;

    T_STR(
        event_values_wish(&t_cx()->mem, &v).description,
        S("a\nb\n\nhttps://a.example/1"));
    v.description = S("");
    T_STR(event_values_wish(&t_cx()->mem, &v).description, S("https://a.example/1"));
    v.link = S("");
    T_STR(event_values_wish(&t_cx()->mem, &v).description, S(""));
    T_INT(event_values_wish(&t_cx()->mem, &v).reminder_minutes, -1);
    v.is_all_day = true;
    v.start = 2;
    v.end = 3;
    T_INT(event_values_start_s(&v), 2 * 86400);
    T_INT(event_values_end_s(&v), 3 * 86400);
}

TEST(test_copy_key_differs_with_all_that_makes_a_copy)
{
    const struct instance_keys keys = {.owners = {1}, .copies = {2}};
    const struct copy_home place = {
        .keys = &keys,
        .owner = {5, MODE_CUSTOMER, S("u")},
        .source = SOURCE_GOOGLE,
        .subject = S("1"),
        .calendar_id = S("2"),
    };
    Str key = copy_key_make(&t_cx()->mem, &place, 3, 4);
    Str tag = str_sub(key, 0, OWNER_TAG_BYTES);
    struct copy_home others[] = {place, place, place, place};

    others[0].source = SOURCE_MICROSOFT;
    others[1].subject = S("12");
    others[1].calendar_id = S("");
    others[2].calendar_id = S("3");
    others[3].owner.user = S("v");
    T_INT(key.n, EVENT_COPY_KEY_BYTES);
    T_STR(copy_key_make(&t_cx()->mem, &place, 3, 4), key);
    T_TRUE(!str_eq(copy_key_make(&t_cx()->mem, &place, 3, 5), key));
    T_TRUE(!str_eq(copy_key_make(&t_cx()->mem, &place, 4, 4), key));
    for (size_t i = 0; i < COUNT(others); i++) {
        Str other = copy_key_make(&t_cx()->mem, &others[i], 3, 4);

        T_TRUE(!str_eq(other, key));
        T_INT(str_starts(other, tag), i < 3); /* the tag is the owner's */
    }
}

T_MAIN(
    T(test_event_values_open_as_they_were), T(test_event_values_hold_the_longest_texts),
    T(test_event_values_digest_differs_with_each_value),
    T(test_event_values_wish_puts_the_link_below),
    T(test_copy_key_differs_with_all_that_makes_a_copy))
