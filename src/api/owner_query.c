/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner_query.c - reads and checks what queries about one owner's calendars share.
 */
#include "api/owner_query.h"

#include "auth/visible.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

enum { OWNER_MESSAGE_BYTES = 256 };

/* Messages. */

static Str owner_message(struct call *c, const char *before, Str v, const char *after)
{
    struct buf b = {.mem = &c->cx->mem, .max = OWNER_MESSAGE_BYTES};

    buf_add(&b, str_from_z(before));
    buf_add(&b, v);
    buf_add(&b, str_from_z(after));
    return buf_text(&b);
}

static Str owner_message_of(
    struct call *c, const char *before, int64_t v, const char *after)
{
    return owner_message(c, before, str_int(&c->cx->mem, v), after);
}

static Str owner_message_of_time(struct call *c, const char *before, int64_t at_s)
{
    char text[DATETIME_TEXT_BYTES];

    return owner_message(c, before, datetime_write(at_s, text), ".");
}

static Res owner_unknown(struct call *c, Str field, int64_t id)
{
    return call_field_error(
        c, field,
        owner_message_of(c, "Invalid pk \"", id, "\" - object does not exist."));
}

/* Ids. */

static bool owner_query_names(const struct owner_query *q, int64_t id)
{
    for (size_t i = 0; i < q->n_ids; i++) {
        if (q->ids[i] == id) {
            return true;
        }
    }
    return false;
}

static Res owner_query_add_id(
    struct call *c, Str item, size_t most, struct owner_query *q)
{
    int64_t id;

    if (!str_to_int(item, &id)) {
        return call_field_error(c, OWNER_SETTINGS, S("A valid integer is required."));
    }
    if (owner_query_names(q, id)) {
        return OK;
    }
    if (q->n_ids == most) {
        return call_field_error(
            c, OWNER_SETTINGS, owner_message_of(c, "At most ", (int64_t)most, "."));
    }
    q->ids[q->n_ids++] = id;
    return OK;
}

Res owner_query_read_ids(
    struct call *c, const struct api_value *in, size_t most, struct owner_query *q)
{
    Str rest = in->is_given ? str_cat(&c->cx->mem, in->text, S(",")) : S("");

    must_be(most <= COUNT(q->ids));
    while (rest.n > 0) {
        size_t at = 0;

        must_be(str_find(rest, ',', &at));
        TRY(owner_query_add_id(c, str_trim(str_sub(rest, 0, at)), most, q));
        rest = str_sub(rest, at + 1, rest.n);
    }
    return OK;
}

/* Range. */

Res owner_query_check_range(
    struct call *c, const struct owner_query *q, const struct owner_range *limits)
{
    if (q->from_s >= q->to_s) {
        return call_field_error(c, OWNER_BEFORE, S("Must be after happens_after."));
    }
    if (q->to_s - q->from_s > limits->days * CLOCK_DAY_S) {
        return call_field_error(
            c, OWNER_BEFORE,
            owner_message_of(c, "The range may span at most ", limits->days, " days."));
    }
    if (q->from_s < limits->first_s) {
        return call_field_error(
            c, OWNER_AFTER,
            owner_message_of_time(
                c, "Ensure this value is greater than or equal to ", limits->first_s));
    }
    if (q->to_s > limits->last_s) {
        return call_field_error(
            c, OWNER_BEFORE,
            owner_message_of_time(
                c, "Ensure this value is less than or equal to ", limits->last_s));
    }
    return OK;
}

/* Settings. */

static Res owner_look_account(
    struct cx *cx, struct db *db, const struct identity *who, struct owner_query *q)
{
    struct account account;
    Res res = q->account == 0 ? OK : visible_account(cx, db, who, q->account, &account);

    q->account_is_visible = res.code == FAIL_NONE;
    return res.code == FAIL_NOT_FOUND ? OK : res;
}

Res owner_query_look(
    struct cx *cx, struct db *db, const struct identity *who, struct owner_query *q)
{
    const struct calendar_settings_filter filter = {
        .provider = who->provider, .mode = who->mode, .user = who->user};

    TRY(owner_look_account(cx, db, who, q));
    return calendar_settings_list(cx, db, &filter, 0, LIMIT_OWNER_SETTINGS, &q->page);
}

static const struct calendar_setting *owner_query_find(
    const struct owner_query *q, int64_t id)
{
    for (size_t i = 0; i < q->page.n; i++) {
        if (q->page.at[i].id == id) {
            return &q->page.at[i];
        }
    }
    return NULL;
}

static Res owner_query_check_id(
    struct call *c, const struct owner_query *q, int64_t id, bool source_only)
{
    const struct calendar_setting *s = owner_query_find(q, id);

    if (s == NULL) {
        return owner_unknown(c, OWNER_SETTINGS, id);
    }
    if (source_only && (s->switches & SWITCH_SOURCE) == 0) {
        return call_field_error(
            c, OWNER_SETTINGS,
            owner_message_of(c, "Setting ", id, " is no source for busy periods."));
    }
    if (q->account != 0 && s->account != q->account) {
        return call_field_error(
            c, OWNER_SETTINGS,
            owner_message_of(c, "Setting ", id, " belongs to another account."));
    }
    return OK;
}

Res owner_query_check_choice(
    struct call *c, const struct owner_query *q, bool source_only)
{
    if (!q->account_is_visible) {
        return owner_unknown(c, OWNER_ACCOUNT, q->account);
    }
    for (size_t i = 0; i < q->n_ids; i++) {
        TRY(owner_query_check_id(c, q, q->ids[i], source_only));
    }
    return OK;
}

bool owner_query_chooses(
    const struct owner_query *q, const struct calendar_setting *s, int switches)
{
    return q->n_ids > 0 ? owner_query_names(q, s->id)
                        : (s->switches & switches) != 0
                              && (q->account == 0 || s->account == q->account);
}

void owner_query_log_unreadable(struct call *c, size_t n)
{
    if (n > 0) {
        log_event(
            LEVEL_ERROR, EVENT_SETTING_UNREADABLE, KN("left_out", (int64_t)n),
            KZ("reason", c->cx->why.text));
    }
}
