/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_keep.c - a copy stays the same when its calendar gets another setting.
 */
#include "push/copy_keep.h"

#include "base/cx.h"
#include "store/calendar_settings.h"

static bool copy_is_in(
    struct cx *cx, const struct copy_home *home, const struct pushed_copy *c)
{
    return str_eq(c->key, copy_key_make(&cx->mem, home, c->event, c->generation));
}

static Res copy_hand_over(
    struct cx *cx, struct db *db, const struct pushed_copy *found, struct pushed_copy *c)
{
    int64_t settings = c->settings;

    *c = *found;
    c->settings = settings;
    copy_state_inherit(c);
    TRY(pushed_copy_hand_over(cx, db, c->id, settings));
    return calendar_settings_forget(cx, db, found->settings);
}

static Res copy_find(
    struct cx *cx, struct db *db, const struct pushed_copies_page *copies,
    const struct copy_home *home, struct pushed_copy *c)
{
    const struct pushed_copy *earlier = NULL;

    for (size_t i = 0; i < copies->n; i++) {
        const struct pushed_copy *one = &copies->at[i].copy;

        if (one->settings == c->settings) {
            *c = *one;
            return OK;
        }
        if (one->account == c->account && copy_is_in(cx, home, one)) {
            earlier = one;
        }
    }
    return earlier == NULL ? OK : copy_hand_over(cx, db, earlier, c);
}

Res copy_keep(
    struct cx *cx, struct db *db, const struct pushed_copies_page *copies,
    const struct copy_home *home, const struct copy_wish *wish, struct pushed_copy *c)
{
    TRY(copy_find(cx, db, copies, home, c));
    bool is_new = c->id == 0;

    if (is_new) {
        copy_state_make(c, wish);
    } else {
        copy_state_want(c, wish);
    }
    c->key = copy_key_make(&cx->mem, home, c->event, c->generation);
    return is_new ? pushed_copy_insert(cx, db, c) : pushed_copy_put(cx, db, c);
}
