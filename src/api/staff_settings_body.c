/* SPDX-License-Identifier: Apache-2.0 */
/*
 * staff_settings_body.c - reads what is to become of a calendar setting.
 *
 * The calendar is named by its id, or by that in base64, as it stands in the paths of
 * calendars. A setting's account and calendar never change: a body that repeats them does
 * no harm, so that what GET answers can be sent back.
 */
#include "api/staff_settings_body.h"

#include "api/base64_id.h"
#include "api/body.h"
#include "api/endpoints.h"
#include "api/value.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/zone.h"

enum { ZONE_COMPLAINT_BYTES = LIMIT_BODY_BYTES + 64 };

static const struct api_value is_true = {.truth = true};
static const struct api_value is_zero = {.number = 0};

/* clang-format off */
#define NAMING_FIELDS(is_new)                                                            \
    [BODY_ACCOUNT] = {.name = SI("calendar_source_account"), .type = VALUE_INT,          \
        .is_required = (is_new), .may_be_object = !(is_new),                             \
        .about = SI("The number of the account. It may not be changed."),                \
        .example = SI("7")},                                                             \
    [BODY_CALENDAR] = {.name = SI("calendar_source_calendar_id"),                        \
        .most_bytes = LIMIT_CALENDAR_ID_BYTES,                                           \
        .about = SI("The source's id of the calendar; this or the next field is "        \
                    "required. It may not be changed."),                                 \
        .example = SI("alice@example.com")},                                             \
    [BODY_BASE64] = {.name = SI("base64_calendar_source_calendar_id"),                   \
        .most_bytes = LIMIT_BASE64_ID_BYTES,                                             \
        .about = SI("The same in base64.")}

#define CHANGING_FIELDS                                                                  \
    [BODY_DESTINATION] = {.name = SI("is_destination_for_teamup_events"),                \
        .type = VALUE_BOOL, .is_required = true,                                         \
        .about = SI("Whether the application's events are written into the calendar.")}, \
    [BODY_SOURCE] = {.name = SI("is_source_for_busy_periods"),                           \
        .type = VALUE_BOOL, .is_required = true,                                         \
        .about = SI("Whether the calendar's events make their owner busy.")},            \
    [BODY_ONLY_BUSY] = {.name = SI("constrain_only_busy"),                               \
        .type = VALUE_BOOL, .otherwise = &is_true,                                       \
        .about = SI("Whether events that are marked as free don't count.")},             \
    [BODY_ATTENDEES] = {.name = SI("push_only_if_event_has_attendees"),                  \
        .type = VALUE_BOOL, .otherwise = &value_false,                                      \
        .about = SI("Whether only events with attendees are written.")},                 \
    [BODY_REMINDERS] = {.name = SI("set_external_reminders_for_pushed_events"),          \
        .type = VALUE_BOOL, .otherwise = &value_false,                                      \
        .about = SI("Whether events that are written get a reminder.")},                 \
    [BODY_MINUTES] = {.name = SI("reminder_number_of_minutes_prior"),                    \
        .type = VALUE_INT, .least = 0, .most = UINT32_MAX, .otherwise = &is_zero,        \
        .about = SI("How long before an event its reminder comes.")},                    \
    [BODY_ZONE] = {.name = SI("time_zone"), .is_nullable = true,                         \
        .about = SI("Where whole days of this calendar begin: an IANA name.")}

static const struct api_field create_fields[BODY_FIELDS] = {
    NAMING_FIELDS(true), CHANGING_FIELDS};
static const struct api_field change_fields[BODY_FIELDS] = {
    NAMING_FIELDS(false), CHANGING_FIELDS};
/* clang-format on */

const struct api_shape staff_settings_create = {
    .name = SI("StaffCalendarSettingsCreate"), .fields = create_fields, .n = BODY_FIELDS};
const struct api_shape staff_settings_replace = {
    .name = SI("StaffCalendarSettingsReplace"),
    .fields = change_fields,
    .n = BODY_FIELDS};
const struct api_shape staff_settings_change = {
    .name = SI("StaffCalendarSettingsChange"),
    .fields = change_fields,
    .n = BODY_FIELDS,
    .is_partial = true};

static Res settings_body_error(
    struct call *c, const struct staff_settings_body *b, size_t field, Str message)
{
    return call_field_error(c, b->shape->fields[field].name, message);
}

/* Reading. */

static Res body_check_zone(struct call *c, const struct staff_settings_body *b)
{
    Str name = b->values[BODY_ZONE].text;
    struct buf complaint = {.mem = &c->cx->mem, .max = ZONE_COMPLAINT_BYTES};
    struct zone *zone;

    if (name.n == 0) {
        return OK;
    }
    Res res = zone_load(c->cx, ZONE_FOLDER, name, &zone);

    if (res.code != FAIL_NOT_FOUND) {
        return res;
    }
    buf_add_char(&complaint, '"');
    buf_add(&complaint, name);
    buf_add(&complaint, S("\" is not a valid time zone."));
    return settings_body_error(c, b, BODY_ZONE, buf_text(&complaint));
}

_Static_assert(LIMIT_CALENDAR_ID_BYTES == 512, "the message below says so");

static Res body_decode_id(struct call *c, struct staff_settings_body *b)
{
    struct api_value *v = &b->values[BODY_BASE64];

    if (!v->is_given) {
        return OK;
    }
    if (base64_id_read(c->cx, v->text, &v->text).code != FAIL_NONE) {
        return settings_body_error(c, b, BODY_BASE64, S("Enter a valid value."));
    }
    if (v->text.n > LIMIT_CALENDAR_ID_BYTES) {
        return settings_body_error(
            c, b, BODY_BASE64, S("Ensure this field has no more than 512 bytes."));
    }
    return OK;
}

Res staff_settings_body_read(struct call *c, struct staff_settings_body *ret)
{
    ret->shape = c->endpoint->body;
    Res read = body_values_read(c, ret->shape, ret->values);

    if (read.code != FAIL_NONE && read.code != FAIL_PARAMETER_INVALID) {
        return read;
    }
    Res zone = body_check_zone(c, ret);
    Res id = body_decode_id(c, ret);

    TRY(read);
    TRY(zone);
    return id;
}

/* Which calendar. */

Str staff_settings_body_id_field(const struct staff_settings_body *b)
{
    bool is_base64 =
        b->values[BODY_BASE64].is_given && !b->values[BODY_CALENDAR].is_given;

    return b->shape->fields[is_base64 ? BODY_BASE64 : BODY_CALENDAR].name;
}

Res staff_settings_body_name(
    struct call *c, const struct staff_settings_body *b, struct calendar_setting *s)
{
    const struct api_value *plain = &b->values[BODY_CALENDAR];
    const struct api_value *base64 = &b->values[BODY_BASE64];

    if (!plain->is_given && !base64->is_given) {
        return settings_body_error(c, b, BODY_CALENDAR, S("This field is required."));
    }
    if (plain->is_given && base64->is_given && !str_eq(plain->text, base64->text)) {
        return settings_body_error(
            c, b, BODY_BASE64, S("Does not name the same calendar."));
    }
    s->account = b->values[BODY_ACCOUNT].number;
    s->calendar_id = plain->is_given ? plain->text : base64->text;
    return OK;
}

Res staff_settings_body_keep(
    struct call *c, const struct staff_settings_body *b, const struct calendar_setting *s)
{
    const struct api_value *v = b->values;
    const bool is_kept[] = {
        [BODY_ACCOUNT] = v[BODY_ACCOUNT].number == s->account,
        [BODY_CALENDAR] = str_eq(v[BODY_CALENDAR].text, s->calendar_id),
        [BODY_BASE64] = str_eq(v[BODY_BASE64].text, s->calendar_id),
    };
    Res res = OK;

    for (size_t i = 0; i < COUNT(is_kept); i++) {
        if (v[i].is_given && !is_kept[i]) {
            res = settings_body_error(c, b, i, S("This field may not be changed."));
        }
    }
    return res;
}

/* What may change. */

void staff_settings_body_apply(
    const struct staff_settings_body *b, struct calendar_setting *s)
{
    static const struct {
        size_t field;
        enum calendar_switch bit;
    } rows[] = {
        {BODY_DESTINATION, SWITCH_DESTINATION}, {BODY_SOURCE, SWITCH_SOURCE},
        {BODY_ONLY_BUSY, SWITCH_ONLY_BUSY},     {BODY_ATTENDEES, SWITCH_ATTENDEES},
        {BODY_REMINDERS, SWITCH_REMINDERS},
    };

    bool all = !b->shape->is_partial;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct api_value *v = &b->values[rows[i].field];
        int bit = (int)rows[i].bit;

        if (all || v->is_given) {
            s->switches = v->truth ? s->switches | bit : s->switches & ~bit;
        }
    }
    if (all || b->values[BODY_MINUTES].is_given) {
        s->reminder_minutes = b->values[BODY_MINUTES].number;
    }
    if (all || b->values[BODY_ZONE].is_given) {
        s->time_zone = b->values[BODY_ZONE].text;
    }
}
