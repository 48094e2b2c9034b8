/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - caldock keys add, list, use, drop. Changes the key file of this machine, and
 * what all nodes share about keys (store/keys.h; ADR 16).
 */
#include "cli/keys.h"

#include <stdio.h>

#include "base/clock.h"
#include "cli/audit.h"
#include "cli/print.h"
#include "seal/keyedit.h"
#include "seal/keyring.h"
#include "store/keys.h"
#include "store/nodes.h"

static Str key_text(struct cli *cli, uint32_t id)
{
    return key_id_text(&cli->cx->mem, id);
}

/* Reads the ID that a command was given. The key must be in the key file. */
static Res keys_read_id(struct cli *cli, uint32_t *ret)
{
    if (!key_id_parse(cli->words[0], ret)) {
        return cli_misuse(
            cli, "a key's ID is 8 digits of 0-9 and a-f, not", cli->words[0]);
    }
    if (!keyring_has(cli->app.keyring, *ret)) {
        return fail(
            cli->cx, FAIL_NOT_FOUND,
            "the key %08x is not in %s; `caldock keys list` shows those that are", *ret,
            cli->app.config->key_file);
    }
    return OK;
}

Res keys_add_run(struct cli *cli)
{
    const char *path = cli->app.config->key_file;
    uint32_t id;

    TRY(keyedit_append(cli->cx, path, &id));
    Str text = key_text(cli, id);

    audit_key(cli, EVENT_KEYS_ADDED, text);
    if (cli_has(cli, S("--json"))) {
        struct writer *w = print_open(cli);

        writer_text(w, S("id"), text);
        writer_text(w, S("name"), text);
        TRY(print_one(cli, w));
    } else {
        (void)printf("%.*s\n", STR_ARG(text));
    }
    (void)fprintf(
        stderr,
        "added to %s; it only opens so far. Keep a copy, bring the file to every node, "
        "then: caldock keys use %.*s\n",
        path, STR_ARG(text));
    return OK;
}

/* The keyring, and what the store knows about each of its keys. */
struct key_overview {
    const struct keyring *keyring;
    struct key_use *uses;
    struct node *nodes;
    size_t n_nodes;
};

static Res keys_list_work(struct cx *cx, struct db *db, void *arg)
{
    struct key_overview *o = arg;
    size_t n = keyring_count(o->keyring);

    o->uses = NEW_N(&cx->mem, struct key_use, n);
    for (size_t i = 0; i < n; i++) {
        TRY(key_use_get(cx, db, keyring_id(o->keyring, i), &o->uses[i]));
    }
    return node_list(cx, db, &o->nodes, &o->n_nodes);
}

/* The live nodes that have the key, or those that lack it. */
static void key_write_nodes(
    struct cli *cli, struct writer *w, const struct key_overview *o, uint32_t id,
    bool has)
{
    struct arena *mem = &cli->cx->mem;

    writer_array(w, has ? S("loaded_by") : S("missing_on"));
    for (size_t i = 0; i < o->n_nodes; i++) {
        const struct node *n = &o->nodes[i];

        if (node_has(n, id) == has) {
            writer_text(w, S(""), str_cat(mem, str_cat(mem, n->host, S("/")), n->id));
        }
    }
    writer_end(w);
}

static Str key_state(const struct key_overview *o, size_t i)
{
    if (o->uses[i].is_dropped) {
        return S("dropped");
    }
    return keyring_id(o->keyring, i) == keyring_sealing(o->keyring) ? S("sealing")
                                                                    : S("reading");
}

static void key_write(
    struct cli *cli, struct writer *w, const struct key_overview *o, size_t i)
{
    uint32_t id = keyring_id(o->keyring, i);
    const struct key_use *use = &o->uses[i];
    int64_t flows_ms = use->flows_until_ms > clock_now_ms() ? use->flows_until_ms : 0;

    writer_text(w, S("id"), key_text(cli, id));
    writer_text(w, S("name"), key_text(cli, id));
    writer_text(w, S("state"), key_state(o, i));
    writer_text_or_null(w, S("created_at"), keyring_created(o->keyring, i));
    writer_int(w, S("grants"), use->grants);
    writer_int(w, S("revocations"), use->revocations);
    writer_int(w, S("calendars"), use->calendars);
    writer_int(w, S("webhooks"), use->webhooks);
    writer_int(w, S("events"), use->events);
    writer_time_or_null(w, S("flows_until"), flows_ms);
    key_write_nodes(cli, w, o, id, true);
    key_write_nodes(cli, w, o, id, false);
}

Res keys_list_run(struct cli *cli)
{
    struct key_overview o = {.keyring = cli->app.keyring};
    CLEANUP(j_done) json_t *rows = json_array();

    TRY(app_find_store(&cli->app));
    TRY(store_read(cli->cx, cli->app.store, keys_list_work, &o));
    for (size_t i = 0; i < keyring_count(o.keyring); i++) {
        struct writer *w = print_open(cli);

        key_write(cli, w, &o, i);
        TRY(print_add(cli, rows, w));
    }
    print_list(cli, rows);
    return OK;
}

static Res key_use_work(struct cx *cx, struct db *db, void *arg)
{
    return key_choose(cx, db, *(const uint32_t *)arg);
}

Res keys_use_run(struct cli *cli)
{
    uint32_t id;

    TRY(keys_read_id(cli, &id));
    TRY(app_find_store(&cli->app));
    TRY(store_write(cli->cx, cli->app.store, key_use_work, &id));
    audit_key(cli, EVENT_KEYS_CHOSEN, key_text(cli, id));
    (void)fprintf(
        stderr,
        "the key %08x seals: on every node within 5 seconds. What was sealed before keeps "
        "its key until: caldock keys rotate\n",
        id);
    return OK;
}

static Res key_drop_work(struct cx *cx, struct db *db, void *arg)
{
    return key_drop(cx, db, *(const uint32_t *)arg);
}

/* Marks the key in the store first: a second run, after one that was cut off between the
 * two steps, finds the mark and goes on. */
Res keys_drop_run(struct cli *cli)
{
    const char *path = cli->app.config->key_file;
    uint32_t id;

    TRY(keys_read_id(cli, &id));
    TRY(app_find_store(&cli->app));
    if (id == keyring_sealing(cli->app.keyring)) {
        return fail(
            cli->cx, FAIL_CONFLICT,
            "the key %08x is the one that seals: choose another first, with `caldock keys "
            "use ID`",
            id);
    }
    TRY(store_write(cli->cx, cli->app.store, key_drop_work, &id));
    TRY(keyedit_remove(cli->cx, path, id));
    audit_key(cli, EVENT_KEYS_DROPPED, key_text(cli, id));
    (void)fprintf(
        stderr,
        "the key %08x is out of %s; bring the file to every other node. Backups of the "
        "store that are older need it still\n",
        id, path);
    return OK;
}
