/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - which key seals, and what may be said and done about the others.
 *
 * Writers behave as if they ran one after the other (ADR 13), so of a node that begins to
 * serve and a command that chooses another key, the later one sees the earlier.
 */
#include "store/keys.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/keyring.h"
#include "store/db.h"
#include "store/store.h"

static const Str sealing_key = SI("sealing_key"); /* the setting's name */

/* The row there is: *row false without one. */
static Res query_ints(
    struct cx *cx, struct db *db, const char *sql, const struct db_value *args, size_t n,
    int64_t ret[2])
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    TRY(db_query(cx, db, sql, args, n, &stmt));
    TRY(db_step(cx, stmt, &row));
    for (int i = 0; i < 2; i++) {
        ret[i] = row ? db_get_int(stmt, i) : 0;
    }
    return OK;
}

Res key_sealing(struct cx *cx, struct db *db, uint32_t *ret)
{
    Str text;

    TRY(setting_get(cx, db, sealing_key, &text));
    if (!key_id_parse(text, ret)) {
        return fail(cx, FAIL_CONFIG, "store: the setting sealing_key is no key's id");
    }
    return OK;
}

static Res set_sealing(struct cx *cx, struct db *db, uint32_t id)
{
    return setting_put(cx, db, sealing_key, key_id_text(&cx->mem, id));
}

/* Jumps from one key to the next along the index: the number of grants plays no part. */
static const char in_use_sql[] =
    "with recursive used (key_id) as ("
    " select min(key_id) from grants"
    " union all"
    " select (select min(g.key_id) from grants g where g.key_id > used.key_id)"
    "  from used where used.key_id is not null)"
    " select key_id from used where key_id is not null"
    " union select key_id from tasks order by key_id";

Res keys_in_use(struct cx *cx, struct db *db, uint32_t **ret, size_t *n)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    uint32_t *ids = NULL;
    uint32_t sealing;
    size_t count = 0;
    bool has_sealing = false;
    Res chosen = key_sealing(cx, db, &sealing);
    Res r;

    TRY(chosen.code == FAIL_NOT_FOUND ? OK : chosen);
    TRY(db_query(cx, db, in_use_sql, NULL, 0, &stmt));
    while (db_next(cx, stmt, &r)) {
        ids = db_grow(&cx->mem, ids, count, sizeof(*ids));
        ids[count] = (uint32_t)db_get_int(stmt, 0);
        has_sealing |= chosen.code == FAIL_NONE && ids[count] == sealing;
        count++;
    }
    TRY(r);
    if (chosen.code == FAIL_NONE && !has_sealing) {
        ids = db_grow(&cx->mem, ids, count, sizeof(*ids));
        ids[count++] = sealing;
    }
    *ret = ids;
    *n = count;
    return OK;
}

Res key_use_get(struct cx *cx, struct db *db, uint32_t id, struct key_use *ret)
{
    int64_t sealed[2];
    int64_t row[2];

    TRY(query_ints(
        cx, db,
        "select (select count(*) from grants where key_id = $1),"
        " (select count(*) from tasks where key_id = $1)",
        DB_ARGS(db_int(id)), sealed));
    TRY(query_ints(
        cx, db, "select flows_until, dropped_at from keys where id = $1",
        DB_ARGS(db_int(id)), row));
    *ret = (struct key_use){sealed[0], sealed[1], row[0], row[1] != 0};
    return OK;
}

/* Nodes. */

bool node_has(const struct node *n, uint32_t key)
{
    for (size_t i = 0; i < n->n_keys; i++) {
        if (n->keys[i] == key) {
            return true;
        }
    }
    return false;
}

static Str keys_text(struct arena *mem, const struct node *n)
{
    struct buf b = {.mem = mem, .max = (KEY_ID_TEXT + 1) * KEYRING_MOST};

    for (size_t i = 0; i < n->n_keys; i++) {
        buf_add(&b, key_id_text(mem, n->keys[i]));
        buf_add_char(&b, ' ');
    }
    return buf_text(&b);
}

static void keys_read(struct arena *mem, Str text, struct node *n)
{
    uint32_t *keys = NEW_N(mem, uint32_t, KEYRING_MOST);
    Str word;

    n->keys = keys;
    while (n->n_keys < KEYRING_MOST && str_next_word(&text, S(" "), &word)
           && key_id_parse(word, &keys[n->n_keys])) {
        n->n_keys++;
    }
}

static Res put_node(struct cx *cx, struct db *db, const struct node *n, int64_t now_ms)
{
    return db_exec(
        cx, db,
        "insert into nodes (id, host, keys, sealing, seen_at) values ($1, $2, $3, $4, $5)"
        " on conflict (id) do update set keys = excluded.keys,"
        " sealing = excluded.sealing, seen_at = excluded.seen_at",
        DB_ARGS(
            db_text(n->id), db_text(n->host), db_text(keys_text(&cx->mem, n)),
            db_int(n->sealing), db_int(now_ms)),
        NULL);
}

static Res note_flows(struct cx *cx, struct db *db, uint32_t id, int64_t until_ms)
{
    return db_exec(
        cx, db,
        "insert into keys (id, flows_until) values ($1, $2)"
        " on conflict (id) do update set flows_until = excluded.flows_until"
        " where keys.flows_until < excluded.flows_until",
        DB_ARGS(db_int(id), db_int(until_ms)), NULL);
}

Res node_report(
    struct cx *cx, struct db *db, const struct node *n, int64_t now_ms, int64_t flow_ms,
    uint32_t *sealing)
{
    uint32_t shall = n->sealing;
    Res r = key_sealing(cx, db, &shall);

    if (r.code == FAIL_NOT_FOUND) {
        r = set_sealing(cx, db, shall);
    }
    TRY(r);
    if (!node_has(n, shall)) {
        return fail(
            cx, FAIL_CONFIG,
            "the key %08x, which seals on all nodes, is not in the key file: copy the key "
            "file from a node that has it",
            shall);
    }
    TRY(put_node(cx, db, n, now_ms));
    TRY(note_flows(cx, db, n->sealing, now_ms + LIMIT_NODE_LIVE_MS + flow_ms));
    *sealing = shall;
    return OK;
}

Res node_leave(struct cx *cx, struct db *db, Str id)
{
    return db_exec(cx, db, "delete from nodes where id = $1", DB_ARGS(db_text(id)), NULL);
}

Res node_list(struct cx *cx, struct db *db, int64_t now_ms, struct node **ret, size_t *n)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct node *list = NULL;
    size_t count = 0;
    Res r;

    TRY(db_query(
        cx, db,
        "select id, host, sealing, keys from nodes where seen_at > $1 order by host, id",
        DB_ARGS(db_int(now_ms - LIMIT_NODE_LIVE_MS)), &stmt));
    while (db_next(cx, stmt, &r)) {
        list = db_grow(&cx->mem, list, count, sizeof(*list));
        list[count] = (struct node){
            .id = db_get_text(&cx->mem, stmt, 0),
            .host = db_get_text(&cx->mem, stmt, 1),
            .sealing = (uint32_t)db_get_int(stmt, 2),
        };
        keys_read(&cx->mem, db_get_text(&cx->mem, stmt, 3), &list[count++]);
    }
    TRY(r);
    *ret = list;
    *n = count;
    return OK;
}

Res node_sweep(struct cx *cx, struct db *db, int64_t now_ms)
{
    return db_exec(
        cx, db, "delete from nodes where seen_at <= $1",
        DB_ARGS(db_int(now_ms - LIMIT_NODE_LIVE_MS)), NULL);
}

/* Choosing and dropping. */

Res key_choose(struct cx *cx, struct db *db, uint32_t id, int64_t now_ms)
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
    TRY(node_list(cx, db, now_ms, &nodes, &n));
    for (size_t i = 0; i < n; i++) {
        if (!node_has(&nodes[i], id)) {
            return fail(
                cx, FAIL_CONFLICT,
                "the node %.*s/%.*s hasn't loaded the key %08x: copy the key file to it, "
                "and try again 5 seconds later (`caldock keys list` shows all nodes; one "
                "that was killed is forgotten after %d seconds)",
                (int)nodes[i].host.n, nodes[i].host.p, (int)nodes[i].id.n, nodes[i].id.p,
                id, LIMIT_NODE_LIVE_MS / 1000);
        }
    }
    return set_sealing(cx, db, id);
}

static Res refuse_sealing(struct cx *cx, struct db *db, uint32_t id)
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

static Res refuse_used(struct cx *cx, const struct key_use *use, uint32_t id, int64_t now)
{
    char text[CLOCK_TEXT_BYTES];

    if (use->grants + use->tasks > 0) {
        return fail(
            cx, FAIL_CONFLICT,
            "%lld grants and %lld revocations are sealed with the key %08x: run `caldock "
            "keys rotate` first",
            (long long)use->grants, (long long)use->tasks, id);
    }
    if (use->flows_until_ms > now) {
        Str until = clock_rfc3339(use->flows_until_ms, text);

        return fail(
            cx, FAIL_CONFLICT,
            "the key %08x sealed flows that may be open until %.*s: try again then", id,
            (int)until.n, until.p);
    }
    return OK;
}

Res key_drop(struct cx *cx, struct db *db, uint32_t id, int64_t now_ms)
{
    struct key_use use;

    TRY(refuse_sealing(cx, db, id));
    TRY(key_use_get(cx, db, id, &use));
    TRY(refuse_used(cx, &use, id, now_ms));
    return db_exec(
        cx, db,
        "insert into keys (id, dropped_at) values ($1, $2)"
        " on conflict (id) do update set dropped_at = excluded.dropped_at",
        DB_ARGS(db_int(id), db_int(now_ms)), NULL);
}

/* Sealing anew. */

static const struct kind_sql {
    const char *list;
    const char *count;
    const char *replace;
} kinds[SEALED_KINDS] = {
    [SEALED_GRANT] =
        {"select g.account, a.provider, '', g.version, g.sealed from grants g"
         " join accounts a on a.id = g.account"
         " where g.key_id <> $1 and g.account > $2 order by g.account limit $3", "select count(*) from grants where key_id <> $1",
                        "update grants set key_id = $3, sealed = $4 where account = $1 and version = $2"},
    [SEALED_TASK] =
        {"select id, source, subject, key_id, sealed from tasks"
         " where key_id <> $1 and id > $2 order by id limit $3",                 "select count(*) from tasks where key_id <> $1",
                        "update tasks set key_id = $3, sealed = $4 where id = $1 and key_id = $2"       },
};

Res sealed_list(struct cx *cx, struct db *db, struct sealed_page *page)
{
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    struct sealed *list = NULL;
    size_t n = 0;
    Res r;

    TRY(db_query(
        cx, db, kinds[page->kind].list,
        DB_ARGS(db_int(page->key), db_int(page->after), db_int(page->limit)), &stmt));
    while (db_next(cx, stmt, &r)) {
        list = db_grow(&cx->mem, list, n, sizeof(*list));
        list[n++] = (struct sealed){
            .id = db_get_int(stmt, 0),
            .where = db_get_int(stmt, 1),
            .whom = db_get_text(&cx->mem, stmt, 2),
            .stamp = db_get_int(stmt, 3),
            .record = db_get_blob(&cx->mem, stmt, 4),
        };
    }
    TRY(r);
    page->at = list;
    page->n = n;
    return OK;
}

Res sealed_count(
    struct cx *cx, struct db *db, enum sealed_kind kind, uint32_t key, int64_t *ret)
{
    return db_query_int(cx, db, kinds[kind].count, DB_ARGS(db_int(key)), ret);
}

/* The version stays: it is the same grant. Who has read it writes over it all the same,
 * and who refreshes it keeps the lease. */
Res sealed_replace(
    struct cx *cx, struct db *db, enum sealed_kind kind, const struct sealed *s,
    uint32_t key, bool *done)
{
    int64_t changed;

    TRY(db_exec(
        cx, db, kinds[kind].replace,
        DB_ARGS(db_int(s->id), db_int(s->stamp), db_int(key), db_blob(s->record)),
        &changed));
    *done = changed > 0;
    return OK;
}
