/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noticing.c - compares the copies that a read saw with those that were written.
 */
#include "calendars/noticing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/calendar_settings.h"
#include "store/pushed_doubts.h"
#include "store/store.h"

enum { NOTICES_ROOM_FIRST = 16 };

struct noticing {
    const struct reading *reading;
    struct change_copy *seen; /* sorted by key */
    size_t n_seen;
    int64_t *ids;
    size_t n;
    size_t room;
    size_t n_before; /* of the pages before this one, which may be read twice */
    int64_t after;   /* the copy that was looked at last, before this page */
    int64_t last;    /* and on it */
    bool more;
};

/* What was seen. */

static int copy_compare(const void *a, const void *b)
{
    const struct change_copy *x = a;
    const struct change_copy *y = b;

    for (size_t i = 0; i < sizeof(x->key); i++) {
        if (x->key[i] != y->key[i]) {
            return x->key[i] < y->key[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The last one of a key counts. */
static void noticing_sort(struct cx *cx, struct noticing *n)
{
    const struct reading *r = n->reading;

    n->seen = NEW_N(&cx->mem, struct change_copy, r->n_copies);
    n->n_seen = r->n_copies;
    if (r->n_copies > 0) {
        memcpy(n->seen, r->copies, r->n_copies * sizeof(*n->seen));
        qsort(n->seen, n->n_seen, sizeof(*n->seen), copy_compare);
    }
}

static const struct change_copy *noticing_seen(const struct noticing *n, Str key)
{
    struct change_copy wanted = {.is_removed = false};

    if (key.n != sizeof(wanted.key) || n->n_seen == 0) {
        return NULL;
    }
    memcpy(wanted.key, key.p, sizeof(wanted.key));
    return bsearch(&wanted, n->seen, n->n_seen, sizeof(*n->seen), copy_compare);
}

/* Doubts. */

static bool copy_is_elsewhere(const struct pushed_copy *c, const struct change_copy *seen)
{
    bool is_all_day = (c->flags & COPY_ALL_DAY) != 0;

    return seen->is_removed || seen->is_all_day != is_all_day || seen->start != c->start
           || seen->end != c->end;
}

/* A day from the edges of the window, since the zone of whole days isn't known. */
static bool copy_is_within(const struct pushed_copy *c, const struct image *image)
{
    int64_t unit_s = (c->flags & COPY_ALL_DAY) != 0 ? CLOCK_DAY_S : 1;

    return c->end * unit_s > image->from_s + CLOCK_DAY_S
           && c->start * unit_s < image->to_s - CLOCK_DAY_S;
}

static void noticing_add(struct cx *cx, struct noticing *n, int64_t id)
{
    if (n->n == n->room) {
        size_t room = n->room == 0 ? NOTICES_ROOM_FIRST : 2 * n->room;
        int64_t *ids = NEW_N(&cx->mem, int64_t, room);

        if (n->n > 0) {
            memcpy(ids, n->ids, n->n * sizeof(*ids));
        }
        n->ids = ids;
        n->room = room;
    }
    n->ids[n->n++] = id;
}

/* Before the read began, so that the read shows what was done after. */
static bool copy_was_settled(const struct pushed_copy *c, const struct reading *r)
{
    return c->status == COPY_WRITTEN && c->written_ms < r->job->now_ms;
}

/* Whether a page or a write was first can't be told, where the write may have been under
 * way. The next window will show what is there; but the next increment shows what changes
 * after this one alone, and what the person did after the write may be in this one. */
static bool noticing_concerns(const struct noticing *n, const struct pushed_copy *c)
{
    return copy_was_settled(c, n->reading) || n->reading->next_cursor.n > 0;
}

static void noticing_judge(struct cx *cx, struct noticing *n, const struct pushed_copy *c)
{
    const struct reading *r = n->reading;
    const struct change_copy *seen = noticing_seen(n, c->key);
    bool is_missing =
        seen == NULL && r->was_full && c->have_rev > 0 && copy_is_within(c, &r->image);

    if (noticing_concerns(n, c)
        && (is_missing || (seen != NULL && copy_is_elsewhere(c, seen)))) {
        noticing_add(cx, n, c->id);
    }
}

/* A read in full says something about every copy. */
static Res noticing_page_work(struct cx *cx, struct db *db, void *arg)
{
    struct noticing *n = arg;
    struct pushed_doubts_page page;

    n->n = n->n_before;
    n->last = n->after;
    TRY(pushed_doubts_list(cx, db, n->reading->job->sync.settings, n->after, &page));
    for (size_t i = 0; i < page.n; i++) {
        noticing_judge(cx, n, &page.at[i]);
        n->last = page.at[i].id;
    }
    n->more = page.n + page.n_unreadable == LIMIT_STEP_ROWS && n->last > n->after;
    return OK;
}

/* An increment about those that it has. */
static Res noticing_keys_work(struct cx *cx, struct db *db, void *arg)
{
    struct noticing *n = arg;

    n->n = 0;
    n->more = false;
    for (size_t i = 0; i < n->n_seen; i++) {
        const Str key = {(const char *)n->seen[i].key, sizeof(n->seen[i].key)};
        struct pushed_copy c;
        Res res = pushed_doubts_find(cx, db, n->reading->job->sync.settings, key, &c);

        if (res.code == FAIL_NONE) {
            noticing_judge(cx, n, &c);
        } else if (res.code != FAIL_NOT_FOUND) {
            return res;
        }
    }
    return OK;
}

Res noticing_find(
    struct cx *cx, struct store *store, const struct reading *r, struct noticed *ret)
{
    struct noticing n = {.reading = r, .more = true};

    *ret = (struct noticed){.n = 0};
    if ((r->job->switches & SWITCH_DESTINATION) == 0) {
        return OK;
    }
    noticing_sort(cx, &n);
    while (n.more) {
        TRY(store_read(
            cx, store, r->was_full ? noticing_page_work : noticing_keys_work, &n));
        n.n_before = n.n;
        n.after = n.last;
    }
    *ret = (struct noticed){n.ids, n.n};
    return OK;
}

Res noticing_put(struct cx *cx, struct db *db, const struct noticed *n)
{
    for (size_t i = 0; i < n->n; i++) {
        TRY(pushed_doubts_raise(cx, db, n->ids[i]));
    }
    return OK;
}
