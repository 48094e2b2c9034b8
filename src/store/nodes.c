/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodes.c - who serves, and which keys each has: a row a node, as it says itself.
 */
#include "store/nodes.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/keyring.h"
#include "store/db_rows.h"
#include "store/driver.h"

/* The database was asked in between: what its clock may be ahead of ours, at least. */
static int64_t node_skew_ms(int64_t before_ms, int64_t db_ms, int64_t after_ms)
{
    if (db_ms < before_ms) {
        return db_ms - before_ms;
    }
    return db_ms > after_ms ? db_ms - after_ms : 0;
}

Res node_check_clock(struct cx *cx, struct db *db)
{
    int64_t before_ms = clock_now_ms();
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    int64_t skew_ms = node_skew_ms(before_ms, now_ms, clock_now_ms());

    if (skew_ms > LIMIT_CLOCK_SKEW_MS || skew_ms < -LIMIT_CLOCK_SKEW_MS) {
        return fail(
            cx, FAIL_CONFIG,
            "this machine's clock is %lld ms %s the database's: keep both on time, with "
            "chrony or another NTP client",
            (long long)(skew_ms < 0 ? -skew_ms : skew_ms),
            skew_ms < 0 ? "ahead of" : "behind");
    }
    return OK;
}

bool node_has(const struct node *n, uint32_t key)
{
    for (size_t i = 0; i < n->n_keys; i++) {
        if (n->keys[i] == key) {
            return true;
        }
    }
    return false;
}

static Str node_keys_text(struct arena *mem, const struct node *n)
{
    struct buf b = {.mem = mem, .max = (KEY_ID_TEXT + 1) * KEYRING_MOST};

    for (size_t i = 0; i < n->n_keys; i++) {
        buf_add(&b, key_id_text(mem, n->keys[i]));
        buf_add_char(&b, ' ');
    }
    return buf_text(&b);
}

static void node_keys_read(struct arena *mem, Str text, struct node *n)
{
    uint32_t *keys = NEW_N(mem, uint32_t, KEYRING_MOST);
    Str word;

    n->keys = keys;
    while (n->n_keys < KEYRING_MOST && str_next_word(&text, S(" "), &word)
           && key_id_parse(word, &keys[n->n_keys])) {
        n->n_keys++;
    }
}

Res node_write(struct cx *cx, struct db *db, const struct node *n)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "insert into nodes (id, host, keys, sealing, seen_at, version, began_at, ready,"
        " requests, p99_us, sources) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " on conflict (id) do update set keys = excluded.keys,"
        " sealing = excluded.sealing, seen_at = excluded.seen_at, ready = excluded.ready,"
        " requests = excluded.requests, p99_us = excluded.p99_us,"
        " sources = excluded.sources",
        DB_ARGS(
            db_text(n->id), db_text(n->host), db_text(node_keys_text(&cx->mem, n)),
            db_int(n->sealing), db_int(now_ms), db_text(n->version), db_int(n->began_ms),
            db_int(n->ready), db_int(n->requests), db_int(n->p99_us),
            db_text(n->sources)),
        NULL);
}

Res node_drop_others(struct cx *cx, struct db *db, Str id)
{
    if (!db_driver_of(db)->has_one_writer) {
        return OK;
    }
    return db_exec(
        cx, db, "delete from nodes where id <> $1", DB_ARGS(db_text(id)), NULL);
}

Res node_leave(struct cx *cx, struct db *db, Str id)
{
    return db_exec(cx, db, "delete from nodes where id = $1", DB_ARGS(db_text(id)), NULL);
}

static Res node_read(struct cx *cx, struct db_stmt *stmt, void *ret)
{
    struct node *n = ret;

    *n = (struct node){
        .id = db_get_text(&cx->mem, stmt, 0),
        .host = db_get_text(&cx->mem, stmt, 1),
        .sealing = (uint32_t)db_get_int(stmt, 2),
        .version = db_get_text(&cx->mem, stmt, 4),
        .began_ms = db_get_int(stmt, 5),
        .ready = (enum node_ready)db_get_int(stmt, 6),
        .seen_ms = db_get_int(stmt, 7),
        .requests = db_get_int(stmt, 8),
        .p99_us = db_get_int(stmt, 9),
        .sources = db_get_text(&cx->mem, stmt, 10),
    };
    node_keys_read(&cx->mem, db_get_text(&cx->mem, stmt, 3), n);
    return OK;
}

/* What a node says for the operator's eyes may not hide its keys: no ranges. */
static const struct db_row node_row = {"node", sizeof(struct node), node_read};

/* A report from the future is one of a wrong clock, and has no time at which it is over.
 */
Res node_list(struct cx *cx, struct db *db, struct node **ret, size_t *n)
{
    struct db_list list = {0};
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));

    TRY(db_rows(
        cx, db,
        "select id, host, sealing, keys, version, began_at, ready, seen_at, requests,"
        " p99_us, sources from nodes where seen_at > $1 and seen_at <= $2 order by host, id",
        DB_ARGS(db_int(now_ms - LIMIT_NODE_LIVE_MS), db_int(now_ms + LIMIT_NODE_LIVE_MS)),
        &node_row, &list));
    *ret = list.at;
    *n = list.n;
    return OK;
}

Res node_sweep(struct cx *cx, struct db *db)
{
    int64_t now_ms;

    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db, "delete from nodes where seen_at <= $1 or seen_at > $2",
        DB_ARGS(db_int(now_ms - LIMIT_NODE_LIVE_MS), db_int(now_ms + LIMIT_NODE_LIVE_MS)),
        NULL);
}
