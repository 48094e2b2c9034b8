/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_changes.c - what a source says about events, applied to an image.
 */
#include "base/limits.h"
#include "base/testing.h"
#include "calendars/changes.h"

enum { FROM_S = 1767225600, TO_S = FROM_S + 100 * 86400, NOON_S = FROM_S + 43200 };

static const struct instance_keys keys = {
    .event_ids = "one", .digests = "two", .owners = "three", .notify = "four"};

static struct changes changes_new(void)
{
    struct changes c = {.keys = &keys, .from_s = FROM_S, .to_s = TO_S};

    changes_owner_tag(&keys, 7, 1, S("anna"), c.owner);
    return c;
}

static struct event_item item(const char *id, int64_t start)
{
    return (struct event_item){
        .id = str_from_z(id),
        .start = start,
        .end = start + 3600,
        .counts = EVENT_ALWAYS,
    };
}

static struct event_item instance(const char *id, const char *series, int64_t start)
{
    struct event_item one = item(id, start);

    one.series = str_from_z(series);
    return one;
}

static struct event_item gone(const char *id, const char *series)
{
    return (struct event_item){
        .id = str_from_z(id), .series = str_from_z(series), .is_removed = true};
}

static void add(struct changes *c, struct event_item one)
{
    const struct events_page page = {.at = &one, .n = 1};

    T_OK(changes_add_page(t_cx(), c, &page));
}

static struct image apply_to(
    struct changes *c, const struct image *base, struct changes_doubts *doubts)
{
    struct image image;

    T_OK(changes_apply(t_cx(), c, base, &image, doubts));
    return image;
}

static struct image apply(struct changes *c, const struct image *base)
{
    struct changes_doubts doubts;

    return apply_to(c, base, &doubts);
}

/* Three events, two of them of one series. */
static struct image base_image(void)
{
    struct changes c = changes_new();

    add(&c, item("single", NOON_S));
    add(&c, instance("weekly_20260108", "weekly", NOON_S + 7 * 86400));
    add(&c, instance("weekly_20260115", "weekly", NOON_S + 14 * 86400));
    return apply(&c, NULL);
}

TEST(test_changes_make_an_image)
{
    struct image image = base_image();

    T_INT(image.n, 3);
    T_INT(image.from_s, FROM_S);
    T_INT(image.at[0].start, NOON_S);
    T_INT(image.at[0].series, 0);
    assert_true(image.at[1].series != 0);
    assert_true(image.at[1].series == image.at[2].series);
    assert_true(image.at[1].id != image.at[2].id);
}

/* Nothing of a source's id can be found in an image. */
TEST(test_changes_hash_ids_with_the_key)
{
    static const struct instance_keys other = {.event_ids = "another"};
    struct changes c = changes_new();
    struct changes d = changes_new();

    d.keys = &other;
    add(&c, item("single", NOON_S));
    add(&d, item("single", NOON_S));
    assert_true(apply(&c, NULL).at[0].id != apply(&d, NULL).at[0].id);
}

TEST(test_changes_of_one_event_replace_each_other)
{
    struct image base = base_image();
    struct changes c = changes_new();

    add(&c, item("single", NOON_S + 100));
    add(&c, item("new", NOON_S + 300));
    add(&c, item("single", NOON_S + 200));
    struct image image = apply(&c, &base);

    T_INT(image.n, 4);
    T_INT(image.at[0].start, NOON_S + 200);
    T_INT(image.at[1].start, NOON_S + 300);
}

TEST(test_changes_that_block_nothing_remove)
{
    const struct {
        const char *what;
        enum event_counts counts;
        int64_t start;
        size_t want;
    } rows[] = {
        {"still there", EVENT_ALWAYS, NOON_S, 3},
        {"shown as free", EVENT_IF_ASKED, NOON_S, 3},
        {"declined", EVENT_NEVER, NOON_S, 2},
        {"moved before the window", EVENT_ALWAYS, FROM_S - 3600, 2},
        {"moved to its edge", EVENT_ALWAYS, FROM_S - 3599, 3},
        {"moved behind the window", EVENT_ALWAYS, TO_S, 2},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct image base = base_image();
        struct changes c = changes_new();
        struct event_item one = item("single", rows[i].start);

        one.counts = rows[i].counts;
        add(&c, one);
        T_INT(apply(&c, &base).n, rows[i].want);
    }
}

TEST(test_changes_cancel_one_or_a_series)
{
    struct image base = base_image();
    struct changes c = changes_new();

    add(&c, gone("weekly_20260108", "weekly"));
    T_INT(apply(&c, &base).n, 2);
    c = changes_new();
    add(&c, gone("weekly", ""));
    struct image image = apply(&c, &base);

    T_INT(image.n, 1);
    T_INT(image.at[0].start, NOON_S);
}

/* Deleting a series reports only some of its instances. */
TEST(test_changes_doubt_a_series_with_cancelled_instances)
{
    struct changes_doubts doubts;
    struct image base = base_image();
    struct changes c = changes_new();

    add(&c, gone("weekly_20260108", "weekly"));
    (void)apply_to(&c, &base, &doubts);
    T_INT(doubts.n, 1);
    T_STR(doubts.at[0], S("weekly"));
    assert_false(doubts.is_full);
    T_OK(changes_remove_series(t_cx(), &c, doubts.at[0]));
    T_INT(apply(&c, &base).n, 1);
    c = changes_new();
    add(&c, gone("weekly_20260108", "weekly"));
    add(&c, gone("weekly_20260115", "weekly"));
    (void)apply_to(&c, &base, &doubts);
    T_INT(doubts.n, 0); /* none is left to be in doubt about */
    c = changes_new();
    add(&c, gone("weekly_20250101", "weekly"));
    add(&c, gone("weekly_20250108", "weekly"));
    add(&c, gone("weekly_20250115", "weekly"));
    (void)apply_to(&c, &base, &doubts);
    assert_true(doubts.is_full);
}

TEST(test_changes_doubt_at_most_so_many_series)
{
    struct changes c = changes_new();
    struct changes_doubts doubts;

    for (int i = 0; i <= CHANGES_DOUBTS; i++) {
        Str name = str_cat(&t_cx()->mem, S("s"), str_int(&t_cx()->mem, i));
        const char *series = str_zdup(&t_cx()->mem, name);
        const char *id = str_zdup(&t_cx()->mem, str_cat(&t_cx()->mem, name, S("_x")));
        const char *other = str_zdup(&t_cx()->mem, str_cat(&t_cx()->mem, name, S("_y")));

        add(&c, instance(id, series, NOON_S));
        add(&c, gone(other, series));
        if (i + 1 == CHANGES_DOUBTS) {
            (void)apply_to(&c, NULL, &doubts);
            T_INT(doubts.n, CHANGES_DOUBTS);
            assert_false(doubts.is_full);
        }
    }
    (void)apply_to(&c, NULL, &doubts);
    assert_true(doubts.is_full);
}

/* A copy of this owner's event blocks nothing; of another's it does. */
TEST(test_changes_know_own_copies)
{
    const struct {
        int64_t provider;
        int mode;
        Str user;
        size_t want;
    } rows[] = {
        {7, 1, SI("anna"), 0}, {7, 1, SI("bert"), 1}, {7, 2, SI("anna"), 1},
        {8, 1, SI("anna"), 1}, {7, 1, SI(""), 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct changes c = changes_new();
        struct event_item one = item("copy", NOON_S);
        unsigned char key[EVENT_COPY_KEY_BYTES] = {0};

        changes_owner_tag(&keys, rows[i].provider, rows[i].mode, rows[i].user, key);
        one.copy_key = (Str){(const char *)key, sizeof(key)};
        add(&c, one);
        T_INT(apply(&c, NULL).n, rows[i].want);
    }
}

TEST(test_changes_keep_zones)
{
    struct changes c = changes_new();
    struct event_item day = {
        .id = S("a"),
        .counts = EVENT_ALWAYS,
        .is_all_day = true,
        .start = 20460,
        .end = 20461,
        .zone = S("Europe/Berlin")};
    const struct events_page page = {.at = &day, .n = 1, .zone = S("Asia/Tokyo")};

    T_OK(changes_add_page(t_cx(), &c, &page));
    day.id = S("b");
    T_OK(changes_add_page(t_cx(), &c, &page));
    day.id = S("c");
    day.zone = S("");
    T_OK(changes_add_page(t_cx(), &c, &page));
    struct image image = apply(&c, NULL);

    T_STR(image.zone, S("Asia/Tokyo"));
    T_INT(image.n_zones, 1);
    T_INT(image.n, 3);
    int named = 0;

    for (size_t i = 0; i < image.n; i++) {
        named += image.at[i].zone == 1;
    }
    T_INT(named, 2);
}

/* An increment that says no zone keeps the calendar's. */
TEST(test_changes_keep_the_zone_of_the_base)
{
    struct image base = base_image();
    struct changes c = changes_new();

    base.zone = S("Asia/Tokyo");
    T_STR(apply(&c, &base).zone, S("Asia/Tokyo"));
    T_INT(apply(&c, &base).n, 3);
}

static void add_many(struct changes *c, size_t n, enum event_counts counts)
{
    for (size_t i = 0; i < n; i++) {
        struct event_item one = item("", NOON_S);

        one.id = str_int(&t_cx()->mem, (int64_t)i);
        one.counts = counts;
        add(c, one);
    }
}

TEST(test_changes_limits)
{
    struct changes_doubts doubts;
    struct changes c = changes_new();
    struct event_item one = item("one more", NOON_S);
    const struct events_page page = {.at = &one, .n = 1};
    struct image image;

    add_many(&c, LIMIT_IMAGE_EVENTS, EVENT_ALWAYS);
    T_INT(apply(&c, NULL).n, LIMIT_IMAGE_EVENTS);
    add(&c, one);
    T_FAIL(FAIL_LIMIT, changes_apply(t_cx(), &c, NULL, &image, &doubts));
    c = changes_new();
    add_many(&c, LIMIT_READ_EVENTS, EVENT_NEVER);
    T_INT(apply(&c, NULL).n, 0);
    c.n = LIMIT_READ_EVENTS;
    T_FAIL(FAIL_LIMIT, changes_add_page(t_cx(), &c, &page));
}

T_MAIN(
    T(test_changes_make_an_image), T(test_changes_hash_ids_with_the_key),
    T(test_changes_of_one_event_replace_each_other),
    T(test_changes_that_block_nothing_remove), T(test_changes_cancel_one_or_a_series),
    T(test_changes_doubt_a_series_with_cancelled_instances),
    T(test_changes_doubt_at_most_so_many_series), T(test_changes_know_own_copies),
    T(test_changes_keep_zones), T(test_changes_keep_the_zone_of_the_base),
    T(test_changes_limits))
