/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_state.c - a row and what has happened make the next row.
 */
#include "push/copy_state.h"

#include "base/clock.h"
#include "base/limits.h"
#include "seal/seal.h"
#include "store/calendar_settings.h"

#define NEVER SYNC_NEVER

/* What is known of the calendar. */

static bool copy_may_be_there(const struct pushed_copy *c)
{
    return c->have_rev > 0 || (c->flags & (COPY_UNCLEAR | COPY_LEAVING)) != 0;
}

/* Nobody has seen it there under its key; it may be there under another one. */
static bool copy_is_unseen(const struct pushed_copy *c)
{
    return c->have_rev == 0 && (c->flags & COPY_UNCLEAR) != 0;
}

/* What updates asked for since the last write that was answered; 0: nothing. */
static int64_t copy_sent_end_s(const struct pushed_copy *c)
{
    return c->sent_after_ms == c->written_ms ? c->sent_end_s : 0;
}

/* It is there for sure, and over, also where an update has moved it whose answer is not
 * known. */
static bool copy_is_over(const struct pushed_copy *c, int64_t now_ms)
{
    int64_t end_s = (c->flags & COPY_ALL_DAY) != 0 ? c->end * CLOCK_DAY_S : c->end;
    int64_t now_s = now_ms / CLOCK_SECOND_MS;

    return c->have_rev > 0 && (c->flags & (COPY_UNCLEAR | COPY_LEAVING)) == 0
           && end_s <= now_s && copy_sent_end_s(c) <= now_s;
}

/* It isn't there. */
static void copy_forget_place(struct pushed_copy *c)
{
    c->have_rev = 0;
    c->external_id = S("");
    c->link = S("");
    c->flags = 0;
    c->start = c->end = 0;
}

/* It was there, and its key is used up. A key that perhaps never was is kept: where it
 * was, the source says so (copy_state_taken). So whoever begins anew, with the first one,
 * finds each before the last one used up. */
static void copy_next_generation(struct pushed_copy *c)
{
    c->generation++;
    copy_forget_place(c);
}

static void copy_set(
    struct pushed_copy *c, enum copy_status status, enum copy_reason reason,
    int64_t due_ms)
{
    c->status = status;
    c->reason = reason;
    c->due_ms = due_ms;
}

/* What is wanted is still to be done. */
static void copy_set_undone(struct pushed_copy *c, int64_t now_ms)
{
    copy_set(
        c, c->want == COPY_WANT_WRITTEN ? COPY_PENDING : COPY_REMOVING, COPY_REASON_NONE,
        now_ms);
}

static void copy_set_place(struct pushed_copy *c, const struct written *w)
{
    c->flags &= ~COPY_ALL_DAY;
    c->flags |= w->is_all_day ? COPY_ALL_DAY : 0;
    c->start = w->start;
    c->end = w->end;
}

/* Something else is wanted from now on. */
static void copy_set_wanted(struct pushed_copy *c, enum copy_want want, int64_t now_ms)
{
    c->want = want;
    c->since_ms = now_ms;
    c->attempts = 0;
    c->flags &= ~COPY_MISSED;
    copy_set_undone(c, now_ms);
}

/* Wishes. */

static enum copy_reason wish_skips(
    int64_t ends_s, bool has_attendees, int switches, int64_t now_ms)
{
    if ((switches & SWITCH_ATTENDEES) != 0 && !has_attendees) {
        return COPY_NO_ATTENDEES;
    }
    return ends_s <= now_ms / CLOCK_SECOND_MS ? COPY_PAST : COPY_REASON_NONE;
}

static void copy_want_skipped(struct pushed_copy *c, enum copy_reason why, int64_t now_ms)
{
    copy_set_wanted(c, COPY_WANT_SKIPPED, now_ms);
    if (!copy_may_be_there(c) || copy_is_over(c, now_ms)) {
        copy_set(c, COPY_SKIPPED, why, NEVER);
    }
}

static void copy_take_wish(
    struct pushed_copy *c, const struct copy_wish *w, enum copy_reason skips)
{
    c->want_rev = w->rev;
    if (skips != COPY_REASON_NONE) {
        copy_want_skipped(c, skips, w->now_ms);
        return;
    }
    copy_set_wanted(c, COPY_WANT_WRITTEN, w->now_ms);
    if (w->restores) {
        c->flags |= COPY_FORCED;
    }
}

static enum copy_reason copy_wish_skips(const struct copy_wish *w)
{
    return wish_skips(w->ends_s, w->has_attendees, w->switches, w->now_ms);
}

void copy_state_make(struct pushed_copy *c, const struct copy_wish *w)
{
    enum copy_reason skips = copy_wish_skips(w);

    /* Of an event that is over nothing is looked for. */
    c->flags = !w->is_first && skips != COPY_PAST ? COPY_UNCLEAR : 0;
    copy_take_wish(c, w, skips);
}

/* A copy that was written stays when its event gets over. */
static bool copy_is_as_wanted(
    const struct pushed_copy *c, const struct copy_wish *w, enum copy_reason skips)
{
    if (w->rev != c->want_rev || w->restores
        || (w->retries && c->status == COPY_FAILED)) {
        return false;
    }
    return c->want == COPY_WANT_WRITTEN
               ? skips != COPY_NO_ATTENDEES
               : c->want == COPY_WANT_SKIPPED && skips != COPY_REASON_NONE;
}

void copy_state_want(struct pushed_copy *c, const struct copy_wish *w)
{
    enum copy_reason skips = copy_wish_skips(w);

    if (c->status == COPY_DELETED_BY_PERSON) {
        if (!w->restores) {
            c->want_rev = w->rev;
            return;
        }
        copy_forget_place(c); /* copy_state_gone has given it another key */
    }
    if (!copy_is_as_wanted(c, w, skips)) {
        copy_take_wish(c, w, skips);
    }
}

void copy_state_inherit(struct pushed_copy *c)
{
    if (c->status == COPY_DELETED_BY_PERSON) {
        c->want = COPY_WANT_SKIPPED;
        copy_set(c, COPY_SKIPPED, COPY_PAST, NEVER);
    }
}

void copy_state_retry(struct pushed_copy *c, int64_t now_ms)
{
    if (c->status == COPY_FAILED) {
        copy_set_wanted(c, c->want, now_ms);
    }
}

void copy_state_lose_event(struct pushed_copy *c, int64_t generations)
{
    if (copy_is_unseen(c) && c->generation < generations) {
        c->generation = generations;
    }
}

bool copy_state_leave(struct pushed_copy *c, int64_t now_ms, bool only_future)
{
    if (c->status == COPY_DELETED_BY_PERSON || !copy_may_be_there(c)
        || (only_future && copy_is_over(c, now_ms))) {
        return true;
    }
    if (c->want != COPY_WANT_NONE) {
        copy_set_wanted(c, COPY_WANT_NONE, now_ms);
    }
    return false;
}

/* Acts. */

static enum copy_act copy_act_pending(const struct push_job *job)
{
    const struct pushed_copy *c = &job->copy;

    if (job->event.ends_s <= job->now_ms / CLOCK_SECOND_MS) {
        return copy_may_be_there(c) && !copy_is_over(c, job->now_ms) ? COPY_ACT_REMOVE
                                                                     : COPY_ACT_SKIP;
    }
    return c->have_rev > 0 ? COPY_ACT_UPDATE : COPY_ACT_CREATE;
}

enum copy_act copy_state_act(const struct push_job *job)
{
    const struct pushed_copy *c = &job->copy;

    if (job->has_event && c->want == COPY_WANT_SKIPPED && !copy_may_be_there(c)) {
        return COPY_ACT_SKIP;
    }
    if (!job->has_event || (c->flags & COPY_LEAVING) != 0 || c->status == COPY_REMOVING) {
        return COPY_ACT_REMOVE;
    }
    if (c->status == COPY_PENDING) {
        return copy_act_pending(job);
    }
    return c->status == COPY_WRITTEN && (c->flags & COPY_DOUBTED) != 0 ? COPY_ACT_LOOK
                                                                       : COPY_ACT_NONE;
}

static void copy_note_sent(struct pushed_copy *c, int64_t end_s)
{
    int64_t before_s = copy_sent_end_s(c);

    c->sent_end_s = end_s > before_s ? end_s : before_s;
    c->sent_after_ms = c->written_ms;
}

void copy_state_begin(
    struct pushed_copy *c, const struct push_job *job, enum copy_act act,
    int64_t claim_ms)
{
    c->due_ms = claim_ms;
    if (act == COPY_ACT_CREATE || act == COPY_ACT_UPDATE) {
        c->flags &= ~COPY_DOUBTED; /* from here on one is of what the person did after */
    }
    if (act == COPY_ACT_CREATE) {
        c->flags |= COPY_UNCLEAR;
    }
    if (act == COPY_ACT_UPDATE) {
        copy_note_sent(c, job->event.ends_s);
    }
    if (act == COPY_ACT_REMOVE) {
        c->flags |= COPY_LEAVING;
    }
}

/* Results. */

/* Nothing that is said of another wish counts. */
static bool copy_is_as_taken(const struct pushed_copy *c, const struct push_job *job)
{
    return c->want == job->copy.want && c->want_rev == job->copy.want_rev
           && c->since_ms == job->copy.since_ms;
}

/* What is wanted was done, or there is more to do, at once. */
static void copy_settle(struct pushed_copy *c, int64_t now_ms)
{
    bool is_done = c->want == COPY_WANT_WRITTEN && c->have_rev == c->want_rev
                   && (c->flags & (COPY_FORCED | COPY_LEAVING)) == 0;

    c->attempts = 0;
    if (!is_done) {
        copy_set_undone(c, now_ms);
        return;
    }
    copy_set(c, COPY_WRITTEN, COPY_REASON_NONE, NEVER);
    if ((c->flags & COPY_DOUBTED) != 0) {
        c->since_ms = c->due_ms = now_ms;
    }
}

void copy_state_wrote(
    struct pushed_copy *c, const struct push_job *job, const struct written *w,
    int64_t now_ms)
{
    c->have_rev = job->event.rev;
    c->external_id = w->id;
    c->link = w->link;
    c->written_ms = now_ms;
    c->flags &= ~(COPY_UNCLEAR | COPY_CHANGED);
    copy_set_place(c, w);
    if (copy_is_as_taken(c, job)) {
        c->flags &= ~COPY_FORCED;
    }
    copy_settle(c, now_ms);
}

/* A copy that nobody has seen may have been left over under any key that the event's
 * copies had. They are tried from the first to the last, so that whatever is wanted
 * meanwhile is made under one that is free; without the event nothing is, and only the
 * row knows where the end is: down to the first then. */
static bool copy_tries_next_key(
    struct pushed_copy *c, const struct push_job *job, int64_t now_ms)
{
    bool was_tried = c->generation == job->copy.generation;
    bool is_last =
        job->has_event ? c->generation >= job->event.generations : c->generation == 0;

    if (!copy_is_unseen(c) || (was_tried && is_last)) {
        return false;
    }
    if (was_tried) {
        int64_t next = c->generation + (job->has_event ? 1 : -1);

        copy_forget_place(c);
        c->generation = next;
        c->flags = COPY_UNCLEAR | COPY_LEAVING;
    }
    c->due_ms = now_ms;
    return true;
}

bool copy_state_removed(struct pushed_copy *c, const struct push_job *job, int64_t now_ms)
{
    if (copy_tries_next_key(c, job, now_ms)) {
        return false;
    }
    c->generation += c->have_rev > 0;
    copy_forget_place(c);
    if (c->want == COPY_WANT_NONE || !job->has_event) {
        return true;
    }
    enum copy_reason skips =
        wish_skips(job->event.ends_s, job->event.has_attendees, job->switches, now_ms);

    if (copy_is_as_taken(c, job) && skips != COPY_REASON_NONE) {
        c->want = COPY_WANT_SKIPPED;
        copy_set(c, COPY_SKIPPED, skips, NEVER);
    } else if (!copy_is_as_taken(c, job) && c->want == COPY_WANT_SKIPPED) {
        copy_set(c, COPY_REMOVING, COPY_REASON_NONE, now_ms); /* by what is said now */
    } else {
        copy_set_wanted(c, COPY_WANT_WRITTEN, now_ms);
    }
    return false;
}

void copy_state_skipped(struct pushed_copy *c, const struct push_job *job)
{
    enum copy_reason skips = wish_skips(
        job->event.ends_s, job->event.has_attendees, job->switches, job->now_ms);

    if (copy_is_as_taken(c, job)) {
        bool is_past = c->want != COPY_WANT_SKIPPED || skips == COPY_REASON_NONE;

        c->want = COPY_WANT_SKIPPED;
        c->flags &= ~COPY_UNCLEAR;
        copy_set(c, COPY_SKIPPED, is_past ? COPY_PAST : skips, NEVER);
    }
}

enum copy_news copy_state_gone(struct pushed_copy *c, int64_t now_ms)
{
    bool restores = (c->flags & COPY_FORCED) != 0;

    copy_next_generation(c);
    if (c->want != COPY_WANT_WRITTEN) { /* as it is to be: the removal finds nothing */
        c->flags = COPY_LEAVING;
        c->due_ms = now_ms;
        return COPY_NEWS_NONE;
    }
    if (restores) {
        copy_set(c, COPY_PENDING, COPY_REASON_NONE, now_ms);
        return COPY_NEWS_NONE;
    }
    copy_set(c, COPY_DELETED_BY_PERSON, COPY_REASON_NONE, NEVER);
    return COPY_NEWS_DELETED;
}

enum copy_news copy_state_taken(
    struct pushed_copy *c, const struct push_job *job, int64_t now_ms)
{
    int64_t attempts = c->attempts + 1;

    if (attempts >= LIMIT_COPY_GENERATIONS) {
        return copy_state_refused(c, job);
    }
    int forced = c->flags & COPY_FORCED;

    copy_next_generation(c);
    c->flags = forced | COPY_UNCLEAR; /* the next one may have been left over */
    c->attempts = attempts;
    c->due_ms = now_ms;
    return COPY_NEWS_NONE;
}

/* Where the application wants it, though the person has moved it meanwhile. */
static bool copy_is_back(const struct push_job *job, const struct written *w)
{
    int64_t unit_s = w->is_all_day ? CLOCK_DAY_S : 1;

    return w->start * unit_s == job->event.starts_s
           && w->end * unit_s == job->event.ends_s;
}

static bool copy_is_at(const struct pushed_copy *c, const struct written *w)
{
    return ((c->flags & COPY_ALL_DAY) != 0) == w->is_all_day && c->start == w->start
           && c->end == w->end;
}

enum copy_news copy_state_looked(
    struct pushed_copy *c, const struct push_job *job, const struct written *w)
{
    if (!copy_is_as_taken(c, job) || c->status != COPY_WRITTEN) {
        return COPY_NEWS_NONE;
    }
    bool is_moved = !copy_is_at(c, w);

    c->flags &= ~COPY_DOUBTED;
    c->due_ms = NEVER;
    if (!is_moved) {
        return COPY_NEWS_NONE;
    }
    copy_set_place(c, w);
    c->flags &= ~COPY_CHANGED;
    c->flags |= copy_is_back(job, w) ? 0 : COPY_CHANGED;
    return COPY_NEWS_CHANGED;
}

/* Failures. */

/* The source has done nothing: what was begun is taken back. */
static void copy_note_clear(struct pushed_copy *c, const struct push_job *job)
{
    c->sent_end_s = job->copy.sent_end_s;
    c->sent_after_ms = job->copy.sent_after_ms;
    if (c->have_rev == 0 && (job->copy.flags & COPY_UNCLEAR) == 0) {
        c->flags &= ~COPY_UNCLEAR;
    }
}

enum copy_news copy_state_refused(struct pushed_copy *c, const struct push_job *job)
{
    copy_note_clear(c, job);
    if (!copy_is_as_taken(c, job)) {
        return COPY_NEWS_NONE;
    }
    c->flags &= ~COPY_FORCED;
    copy_set(c, COPY_FAILED, COPY_REFUSED, NEVER);
    return COPY_NEWS_FAILED;
}

/* docs/pushing.md §3. The last one repeats. */
static const int64_t pauses_s[] = {5, 15, 60, 300, 900, 3600};

/* A quarter sooner or later, by chance. */
static int64_t pause_ms(int64_t attempts)
{
    size_t i = (size_t)(attempts - 1);
    int64_t s = pauses_s[i < COUNT(pauses_s) ? i : COUNT(pauses_s) - 1];
    uint32_t r;

    seal_random(&r, sizeof(r));
    return s * CLOCK_SECOND_MS * 3 / 4 + s * CLOCK_SECOND_MS / 2 * (r % 1000) / 1000;
}

enum copy_news copy_state_failed(
    struct pushed_copy *c, const struct push_job *job, const struct copy_failure *f,
    bool *gone)
{
    *gone = false;
    if (f->is_clear) {
        copy_note_clear(c, job);
    }
    if (!copy_is_as_taken(c, job)) {
        return COPY_NEWS_NONE;
    }
    if (c->status != COPY_WRITTEN && f->now_ms - c->since_ms >= LIMIT_WRITE_GIVE_UP_MS) {
        *gone = c->want == COPY_WANT_NONE;
        copy_set(c, COPY_FAILED, COPY_GAVE_UP, NEVER);
        return COPY_NEWS_FAILED;
    }
    c->attempts += c->attempts < INT32_MAX;
    int64_t pause = pause_ms(c->attempts);
    int64_t told = f->retry_after_s * CLOCK_SECOND_MS;

    if (c->status != COPY_WRITTEN) {
        c->reason = COPY_SOURCE_ERROR;
    }
    c->due_ms = f->now_ms + (told > pause ? told : pause);
    return COPY_NEWS_NONE;
}

void copy_state_held(struct pushed_copy *c, const struct push_job *job, int64_t until_ms)
{
    copy_note_clear(c, job);
    if (copy_is_as_taken(c, job)) {
        c->reason = c->status == COPY_WRITTEN ? COPY_REASON_NONE : COPY_THROTTLED;
        c->due_ms = until_ms;
    }
}

void copy_state_put_off(
    struct pushed_copy *c, const struct push_job *job, bool is_clear, int64_t until_ms)
{
    if (is_clear) {
        copy_note_clear(c, job);
    }
    if (copy_is_as_taken(c, job)) {
        c->since_ms = job->now_ms;
        c->due_ms = until_ms;
    }
}
