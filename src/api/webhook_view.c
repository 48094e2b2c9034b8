/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_view.c - describes the messages that store/outbox.c writes.
 */
#include "api/webhook_view.h"

#include "sources/source.h"
#include "store/webhook_types.h"

static const Str modes[] = {SI("customer"), SI("provider")};
static const Str actors[] = {SI("application"), SI("operator")};

/* clang-format off */
static const struct api_field data_fields[] = {
    {.name = SI("mode"), .choices = modes, .n_choices = COUNT(modes),
        .about = SI("Always there, as the next; a webhook.ping alone has nothing.")},
    {.name = SI("user"), .is_nullable = true, .example = SI("1234"),
        .about = SI("Whom it concerns; null: the business itself.")},
    {.name = SI("calendar_source_account"), .type = VALUE_INT, .example = SI("7"),
        .about = SI("The account that is concerned.")},
    {.name = SI("staff_calendar_settings"), .type = VALUE_INT,
        .about = SI("The setting that is concerned.")},
    {.name = SI("calendar_source"), .choices = source_codes, .n_choices = SOURCE_COUNT,
        .example = SI("GOOG"), .about = SI("Of account.…: the account's.")},
    {.name = SI("is_reconnect"), .type = VALUE_BOOL, .example = SI("false"),
        .about = SI("Of account.connected.")},
    {.name = SI("reason"),
        .about = SI("Of account.needs_reconnect: status_reason of the account; of "
                    "calendar_settings.inactive: inactive_reason of the setting; of "
                    "pushed_event.failed: reason of the copy.")},
    {.name = SI("by"), .choices = actors, .n_choices = COUNT(actors),
        .about = SI("Of account.disconnected: who did it.")},
    {.name = SI("event_id"), .about = SI("Of pushed_event.…: the application's own id.")},
    {.name = SI("start"), .type = VALUE_MOMENT,
        .about = SI("Of pushed_event.changed, as the next: what the person left.")},
    {.name = SI("end"), .type = VALUE_MOMENT, .about = SI("Exclusive.")},
    {.name = SI("is_all_day"), .type = VALUE_BOOL,
        .about = SI("Whether start and end are dates.")},
    {.name = SI("happens_after"), .type = VALUE_TIME,
        .about = SI("Of busy.changed, as the next: the range to ask for again.")},
    {.name = SI("happens_before"), .type = VALUE_TIME},
};
/* clang-format on */

static const struct api_shape data_shape = {
    SI("WebhookData"), data_fields, COUNT(data_fields), .is_partial = true};

static const struct api_field message_fields[] = {
    {.name = SI("id"),
     .is_required = true,
     .example = SI("msg_7e1b0a52c3f94d6e8a90b1c2d3e4f506")},
    {.name = SI("type"),
     .is_required = true,
     .choices = webhook_type_names,
     .n_choices = WEBHOOK_TYPES + 1, /* webhook.ping */
     .about = SI("A later version may know more.")},
    {.name = SI("timestamp"),
     .type = VALUE_TIME,
     .is_required = true,
     .about = SI("When it happened."),
     .example = SI("2026-11-29T14:40:26Z")},
    {.name = SI("provider"), .type = VALUE_INT, .is_required = true, .example = SI("1")},
    {.name = SI("data"),
     .type = VALUE_OBJECT,
     .is_required = true,
     .object = &data_shape},
};

const struct api_shape webhook_view_message = {
    SI("WebhookMessage"), message_fields, COUNT(message_fields)};
