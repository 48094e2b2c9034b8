/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_image.c - an image comes back as it was written, and nothing else is believed.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "calendars/image.h"

enum { FROM_S = 1767225600, TO_S = FROM_S + 190 * CLOCK_DAY_S };

static struct image image_of(struct image_event *at, size_t n)
{
    return (struct image){.from_s = FROM_S, .to_s = TO_S, .at = at, .n = n};
}

static struct image_event event_at(int64_t start, int64_t end)
{
    return (struct image_event){.id = 7, .start = start, .end = end};
}

static void event_is(const struct image_event *got, const struct image_event *want)
{
    T_INT(got->id, want->id);
    T_INT(got->series, want->series);
    T_INT(got->start, want->start);
    T_INT(got->end, want->end);
    T_INT(got->zone, want->zone);
    T_INT(got->is_all_day, want->is_all_day);
    T_INT(got->is_if_asked, want->is_if_asked);
}

TEST(test_image_round_trip)
{
    struct image_event at[] = {
        {.id = 1, .start = FROM_S + 60, .end = FROM_S + 3660},
        {.id = UINT64_MAX,
         .series = 9,
         .start = 20500,
         .end = 20502,
         .is_all_day = true,
         .zone = 2},
        {.id = 3, .start = FROM_S + 90, .end = FROM_S + 95, .is_if_asked = true},
    };
    Str zones[] = {S("Europe/Berlin"), S("America/New_York")};
    struct image image = image_of(at, COUNT(at));
    struct image got;
    Str bytes;

    image.zone = S("Asia/Kathmandu");
    image.zones = zones;
    image.n_zones = COUNT(zones);
    T_OK(image_encode(t_cx(), &image, &bytes));
    T_OK(image_decode(t_cx(), bytes, &got));
    T_INT(got.from_s, FROM_S);
    T_INT(got.to_s, TO_S);
    T_STR(got.zone, image.zone);
    T_INT(got.n_zones, 2);
    T_STR(got.zones[1], zones[1]);
    T_INT(got.n, COUNT(at));
    for (size_t i = 0; i < COUNT(at); i++) {
        event_is(&got.at[i], &at[i]);
    }
}

TEST(test_image_takes_26_bytes_an_event)
{
    struct image_event at[500];
    Str none;
    Str many;

    for (size_t i = 0; i < COUNT(at); i++) {
        at[i] = event_at(FROM_S, FROM_S + 1);
    }
    struct image image = image_of(at, 0);

    T_OK(image_encode(t_cx(), &image, &none));
    image.n = COUNT(at);
    T_OK(image_encode(t_cx(), &image, &many));
    T_INT(many.n - none.n, 26 * COUNT(at));
}

TEST(test_image_times_outside_of_4_bytes_become_the_nearest)
{
    struct image_event at[] = {
        event_at(-1000, FROM_S),
        event_at(FROM_S, CLOCK_DAY_S * INT64_C(200000)),
        {.id = 1, .start = -40000, .end = 3000000, .is_all_day = true},
    };
    struct image image = image_of(at, COUNT(at));
    struct image got;
    Str bytes;

    T_OK(image_encode(t_cx(), &image, &bytes));
    T_OK(image_decode(t_cx(), bytes, &got));
    T_INT(got.at[0].start, 946684800);
    T_INT(got.at[0].end, FROM_S);
    T_INT(got.at[1].end, INT64_C(946684800) + UINT32_MAX);
    T_INT(got.at[2].start, 10957);
    T_INT(got.at[2].end, 10957 + 1000000);
}

TEST(test_image_limits)
{
    struct image image = image_of(
        NEW_N(&t_cx()->mem, struct image_event, LIMIT_IMAGE_EVENTS + 1),
        LIMIT_IMAGE_EVENTS);
    struct image got;
    Str bytes;

    for (size_t i = 0; i <= LIMIT_IMAGE_EVENTS; i++) {
        image.at[i] = event_at(FROM_S, FROM_S + 1);
    }
    image.zones = NEW_N(&t_cx()->mem, Str, LIMIT_IMAGE_ZONES + 1);
    for (size_t i = 0; i <= LIMIT_IMAGE_ZONES; i++) {
        image.zones[i] = S("Europe/Berlin");
    }
    image.n_zones = LIMIT_IMAGE_ZONES;
    T_OK(image_encode(t_cx(), &image, &bytes));
    T_OK(image_decode(t_cx(), bytes, &got));
    T_INT(got.n, LIMIT_IMAGE_EVENTS);
    image.n++;
    T_FAIL(FAIL_LIMIT, image_encode(t_cx(), &image, &bytes));
    image.n--;
    image.n_zones++;
    T_FAIL(FAIL_LIMIT, image_encode(t_cx(), &image, &bytes));
}

/* Cut anywhere, longer, or with any byte changed: refused, or at least well-formed. */
TEST(test_image_decode_refuses_what_is_cut)
{
    struct image_event at[] = {
        event_at(FROM_S, FROM_S + 5),
        {.id = 2, .start = 20500, .end = 20501, .is_all_day = true, .zone = 1},
    };
    Str zones[] = {S("Europe/Berlin")};
    struct image image = image_of(at, COUNT(at));
    struct image got;
    Str bytes;

    image.zones = zones;
    image.n_zones = 1;
    T_OK(image_encode(t_cx(), &image, &bytes));
    for (size_t n = 0; n < bytes.n; n++) {
        T_FAIL(FAIL_UNREADABLE, image_decode(t_cx(), str_sub(bytes, 0, n), &got));
    }
    T_FAIL(
        FAIL_UNREADABLE,
        image_decode(t_cx(), str_cat(&t_cx()->mem, bytes, S("x")), &got));
    char *p = arena_alloc(&t_cx()->mem, bytes.n);

    memcpy(p, bytes.p, bytes.n);
    p[0] = 2;
    T_FAIL(FAIL_UNREADABLE, image_decode(t_cx(), (Str){p, bytes.n}, &got));
    p[0] = 1;
    p[bytes.n - 1] = 2; /* a zone that isn't there */
    T_FAIL(FAIL_UNREADABLE, image_decode(t_cx(), (Str){p, bytes.n}, &got));
}

/* What is left out is judged, too. */
TEST(test_image_decode_within_leaves_out_what_is_outside)
{
    struct image_event at[] = {
        event_at(FROM_S, FROM_S + 60),
        event_at(FROM_S + CLOCK_DAY_S, FROM_S + CLOCK_DAY_S + 60),
        event_at(FROM_S + 9 * CLOCK_DAY_S, FROM_S + 9 * CLOCK_DAY_S + 60),
    };
    struct image image = image_of(at, COUNT(at));
    struct image got;
    Str bytes;

    T_OK(image_encode(t_cx(), &image, &bytes));
    T_OK(image_decode_within(
        t_cx(), bytes, FROM_S + CLOCK_DAY_S, FROM_S + 8 * CLOCK_DAY_S, &got));
    T_INT(got.from_s, FROM_S);
    T_INT(got.to_s, TO_S);
    T_INT(got.n, 1);
    event_is(&got.at[0], &at[1]);
    T_OK(image_decode_within(
        t_cx(), bytes, FROM_S + 2 * CLOCK_DAY_S, FROM_S + 3 * CLOCK_DAY_S, &got));
    T_INT(got.n, 0);
    image.n_zones = 1;
    image.zones = &image.zone;
    at[0].zone = 1;
    T_OK(image_encode(t_cx(), &image, &bytes));
    char *p = arena_alloc(&t_cx()->mem, bytes.n);

    memcpy(p, bytes.p, bytes.n);
    p[bytes.n - 2 * 26 - 1] = 2; /* a zone that isn't there */
    T_FAIL(
        FAIL_UNREADABLE, image_decode_within(
                             t_cx(), (Str){p, bytes.n}, FROM_S + CLOCK_DAY_S,
                             FROM_S + 8 * CLOCK_DAY_S, &got));
}

TEST(test_image_event_is_within_by_overlap)
{
    const struct {
        int64_t start, end;
        bool want;
    } rows[] = {
        {FROM_S - 10, FROM_S, false},   {FROM_S - 10, FROM_S + 1, true},
        {TO_S - 1, TO_S + 10, true},    {TO_S, TO_S + 10, false},
        {FROM_S - 10, TO_S + 10, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct image_event e = event_at(rows[i].start, rows[i].end);

        T_INT(image_event_is_within(&e, FROM_S, TO_S), rows[i].want);
    }
}

/* A day may begin and end up to 26 hours away from UTC's. */
TEST(test_image_event_is_within_by_day_in_any_zone)
{
    int64_t first = FROM_S / CLOCK_DAY_S;
    struct image_event e = {.start = first - 1, .end = first, .is_all_day = true};

    assert_true(image_event_is_within(&e, FROM_S, TO_S));
    e = (struct image_event){.start = first - 3, .end = first - 2, .is_all_day = true};
    assert_false(image_event_is_within(&e, FROM_S, TO_S));
    e = (struct image_event){
        .start = TO_S / CLOCK_DAY_S, .end = TO_S / CLOCK_DAY_S + 1, .is_all_day = true};
    assert_true(image_event_is_within(&e, FROM_S, TO_S));
}

T_MAIN(
    T(test_image_round_trip), T(test_image_takes_26_bytes_an_event),
    T(test_image_times_outside_of_4_bytes_become_the_nearest), T(test_image_limits),
    T(test_image_decode_refuses_what_is_cut),
    T(test_image_decode_within_leaves_out_what_is_outside),
    T(test_image_event_is_within_by_overlap),
    T(test_image_event_is_within_by_day_in_any_zone))
