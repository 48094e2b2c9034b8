/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotate.c - caldock keys rotate: seals every record with the sealing key while nodes
 * serve.
 *
 * A batch is read, sealed outside any transaction, and written back; a pause follows. A
 * record that a node has written meanwhile stays as it is, so no refreshed grant is lost.
 * The records themselves show what is done: a second run goes on where the first one
 * ended.
 */
#include "cli/rotate.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/limits.h"
#include "calendars/sealing.h"
#include "calendars/shared.h"
#include "grants/record.h"
#include "hooks/sign.h"
#include "push/event_values.h"
#include "store/keys.h"
#include "store/nodes.h"
#include "store/sealed.h"
#include "store/steps.h"

enum { ROTATE_POLL_MS = 200, ROTATE_TELL_MS = 1000 };

struct rotation {
    struct cli *cli;
    const struct keyring *keyring;
    uint32_t key;
    enum sealed_kind kind; /* under way, */
    int64_t after;         /* up to this id */
    int64_t left;
    int64_t total;
    int64_t done;
    int64_t unreadable;
    int64_t told_ms;
};

static void rotation_tell(struct rotation *r)
{
    (void)fprintf(
        stderr, "sealed anew: %lld of %lld\n", (long long)r->done, (long long)r->total);
    r->told_ms = clock_mono_ms();
}

/* The nodes, of which some may still seal with another key. */

struct waiting {
    uint32_t key;
    struct node *nodes;
    size_t n;
};

static Res rotation_nodes_work(struct cx *cx, struct db *db, void *arg)
{
    struct waiting *w = arg;

    return node_list(cx, db, &w->nodes, &w->n);
}

static const struct node *node_find_other(const struct waiting *w)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->nodes[i].sealing != w->key) {
            return &w->nodes[i];
        }
    }
    return NULL;
}

/* A node that seals with another key would leave records behind the rotation. After
 * `keys use` this takes a few seconds. */
static Res rotation_wait_for_nodes(struct rotation *r)
{
    const struct timespec pause = {.tv_nsec = ROTATE_POLL_MS * 1000000L};
    int64_t end_ms = clock_mono_ms() + 2L * LIMIT_NODE_LIVE_MS;
    struct waiting w = {.key = r->key};
    bool is_told = false;

    for (;;) {
        TRY(store_read(r->cli->cx, r->cli->app.store, rotation_nodes_work, &w));
        const struct node *other = node_find_other(&w);

        if (other == NULL) {
            return OK;
        }
        if (clock_mono_ms() > end_ms) {
            return fail(
                r->cli->cx, FAIL_CONFLICT,
                "the node %.*s/%.*s still seals with the key %08x: read its log",
                STR_ARG(other->host), STR_ARG(other->id), other->sealing);
        }
        if (!is_told) {
            (void)fprintf(stderr, "waiting for every node to seal with %08x\n", r->key);
        }
        is_told = true;
        (void)nanosleep(&pause, NULL);
    }
}

/* One batch. */

struct batch {
    struct rotation *rotation;
    struct sealed_page page;
    int64_t last; /* the id that the next one begins behind */
    int64_t unreadable;
};

static Res batch_list_work(struct cx *cx, struct db *db, void *arg)
{
    struct batch *b = arg;

    return sealed_list(cx, db, &b->page);
}

/* What is sealed for one purpose and bound to its setting, to the installation, to its
 * endpoint, or to its event. */
static Res sealed_renew_bound(
    struct cx *cx, const struct keyring *keyring, enum sealed_kind kind, struct sealed *s)
{
    Str text;

    if (kind == SEALED_INSTANCE) {
        TRY(shared_secret_open(cx, keyring, s->record, &text));
        s->record = shared_secret_seal(&cx->mem, keyring, text);
        return OK;
    }
    if (kind == SEALED_WEBHOOK) {
        struct sign_secrets secrets;

        TRY(sign_open(cx, keyring, s->id, s->record, &secrets));
        s->record = sign_lock(&cx->mem, keyring, s->id, &secrets);
        return OK;
    }
    if (kind == SEALED_EVENT) {
        return event_values_renew(cx, keyring, s->id, s->record, &s->record);
    }
    enum key_purpose purpose = kind == SEALED_IMAGE ? KEY_IMAGE : KEY_CURSOR;

    TRY(sealing_open(cx, keyring, purpose, s->id, s->record, &text));
    s->record = sealing_lock(&cx->mem, keyring, purpose, s->id, text);
    return OK;
}

static Res sealed_renew(struct cx *cx, const struct batch *b, struct sealed *s)
{
    const struct keyring *keyring = b->rotation->keyring;
    struct grant grant;
    Str token;

    if (b->page.kind == SEALED_GRANT) {
        TRY(grant_open(cx, keyring, s->where, s->id, s->record, &grant));
        s->record = grant_seal(&cx->mem, keyring, s->where, s->id, &grant);
        return OK;
    }
    if (b->page.kind != SEALED_REVOCATION) {
        return sealed_renew_bound(cx, keyring, b->page.kind, s);
    }
    TRY(record_revocation_open(cx, keyring, (int)s->where, s->whom, s->record, &token));
    s->record = record_revocation_seal(&cx->mem, keyring, (int)s->where, s->whom, token);
    return OK;
}

static const char *sealed_what(enum sealed_kind kind)
{
    static const char *const names[SEALED_KINDS] = {
        [SEALED_GRANT] = "the grant of account",
        [SEALED_REVOCATION] = "revocation",
        [SEALED_IMAGE] = "the busy times of setting",
        [SEALED_CURSOR] = "the cursor of setting",
        [SEALED_INSTANCE] = "the instance secret",
        [SEALED_WEBHOOK] = "the secret of endpoint",
        [SEALED_EVENT] = "the pushed event",
    };

    return names[kind];
}

/* A record that doesn't open is reported and stays as it is. */
static void batch_seal(struct cx *cx, struct batch *b)
{
    struct sealed_page *page = &b->page;
    size_t kept = 0;

    for (size_t i = 0; i < page->n; i++) {
        struct sealed *s = &page->at[i];

        b->last = s->id;
        if (sealed_renew(cx, b, s).code == FAIL_NONE) {
            page->at[kept++] = *s;
            continue;
        }
        b->unreadable++;
        (void)fprintf(
            stderr, "%s %lld doesn't open and stays as it is: %s\n",
            sealed_what(page->kind), (long long)s->id, cx->why.text);
    }
    page->n = kept;
}

static Res batch_replace_work(struct cx *cx, struct db *db, void *arg)
{
    const struct batch *b = arg;
    uint32_t key = b->page.key;
    uint32_t sealing = key;
    Res res = key_sealing(cx, db, &sealing);
    bool done;

    TRY(res.code == FAIL_NOT_FOUND ? OK : res);
    if (sealing != key) {
        return fail(
            cx, FAIL_CONFLICT, "the key %08x was chosen meanwhile: run it again",
            sealing);
    }
    for (size_t i = 0; i < b->page.n; i++) {
        TRY(sealed_replace(cx, db, b->page.kind, &b->page.at[i], key, &done));
    }
    return OK;
}

/* One step. Records are sealed outside of a transaction. */
static Res rotation_run_batch(struct cx *cx, void *arg, bool *more)
{
    struct rotation *r = arg;
    struct store *store = r->cli->app.store;
    struct batch b = {
        .rotation = r,
        .page = {
            .kind = r->kind, .key = r->key, .after = r->after, .limit = LIMIT_STEP_ROWS}};

    TRY(store_read(cx, store, batch_list_work, &b));
    bool is_full = b.page.n == LIMIT_STEP_ROWS;

    batch_seal(cx, &b);
    TRY(store_write(cx, store, batch_replace_work, &b));
    crash_point("rotate.after_batch");
    *more = is_full;
    r->after = b.last;
    r->unreadable += b.unreadable;
    r->done += (int64_t)b.page.n;
    if (clock_mono_ms() >= r->told_ms + ROTATE_TELL_MS) {
        rotation_tell(r);
    }
    return OK;
}

/* All batches. */

static Res rotation_run_kind(struct rotation *r, enum sealed_kind kind)
{
    r->kind = kind;
    r->after = 0;
    return steps_run(r->cli->cx, &(struct steps){.run = rotation_run_batch, .arg = r});
}

static Res rotation_count_work(struct cx *cx, struct db *db, void *arg)
{
    struct rotation *r = arg;

    r->left = 0;
    for (int kind = 0; kind < SEALED_KINDS; kind++) {
        int64_t n;

        TRY(sealed_count(cx, db, (enum sealed_kind)kind, r->key, &n));
        r->left += n;
    }
    return OK;
}

/* Goes through all records once. Those that nodes wrote meanwhile may be left. */
static Res rotation_run_all(struct rotation *r)
{
    r->unreadable = 0;
    for (int kind = 0; kind < SEALED_KINDS; kind++) {
        TRY(rotation_run_kind(r, (enum sealed_kind)kind));
    }
    return store_read(r->cli->cx, r->cli->app.store, rotation_count_work, r);
}

Res rotate_run(struct cli *cli)
{
    struct rotation r = {.cli = cli, .keyring = cli->app.keyring};

    TRY(app_find_store(&cli->app));
    r.key = keyring_sealing(cli->app.keyring);
    TRY(rotation_wait_for_nodes(&r));
    TRY(store_read(cli->cx, cli->app.store, rotation_count_work, &r));
    r.total = r.left;
    rotation_tell(&r);
    do {
        TRY(rotation_run_all(&r));
    } while (r.left > r.unreadable);
    rotation_tell(&r);
    if (r.unreadable > 0) {
        return fail(
            cli->cx, FAIL_UNREADABLE,
            "%lld of them don't open: their keys are not the ones that they were sealed "
            "with, or they were altered or moved; the rest is sealed with %08x",
            (long long)r.unreadable, r.key);
    }
    (void)fprintf(stderr, "all is sealed with the key %08x\n", r.key);
    return OK;
}
