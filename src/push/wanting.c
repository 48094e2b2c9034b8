/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wanting.c - an event, its row, and a copy for each destination of its owner.
 */
#include "push/wanting.h"

#include "base/cx.h"
#include "base/limits.h"
#include "push/copy_keep.h"
#include "push/copy_state.h"
#include "seal/keyring.h"
#include "store/calendar_settings.h"

/* One event that is kept. */
struct kept {
    const struct wanted_event *wanting;
    struct pushed_event event;
    bool is_new;
    bool is_other; /* than the values before */
    int64_t now_ms;
};

/* The row. */

static Res kept_find(struct cx *cx, struct db *db, struct kept *k)
{
    const struct wanted_event *w = k->wanting;
    Res res = pushed_event_get(cx, db, &w->owner, w->event_id, &k->event);

    k->is_new = res.code == FAIL_NOT_FOUND;
    if (!k->is_new) {
        return res;
    }
    k->event = (struct pushed_event){
        .owner = w->owner,
        .event_id = w->event_id,
        .version = PUSHED_NO_VERSION,
        .created_ms = k->now_ms,
    };
    return OK;
}

static Res kept_check_version(struct cx *cx, const struct kept *k)
{
    int64_t version = k->wanting->version;

    if (version != PUSHED_NO_VERSION && version < k->event.version) {
        return fail(
            cx, FAIL_CONFLICT, "version %lld is kept already",
            (long long)k->event.version);
    }
    return OK;
}

/* An event that is in the future already counts as one of them. */
static Res kept_check_limit(struct cx *cx, struct db *db, const struct kept *k)
{
    int64_t now_s = k->now_ms / 1000;
    int64_t n;

    if (event_values_end_s(&k->wanting->values) <= now_s
        || (!k->is_new && k->event.ends_s > now_s)) {
        return OK;
    }
    TRY(pushed_event_count_future(cx, db, &k->wanting->owner, now_s, &n));
    return n < LIMIT_PUSHED_FUTURE
               ? OK
               : fail(
                   cx, FAIL_LIMIT, "over %d events in the future", LIMIT_PUSHED_FUTURE);
}

static void kept_take_values(struct cx *cx, struct kept *k)
{
    const struct wanted_event *w = k->wanting;
    struct pushed_event *e = &k->event;
    Str digest = event_values_digest(&cx->mem, w->keys, &w->values);
    bool is_newer = w->version != PUSHED_NO_VERSION && w->version != e->version;

    k->is_other = k->is_new || !str_eq(digest, e->digest);
    e->digest = digest;
    e->rev += k->is_other;
    e->has_attendees = w->values.has_attendees;
    e->starts_s = event_values_start_s(&w->values);
    e->ends_s = event_values_end_s(&w->values);
    e->version = w->version != PUSHED_NO_VERSION ? w->version : e->version;
    e->updated_ms = k->is_other || is_newer ? k->now_ms : e->updated_ms;
}

static Res kept_write(struct cx *cx, struct db *db, struct kept *k)
{
    struct pushed_event *e = &k->event;
    const struct wanted_event *w = k->wanting;

    if (k->is_new) {
        TRY(pushed_event_insert(cx, db, e, &e->id));
    }
    e->sealed = event_values_seal(&cx->mem, w->keyring, e->id, &w->values);
    must_be(keyring_record_key(e->sealed, &e->key));
    return pushed_event_put(cx, db, e);
}

/* Its copies. */

static struct copy_wish kept_wish(const struct kept *k, const struct calendar_setting *s)
{
    return (struct copy_wish){
        .rev = k->event.rev,
        .ends_s = k->event.ends_s,
        .has_attendees = k->event.has_attendees,
        .switches = s->switches,
        .restores = k->wanting->restores && !k->is_new,
        .retries = true,
        .is_first = k->is_new,
        .now_ms = k->now_ms,
    };
}

static Res kept_put_copy(
    struct cx *cx, struct db *db, const struct kept *k, const struct calendar_setting *s,
    const struct pushed_copies_page *copies)
{
    const struct copy_home home = {
        .keys = k->wanting->keys,
        .owner = k->wanting->owner,
        .source = s->source,
        .subject = s->subject,
        .calendar_id = s->calendar_id,
    };
    const struct copy_wish wish = kept_wish(k, s);
    struct pushed_copy c = {
        .event = k->event.id,
        .settings = s->id,
        .account = s->account,
        .source = s->source,
    };

    return copy_keep(cx, db, copies, &home, &wish, &c);
}

/* A calendar that was switched off just now has copies until sweep_due is there. It may
 * be on again by then, and nobody would see that they are old. */
static bool kept_is_written(
    const struct pushed_copies_page *copies, const struct calendar_setting *s)
{
    for (size_t i = 0; i < copies->n; i++) {
        const struct pushed_copy *c = &copies->at[i].copy;

        if (c->settings == s->id && c->want != COPY_WANT_NONE) {
            return true;
        }
    }
    return (s->switches & SWITCH_DESTINATION) != 0;
}

static Res kept_put_copies(struct cx *cx, struct db *db, const struct kept *k)
{
    const struct calendar_settings_filter filter = {
        .provider = k->wanting->owner.provider,
        .mode = k->wanting->owner.mode,
        .user = k->wanting->owner.user,
    };
    struct calendar_settings_page settings;
    struct pushed_copies_page copies = {.n = 0};

    TRY(calendar_settings_list(cx, db, &filter, 0, LIMIT_OWNER_SETTINGS, &settings));
    if (!k->is_new) {
        TRY(pushed_copies_of_event(cx, db, k->event.id, &copies));
    }
    for (size_t i = 0; i < settings.n; i++) {
        const struct calendar_setting *s = &settings.at[i];

        TRY(kept_is_written(&copies, s) ? kept_put_copy(cx, db, k, s, &copies) : OK);
    }
    return OK;
}

Res wanting_put(struct cx *cx, struct db *db, const struct wanted_event *w, bool *is_new)
{
    struct kept k = {.wanting = w};

    TRY(calendar_sync_now(cx, db, &k.now_ms));
    TRY(kept_find(cx, db, &k));
    TRY(kept_check_version(cx, &k));
    TRY(kept_check_limit(cx, db, &k));
    kept_take_values(cx, &k);
    TRY(kept_write(cx, db, &k));
    TRY(kept_put_copies(cx, db, &k));
    *is_new = k.is_new;
    return OK;
}

/* Forgetting. */

static Res copy_forget(
    struct cx *cx, struct db *db, struct pushed_copy *c, const struct pushed_event *e,
    int64_t now_ms)
{
    copy_state_lose_event(c, e->generations);
    if (!copy_state_leave(c, now_ms, false)) {
        return pushed_copy_put(cx, db, c);
    }
    TRY(pushed_copy_delete(cx, db, c->id));
    return calendar_settings_forget(cx, db, c->settings);
}

Res wanting_delete(
    struct cx *cx, struct db *db, const struct pushed_owner *owner, Str event_id)
{
    struct pushed_event e;
    struct pushed_copies_page copies;
    int64_t now_ms;

    TRY(calendar_sync_now(cx, db, &now_ms));
    TRY(pushed_event_get(cx, db, owner, event_id, &e));
    TRY(pushed_copies_of_event(cx, db, e.id, &copies));
    for (size_t i = 0; i < copies.n; i++) {
        TRY(copy_forget(cx, db, &copies.at[i].copy, &e, now_ms));
    }
    return pushed_event_delete(cx, db, e.id);
}
