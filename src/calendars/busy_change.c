/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy_change.c - lays two images over the same range, and compares what comes of them.
 */
#include "calendars/busy_change.h"

static Res change_lay(
    struct cx *cx, const struct image *image, const struct busy_rules *rules,
    struct busy *ret)
{
    if (image != NULL) {
        TRY(busy_add(cx, ret, image, rules));
    }
    busy_join(ret);
    return OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Of two periods that differ and are the first ones that do, or one and none. */
static int64_t change_begins(const struct busy_period *a, const struct busy_period *b)
{
    if (a == NULL || b == NULL) {
        const struct busy_period *only = a == NULL ? b : a;

        must_be(only != NULL);
        return only->start_s;
    }
    return a->start_s == b->start_s ? least(a->end_s, b->end_s)
                                    : least(a->start_s, b->start_s);
}

/* The same of the last ones. */
static int64_t change_ends(const struct busy_period *a, const struct busy_period *b)
{
    if (a == NULL || b == NULL) {
        const struct busy_period *only = a == NULL ? b : a;

        must_be(only != NULL);
        return only->end_s;
    }
    return a->end_s == b->end_s ? most(a->start_s, b->start_s) : most(a->end_s, b->end_s);
}

static bool period_is_same(const struct busy_period *a, const struct busy_period *b)
{
    return a->start_s == b->start_s && a->end_s == b->end_s;
}

static struct busy_change change_between(const struct busy *a, const struct busy *b)
{
    size_t first = 0;
    size_t last = 0;

    while (first < a->n && first < b->n && period_is_same(&a->at[first], &b->at[first])) {
        first++;
    }
    if (first == a->n && first == b->n) {
        return (struct busy_change){.is_one = false};
    }
    while (last < a->n && last < b->n
           && period_is_same(&a->at[a->n - 1 - last], &b->at[b->n - 1 - last])) {
        last++;
    }
    return (struct busy_change){
        .is_one = true,
        .range =
            {
                change_begins(
                    first < a->n ? &a->at[first] : NULL,
                    first < b->n ? &b->at[first] : NULL),
                change_ends(
                    last < a->n ? &a->at[a->n - 1 - last] : NULL,
                    last < b->n ? &b->at[b->n - 1 - last] : NULL),
            },
    };
}

Res busy_change_find(
    struct cx *cx, const struct image *before, const struct image *after,
    const struct busy_rules *rules, const struct busy *at, struct busy_change *ret)
{
    struct busy old = *at;

    old.to_s = before == NULL ? after->to_s : least(before->to_s, after->to_s);
    struct busy new = old;

    TRY(change_lay(cx, before, rules, &old));
    TRY(change_lay(cx, after, rules, &new));
    *ret = change_between(&old, &new);
    return OK;
}
