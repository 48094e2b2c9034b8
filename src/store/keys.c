/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - which key seals, and what may be said and done about the others.
 *
 * Writers behave as if they ran one after the other (ADR 13), so of a node that begins to
 * serve and a command that chooses another key, the later one sees the earlier.
 */
#include "store/keys.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/keyring.h"
#include "store/db_rows.h"
#include "store/driver.h"
#include "store/nodes.h"
#include "store/settings.h"

static const Str sealing_key = SI("sealing_key"); /* the setting's name */

Res key_sealing(struct cx *cx, struct db *db, uint32_t *ret)
{
    Str text;

    TRY(setting_get(cx, db, sealing_key, &text));
    if (!key_id_parse(text, ret)) {
        return fail(cx, FAIL_CONFIG, "store: the setting sealing_key is no key's id");
    }
    return OK;
}

static Res sealing_put(struct cx *cx, struct db *db, uint32_t id)
{
    return setting_put(cx, db, sealing_key, key_id_text(&cx->mem, id));
}

/* Jumps from one key to the next along an index: how many rows there are plays no part.
 */
/* clang-format off */
#define KEYS_OF(table)                                                                   \
    " select min(key_id) from " table                                                    \
    " union all select (select min(t.key_id) from " table " t where t.key_id > of_" table \
    ".key_id) from of_" table " where of_" table ".key_id is not null"

/* clang-format on */
/* A calendar whose cursor doesn't open is read in full again, and needs no key. */
/* clang-format off */
static const char in_use_sql[] =
    "with recursive of_grants (key_id) as (" KEYS_OF("grants") "),"
    " of_revocations (key_id) as (" KEYS_OF("revocations") "),"
    " of_calendar_images (key_id) as (" KEYS_OF("calendar_images") "),"
    " of_webhook_endpoints (key_id) as (" KEYS_OF("webhook_endpoints") "),"
    " of_pushed_events (key_id) as (" KEYS_OF("pushed_events") ")"
    " select key_id from of_grants where key_id is not null"
    " union select key_id from of_revocations where key_id is not null"
    " union select key_id from of_calendar_images where key_id is not null"
    " union select key_id from of_webhook_endpoints where key_id is not null"
    " union select key_id from of_pushed_events where key_id is not null"
    " union select key_id from flows where sealed is not null order by key_id";

/* clang-format on */

/* Where `list` lacks it. */
static void key_id_add(struct arena *mem, struct db_list *list, int64_t id)
{
    const int64_t *ids = list->at;

    for (size_t i = 0; i < list->n; i++) {
        if (ids[i] == id) {
            return;
        }
    }
    *(int64_t *)db_list_add(mem, list, sizeof(int64_t)) = id;
}

static Res sealing_add(struct cx *cx, struct db *db, struct db_list *list)
{
    uint32_t sealing;
    Res chosen = key_sealing(cx, db, &sealing);

    if (chosen.code == FAIL_NOT_FOUND) {
        return OK;
    }
    TRY(chosen);
    key_id_add(&cx->mem, list, sealing);
    return OK;
}

static Res key_id_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    (void)cx;
    *(int64_t *)ret = db_get_int(stmt, 0);
    return OK;
}

/* An id that is none makes its record unreadable, and asks for no key. */
static const struct db_range key_id_ranges[] = {{0, "key_id", DB_KEY_ID}};

static const struct db_row key_id_row = {
    "record", sizeof(int64_t), key_id_read, key_id_ranges, COUNT(key_id_ranges)};

static Res instance_key_add(struct cx *cx, struct db *db, struct db_list *list)
{
    int64_t id;
    Res res = db_query_int(
        cx, db,
        "select key_id from settings where name = 'instance_secret' and sealed is not null",
        DB_NONE, &id);

    if (res.code == FAIL_NONE) {
        key_id_add(&cx->mem, list, id);
    }
    return res.code == FAIL_NOT_FOUND ? OK : res;
}

Res keys_in_use(struct cx *cx, struct db *db, uint32_t **ret, size_t *n)
{
    struct db_list list = {0};

    TRY(db_rows(cx, db, in_use_sql, DB_NONE, &key_id_row, &list));
    TRY(sealing_add(cx, db, &list));
    TRY(instance_key_add(cx, db, &list));
    const int64_t *found = list.at;
    uint32_t *ids = NEW_N(&cx->mem, uint32_t, list.n);

    for (size_t i = 0; i < list.n; i++) {
        ids[i] = (uint32_t)found[i];
    }
    *ret = ids;
    *n = list.n;
    return OK;
}

static Res key_row_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct key_use *use = ret;

    (void)cx;
    use->flows_until_ms = db_get_int(stmt, 1);
    use->is_dropped = db_get_int(stmt, 2) != 0;
    return OK;
}

static const struct db_range key_ranges[] = {{1, "flows_until", DB_TIME}};

static const struct db_row key_row = {
    "key", sizeof(struct key_use), key_row_read, key_ranges, COUNT(key_ranges)};

Res key_use_get(struct cx *cx, struct db *db, uint32_t id, struct key_use *ret)
{
    const struct db_args args = DB_ARGS(db_int(id));
    struct key_use use = {0};
    Res r = db_one(
        cx, db, "select id, flows_until, dropped_at from keys where id = $1", args,
        &key_row, &use);

    TRY(r.code == FAIL_NOT_FOUND ? OK : r);
    TRY(db_query_int(
        cx, db, "select count(*) from grants where key_id = $1", args, &use.grants));
    TRY(db_query_int(
        cx, db, "select count(*) from revocations where key_id = $1", args,
        &use.revocations));
    TRY(db_query_int(
        cx, db,
        "select (select count(*) from calendar_images where key_id = $1)"
        " + (select count(*) from calendar_sync where key_id = $1 and cursor is not null)"
        " + (select count(*) from settings where key_id = $1 and sealed is not null)",
        args, &use.calendars));
    TRY(db_query_int(
        cx, db, "select count(*) from webhook_endpoints where key_id = $1", args,
        &use.webhooks));
    TRY(db_query_int(
        cx, db, "select count(*) from pushed_events where key_id = $1", args,
        &use.events));
    TRY(db_query_int(
        cx, db, "select count(*) from flows where key_id = $1 and sealed is not null",
        args, &use.flows));
    *ret = use;
    return OK;
}

/* Reporting. */

static Res key_flows_put(struct cx *cx, struct db *db, uint32_t id, int64_t until_ms)
{
    return db_exec(
        cx, db,
        "insert into keys (id, flows_until) values ($1, $2)"
        " on conflict (id) do update set flows_until = excluded.flows_until"
        " where keys.flows_until < excluded.flows_until",
        DB_ARGS(db_int(id), db_int(until_ms)), NULL);
}

Res keys_report(
    struct cx *cx, struct db *db, const struct node *n, int64_t flow_ms,
    uint32_t *sealing)
{
    uint32_t shall = n->sealing;
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    Res r = key_sealing(cx, db, &shall);

    if (r.code == FAIL_NOT_FOUND) {
        r = sealing_put(cx, db, shall);
    }
    TRY(r);
    if (!node_has(n, shall)) {
        return fail(
            cx, FAIL_CONFIG,
            "the key %08x, which seals on all nodes, is not in the key file: copy the key "
            "file from a node that has it",
            shall);
    }
    TRY(node_write(cx, db, n));
    TRY(key_flows_put(cx, db, n->sealing, now_ms + LIMIT_NODE_LIVE_MS + flow_ms));
    *sealing = shall;
    return OK;
}

Res keys_confirm(struct cx *cx, struct db *db, uint32_t sealing)
{
    uint32_t shall = 0;
    bool is_alone = db_driver_of(db)->has_one_writer;

    TRY(is_alone ? key_sealing(cx, db, &shall) : OK);
    if (!is_alone || shall != sealing) {
        return fail(cx, FAIL_UNAVAILABLE, "the node can't report its keys");
    }
    return OK;
}

/* Choosing and dropping. */

Res key_choose(struct cx *cx, struct db *db, uint32_t id)
{
    struct key_use use;
    struct node *nodes;
    size_t n;

    TRY(key_use_get(cx, db, id, &use));
    if (use.is_dropped) {
        return fail(
            cx, FAIL_CONFLICT,
            "the key %08x was dropped and isn't used again: make a new one with `caldock "
            "keys add`",
            id);
    }
    TRY(node_list(cx, db, &nodes, &n));
    for (size_t i = 0; i < n; i++) {
        if (!node_has(&nodes[i], id)) {
            return fail(
                cx, FAIL_CONFLICT,
                "the node %.*s/%.*s hasn't loaded the key %08x: copy the key file to it, "
                "and try again 5 seconds later (`caldock keys list` shows all nodes; one "
                "that was killed is forgotten after %d seconds)",
                STR_ARG(nodes[i].host), STR_ARG(nodes[i].id), id,
                LIMIT_NODE_LIVE_MS / 1000);
        }
    }
    return sealing_put(cx, db, id);
}

static Res key_refuse_sealing(struct cx *cx, struct db *db, uint32_t id)
{
    uint32_t sealing = 0;
    Res r = key_sealing(cx, db, &sealing);

    if (r.code == FAIL_NONE && sealing == id) {
        return fail(
            cx, FAIL_CONFLICT,
            "the key %08x is the one that seals: choose another first, with `caldock keys "
            "use ID`",
            id);
    }
    return r.code == FAIL_NOT_FOUND ? OK : r;
}

/* Later than any state can live: a clock that was ahead wrote it, and nothing waits. */
static bool key_flows_may_be_open(const struct key_use *use, int64_t now_ms)
{
    int64_t most_ms = now_ms + LIMIT_NODE_LIVE_MS + (int64_t)LIMIT_FLOW_KEPT_S * 1000;

    return use->flows_until_ms > now_ms && use->flows_until_ms <= most_ms;
}

static Res key_refuse_used(
    struct cx *cx, const struct key_use *use, uint32_t id, int64_t now)
{
    char text[CLOCK_TEXT_BYTES];

    if (use->grants + use->revocations + use->calendars + use->webhooks + use->events
        > 0) {
        return fail(
            cx, FAIL_CONFLICT,
            "%lld grants and %lld revocations and %lld records of calendars and %lld "
            "secrets of webhooks and %lld events are sealed with the key %08x: run "
            "`caldock keys rotate` first",
            (long long)use->grants, (long long)use->revocations,
            (long long)use->calendars, (long long)use->webhooks, (long long)use->events,
            id);
    }
    if (use->flows > 0) {
        return fail(
            cx, FAIL_CONFLICT,
            "%lld flows that were cut short have tokens that are sealed with the key %08x: "
            "a node that serves ends them",
            (long long)use->flows, id);
    }
    if (key_flows_may_be_open(use, now)) {
        Str until = clock_rfc3339(use->flows_until_ms, text);

        return fail(
            cx, FAIL_CONFLICT,
            "the key %08x sealed flows that may be open until %.*s: try again then", id,
            STR_ARG(until));
    }
    return OK;
}

Res key_drop(struct cx *cx, struct db *db, uint32_t id)
{
    struct key_use use;
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));

    TRY(key_refuse_sealing(cx, db, id));
    TRY(key_use_get(cx, db, id, &use));
    TRY(key_refuse_used(cx, &use, id, now_ms));
    return db_exec(
        cx, db,
        "insert into keys (id, dropped_at) values ($1, $2)"
        " on conflict (id) do update set dropped_at = excluded.dropped_at",
        DB_ARGS(db_int(id), db_int(now_ms)), NULL);
}
