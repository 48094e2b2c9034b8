/* SPDX-License-Identifier: Apache-2.0 */
/*
 * staff_settings.c - GET and POST …/staff_calendar_settings, GET, PUT, PATCH and DELETE
 * …/{id} (docs/calendar.md §2).
 *
 * A setting is visible to whom its account is. Where the source has to be asked what the
 * person may do with the calendar, all that the store can say is checked before, and
 * again in the transaction that writes.
 */
#include "api/staff_settings.h"

#include "api/accounts.h"
#include "api/asking.h"
#include "api/body.h"
#include "api/endpoints.h"
#include "api/owner_query.h"
#include "api/page.h"
#include "api/staff_settings_body.h"
#include "api/staff_settings_view.h"
#include "api/value.h"
#include "auth/visible.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "sources/calendar_rights.h"
#include "store/calendar_reads.h"
#include "store/store.h"

enum { ACCOUNT_COMPLAINT_BYTES = 64 };

static struct calendar_settings_filter settings_of(const struct identity *who)
{
    return (struct calendar_settings_filter){
        .provider = who->provider,
        .mode = who->mode,
        .any_user = who->user.n == 0,
        .user = who->user};
}

/* Fails where errors were noted. */
static Res errors_check(const struct call *c)
{
    if (c->n_errors > 0) {
        return (Res){FAIL_PARAMETER_INVALID};
    }
    return OK;
}

static Res account_unknown(struct call *c, int64_t id)
{
    struct buf b = {.mem = &c->cx->mem, .max = ACCOUNT_COMPLAINT_BYTES};

    buf_add(&b, S("Invalid pk \""));
    buf_add_int(&b, id);
    buf_add(&b, S("\" - object does not exist."));
    return call_field_error(c, S("calendar_source_account"), buf_text(&b));
}

/* The list. */

static const struct api_field filter_fields[] = {
    {.name = SI("calendar_source_account"),
     .type = VALUE_INT,
     .about = SI("Those of one account.")},
};

const struct api_shape staff_settings_list_query = {
    SI("StaffCalendarSettingsListQuery"), filter_fields, COUNT(filter_fields)};

struct settings_listing {
    struct call *call;
    struct api_value account;
    struct page_query query;
    struct calendar_settings_page page;
};

static Res settings_listing_read(struct cx *cx, struct db *db, void *arg)
{
    struct settings_listing *l = arg;
    struct calendar_settings_filter filter = settings_of(&l->call->who);
    struct account account;
    int64_t offset;

    l->call->n_errors = 0; /* this may run again */
    TRY(page_offset(cx, &l->query, &offset));
    if (l->account.is_given) {
        filter.account = l->account.number;
        Res r = visible_account(cx, db, &l->call->who, filter.account, &account);

        TRY(r.code == FAIL_NOT_FOUND ? account_unknown(l->call, filter.account) : r);
    }
    return calendar_settings_list(cx, db, &filter, offset, l->query.size, &l->page);
}

Res staff_settings_list_run(struct call *c)
{
    struct settings_listing l = {.call = c};
    struct writer *w;
    Res read = body_query_read(c, &staff_settings_list_query, &l.account);

    TRY(page_read(c, &l.query));
    TRY(read);
    TRY(store_read(c->cx, c->work.worker->store, settings_listing_read, &l));
    owner_query_log_unreadable(c, l.page.n_unreadable);
    TRY(page_open(c, &l.query, l.page.count, &w));
    for (size_t i = 0; i < l.page.n; i++) {
        writer_object(w, S(""));
        staff_settings_view_write(&c->cx->mem, w, &l.page.at[i]);
        writer_end(w);
    }
    writer_end(w);
    return call_answer(c, c->endpoint->status, w);
}

/* One. */

struct setting_choice {
    const struct call *call;
    int64_t id;
    struct calendar_setting setting;
    bool keep_events; /* when it is deleted */
};

static Res setting_choose(struct cx *cx, struct db *db, void *arg)
{
    struct setting_choice *choice = arg;
    const struct calendar_settings_filter filter = settings_of(&choice->call->who);

    return calendar_settings_get(cx, db, &filter, choice->id, &choice->setting);
}

static Res setting_answer(struct call *c, const struct calendar_setting *s)
{
    struct writer *w = writer_open(&c->cx->mem, c->format);

    staff_settings_view_write(&c->cx->mem, w, s);
    return call_answer(c, c->endpoint->status, w);
}

Res staff_settings_get_run(struct call *c)
{
    struct setting_choice choice = {.call = c};

    TRY(account_id_read(c, &choice.id));
    TRY(store_read(c->cx, c->work.worker->store, setting_choose, &choice));
    return setting_answer(c, &choice.setting);
}

static Res setting_choose_and_delete(struct cx *cx, struct db *db, void *arg)
{
    const struct setting_choice *choice = arg;

    TRY(setting_choose(cx, db, arg));
    return calendar_settings_delete(
        cx, db, choice->id, choice->keep_events, clock_now_ms());
}

static const struct api_field delete_fields[] = {
    {.name = SI("keep_events"),
     .type = VALUE_BOOL,
     .otherwise = &value_false,
     .about = SI("Whether the events that were written stay in the calendar.")},
};

const struct api_shape staff_settings_delete_query = {
    SI("StaffCalendarSettingsDeleteQuery"), delete_fields, COUNT(delete_fields)};

Res staff_settings_delete_run(struct call *c)
{
    struct setting_choice choice = {.call = c};
    struct api_value keep;

    TRY(body_query_read(c, &staff_settings_delete_query, &keep));
    TRY(account_id_read(c, &choice.id));
    choice.keep_events = keep.truth;
    TRY(store_write(c->cx, c->work.worker->store, setting_choose_and_delete, &choice));
    c->answer->status = c->endpoint->status;
    return OK;
}

/* A setting that is made or changed. It lives in the exchange's arena, so parking doesn't
 * end it. */
struct setting_change {
    struct call *call;
    int64_t deadline_ms; /* the call's own */
    int64_t look_deadline_ms;
    int64_t id; /* 0: of a new one */
    struct staff_settings_body body;
    struct calendar_setting
        setting; /* as it is to be; and as it is, when it is written */

    bool wants_look; /* nothing is written: the source has to be asked first */
    bool has_looked;
    int64_t hold_ms; /* the source may not be asked for so long */
    bool is_missing; /* the source doesn't know the calendar */
    struct access access;
    struct calendar_rights rights;
};

static void limit_check(struct call *c, int64_t n, int64_t most, Str message)
{
    if (n > most) {
        (void)call_field_error(c, S("non_field_errors"), message).code;
    }
}

_Static_assert(LIMIT_ACCOUNT_SETTINGS == 10, "the message below says so");
_Static_assert(LIMIT_OWNER_SETTINGS == 50, "the message below says so");
_Static_assert(LIMIT_OWNER_DESTINATIONS == 5, "the message below says so");

/* `before`: the switches of a setting that is there. */
static Res limits_check(struct setting_change *ch, struct db *db, int before)
{
    struct call *c = ch->call;
    struct calendar_settings_counts n;
    int more = ch->id == 0;
    int on = ch->setting.switches & ~before;

    TRY(calendar_settings_count(c->cx, db, ch->setting.account, &n));
    limit_check(
        c, n.of_account + more, LIMIT_ACCOUNT_SETTINGS,
        S("An account may have at most 10 settings."));
    limit_check(
        c, n.of_owner + more, LIMIT_OWNER_SETTINGS,
        S("An owner may have at most 50 settings."));
    limit_check(
        c, n.destinations + ((on & SWITCH_DESTINATION) != 0), LIMIT_OWNER_DESTINATIONS,
        S("An owner may have at most 5 destinations."));
    return errors_check(c);
}

static Res look_read_hold(struct setting_change *ch, struct db *db)
{
    struct cx *cx = ch->call->cx;
    int64_t until_ms;
    int64_t now_ms;

    TRY(calendar_reads_held_until(cx, db, ch->setting.account, &until_ms));
    TRY(calendar_sync_now(cx, db, &now_ms));
    ch->hold_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    return OK;
}

static Res look_check_account(struct setting_change *ch, struct db *db)
{
    struct cx *cx = ch->call->cx;
    struct account account;

    TRY(visible_account(cx, db, &ch->call->who, ch->setting.account, &account));
    if (account.status != ACCOUNT_CONNECTED) {
        return fail(cx, FAIL_NEEDS_RECONNECT, "the account has to be connected again");
    }
    return OK;
}

/* All that the store can say about a look, before it: *ret, whether there has to be one.
 */
static Res look_prepare(struct setting_change *ch, struct db *db, int before, bool *ret)
{
    int on = ch->setting.switches & ~before;
    bool is_due = ch->id == 0 || (on & SWITCH_DESTINATION) != 0;

    TRY(is_due ? look_check_account(ch, db) : OK);
    TRY(limits_check(ch, db, before));
    TRY(look_read_hold(ch, db));
    *ret = is_due && !ch->has_looked;
    return OK;
}

/* The row as it is now, after what the source needed was asked. */
static Res setting_reread(struct setting_change *ch, struct db *db, int64_t id)
{
    const struct calendar_settings_filter filter = settings_of(&ch->call->who);

    return calendar_settings_get(ch->call->cx, db, &filter, id, &ch->setting);
}

/* Making. */

static Res create_insert(struct setting_change *ch, struct db *db)
{
    struct cx *cx = ch->call->cx;
    int64_t id = 0;

    ch->setting.calendar_id = ch->rights.id;
    ch->setting.created_ms = clock_now_ms();
    Res r = calendar_settings_insert(cx, db, &ch->setting, &id);

    if (r.code == FAIL_CONFLICT) {
        return call_field_error(
            ch->call, S("non_field_errors"),
            S("The fields calendar_source_account, calendar_source_calendar_id must make "
              "a unique set."));
    }
    TRY(r);
    return setting_reread(ch, db, id);
}

static Res create_work(struct cx *cx, struct db *db, void *arg)
{
    struct setting_change *ch = arg;

    (void)cx;
    ch->call->n_errors = 0; /* this may run again */
    ch->setting = (struct calendar_setting){.id = 0};
    TRY(staff_settings_body_name(ch->call, &ch->body, &ch->setting));
    staff_settings_body_apply(&ch->body, &ch->setting);
    TRY(look_prepare(ch, db, 0, &ch->wants_look));
    return ch->wants_look ? OK : create_insert(ch, db);
}

/* Changing. */

static Res change_work(struct cx *cx, struct db *db, void *arg)
{
    struct setting_change *ch = arg;

    ch->call->n_errors = 0; /* this may run again */
    TRY(setting_reread(ch, db, ch->id));
    TRY(staff_settings_body_keep(ch->call, &ch->body, &ch->setting));
    int before = ch->setting.switches;

    staff_settings_body_apply(&ch->body, &ch->setting);
    TRY(look_prepare(ch, db, before, &ch->wants_look));
    if (ch->wants_look) {
        return OK;
    }
    TRY(calendar_settings_update(cx, db, &ch->setting));
    return setting_reread(ch, db, ch->id);
}

/* Looking. */

static Res look_ask(struct cx *cx, void *arg, struct source_call *call)
{
    struct setting_change *ch = arg;
    Res r = calendar_rights_get(cx, call, ch->setting.calendar_id, &ch->rights);

    ch->is_missing = r.code == FAIL_NOT_FOUND;
    return ch->is_missing ? OK : r;
}

/* A call that is parked waits for its source, too. */
static Res look_run(struct setting_change *ch)
{
    struct call *c = ch->call;

    if (ch->hold_ms > 0) {
        c->work.retry_after_s = (ch->hold_ms + 999) / 1000;
        return fail(
            c->cx, FAIL_SOURCE_RATE_LIMITED,
            "the account's source wants to be left alone");
    }
    ch->access.account = ch->setting.account;
    c->cx->deadline_ms = ch->look_deadline_ms;
    Res res = asking_run(c, &ch->access, look_ask, ch);

    if (res.code == FAIL_NONE && c->work.is_parked) {
        return OK;
    }
    c->cx->deadline_ms = ch->deadline_ms;
    ch->has_looked = res.code == FAIL_NONE;
    return res;
}

static Res look_judge(struct setting_change *ch)
{
    struct call *c = ch->call;
    Str id_field = staff_settings_body_id_field(&ch->body);
    int switches = ch->setting.switches;

    if (ch->is_missing) {
        return call_field_error(c, id_field, S("There is no such calendar."));
    }
    if ((switches & SWITCH_DESTINATION) != 0 && !ch->rights.can_write) {
        (void)call_field_error(
            c, S("is_destination_for_teamup_events"),
            S("This calendar can't be written to."))
            .code;
    }
    if ((switches & SWITCH_SOURCE) != 0 && !ch->rights.can_read) {
        (void)call_field_error(
            c, id_field, S("The events of this calendar can't be read."))
            .code;
    }
    return errors_check(c);
}

static Res change_open(struct call *c, struct setting_change **ret)
{
    struct setting_change *ch = c->progress;

    if (ch == NULL) {
        ch = NEW(&c->cx->mem, struct setting_change);
        TRY(staff_settings_body_read(c, &ch->body));
        ch->call = c;
        ch->access = (struct access){.work = &c->work, .who = &c->who};
        ch->deadline_ms = c->cx->deadline_ms;
        ch->look_deadline_ms = clock_mono_ms() + cx_left_ms(c->cx, LIMIT_LOOK_MS);
        c->progress = ch;
    }
    c->cx->deadline_ms = ch->deadline_ms; /* a look before may have shortened it */
    *ret = ch;
    return OK;
}

/* Writes at once, or once the source was asked. */
static Res change_write(struct setting_change *ch, store_work *work)
{
    struct call *c = ch->call;
    struct store *store = c->work.worker->store;

    TRY(store_write(c->cx, store, work, ch));
    if (ch->wants_look) {
        TRY(look_run(ch));
        if (c->work.is_parked) {
            return OK;
        }
        TRY(look_judge(ch));
        TRY(store_write(c->cx, store, work, ch));
    }
    c->work.has_due_sync = (ch->setting.switches & SWITCHES_SYNC) != 0;
    return setting_answer(c, &ch->setting);
}

Res staff_settings_create_run(struct call *c)
{
    struct setting_change *ch = NULL;

    TRY(change_open(c, &ch));
    Res res = change_write(ch, create_work);

    return res.code == FAIL_NOT_FOUND ? account_unknown(c, ch->setting.account) : res;
}

Res staff_settings_change_run(struct call *c)
{
    struct setting_change *ch = NULL;

    TRY(change_open(c, &ch));
    TRY(account_id_read(c, &ch->id));
    return change_write(ch, change_work);
}
