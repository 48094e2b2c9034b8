/* SPDX-License-Identifier: Apache-2.0 */
/*
 * microsoft_calendars.c - the calendars of Graph v1.0: their members, pages and words, as
 * data. A calendar has no time zone of its own there, its mailbox has.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "sources/calendars.h"
#include "sources/kit.h"
#include "sources/zone.h"

static Str reason(const json_t *body)
{
    Str found = S("");

    (void)j_text(json_object_get(body, "error"), "code", &found);
    return found;
}

static Str next(struct arena *mem, Str first, const json_t *body)
{
    Str link = S("");

    (void)first;
    (void)j_text(body, "@odata.nextLink", &link);
    return str_dup(mem, link);
}

/* A colour without a hexColor is one of a few names: what Outlook draws for each. */
static Str named_color(Str name)
{
    static const struct {
        Str name;
        Str color;
    } rows[] = {
        {SI("lightBlue"),   SI("#a6d1f5")},
        {SI("lightGreen"),  SI("#87d28e")},
        {SI("lightOrange"), SI("#fcab73")},
        {SI("lightGray"),   SI("#c0c0c0")},
        {SI("lightYellow"), SI("#f4d07a")},
        {SI("lightTeal"),   SI("#4adacc")},
        {SI("lightPink"),   SI("#f08cc0")},
        {SI("lightBrown"),  SI("#cba287")},
        {SI("lightRed"),    SI("#f88c9b")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (str_eq(rows[i].name, name)) {
            return rows[i].color;
        }
    }
    return S(""); /* "auto": Outlook chooses anew every time */
}

static void read(const json_t *item, struct calendar *ret)
{
    Str color = S("");

    (void)j_text(item, "id", &ret->id);
    (void)j_text(item, "name", &ret->name);
    (void)j_text(item, "color", &color);
    (void)j_text(item, "hexColor", &ret->color);
    if (ret->color.n == 0) {
        ret->color = named_color(color);
    }
    ret->is_primary = json_is_true(json_object_get(item, "isDefaultCalendar"));
    ret->can_edit = json_is_true(json_object_get(item, "canEdit"));
}

static bool may_read_settings(Str granted)
{
    return scope_is_granted(&source_microsoft, granted, S("MailboxSettings.Read"))
           || scope_is_granted(
               &source_microsoft, granted, S("MailboxSettings.ReadWrite"));
}

/* Where the mailbox doesn't say, for whatever reason of its own, nobody does. */
static Res zone(struct cx *cx, struct source_call *call, Str *ret)
{
    CLEANUP(j_done) json_t *body = NULL;
    struct net_reply reply;
    Str name = S("");

    if (!may_read_settings(call->scope)) {
        *ret = S("");
        return OK;
    }
    Str url = str_cat(&cx->mem, call->own->api_url, S("/me/mailboxSettings"));

    TRY(source_ask(cx, call, url, LIMIT_CALENDARS_BYTES, &reply));
    Res res = calendar_reply_read(cx, &microsoft_calendars, CALENDAR_GET, &reply, &body);

    if (res.code == FAIL_PERMISSION_DENIED || res.code == FAIL_NOT_FOUND) {
        *ret = S("");
        return OK;
    }
    TRY(res);
    (void)j_text(body, "timeZone", &name);
    *ret = zone_iana(&cx->mem, name);
    return OK;
}

static const struct calendar_error errors[] = {
    {SI("ApplicationThrottled"),    0, FAIL_SOURCE_RATE_LIMITED},
    {SI("activityLimitReached"),    0, FAIL_SOURCE_RATE_LIMITED},
    {SI("ErrorInvalidIdMalformed"), 0, FAIL_NOT_FOUND          },
};

/* A guest, no licence, a mailbox on the customer's premises: Exchange has a name for
 * each. */
static const struct calendar_error look_errors[] = {
    {SI(""),                                   404, FAIL_NO_CALENDAR},
    {SI("MailboxNotEnabledForRESTAPI"),        0,   FAIL_NO_CALENDAR},
    {SI("MailboxNotSupportedForRESTAPI"),      0,   FAIL_NO_CALENDAR},
    {SI("MailboxNotHostedInExchangeOnline"),   0,   FAIL_NO_CALENDAR},
    {SI("OrganizationFromTenantGuidNotFound"), 0,   FAIL_NO_CALENDAR},
    {SI("ErrorNonExistentMailbox"),            0,   FAIL_NO_CALENDAR},
    {SI("ErrorMissingEmailAddress"),           0,   FAIL_NO_CALENDAR},
    {SI("ErrorItemNotFound"),                  0,   FAIL_NO_CALENDAR},
    {SI("extensionError"),                     0,   FAIL_NO_CALENDAR},
};

const struct calendar_api microsoft_calendars = {
    .look_path = SI("/me/calendars?$top=1&$select=id"),
    .list_path = SI("/me/calendars?$top=100"
                    "&$select=id,name,color,hexColor,canEdit,isDefaultCalendar"),
    .get_path = SI("/me/calendars/"),
    .items = "value",
    .reason = reason,
    .next = next,
    .read = read,
    .zone = zone,
    .errors = errors,
    .n_errors = COUNT(errors),
    .look_errors = look_errors,
    .n_look_errors = COUNT(look_errors),
};

Res microsoft_look(struct cx *cx, struct source_call *call)
{
    return calendar_look(cx, call, &microsoft_calendars);
}

Res microsoft_calendars_list(
    struct cx *cx, struct source_call *call, struct calendar_list *ret)
{
    return calendar_list(cx, call, &microsoft_calendars, ret);
}

Res microsoft_calendar_get(
    struct cx *cx, struct source_call *call, Str id, struct calendar *ret)
{
    return calendar_get(cx, call, &microsoft_calendars, id, ret);
}
