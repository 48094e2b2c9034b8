/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "calendars/busy_change.h"

enum { DAY = 24 * 3600, NOW = 100 * DAY, EVENTS = 4 };

/* Times in hours from now on; {0, 0} ends a list. */
struct times {
    struct {
        int from, to;
    } at[EVENTS];
};

static struct image image_of(const struct times *t, int until_h, struct image_event *at)
{
    struct image image = {.to_s = NOW + until_h * 3600, .at = at};

    while (image.n < EVENTS && t->at[image.n].from != t->at[image.n].to) {
        at[image.n] = (struct image_event){
            .start = NOW + t->at[image.n].from * 3600,
            .end = NOW + t->at[image.n].to * 3600};
        image.n++;
    }
    return image;
}

static const struct busy at_now = {.from_s = NOW, .days.default_name = SI("UTC")};
static const struct busy_rules rules = {.only_busy = true};

TEST(test_busy_change_find)
{
    static const struct {
        const char *name;
        struct times before, after;
        int from, to; /* 0, 0: the same */
    } rows[] = {
        {"nothing", {{{0, 0}}}, {{{0, 0}}}, 0, 0},
        {"the same", {{{1, 2}, {3, 4}}}, {{{1, 2}, {3, 4}}}, 0, 0},
        {"the same in other pieces", {{{1, 4}}}, {{{1, 3}, {2, 4}}}, 0, 0},
        {"one more", {{{1, 2}}}, {{{1, 2}, {5, 6}}}, 5, 6},
        {"one more between", {{{1, 2}, {8, 9}}}, {{{1, 2}, {5, 6}, {8, 9}}}, 5, 6},
        {"the first one", {{{0, 0}}}, {{{5, 6}, {8, 9}}}, 5, 9},
        {"one less", {{{1, 2}, {5, 6}}}, {{{5, 6}}}, 1, 2},
        {"none left", {{{1, 2}, {5, 6}}}, {{{0, 0}}}, 1, 6},
        {"moved", {{{1, 2}, {8, 9}}}, {{{4, 5}, {8, 9}}}, 1, 5},
        {"longer", {{{1, 2}}}, {{{1, 3}}}, 2, 3},
        {"sooner", {{{4, 6}}}, {{{3, 6}}}, 3, 4},
        {"cut in two", {{{1, 6}}}, {{{1, 2}, {4, 6}}}, 2, 4},
        {"at both ends", {{{1, 2}, {8, 9}}}, {{{0, 2}, {8, 10}}}, 0, 10},
        {"over", {{{-5, -4}, {1, 2}}}, {{{-3, -2}, {1, 2}}}, 0, 0},
        {"since before now", {{{-5, 2}}}, {{{-3, 1}}}, 1, 2},
        {"behind the window", {{{1, 2}, {30, 31}}}, {{{1, 2}}}, 0, 0},
        {"over its end", {{{1, 2}, {23, 31}}}, {{{1, 2}}}, 23, 24},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct image_event a[EVENTS];
        struct image_event b[EVENTS];
        struct image before = image_of(&rows[i].before, 24, a);
        struct image after = image_of(&rows[i].after, 48, b);
        struct busy_change change;

        for (int turn = 0; turn < 2; turn++) { /* it is the same from both sides */
            T_OK(busy_change_find(
                t_cx(), turn == 0 ? &before : &after, turn == 0 ? &after : &before,
                &rules, &at_now, &change));
            if (change.is_one != (rows[i].from != rows[i].to)) {
                print_error("%s\n", rows[i].name);
            }
            T_INT(change.is_one, rows[i].from != rows[i].to);
            T_INT(change.is_one ? change.range.start_s - NOW : 0, rows[i].from * 3600);
            T_INT(change.is_one ? change.range.end_s - NOW : 0, rows[i].to * 3600);
        }
    }
}

/* As far as the window reaches; nothing, where nothing counts. */
TEST(test_busy_change_find_of_a_first_image)
{
    const struct times times = {{{-1, 1}, {5, 6}, {23, 30}}};
    const struct times none = {{{0, 0}}};
    struct image_event at[EVENTS];
    struct image after = image_of(&times, 24, at);
    struct busy_change change;

    T_OK(busy_change_find(t_cx(), NULL, &after, &rules, &at_now, &change));
    T_TRUE(change.is_one);
    T_INT(change.range.start_s, NOW);
    T_INT(change.range.end_s, NOW + DAY);
    at[1].is_if_asked = true; /* counts as the setting wants it */
    at[0].is_if_asked = true;
    T_OK(busy_change_find(t_cx(), NULL, &after, &rules, &at_now, &change));
    T_INT(change.range.start_s, NOW + 23 * 3600);
    after = image_of(&none, 24, at);
    T_OK(busy_change_find(t_cx(), NULL, &after, &rules, &at_now, &change));
    T_TRUE(!change.is_one);
}

/* Days are those of the setting's zone. */
TEST(test_busy_change_find_of_days)
{
    struct image_event day = {
        .start = NOW / DAY + 1, .end = NOW / DAY + 2, .is_all_day = true};
    struct image after = {.to_s = NOW + 7 * DAY, .at = &day, .n = 1};
    const struct busy_rules tokyo = {.only_busy = true, .time_zone = S("Asia/Tokyo")};
    struct busy_change change;

    T_OK(busy_change_find(t_cx(), NULL, &after, &tokyo, &at_now, &change));
    T_INT(change.range.start_s, NOW + DAY - 9 * 3600);
    T_INT(change.range.end_s, NOW + 2 * DAY - 9 * 3600);
}

T_MAIN(
    T(test_busy_change_find), T(test_busy_change_find_of_a_first_image),
    T(test_busy_change_find_of_days))
