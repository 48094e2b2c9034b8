/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy_periods.c - GET /external_calendars/busy_periods: when is one owner busy
 * (docs/calendar.md §4)?
 *
 * Everything is answered from the store. With `refresh` the chosen calendars are made due
 * first, and the call waits parked until they are read, or its time is over.
 */
#include "api/busy_periods.h"

#include "api/body.h"
#include "api/endpoints.h"
#include "api/owner_query.h"
#include "api/value.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metric.h"
#include "calendars/busy.h"
#include "calendars/freshness.h"
#include "calendars/kept.h"
#include "calendars/sealing.h"
#include "calendars/shared.h"
#include "calendars/sync.h"
#include "calendars/times.h"
#include "store/calendar_reads.h"
#include "store/store.h"

enum {
    BUSY_IN_AFTER,
    BUSY_IN_BEFORE,
    BUSY_IN_SETTINGS,
    BUSY_IN_ACCOUNT,
    BUSY_IN_REFRESH,
    BUSY_IN_COUNT
};

/* clang-format off */
static const struct api_field busy_query_fields[BUSY_IN_COUNT] = {
    [BUSY_IN_AFTER] = {.name = SI("happens_after"), .type = VALUE_TIME, .is_required = true,
        .about = SI("The begin of the range."),
        .example = SI("2026-12-01T00:00:00Z")},
    [BUSY_IN_BEFORE] = {.name = SI("happens_before"), .type = VALUE_TIME, .is_required = true,
        .about = SI("The end of the range, which is not in it."),
        .example = SI("2026-12-08T00:00:00Z")},
    [BUSY_IN_SETTINGS] = {.name = SI("staff_calendar_settings"),
        .about = SI("Ids of settings, separated by commas; all of the owner's without it."),
        .example = SI("3")},
    [BUSY_IN_ACCOUNT] = {.name = SI("calendar_source_account"), .type = VALUE_INT,
        .about = SI("Only settings of this account."),
        .example = SI("7")},
    [BUSY_IN_REFRESH] = {.name = SI("refresh"), .type = VALUE_BOOL, .otherwise = &value_false,
        .about = SI("Read the calendars first, if they were not read in the last 5 seconds.")},
};

static const struct api_field period_fields[] = {
    {.name = SI("start"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-12-01T09:00:00Z")},
    {.name = SI("end"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-12-01T10:30:00Z")},
};

static const struct api_shape period_shape = {
    SI("BusyPeriod"), period_fields, COUNT(period_fields)};

static const Str busy_statuses[] = {SI("fresh"), SI("stale"), SI("unknown")};

static const struct api_field busy_calendar_fields[] = {
    {.name = SI("staff_calendar_settings"), .type = VALUE_INT, .is_required = true,
        .example = SI("3")},
    {.name = SI("calendar_source_account"), .type = VALUE_INT, .is_required = true,
        .example = SI("7")},
    {.name = SI("status"), .is_required = true, .choices = busy_statuses,
        .n_choices = COUNT(busy_statuses),
        .about = SI("How true the calendar's times are. Unknown is never free.")},
    {.name = SI("reason"), .is_required = true, .is_nullable = true,
        .choices = freshness_reasons, .n_choices = FRESHNESS_REASONS,
        .about = SI("Why it is not fresh; null: it is.")},
    {.name = SI("synced_at"), .type = VALUE_TIME, .is_required = true, .is_nullable = true,
        .about = SI("The last time that they were known to be true."),
        .example = SI("2026-11-30T09:12:03Z")},
};

static const struct api_shape calendar_shape_of_busy = {
    SI("BusyCalendar"), busy_calendar_fields, COUNT(busy_calendar_fields)};

static const struct api_field busy_answer_fields[] = {
    {.name = SI("happens_after"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-12-01T00:00:00Z")},
    {.name = SI("happens_before"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-12-08T00:00:00Z")},
    {.name = SI("busy_periods"), .type = VALUE_LIST, .is_required = true,
        .object = &period_shape,
        .about = SI("Ascending; periods that overlap or touch are one.")},
    {.name = SI("calendars"), .type = VALUE_LIST, .is_required = true,
        .object = &calendar_shape_of_busy,
        .about = SI("The calendars that were asked for, by the id of their setting.")},
    {.name = SI("is_complete"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("No calendar is unknown. Who books must look at this."),
        .example = SI("true")},
    {.name = SI("is_fresh"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("All calendars are fresh."),
        .example = SI("true")},
    {.name = SI("as_of"), .type = VALUE_TIME, .is_required = true, .is_nullable = true,
        .about = SI("The oldest synced_at; null where one is."),
        .example = SI("2026-11-30T09:12:03Z")},
};
/* clang-format on */

const struct api_shape busy_query_shape = {
    SI("BusyQuery"), busy_query_fields, BUSY_IN_COUNT};
const struct api_shape busy_answer_shape = {
    SI("BusyPeriods"), busy_answer_fields, COUNT(busy_answer_fields)};

/* One chosen calendar. */
struct busy_calendar {
    struct calendar_setting setting;
    int64_t held_until_ms; /* nobody asks its source before; 0: not held */
    struct image image;    /* what of it is in the range */
    bool has_image;
    bool is_spoiled; /* it doesn't open */
    enum freshness freshness;
    Str reason;
};

/* The progress of one call. It lives in the exchange's arena, so parking doesn't end it.
 */
struct busy_call {
    struct owner_query query; /* its settings are read anew at each look */
    bool wants_refresh;
    int64_t asked_ms; /* by the database's clock; 0: not asked yet */
    int64_t until_ms; /* by clock_mono_ms: no waiting beyond */

    /* Read anew at each look. */
    int64_t now_ms;
    bool is_early; /* a calendar is to be read first */
    struct busy_calendar *at;
    size_t n;
};

/* The query. */

_Static_assert(LIMIT_BUSY_SETTINGS == 50, "docs/calendar.md says so");
_Static_assert(LIMIT_BUSY_DAYS == 92, "docs/calendar.md says so");

static Res busy_range_check(struct call *c, const struct busy_call *b)
{
    int64_t now_s = clock_now_s();
    const struct owner_range limits = {
        .first_s = now_s - LIMIT_BUSY_BEFORE_S,
        .last_s = now_s + c->work.settings->sync.horizon_ms / CLOCK_SECOND_MS,
        .days = LIMIT_BUSY_DAYS,
    };

    return owner_query_check_range(c, &b->query, &limits);
}

static Res busy_query_read(struct call *c, struct busy_call *b)
{
    struct api_value in[BUSY_IN_COUNT];
    Res read = body_query_read(c, &busy_query_shape, in);

    if (read.code != FAIL_NONE && read.code != FAIL_PARAMETER_INVALID) {
        return read;
    }
    b->query.from_s = datetime_floor_s(&in[BUSY_IN_AFTER].time);
    b->query.to_s = datetime_ceil_s(&in[BUSY_IN_BEFORE].time);
    b->query.account = in[BUSY_IN_ACCOUNT].is_given ? in[BUSY_IN_ACCOUNT].number : 0;
    b->wants_refresh = in[BUSY_IN_REFRESH].truth;
    Res ids =
        owner_query_read_ids(c, &in[BUSY_IN_SETTINGS], LIMIT_BUSY_SETTINGS, &b->query);

    read = read.code == FAIL_NONE ? ids : read;
    if (in[BUSY_IN_AFTER].is_given && in[BUSY_IN_BEFORE].is_given) {
        Res range = busy_range_check(c, b);

        read = read.code == FAIL_NONE ? range : read;
    }
    return read;
}

/* The owner's calendars. */

struct busy_look {
    struct call *call;
    struct busy_call *busy;
};

static Res busy_look_hold(
    struct cx *cx, struct db *db, const struct busy_call *b, struct busy_calendar *one)
{
    return b->wants_refresh ? calendar_reads_held_until(
               cx, db, one->setting.account, &one->held_until_ms)
                            : OK;
}

static Res busy_look_calendars(struct cx *cx, struct db *db, struct busy_call *b)
{
    const struct calendar_settings_page *page = &b->query.page;

    b->at = NEW_N(&cx->mem, struct busy_calendar, page->n);
    b->n = 0;
    for (size_t i = 0; i < page->n; i++) {
        struct busy_calendar *one = &b->at[b->n];

        if (!owner_query_chooses(&b->query, &page->at[i], SWITCH_SOURCE)) {
            continue;
        }
        *one = (struct busy_calendar){.setting = page->at[i]};
        b->n++;
        TRY(busy_look_hold(cx, db, b, one));
    }
    return OK;
}

/* A read that began then or later will do. */
static int64_t busy_since_ms(const struct busy_call *b)
{
    int64_t asked_ms = b->asked_ms == 0 ? b->now_ms : b->asked_ms;

    return asked_ms - LIMIT_REFRESH_AGE_MS;
}

/* A paused calendar is never due; one that is goes on: its account was connected. */
static bool busy_is_awaited(const struct busy_call *b, const struct busy_calendar *one)
{
    const struct calendar_sync *s = &one->setting.sync;
    bool is_paused = s->state == SYNC_PAUSED && s->due_ms == SYNC_NEVER;

    return s->read_ms < busy_since_ms(b) && s->inactive == SYNC_ACTIVE && !is_paused
           && one->setting.is_connected && one->held_until_ms == 0;
}

/* Then nothing is answered, and no image is opened. */
static bool busy_is_early(const struct busy_call *b)
{
    if (!b->wants_refresh || (b->asked_ms != 0 && clock_mono_ms() >= b->until_ms)) {
        return false;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (busy_is_awaited(b, &b->at[i])) {
            return true;
        }
    }
    return false;
}

/* Opens the row's image, and keeps it. One that doesn't open spoils the calendar. */
static Res busy_open_image(
    struct cx *cx, struct db *db, const struct work *work, struct busy_calendar *one,
    Str *ret)
{
    int64_t id = one->setting.id;
    Str sealed;

    TRY(calendar_image_get(cx, db, id, &sealed));
    one->is_spoiled =
        sealing_open(cx, work->settings->keyring, KEY_IMAGE, id, sealed, ret).code
        != FAIL_NONE;
    if (one->is_spoiled) {
        return (Res){FAIL_NOT_FOUND};
    }
    kept_put(shared_kept(work->worker->shared), id, one->setting.sync.image_digest, *ret);
    return OK;
}

static Res busy_find_image(
    struct cx *cx, struct db *db, const struct work *work, struct busy_calendar *one,
    Str *ret)
{
    const struct calendar_sync *s = &one->setting.sync;
    struct kept_images *kept = shared_kept(work->worker->shared);

    if (s->image_version == 0) {
        return (Res){FAIL_NOT_FOUND};
    }
    return kept_get(kept, &cx->mem, one->setting.id, s->image_digest, ret)
               ? OK
               : busy_open_image(cx, db, work, one, ret);
}

/* Only what is in the range outlives this. */
static Res busy_look_image(
    struct cx *cx, struct db *db, const struct busy_look *look, struct busy_calendar *one)
{
    CLEANUP(cx_done) struct cx own = {.deadline_ms = cx->deadline_ms};
    const struct owner_query *q = &look->busy->query;
    Str text;
    Res res = busy_find_image(&own, db, &look->call->work, one, &text);

    if (res.code == FAIL_NOT_FOUND) {
        return OK;
    }
    if (res.code != FAIL_NONE) {
        cx->why = own.why;
        return res;
    }
    one->has_image =
        image_decode_within(cx, text, q->from_s, q->to_s, &one->image).code == FAIL_NONE;
    one->is_spoiled = !one->has_image;
    return OK;
}

static Res busy_look_images(struct cx *cx, struct db *db, const struct busy_look *look)
{
    struct busy_call *b = look->busy;

    for (size_t i = 0; i < b->n; i++) {
        TRY(busy_look_image(cx, db, look, &b->at[i]));
    }
    return OK;
}

static Res busy_look_work(struct cx *cx, struct db *db, void *arg)
{
    struct busy_look *look = arg;
    struct busy_call *b = look->busy;

    TRY(calendar_sync_now(cx, db, &b->now_ms));
    TRY(owner_query_look(cx, db, &look->call->who, &b->query));
    TRY(busy_look_calendars(cx, db, b));
    b->is_early = busy_is_early(b);
    return b->is_early ? OK : busy_look_images(cx, db, look);
}

/* Waiting for reads. */

/* A read that is under way will do, if it is young enough; then no other is caused. */
static Res busy_want_work(struct cx *cx, struct db *db, void *arg)
{
    const struct busy_call *b = arg;

    for (size_t i = 0; i < b->n; i++) {
        const struct busy_calendar *one = &b->at[i];

        TRY(busy_is_awaited(b, one)
                ? calendar_sync_want(cx, db, one->setting.id, busy_since_ms(b))
                : OK);
    }
    return OK;
}

/* Parks the call under the first calendar that isn't read yet. */
static Res busy_wait(struct call *c, struct busy_call *b)
{
    bool is_first = b->asked_ms == 0;
    size_t i = 0;

    if (is_first) {
        b->asked_ms = b->now_ms;
        b->until_ms = clock_mono_ms() + LIMIT_BUSY_WAIT_MS;
    }
    if (!b->is_early) {
        return OK;
    }
    if (is_first) {
        TRY(store_write(c->cx, c->work.worker->store, busy_want_work, b));
        c->work.has_due_sync = true;
    }
    while (!busy_is_awaited(b, &b->at[i])) {
        i++;
    }
    work_park(&c->work, PARK_CALENDAR, sync_key(&c->cx->mem, b->at[i].setting.id), 0);
    return OK;
}

/* The answer. */

static int64_t busy_interval_ms(
    const struct call *c, const struct busy_call *b, const struct calendar_sync *s)
{
    struct shared *shared = c->work.worker->shared;
    int64_t calendars = shared == NULL ? 0 : shared_calendars(shared, s->source);

    return times_poll_ms(
        &c->work.settings->sync, calendars, s->channel_until_ms > b->now_ms);
}

/* Adds the calendar's times, old ones too. */
static Res busy_calendar_add(
    struct call *c, const struct busy_call *b, struct busy_calendar *one,
    struct busy *busy)
{
    const struct calendar_setting *s = &one->setting;
    const struct freshness_query q = {
        .now_ms = b->now_ms,
        .from_s = b->query.from_s,
        .to_s = b->query.to_s,
        .interval_ms = busy_interval_ms(c, b, &s->sync),
        .since_ms = b->wants_refresh ? busy_since_ms(b) : 0,
        .is_connected = s->is_connected,
        .has_image = one->has_image,
    };

    one->freshness = freshness_of(&s->sync, &q, &one->reason);
    return !q.has_image ? OK
                        : busy_add(
                            c->cx, busy, &one->image,
                            &(struct busy_rules){
                                .only_busy = (s->switches & SWITCH_ONLY_BUSY) != 0,
                                .time_zone = s->time_zone});
}

static Res busy_spoil_work(struct cx *cx, struct db *db, void *arg)
{
    const struct busy_call *b = arg;

    for (size_t i = 0; i < b->n; i++) {
        const struct busy_calendar *one = &b->at[i];

        TRY(one->is_spoiled ? calendar_sync_spoil(cx, db, one->setting.id) : OK);
    }
    return OK;
}

/* An image that doesn't open is read anew; the answer doesn't wait for that. */
static void busy_mend(struct call *c, struct busy_call *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        n += b->at[i].is_spoiled ? 1 : 0;
    }
    if (n > 0) {
        log_event(
            LEVEL_ERROR, EVENT_SYNC_UNREADABLE, KN("count", (int64_t)n),
            KZ("request", c->cx->request_id));
        if (store_write(c->cx, c->work.worker->store, busy_spoil_work, b).code
            == FAIL_NONE) {
            c->work.has_due_sync = true;
        }
    }
}

static Res busy_collect(struct call *c, struct busy_call *b, struct busy *busy)
{
    *busy = (struct busy){
        .from_s = b->query.from_s,
        .to_s = b->query.to_s,
        .days.default_name = c->work.settings->sync.default_time_zone,
    };
    for (size_t i = 0; i < b->n; i++) {
        TRY(busy_calendar_add(c, b, &b->at[i], busy));
    }
    busy_mend(c, b);
    busy_join(busy);
    return busy->n <= LIMIT_BUSY_PERIODS
               ? OK
               : call_field_error(
                   c, OWNER_BEFORE, S("The range holds too many busy periods."));
}

static void busy_write_periods(struct writer *w, const struct busy *busy)
{
    writer_array(w, S("busy_periods"));
    for (size_t i = 0; i < busy->n; i++) {
        writer_object(w, S(""));
        writer_second(w, S("start"), busy->at[i].start_s);
        writer_second(w, S("end"), busy->at[i].end_s);
        writer_end(w);
    }
    writer_end(w);
}

static void busy_write_calendar(struct writer *w, const struct busy_calendar *one)
{
    writer_object(w, S(""));
    writer_int(w, S("staff_calendar_settings"), one->setting.id);
    writer_int(w, S("calendar_source_account"), one->setting.account);
    writer_text(w, S("status"), freshness_name(one->freshness));
    writer_text_or_null(w, S("reason"), one->reason);
    writer_second_or_null(
        w, S("synced_at"), one->setting.sync.synced_ms / CLOCK_SECOND_MS);
    writer_end(w);
}

/* Whether a setting that can't be read may have been meant. */
static bool busy_leaves_out(const struct busy_call *b)
{
    return b->query.n_ids == 0 && b->query.page.n_unreadable > 0;
}

/* The worst of all, and the oldest. */
static void busy_write_summary(struct writer *w, const struct busy_call *b)
{
    enum freshness worst = busy_leaves_out(b) ? UNKNOWN : FRESH;
    int64_t as_of_ms = b->n == 0 ? 0 : INT64_MAX;

    for (size_t i = 0; i < b->n; i++) {
        int64_t synced_ms = b->at[i].setting.sync.synced_ms;

        worst = b->at[i].freshness > worst ? b->at[i].freshness : worst;
        as_of_ms = synced_ms < as_of_ms ? synced_ms : as_of_ms;
    }
    METRIC_COUNT(
        METRIC_BUSY_QUERIES, worst != UNKNOWN ? S("yes") : S("no"),
        worst == FRESH ? S("yes") : S("no"));
    writer_bool(w, S("is_complete"), worst != UNKNOWN);
    writer_bool(w, S("is_fresh"), worst == FRESH);
    writer_second_or_null(w, S("as_of"), as_of_ms / CLOCK_SECOND_MS);
}

static Res busy_answer(struct call *c, struct busy_call *b)
{
    struct busy busy;

    TRY(busy_collect(c, b, &busy));
    owner_query_log_unreadable(c, b->query.page.n_unreadable);
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_second(w, S("happens_after"), b->query.from_s);
    writer_second(w, S("happens_before"), b->query.to_s);
    busy_write_periods(w, &busy);
    writer_array(w, S("calendars"));
    for (size_t i = 0; i < b->n; i++) {
        busy_write_calendar(w, &b->at[i]);
    }
    writer_end(w);
    busy_write_summary(w, b);
    return call_answer(c, c->endpoint->status, w);
}

static Res busy_open(struct call *c, struct busy_call **ret)
{
    if (c->progress == NULL) {
        struct busy_call *b = NEW(&c->cx->mem, struct busy_call);

        TRY(busy_query_read(c, b));
        c->progress = b;
    }
    *ret = c->progress;
    return OK;
}

Res busy_periods_run(struct call *c)
{
    struct busy_call *b = NULL;

    TRY(busy_open(c, &b));
    TRY(store_read(
        c->cx, c->work.worker->store, busy_look_work,
        &(struct busy_look){.call = c, .busy = b}));
    TRY(owner_query_check_choice(c, &b->query, true));
    TRY(busy_wait(c, b));
    return c->work.is_parked ? OK : busy_answer(c, b);
}
