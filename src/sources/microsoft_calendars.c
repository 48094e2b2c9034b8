/* SPDX-License-Identifier: Apache-2.0 */
/*
 * microsoft_calendars.c - the calendars of Graph v1.0: their members, pages and words, as
 * data. A calendar has no time zone there, its mailbox has one.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "sources/calendar_page.h"
#include "sources/sources_private.h"
#include "sources/zone_names.h"

Str microsoft_error_reason(const json_t *body)
{
    Str found = S("");

    (void)j_text(json_object_get(body, "error"), "code", &found);
    return found;
}

static Str microsoft_next_page(struct arena *mem, Str first, Str next)
{
    (void)first;
    return str_dup(mem, next);
}

/* A calendar without a hexColor has one of a few named colours. These are the colours
 * that Outlook draws. */
static Str color_by_name(Str name)
{
    static const struct {
        Str name;
        Str color;
    } rows[] = {
        {SI("lightBlue"), SI("#a6d1f5")},   {SI("lightGreen"), SI("#87d28e")},
        {SI("lightOrange"), SI("#fcab73")}, {SI("lightGray"), SI("#c0c0c0")},
        {SI("lightYellow"), SI("#f4d07a")}, {SI("lightTeal"), SI("#4adacc")},
        {SI("lightPink"), SI("#f08cc0")},   {SI("lightBrown"), SI("#cba287")},
        {SI("lightRed"), SI("#f88c9b")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (str_eq(rows[i].name, name)) {
            return rows[i].color;
        }
    }
    return S(""); /* "auto": Outlook chooses anew every time */
}

static void microsoft_item_read(const json_t *item, struct calendar *ret)
{
    Str color = S("");

    (void)j_text(item, "id", &ret->id);
    (void)j_text(item, "name", &ret->name);
    (void)j_text(item, "color", &color);
    (void)j_text(item, "hexColor", &ret->color);
    if (ret->color.n == 0) {
        ret->color = color_by_name(color);
    }
    ret->is_primary = json_is_true(json_object_get(item, "isDefaultCalendar"));
    ret->can_edit = json_is_true(json_object_get(item, "canEdit"));
}

/* The source's calendars are all readable: one that is shared as free and busy only isn't
 * among them. */
static void microsoft_rights_read(const json_t *item, struct calendar_rights *ret)
{
    (void)j_text(item, "id", &ret->id);
    ret->is_primary = json_is_true(json_object_get(item, "isDefaultCalendar"));
    ret->can_write = json_is_true(json_object_get(item, "canEdit"));
    ret->can_read = true;
}

static bool settings_are_readable(Str granted)
{
    return source_scope_is_granted(&source_microsoft, granted, S("MailboxSettings.Read"))
           || source_scope_is_granted(
               &source_microsoft, granted, S("MailboxSettings.ReadWrite"));
}

/* A mailbox that refuses to tell its zone leaves the zone unknown: the list stands. */
static Res mailbox_zone(struct cx *cx, struct source_call *call, Str *ret)
{
    CLEANUP(j_done) json_t *body = NULL;
    struct net_reply reply;
    Str name = S("");

    if (!settings_are_readable(call->scope)) {
        *ret = S("");
        return OK;
    }
    Str url = str_cat(&cx->mem, call->settings->api_url, S("/me/mailboxSettings"));

    TRY(source_call_get(cx, call, NET_CALENDARS, url, LIMIT_CALENDARS_BYTES, &reply));
    Res res = calendar_reply_read(cx, &microsoft_calendars, CALENDAR_GET, &reply, &body);

    if (res.code == FAIL_PERMISSION_DENIED || res.code == FAIL_NOT_FOUND) {
        *ret = S("");
        return OK;
    }
    TRY(res);
    (void)j_text(body, "timeZone", &name);
    *ret = str_dup(&cx->mem, zone_names_iana(name));
    return OK;
}

static const struct calendar_error microsoft_calendars_errors[] = {
    {SI("ApplicationThrottled"), 0, FAIL_SOURCE_RATE_LIMITED},
    {SI("activityLimitReached"), 0, FAIL_SOURCE_RATE_LIMITED},
    {SI("ErrorInvalidIdMalformed"), 0, FAIL_NOT_FOUND},
};

/* Exchange has a name for each: a guest, no licence, a mailbox on the customer's
 * premises, a mailbox in another data centre. */
static const struct calendar_error microsoft_peek_errors[] = {
    {SI(""), 404, FAIL_NO_CALENDAR},
    {SI("MailboxNotEnabledForRESTAPI"), 0, FAIL_NO_CALENDAR},
    {SI("MailboxNotSupportedForRESTAPI"), 0, FAIL_NO_CALENDAR},
    {SI("MailboxNotHostedInExchangeOnline"), 0, FAIL_NO_CALENDAR},
    {SI("OrganizationFromTenantGuidNotFound"), 0, FAIL_NO_CALENDAR},
    {SI("ErrorNonExistentMailbox"), 0, FAIL_NO_CALENDAR},
    {SI("ErrorMissingEmailAddress"), 0, FAIL_NO_CALENDAR},
    {SI("ErrorItemNotFound"), 0, FAIL_NO_CALENDAR},
    {SI("extensionError"), 0, FAIL_NO_CALENDAR},
    {SI("UnknownError"), 401, FAIL_NO_CALENDAR},
};

#define MICROSOFT_CALENDARS_FIELDS "id,name,color,hexColor,canEdit,isDefaultCalendar"

const struct calendar_api microsoft_calendars = {
    .peek_path = SI("/me/calendars?$top=1&$select=id"),
    .list_path = SI("/me/calendars?$top=100&$select=" MICROSOFT_CALENDARS_FIELDS),
    .get_path = SI("/me/calendars/"),
    .get_query = SI("?$select=" MICROSOFT_CALENDARS_FIELDS),
    .rights_query = SI("?$select=id,canEdit,isDefaultCalendar"),
    .items = "value",
    .next = "@odata.nextLink",
    .error_reason = microsoft_error_reason,
    .next_page = microsoft_next_page,
    .item_read = microsoft_item_read,
    .rights_read = microsoft_rights_read,
    .zone = mailbox_zone,
    .errors = microsoft_calendars_errors,
    .n_errors = COUNT(microsoft_calendars_errors),
    .peek_errors = microsoft_peek_errors,
    .n_peek_errors = COUNT(microsoft_peek_errors),
};
