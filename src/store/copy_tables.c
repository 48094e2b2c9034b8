/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_tables.c - the tables that `caldock store copy` carries over, column by column.
 *
 * `select` and `insert` are made of the same list of columns.
 */
#include "store/copy_tables.h"

/* The names of `columns` begin with a comma. Literals that are joined take no
 * parentheses. */
/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define BY_ONE(table, types_, key, columns_, places)                                     \
    .name = SI(table), .types = types_, .n_keys = 1, .columns = key columns_,            \
    .select = "select " key columns_ " from " table                                      \
        " where " key " > $1 order by " key " limit $2",                                       \
    .insert = "insert into " table " (" key columns_ ") values (" places ")",            \
    .count = "select count(*) from " table
#define BY_TWO(table, types_, first, second, columns_, places)                           \
    .name = SI(table), .types = types_, .n_keys = 2,                                     \
    .columns = first ", " second columns_,                                               \
    .select = "select " first ", " second columns_ " from " table " where (" first ", "  \
        second ") > ($1, $2) order by " first ", " second " limit $3",                          \
    .insert = "insert into " table " (" first ", " second columns_ ") values (" places   \
        ")",                                                                             \
    .count = "select count(*) from " table
/* NOLINTEND(bugprone-macro-parentheses) */

const struct copy_table copy_tables[COPY_TABLES] = {
    {BY_ONE("providers", "itii", "id", ", name, created_at, removed_at", "$1, $2, $3, $4")},
    {BY_TWO("provider_features", "iti", "provider", "name", ", is_on", "$1, $2, $3")},
    {BY_TWO("redirect_patterns", "it", "provider", "pattern", "", "$1, $2")},
    {BY_ONE("tokens", "ibttiiii", "id",
        ", hash, name, user_id, modes, created_at, expires_at, revoked_at",
        "$1, $2, $3, $4, $5, $6, $7, $8"),
     .gives_ids = true},
    {BY_TWO("token_providers", "ii", "token", "provider", "", "$1, $2")},
    {BY_ONE("flows", "btitiibi", "id",
        ", owner, claimed_until, outcome, account, made_at, sealed, key_id",
        "$1, $2, $3, $4, $5, $6, $7, $8")},
    {BY_ONE("accounts", "iiitittitiit", "id",
        ", provider, mode, user_id, source, subject, username, status, status_reason,"
        " status_since, connected_at, flow",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"),
     .gives_ids = true},
    {BY_ONE("grants", "iiibtiiiiii", "account",
        ", version, key_id, sealed, leased_by, leased_until, failures, retry_at, due_at,"
        " refusals, source",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11")},
    {BY_ONE("revocations", "iitibiiitit", "id",
        ", source, subject, key_id, sealed, attempts, next_at, give_up_at, owner,"
        " leased_until, flow",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11"),
     .gives_ids = true},
    {BY_ONE("leases", "tti", "name", ", owner, leased_until", "$1, $2, $3")},
    {BY_ONE("staff_calendar_settings", "iitiitiiiii", "id",
        ", account, calendar_id, switches, reminder_minutes, time_zone, created_at,"
        " deleted_at, keep_events, push_due, push_after",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11"),
     .gives_ids = true},
    {BY_ONE("calendar_sync", "iiiiiiiiiiiiiiibibiiittiiiiiti", "settings",
        ", account, source, state, inactive_reason, window_from, window_to, full_due_at,"
        " due_at, noticed_at, read_at, synced_at, failures, recent, key_id, cursor,"
        " image_version, image_digest, events, top, channel_no, channel_id, resource_id,"
        " channel_until, channel_due_at, channel_failures, channel_made_at,"
        " channel_heard_at, failure, begun_at",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30")},
    {BY_ONE("calendar_images", "iiib", "settings", ", version, key_id, sealed",
        "$1, $2, $3, $4"),
     .is_large = true},
    {BY_ONE("account_work", "iiititi", "account",
        ", hold_until, hold_step, read_owner, read_until, write_owner, write_until",
        "$1, $2, $3, $4, $5, $6, $7")},
    {BY_ONE("pushed_events", "iiittiiiiiibbiii", "id",
        ", provider, mode, user_id, event_id, rev, version, has_attendees, starts_at,"
        " ends_at, key_id, sealed, digest, created_at, updated_at, generations",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16"),
     .is_large = true, .gives_ids = true},
    {BY_ONE("pushed_copies", "iiiiibittiiiiiiiiiiiiii", "id",
        ", event, settings, account, source, key, generation, external_id, link, want,"
        " status, reason, want_rev, have_rev, flags, due_at, since, attempts, written_at,"
        " start_at, end_at, sent_end_at, sent_after",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, $20, $21, $22, $23"),
     .gives_ids = true},
    {BY_ONE("webhook_endpoints", "iittiiibiiiiiii", "id",
        ", provider, url, description, types, version, key_id, sealed, previous_until,"
        " state, reason, created_at, failing_since, failed, succeeded_at",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15"),
     .gives_ids = true},
    {BY_ONE("webhook_messages", "titttiiii", "id",
        ", provider, subject, type, body, not_before, happens_after, happens_before,"
        " created_at",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9")},
    {BY_TWO("webhook_deliveries", "tiiiiitiiiit", "message", "endpoint",
        ", made_at, state, attempts, due_at, owner, until, last_at, last_ms, last_status,"
        " last_failure",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12")},
    {BY_ONE("settings", "ttib", "name", ", value, key_id, sealed", "$1, $2, $3, $4"),
     .clear = "delete from settings"},
    {BY_ONE("keys", "iii", "id", ", flows_until, dropped_at", "$1, $2, $3"),
     .clear = "delete from keys"},
};
/* clang-format on */
