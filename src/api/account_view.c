/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_view.c - the fields of an account, written and described (docs/api.md §7).
 */
#include "api/account_view.h"

#include "grants/account_state.h"
#include "sources/source.h"

static const Str account_statuses[] = {SI("connected"), SI("needs_reconnect")};

/* clang-format off */
static const struct api_field account_fields[] = {
    {.name = SI("id"), .type = VALUE_INT, .is_required = true,
        .about = SI("The number of this account here. It is never used again."),
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
    {.name = SI("status"), .is_required = true,
        .choices = account_statuses, .n_choices = COUNT(account_statuses),
        .about = SI("Whether it can be used, or its user has to connect it again.")},
    {.name = SI("status_reason"), .is_required = true, .is_nullable = true,
        .choices = account_state_reasons, .n_choices = ACCOUNT_REASONS,
        .about = SI("Why its user has to connect it again.")},
    {.name = SI("connected_at"), .type = VALUE_TIME, .is_required = true,
        .about = SI("When its user connected it last."),
        .example = SI("2026-11-29T14:40:26.566Z")},
};
/* clang-format on */

const struct api_shape account_shape = {
    SI("Account"), account_fields, COUNT(account_fields)};

static void account_view_write_owner(struct writer *w, const struct account *a)
{
    writer_text(w, S("name"), a->username);
    writer_int(w, S("provider"), a->provider);
    writer_text(w, S("mode"), a->mode == MODE_CUSTOMER ? S("customer") : S("provider"));
    writer_text_or_null(w, S("user"), a->user);
}

Str account_view_status(enum account_status status)
{
    return account_statuses[status - ACCOUNT_CONNECTED];
}

void account_view_write(
    struct writer *w, const struct account *a, enum account_reader reader)
{
    writer_int(w, S("id"), a->id);
    if (reader == ACCOUNT_FOR_OPERATOR) {
        account_view_write_owner(w, a);
    }
    writer_text(w, S("calendar_source"), source_get(a->source)->code);
    writer_text(w, S("account_id"), a->subject);
    writer_text(w, S("username"), a->username);
    writer_text(w, S("status"), account_view_status(a->status));
    writer_text_or_null(w, S("status_reason"), a->status_reason);
    if (reader == ACCOUNT_FOR_OPERATOR) {
        writer_time_or_null(w, S("status_since"), a->status_since_ms);
    }
    writer_time(w, S("connected_at"), a->connected_ms);
}
