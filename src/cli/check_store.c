/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_store.c - reads the store, and changes nothing in it.
 */
#include "cli/check_store.h"

#include <errno.h>
#include <string.h>

#include "seal/keyring.h"
#include "store/keys.h"
#include "store/providers.h"
#include "store/store.h"

enum {
    SPACE_LEAST_BYTES = 100 * 1000 * 1000,
    SPACE_LEAST_PART = 20, /* 5 % */
    POOL_MOST_PERCENT = 80,
};

static Res facts_read_work(struct cx *cx, struct db *db, void *arg)
{
    struct check_facts *f = arg;

    TRY(store_facts_read(cx, db, &f->store));
    TRY(node_list(cx, db, &f->nodes, &f->n_nodes));
    return keys_in_use(cx, db, &f->keys, &f->n_keys);
}

/* As /readyz finds it out: by what the database and the file system say of it. What else
 * store_check finds has rows of its own. */
static bool store_is_read_only(struct check_report *c)
{
    enum store_state state;

    return store_check(c->cli->cx, c->cli->app.store, &state).code != FAIL_NONE
           && state == STORE_READ_ONLY;
}

/* The keyring is a finding of its own, so the store is opened without one. */
void check_read_store(struct check_report *c)
{
    struct check_facts *f = &c->facts;
    Res res = app_find_store(&c->cli->app);

    if (res.code == FAIL_NONE) {
        res = store_read(c->cli->cx, c->cli->app.store, facts_read_work, f);
    }
    f->is_missing = res.code == FAIL_NOT_FOUND;
    f->is_read = f->is_missing || res.code == FAIL_NONE;
    f->is_read_only = res.code == FAIL_NONE && store_is_read_only(c);
    f->why = res.code == FAIL_NONE && !f->is_read_only ? S("") : check_report_why(c);
}

/* Whether the ring has every key that the store needs; *ret: the first that it lacks. */
static bool keys_are_there(
    const struct check_facts *f, const struct keyring *ring, uint32_t *ret)
{
    for (size_t i = 0; i < f->n_keys; i++) {
        if (!keyring_has(ring, f->keys[i])) {
            *ret = f->keys[i];
            return false;
        }
    }
    return true;
}

static void check_keys(struct check_report *c, const struct keyring *ring)
{
    Str code = S("keys.file");
    Str path = str_from_z(c->cli->app.config->key_file);
    uint32_t id;

    if (keys_are_there(&c->facts, ring, &id)) {
        check_report_add(
            c, code, FINDING_OK,
            c->facts.n_keys > 0
                ? CHECK_TEXT(c, path, S(" has every key that the store needs"))
                : path,
            S(""));
        return;
    }
    check_report_add(
        c, code, FINDING_WRONG,
        CHECK_TEXT(
            c, S("the key "), key_id_text(&c->cli->cx->mem, id),
            S(", which seals on all nodes or which stored grants are sealed with, is not "
              "in "),
            path),
        S("copy the file from a node that has it, or put it back from a backup"));
}

void check_key_file(struct check_report *c)
{
    struct keyring *ring = NULL;

    if (keyring_open(c->cli->cx, c->cli->app.config->key_file, &ring).code != FAIL_NONE) {
        check_report_add_failure(c, S("keys.file"), S(""));
        return;
    }
    check_keys(c, ring);
    keyring_close(&ring);
}

void check_store(struct check_report *c)
{
    const struct check_facts *f = &c->facts;

    if (f->is_missing) {
        check_report_add(
            c, S("store"), FINDING_NOTE, f->why,
            S("start `caldock serve`, as the user that it is to belong to"));
    } else if (f->is_read_only) {
        check_report_add(
            c, S("store"), FINDING_WRONG, f->why,
            str_eq(store_kind(c->cli->app.store), S("sqlite"))
                ? S("give the file to the user that the service runs as, on a file system "
                    "that is mounted for writing; check as that user")
                : S("name the primary in [store] url, and let "
                    "default_transaction_read_only be off there"));
    } else if (f->is_read) {
        check_report_add(c, S("store"), FINDING_OK, S("answers"), S(""));
    } else {
        check_report_add(c, S("store"), FINDING_WRONG, f->why, S(""));
    }
}

void check_schema(struct check_report *c)
{
    const struct store_facts *f = &c->facts.store;
    Str schema = CHECK_TEXT(c, S("schema "), check_report_int(c, f->schema));
    Str known = CHECK_TEXT(
        c, schema, S(", and this caldock knows "), check_report_int(c, f->known));

    if (!check_report_has_store(c)) {
        return;
    }
    if (f->schema < f->known) {
        check_report_add(
            c, S("store.schema"), FINDING_NOTE, known,
            S("`caldock store migrate` brings it there, and so does a start of this "
              "caldock with [store] migrate = auto"));
    } else if (f->schema > f->known) {
        check_report_add(
            c, S("store.schema"), FINDING_NOTE, known, S("use the newer caldock"));
    } else {
        check_report_add(c, S("store.schema"), FINDING_OK, schema, S(""));
    }
}

bool check_space_is_short(int64_t free_bytes, int64_t all_bytes)
{
    return free_bytes < SPACE_LEAST_BYTES || free_bytes < all_bytes / SPACE_LEAST_PART;
}

static void check_space_of(struct check_report *c, Str folder)
{
    int64_t free_bytes;
    int64_t all_bytes;

    if (!store_space(str_zdup(&c->cli->cx->mem, folder), &free_bytes, &all_bytes)) {
        check_report_add(
            c, S("store.space"), FINDING_NOTE,
            CHECK_TEXT(
                c, folder, S(": how much is free is not known: "),
                str_from_z(strerrordesc_np(errno))),
            S(""));
        return;
    }
    bool is_short = check_space_is_short(free_bytes, all_bytes);

    check_report_add(
        c, S("store.space"), is_short ? FINDING_WARN : FINDING_OK,
        CHECK_TEXT(
            c, folder, S(" has "), check_report_int(c, free_bytes / (1024 * 1024)),
            S(" MiB free")),
        is_short ? S("make room, or move the store to a larger file system") : S(""));
}

/* The folder of a path. */
static Str path_folder(Str path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/') {
        path.n--;
    }
    return path.n == 0 ? S(".") : path;
}

/* PostgreSQL doesn't say how much room it has. */
void check_space(struct check_report *c)
{
    const char *file = NULL;

    if (store_file(c->cli->cx, &c->cli->app.config->store, &file).code == FAIL_NONE
        && file != NULL) {
        check_space_of(c, path_folder(str_from_z(file)));
    }
}

bool check_pool_is_large(int64_t wanted, int64_t most)
{
    return wanted * 100 > most * POOL_MOST_PERCENT;
}

/* What all nodes may open together. */
void check_pool(struct check_report *c)
{
    int64_t most = c->facts.store.most_connections;
    int64_t n_nodes = c->facts.n_nodes > 0 ? (int64_t)c->facts.n_nodes : 1;
    int64_t wanted = n_nodes * c->cli->app.config->store_pool;

    if (!check_report_has_store(c) || most == 0) {
        return;
    }
    bool is_large = check_pool_is_large(wanted, most);

    check_report_add(
        c, S("store.pool"), is_large ? FINDING_WARN : FINDING_OK,
        CHECK_TEXT(
            c, check_report_int(c, n_nodes), S(" nodes with [store] pool = "),
            check_report_int(c, c->cli->app.config->store_pool), S(" open up to "),
            check_report_int(c, wanted), S(" connections of the "),
            check_report_int(c, most), S(" that the database gives")),
        is_large ? S("raise max_connections of PostgreSQL, or lower [store] pool")
                 : S(""));
}

/* A provider without a pattern can't start a flow. */
static void check_provider(struct check_report *c, const struct provider *p)
{
    Str id = check_report_int(c, p->id);

    if (p->n_patterns == 0 && p->removed_ms == 0) {
        check_report_add(
            c, S("providers"), FINDING_WARN,
            CHECK_TEXT(
                c, S("provider "), id,
                S(" has no redirect pattern, so no flow of it can start")),
            CHECK_TEXT(
                c, S("`caldock provider set "), id,
                S(" --add-redirect PATTERN` adds one")));
    }
}

static Res providers_read_work(struct cx *cx, struct db *db, void *arg)
{
    struct provider_page *page = arg;

    return provider_list(cx, db, page->last, page);
}

void check_providers(struct check_report *c)
{
    struct provider_page page = {.n = 0};
    struct store *store = c->cli->app.store;
    size_t n = 0;

    if (!check_report_has_store(c)) {
        return;
    }
    do {
        Res res = store_read(c->cli->cx, store, providers_read_work, &page);

        if (res.code != FAIL_NONE) {
            check_report_add_failure(c, S("providers"), S(""));
            return;
        }
        for (size_t i = 0; i < page.n; i++) {
            check_provider(c, &page.at[i]);
        }
        n += page.n;
    } while (page.last != 0);
    if (n == 0) {
        check_report_add(
            c, S("providers"), FINDING_WARN, S("there is none yet"),
            S("`caldock provider add` makes one"));
    }
}
