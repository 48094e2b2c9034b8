/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - GET /external_calendars/events: the events of one owner's calendars, as
 * their sources have them at this moment (docs/calendar.md §5).
 *
 * Nothing of them is stored or logged. One calendar is read after the other, each in the
 * pool of its source. What a calendar that can't be read has would be missing in silence,
 * so it fails the call.
 */
#include "api/events.h"

#include "api/asking.h"
#include "api/body.h"
#include "api/endpoints.h"
#include "api/event_reading.h"
#include "api/event_view.h"
#include "api/owner_query.h"
#include "api/page.h"
#include "api/pushed_events.h"
#include "base/buf.h"
#include "base/clock.h"
#include "calendars/shared.h"
#include "grants/account_log.h"
#include "grants/account_state.h"
#include "store/calendar_reads.h"
#include "store/pushed_copies.h"
#include "store/store.h"

enum { HINT_BYTES = 64 };

enum {
    EVENTS_IN_AFTER,
    EVENTS_IN_BEFORE,
    EVENTS_IN_SETTINGS,
    EVENTS_IN_ACCOUNT,
    EVENTS_IN_COUNT
};

/* clang-format off */
static const struct api_field events_query_fields[EVENTS_IN_COUNT] = {
    [EVENTS_IN_AFTER] = {.name = SI("happens_after"), .type = VALUE_TIME,
        .about = SI("The begin of the range; now without it.")},
    [EVENTS_IN_BEFORE] = {.name = SI("happens_before"), .type = VALUE_TIME,
        .about = SI("The end of the range, which is not in it; 7 days after its begin "
            "without it.")},
    [EVENTS_IN_SETTINGS] = {.name = SI("staff_calendar_settings"),
        .about = SI("Ids of settings, separated by commas, at most 10; all of the owner's "
            "with a switch on without it.")},
    [EVENTS_IN_ACCOUNT] = {.name = SI("calendar_source_account"), .type = VALUE_INT,
        .about = SI("Only settings of this account.")},
};
/* clang-format on */

const struct api_shape events_query_shape = {
    SI("EventsQuery"), events_query_fields, EVENTS_IN_COUNT};

_Static_assert(LIMIT_EVENTS_SETTINGS == 10, "the description says so");
_Static_assert(LIMIT_EVENTS_USUAL_DAYS == 7, "the description says so");
_Static_assert(LIMIT_EVENTS_SETTINGS <= LIMIT_BUSY_SETTINGS, "a query has room for them");

/* The progress of one call. It lives in the exchange's arena, so parking doesn't end it.
 */
struct events_call {
    struct owner_query query;
    struct page_query page;
    bool has_looked;
    struct event_calendar at[LIMIT_EVENTS_SETTINGS]; /* source by source */
    size_t n;
    struct event_rows rows;

    size_t i; /* which of them is read */
    struct access access;
};

/* The query. */

/* The links to other pages have the range of this one, whenever they are followed. */
static void events_say_range(struct call *c, const struct api_value *in, int64_t from_s)
{
    struct param *params = NEW_N(&c->cx->mem, struct param, c->n_params + 1);
    char text[DATETIME_TEXT_BYTES];

    if (in[EVENTS_IN_AFTER].is_given) {
        return;
    }
    if (c->n_params > 0) {
        memcpy(params, c->params, c->n_params * sizeof(*params));
    }
    params[c->n_params] = (struct param){
        .name = OWNER_AFTER, .value = str_dup(&c->cx->mem, datetime_write(from_s, text))};
    c->params = params;
    c->n_params++;
}

static Res events_range_read(
    struct call *c, const struct api_value *in, struct events_call *e)
{
    int64_t now_s = clock_now_s();
    int64_t usual_s = LIMIT_EVENTS_USUAL_DAYS * CLOCK_DAY_S;
    int64_t away_s = LIMIT_EVENTS_AWAY_DAYS * CLOCK_DAY_S;
    const struct owner_range limits = {
        .first_s = now_s - away_s, .last_s = now_s + away_s, .days = LIMIT_EVENTS_DAYS};
    struct owner_query *q = &e->query;

    q->from_s = in[EVENTS_IN_AFTER].is_given ? datetime_floor_s(&in[EVENTS_IN_AFTER].time)
                                             : now_s;
    q->to_s = in[EVENTS_IN_BEFORE].is_given ? datetime_ceil_s(&in[EVENTS_IN_BEFORE].time)
                                            : q->from_s + usual_s;
    TRY(owner_query_check_range(c, q, &limits));
    events_say_range(c, in, q->from_s);
    return OK;
}

/* Errors of all parameters are noted, and page_read fails if there are any. */
static Res events_query_read(struct call *c, struct events_call *e)
{
    struct api_value in[EVENTS_IN_COUNT];
    Res read = body_query_read(c, &events_query_shape, in);

    if (read.code != FAIL_NONE && read.code != FAIL_PARAMETER_INVALID) {
        return read;
    }
    e->query.account = in[EVENTS_IN_ACCOUNT].is_given ? in[EVENTS_IN_ACCOUNT].number : 0;
    (void)owner_query_read_ids(
        c, &in[EVENTS_IN_SETTINGS], LIMIT_EVENTS_SETTINGS, &e->query)
        .code;
    if (read.code == FAIL_NONE) {
        (void)events_range_read(c, in, e).code;
    }
    return page_read(c, &e->page);
}

/* The owner's calendars. */

struct events_look {
    struct call *call;
    struct events_call *events;
    int64_t held_ms; /* how long a chosen account's source may not be asked */
    int64_t broken;  /* a chosen setting whose account has to be connected; 0: none */
    int64_t held;    /* a chosen setting whose account is held; 0: none */
};

static Res events_look_hold(
    struct cx *cx, struct db *db, const struct calendar_setting *s,
    struct events_look *look)
{
    int64_t until_ms;
    int64_t now_ms;

    TRY(calendar_reads_held_until(cx, db, s->account, &until_ms));
    TRY(calendar_sync_now(cx, db, &now_ms));
    if (until_ms > now_ms && look->held == 0) {
        look->held = s->id;
        look->held_ms = until_ms - now_ms;
    }
    if (!s->is_connected && look->broken == 0) {
        look->broken = s->id;
    }
    return OK;
}

static struct event_calendar event_calendar_of(
    struct arena *mem, const struct calendar_setting *s)
{
    return (struct event_calendar){
        .setting = s->id,
        .account = s->account,
        .source = s->source,
        .id = s->calendar_id,
        .base64_id = b64url_encode(mem, s->calendar_id),
        .days_zone = s->time_zone,
        .top = (int)s->sync.top,
    };
}

/* Those of a source stand together, so that the call moves to its workers once. */
static Res events_look_source(
    struct cx *cx, struct db *db, enum source_id source, struct events_look *look)
{
    struct events_call *e = look->events;
    const struct calendar_settings_page *page = &e->query.page;

    for (size_t i = 0; i < page->n; i++) {
        const struct calendar_setting *s = &page->at[i];

        if (s->source != source || !owner_query_chooses(&e->query, s, SWITCHES_SYNC)) {
            continue;
        }
        if (e->n == COUNT(e->at)) {
            return call_field_error(look->call, OWNER_SETTINGS, S("At most 10."));
        }
        TRY(events_look_hold(cx, db, s, look));
        e->at[e->n++] = event_calendar_of(&cx->mem, s);
    }
    return OK;
}

static Res events_look_work(struct cx *cx, struct db *db, void *arg)
{
    struct events_look *look = arg;
    struct events_call *e = look->events;

    look->call->n_errors = 0; /* this may run again */
    look->held = look->broken = 0;
    e->n = 0;
    TRY(owner_query_look(cx, db, &look->call->who, &e->query));
    TRY(owner_query_check_choice(look->call, &e->query, false));
    if (e->query.n_ids == 0 && e->query.page.n_unreadable > 0) {
        return fail(cx, FAIL_UNREADABLE, "a calendar whose setting can't be read");
    }
    for (int source = 1; source <= SOURCE_COUNT; source++) {
        TRY(events_look_source(cx, db, (enum source_id)source, look));
    }
    return OK;
}

/* The message of the failure names the setting. */
static Res events_blame(struct call *c, int64_t setting, Res res)
{
    struct buf b = {.mem = &c->cx->mem, .max = HINT_BYTES};

    buf_add(&b, S("Setting "));
    buf_add_int(&b, setting);
    buf_add(&b, S(" can't be read."));
    call_hint(c, buf_text(&b));
    return res;
}

static Res events_know_owner(struct call *c, struct event_rows *rows)
{
    const struct instance_keys *keys;
    struct worker *worker = c->work.worker;

    if (worker->shared == NULL) {
        return OK;
    }
    TRY(shared_keys(
        c->cx, worker->shared, worker->store, c->work.settings->keyring, &keys));
    changes_owner_tag(keys, c->who.provider, (int)c->who.mode, c->who.user, rows->owner);
    rows->has_owner = true;
    return OK;
}

/* All that the store can say comes before any source is asked. */
static Res events_look(struct call *c, struct events_call *e)
{
    struct events_look look = {.call = c, .events = e};

    TRY(store_read(c->cx, c->work.worker->store, events_look_work, &look));
    if (look.broken != 0) {
        return events_blame(
            c, look.broken,
            fail(c->cx, FAIL_NEEDS_RECONNECT, "the account has to be connected again"));
    }
    if (look.held != 0) {
        c->work.retry_after_s = (look.held_ms + 999) / 1000;
        return events_blame(
            c, look.held,
            fail(
                c->cx, FAIL_SOURCE_RATE_LIMITED,
                "the account's source wants to be left alone"));
    }
    e->rows.from_s = e->query.from_s;
    e->rows.to_s = e->query.to_s;
    e->rows.default_zone = c->work.settings->sync.default_time_zone;
    return events_know_owner(c, &e->rows);
}

/* Reading. */

/* The events are in the exchange's arena until then. */
static void events_give_room(struct call *c)
{
    struct events_call *e = c->progress;

    room_give(&e->rows.room, e->rows.room.taken);
}

struct events_break {
    int64_t account;
    struct account broken;
};

static Res events_break_work(struct cx *cx, struct db *db, void *arg)
{
    struct events_break *b = arg;

    return account_state_break(cx, db, b->account, REASON_SCOPES, &b->broken);
}

/* A permission that is gone marks the account, as it does in the background. */
static Res events_judge(
    struct call *c, struct events_call *e, struct event_calendar *calendar, Res res)
{
    if (e->rows.is_full) {
        return call_field_error(c, OWNER_BEFORE, S("The range holds too many events."));
    }
    if (e->rows.room.was_refused) { /* others take it: no calendar is to blame */
        return res;
    }
    if (res.code == FAIL_MISSING_SCOPES) {
        struct events_break b = {.account = calendar->account};

        TRY(store_write(c->cx, c->work.worker->store, events_break_work, &b));
        account_log_break(c->cx, &b.broken, REASON_SCOPES);
        res =
            fail(c->cx, FAIL_NEEDS_RECONNECT, "the source lacks the permission to read");
    }
    return events_blame(c, calendar->setting, res);
}

static Res events_read_one(struct call *c, struct events_call *e)
{
    struct event_calendar *calendar = &e->at[e->i];
    struct event_reading reading = {.calendar = calendar, .rows = &e->rows};

    if (e->access.account == 0) {
        e->access = (struct access){
            .work = &c->work, .who = &c->who, .account = calendar->account};
    }
    Res res = cx_left_ms(c->cx, 1) == 0
                  ? fail(c->cx, FAIL_SOURCE_TIMEOUT, "no time left for a calendar")
                  : asking_run(c, &e->access, event_reading_ask, &reading);

    return res.code == FAIL_NONE ? OK : events_judge(c, e, calendar, res);
}

/* Parks the call where a calendar has to wait, or to be read by others. */
static Res events_read(struct call *c, struct events_call *e)
{
    for (; e->i < e->n; e->i++) {
        TRY(events_read_one(c, e));
        if (c->work.is_parked) {
            return OK;
        }
        e->access = (struct access){.account = 0};
    }
    return OK;
}

/* The application's own events. */

struct events_naming {
    struct pushed_owner owner;
    const struct event_row *const *rows;
    size_t n;
    Str *ids; /* empty: it isn't the application's, or the copy is known no more */
};

static Res events_name_one(
    struct cx *cx, struct db *db, struct events_naming *of, size_t i)
{
    Str key = of->rows[i]->copy_key;
    Res res =
        key.n == 0 ? OK : pushed_copy_event_of_key(cx, db, &of->owner, key, &of->ids[i]);

    return res.code == FAIL_NOT_FOUND ? OK : res;
}

static Res events_name_work(struct cx *cx, struct db *db, void *arg)
{
    struct events_naming *of = arg;

    for (size_t i = 0; i < of->n; i++) {
        TRY(events_name_one(cx, db, of, i));
    }
    return OK;
}

/* The store is asked about the events of one page alone, and only if one is a copy. */
static Res events_name(
    struct call *c, const struct event_row *const *rows, size_t n, Str **ret)
{
    struct events_naming naming = {
        .owner = pushed_events_owner(&c->who),
        .rows = rows,
        .n = n,
        .ids = NEW_N(&c->cx->mem, Str, n),
    };
    bool has_copy = false;

    *ret = naming.ids;
    for (size_t i = 0; i < n; i++) {
        has_copy = has_copy || rows[i]->copy_key.n > 0;
    }
    return has_copy ? store_read(c->cx, c->work.worker->store, events_name_work, &naming)
                    : OK;
}

/* The answer. */

static Res events_answer(struct call *c, struct events_call *e)
{
    const struct event_row **rows = event_rows_sort(&c->cx->mem, &e->rows);
    struct writer *w;

    TRY(page_open(c, &e->page, (int64_t)e->rows.n, &w));
    size_t from = (size_t)((e->page.page - 1) * e->page.size);
    size_t n =
        e->rows.n - from < (size_t)e->page.size ? e->rows.n - from : (size_t)e->page.size;
    size_t most = event_view_share(&c->cx->mem, rows + from, n);
    Str *pushed;

    TRY(events_name(c, rows + from, n, &pushed));
    for (size_t i = 0; i < n; i++) {
        writer_object(w, S(""));
        event_view_write(w, rows[from + i], pushed[i], most);
        writer_end(w);
    }
    writer_end(w);
    return call_answer(c, c->endpoint->status, w);
}

static Res events_open(struct call *c, struct events_call **ret)
{
    if (c->progress == NULL) {
        struct events_call *e = NEW(&c->cx->mem, struct events_call);

        TRY(events_query_read(c, e));
        c->cx->deadline_ms = clock_mono_ms() + cx_left_ms(c->cx, LIMIT_EVENTS_WAIT_MS);
        e->rows.room.room = shared_events_room(c->work.worker->shared);
        c->progress = e;
        c->at_end = events_give_room;
    }
    *ret = c->progress;
    return OK;
}

Res events_list_run(struct call *c)
{
    struct events_call *e = NULL;

    TRY(events_open(c, &e));
    if (!e->has_looked) {
        TRY(events_look(c, e));
        e->has_looked = true;
    }
    TRY(events_read(c, e));
    return c->work.is_parked ? OK : events_answer(c, e);
}
