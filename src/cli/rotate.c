/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotate.c - caldock keys rotate: seals anew, with the sealing key, what is sealed with
 * others, beside the nodes that serve.
 *
 * A few records at a time: read, sealed anew outside any transaction, and written where
 * nobody has written them meanwhile; what a refresh brought is never lost. What is done
 * shows in the records, so that a second run goes on where the first one ended.
 */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "oauth/grant.h"
#include "store/keys.h"

enum { BATCH = 16, LOOK_MS = 200, TELL_MS = 1000 };

struct rotation {
    struct cli *cli;
    const struct keyring *keyring;
    uint32_t key;
    struct sealed_page page; /* under way */
    int64_t left;
    int64_t total;
    int64_t done;
    int64_t unreadable;
    int64_t told_ms;
};

static void tell(struct rotation *r)
{
    (void)fprintf(
        stderr, "sealed anew: %lld of %lld\n", (long long)r->done, (long long)r->total);
    r->told_ms = clock_mono_ms();
}

/* Those who still seal with another key. */

struct waiting {
    uint32_t key;
    struct node *nodes;
    size_t n;
};

static Res work_nodes(struct cx *cx, struct db *db, void *arg)
{
    struct waiting *w = arg;

    return node_list(cx, db, clock_now_ms(), &w->nodes, &w->n);
}

static const struct node *find_other(const struct waiting *w)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->nodes[i].sealing != w->key) {
            return &w->nodes[i];
        }
    }
    return NULL;
}

/* So that nothing comes behind the rotation: a few seconds at most after `keys use`. */
static Res wait_for_nodes(struct rotation *r)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    int64_t end_ms = clock_mono_ms() + 2L * LIMIT_NODE_LIVE_MS;
    struct waiting w = {.key = r->key};
    bool is_told = false;

    for (;;) {
        TRY(store_read(r->cli->cx, r->cli->app.store, work_nodes, &w));
        const struct node *other = find_other(&w);

        if (other == NULL) {
            return OK;
        }
        if (clock_mono_ms() > end_ms) {
            return fail(
                r->cli->cx, FAIL_CONFLICT,
                "the node %.*s/%.*s goes on to seal with the key %08x: look at its log",
                (int)other->host.n, other->host.p, (int)other->id.n, other->id.p,
                other->sealing);
        }
        if (!is_told) {
            (void)fprintf(stderr, "waiting for every node to seal with %08x\n", r->key);
        }
        is_told = true;
        (void)nanosleep(&pause, NULL);
    }
}

/* One batch. */

static Res work_list(struct cx *cx, struct db *db, void *arg)
{
    return sealed_list(cx, db, arg);
}

static Res seal_anew(struct cx *cx, const struct rotation *r, struct sealed *s)
{
    struct grant grant;
    Str token;

    if (r->page.kind == SEALED_GRANT) {
        TRY(grant_open(cx, r->keyring, s->where, s->id, s->record, &grant));
        s->record = grant_seal(&cx->mem, r->keyring, s->where, s->id, &grant);
        return OK;
    }
    TRY(revocation_open(cx, r->keyring, (int)s->where, s->whom, s->record, &token));
    s->record = revocation_seal(&cx->mem, r->keyring, (int)s->where, s->whom, token);
    return OK;
}

/* What doesn't open stays as it is, and is said. */
static void seal_batch(struct cx *cx, struct rotation *r)
{
    struct sealed_page *page = &r->page;
    size_t kept = 0;

    for (size_t i = 0; i < page->n; i++) {
        struct sealed *s = &page->at[i];

        page->after = s->id;
        if (seal_anew(cx, r, s).code == FAIL_NONE) {
            page->at[kept++] = *s;
            continue;
        }
        r->unreadable++;
        (void)fprintf(
            stderr, "%s %lld doesn't open and stays as it is: %s\n",
            page->kind == SEALED_GRANT ? "the grant of account" : "revocation",
            (long long)s->id, cx->why.text);
    }
    page->n = kept;
}

static Res work_replace(struct cx *cx, struct db *db, void *arg)
{
    const struct rotation *r = arg;
    uint32_t sealing = r->key;
    Res res = key_sealing(cx, db, &sealing);
    bool done;

    TRY(res.code == FAIL_NOT_FOUND ? OK : res);
    if (sealing != r->key) {
        return fail(
            cx, FAIL_CONFLICT, "the key %08x was chosen meanwhile: run it again",
            sealing);
    }
    for (size_t i = 0; i < r->page.n; i++) {
        TRY(sealed_replace(cx, db, r->page.kind, &r->page.at[i], r->key, &done));
    }
    return OK;
}

/* *more: there may be. */
static Res rotate_batch(struct cx *cx, struct rotation *r, bool *more)
{
    TRY(store_read(cx, r->cli->app.store, work_list, &r->page));
    *more = r->page.n == BATCH;
    seal_batch(cx, r);
    TRY(store_write(cx, r->cli->app.store, work_replace, r));
    crash_point("rotate.after_batch");
    r->done += (int64_t)r->page.n;
    if (clock_mono_ms() >= r->told_ms + TELL_MS) {
        tell(r);
    }
    return OK;
}

/* All. */

static Res rotate_kind(struct rotation *r, enum sealed_kind kind)
{
    bool more = true;

    r->page = (struct sealed_page){.kind = kind, .key = r->key, .limit = BATCH};
    while (more) {
        struct cx one = {0};
        Res res = rotate_batch(&one, r, &more);

        if (res.code != FAIL_NONE) {
            r->cli->cx->why = one.why;
        }
        cx_done(&one);
        TRY(res);
    }
    return OK;
}

static Res work_count(struct cx *cx, struct db *db, void *arg)
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

/* Once through all: what others wrote meanwhile may be left. */
static Res rotate_all(struct rotation *r)
{
    r->unreadable = 0;
    for (int kind = 0; kind < SEALED_KINDS; kind++) {
        TRY(rotate_kind(r, (enum sealed_kind)kind));
    }
    return store_read(r->cli->cx, r->cli->app.store, work_count, r);
}

Res keys_rotate_run(struct cli *cli)
{
    struct rotation r = {
        .cli = cli,
        .keyring = cli->app.keyring,
        .key = keyring_sealing(cli->app.keyring),
    };

    TRY(wait_for_nodes(&r));
    TRY(store_read(cli->cx, cli->app.store, work_count, &r));
    r.total = r.left;
    tell(&r);
    do {
        TRY(rotate_all(&r));
    } while (r.left > r.unreadable);
    tell(&r);
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
