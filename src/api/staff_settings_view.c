/* SPDX-License-Identifier: Apache-2.0 */
/*
 * staff_settings_view.c - the fields of a calendar setting, written and described
 * (docs/calendar.md §2).
 */
#include "api/staff_settings_view.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/seal.h"
#include "sources/source.h"

/* By enum sync_inactive, from SYNC_NEEDS_RECONNECT on. */
static const Str setting_reasons[] = {
    SI("needs_reconnect"), SI("calendar_gone"),      SI("no_access"),
    SI("read_only"),       SI("calendar_too_large"),
};

_Static_assert(COUNT(setting_reasons) == SYNC_TOO_LARGE, "each reason has a word");

enum { CHANNEL_END_MS = 3600 * 1000 }; /* before its end a channel counts no more */

static const Str notifications[] = {SI("push"), SI("polling"), SI("off")};

enum { BY_PUSH, BY_POLLING, BY_NOTHING };

/* clang-format off */
static const struct api_field setting_account_fields[] = {
    {.name = SI("id"), .type = VALUE_INT, .is_required = true,
        .about = SI("The number of the account here."),
        .example = SI("7")},
    {.name = SI("calendar_source"), .is_required = true,
        .choices = source_codes, .n_choices = SOURCE_COUNT,
        .about = SI("GOOG (Google) or MSFT (Microsoft).")},
    {.name = SI("account_id"), .is_required = true,
        .about = SI("The source's stable id of the person."),
        .example = SI("100000000000000000001")},
    {.name = SI("username"), .is_required = true,
        .about = SI("E-mail address or sign-in name: for people to read, never a key."),
        .example = SI("alice@example.com")},
};

static const struct api_shape account_object = {
    SI("SettingAccount"), setting_account_fields, COUNT(setting_account_fields)};

static const struct api_field setting_fields[] = {
    {.name = SI("id"), .type = VALUE_INT, .is_required = true,
        .about = SI("The number of this setting. It is never used again."),
        .example = SI("7")},
    {.name = SI("calendar_source_account"), .type = VALUE_OBJECT, .is_required = true,
        .object = &account_object,
        .about = SI("The account that the calendar belongs to.")},
    {.name = SI("calendar_source_calendar_id"), .is_required = true,
        .about = SI("The source's id of the calendar."),
        .example = SI("alice@example.com")},
    {.name = SI("base64_calendar_source_calendar_id"), .is_required = true,
        .about = SI("The same as it stands in a path: base64url without padding."),
        .example = SI("YWxpY2VAZXhhbXBsZS5jb20")},
    {.name = SI("is_destination_for_teamup_events"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether the application's events are written into it.")},
    {.name = SI("is_source_for_busy_periods"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether its events make their owner busy."),
        .example = SI("true")},
    {.name = SI("constrain_only_busy"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether events that are marked as free don't count."),
        .example = SI("true")},
    {.name = SI("push_only_if_event_has_attendees"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether only events with attendees are written into it.")},
    {.name = SI("set_external_reminders_for_pushed_events"), .type = VALUE_BOOL,
        .is_required = true,
        .about = SI("Whether events that are written get a reminder.")},
    {.name = SI("reminder_number_of_minutes_prior"), .type = VALUE_INT, .is_required = true,
        .about = SI("How long before an event its reminder comes."),
        .example = SI("0")},
    {.name = SI("time_zone"), .is_required = true, .is_nullable = true,
        .about = SI("Where whole days of this calendar begin: an IANA name."),
        .example = SI("Europe/Berlin")},
    {.name = SI("is_active"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether nothing keeps it from being read and written."),
        .example = SI("true")},
    {.name = SI("calendar_ready"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether it was found, with the rights that the two switches need."),
        .example = SI("true")},
    {.name = SI("events_ready"), .type = VALUE_BOOL, .is_required = true,
        .about = SI("Whether its events were read in full since it became a source."),
        .example = SI("true")},
    {.name = SI("inactive_reason"), .is_required = true, .is_nullable = true,
        .choices = setting_reasons, .n_choices = COUNT(setting_reasons),
        .about = SI("What keeps it from being read or written.")},
    {.name = SI("synced_at"), .type = VALUE_TIME, .is_required = true, .is_nullable = true,
        .about = SI("When what is known of it was true last."),
        .example = SI("2026-11-30T09:12:03Z")},
    {.name = SI("notifications"), .is_required = true,
        .choices = notifications, .n_choices = COUNT(notifications),
        .about = SI("How changes are noticed: the source tells, it is asked, or not at all.")},
    {.name = SI("created_at"), .type = VALUE_TIME, .is_required = true,
        .example = SI("2026-11-29T14:42:10Z")},
};
/* clang-format on */

const struct api_shape staff_settings_shape = {
    SI("StaffCalendarSettings"), setting_fields, COUNT(setting_fields)};

/* An escaped byte takes six bytes. The other texts are short, and Caldock's own. */
_Static_assert(
    LIMIT_PAGE_SIZE *(
        6 * (LIMIT_CALENDAR_ID_BYTES + LIMIT_SUBJECT_BYTES + LIMIT_USERNAME_BYTES)
        + LIMIT_BASE64_ID_BYTES + LIMIT_TIME_ZONE_BYTES + 1800)
        < LIMIT_ANSWER_BYTES,
    "a page of settings always fits");

/* What the account lacks comes first: until it is connected again, nothing else shows. */
static enum sync_inactive setting_inactive(const struct calendar_setting *s)
{
    return s->is_connected ? s->sync.inactive : SYNC_NEEDS_RECONNECT;
}

static bool setting_is_ready(const struct calendar_setting *s)
{
    switch (s->sync.inactive) {
    case SYNC_CALENDAR_GONE:
    case SYNC_NO_ACCESS:
    case SYNC_READ_ONLY:
        return false;
    case SYNC_ACTIVE:
    case SYNC_NEEDS_RECONNECT:
    case SYNC_TOO_LARGE:
        return true;
    }
    return true;
}

Str staff_settings_view_notifications(const struct calendar_setting *s)
{
    bool has_channel = s->sync.channel_id.n > 0
                       && s->sync.channel_until_ms > clock_now_ms() + CHANNEL_END_MS;

    if ((s->switches & SWITCHES_SYNC) == 0 || setting_inactive(s) != SYNC_ACTIVE) {
        return notifications[BY_NOTHING];
    }
    return notifications[has_channel ? BY_PUSH : BY_POLLING];
}

static void setting_write_account(struct writer *w, const struct calendar_setting *s)
{
    writer_object(w, S("calendar_source_account"));
    writer_int(w, S("id"), s->account);
    writer_text(w, S("calendar_source"), source_get(s->source)->code);
    writer_text(w, S("account_id"), s->subject);
    writer_text(w, S("username"), s->username);
    writer_end(w);
}

static void setting_write_switches(struct writer *w, const struct calendar_setting *s)
{
    static const struct {
        Str name;
        enum calendar_switch bit;
    } rows[] = {
        {SI("is_destination_for_teamup_events"), SWITCH_DESTINATION},
        {SI("is_source_for_busy_periods"), SWITCH_SOURCE},
        {SI("constrain_only_busy"), SWITCH_ONLY_BUSY},
        {SI("push_only_if_event_has_attendees"), SWITCH_ATTENDEES},
        {SI("set_external_reminders_for_pushed_events"), SWITCH_REMINDERS},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        writer_bool(w, rows[i].name, (s->switches & (int)rows[i].bit) != 0);
    }
}

static void setting_write_sync(struct writer *w, const struct calendar_setting *s)
{
    enum sync_inactive why = setting_inactive(s);
    bool is_source = (s->switches & SWITCH_SOURCE) != 0;

    writer_bool(w, S("is_active"), why == SYNC_ACTIVE);
    writer_bool(w, S("calendar_ready"), setting_is_ready(s));
    writer_bool(w, S("events_ready"), is_source && s->sync.image_version > 0);
    writer_text_or_null(
        w, S("inactive_reason"), why == SYNC_ACTIVE ? S("") : setting_reasons[why - 1]);
    writer_second_or_null(w, S("synced_at"), s->sync.synced_ms / 1000);
    writer_text(w, S("notifications"), staff_settings_view_notifications(s));
}

void staff_settings_view_write(
    struct arena *mem, struct writer *w, const struct calendar_setting *s)
{
    writer_int(w, S("id"), s->id);
    setting_write_account(w, s);
    writer_text(w, S("calendar_source_calendar_id"), s->calendar_id);
    writer_text(
        w, S("base64_calendar_source_calendar_id"), b64url_encode(mem, s->calendar_id));
    setting_write_switches(w, s);
    writer_int(w, S("reminder_number_of_minutes_prior"), s->reminder_minutes);
    writer_text_or_null(w, S("time_zone"), s->time_zone);
    setting_write_sync(w, s);
    writer_second_or_null(w, S("created_at"), s->created_ms / 1000);
}
