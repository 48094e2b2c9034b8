/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - caldock keys add, list, use, drop (rotate.c: keys rotate): the key file of
 * this machine, and what all nodes share about it (store/keys.h; ADR 16).
 */
#include "store/keys.h"

#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "seal/keyring.h"

static Str id_text(struct cli *cli, uint32_t id)
{
    return key_id_text(&cli->cx->mem, id);
}

/* The one that a command names, which has to be in the key file. */
static Res read_id(struct cli *cli, uint32_t *ret)
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

    TRY(keyring_append(cli->cx, path, &id));
    Str text = id_text(cli, id);

    if (cli_has(cli, S("--json"))) {
        print_one(
            cli, json_pack("{so so}", "id", json_str(text), "name", json_str(text)));
    } else {
        (void)printf("%.*s\n", (int)text.n, text.p);
    }
    (void)fprintf(
        stderr,
        "added to %s; it only opens so far. Keep a copy, bring the file to every node, "
        "then: caldock keys use %.*s\n",
        path, (int)text.n, text.p);
    return OK;
}

/* What the store knows of each key of the ring. */
struct overview {
    const struct keyring *keyring;
    struct key_use *uses;
    struct node *nodes;
    size_t n_nodes;
};

static Res list_work(struct cx *cx, struct db *db, void *arg)
{
    struct overview *o = arg;
    size_t n = keyring_count(o->keyring);

    o->uses = NEW_N(&cx->mem, struct key_use, n);
    for (size_t i = 0; i < n; i++) {
        TRY(key_use_get(cx, db, keyring_id(o->keyring, i), &o->uses[i]));
    }
    return node_list(cx, db, clock_now_ms(), &o->nodes, &o->n_nodes);
}

/* The live nodes that have it, or those that don't. */
static json_t *nodes_json(
    struct cli *cli, const struct overview *o, uint32_t id, bool has)
{
    struct arena *mem = &cli->cx->mem;
    json_t *list = json_array();

    for (size_t i = 0; i < o->n_nodes; i++) {
        const struct node *n = &o->nodes[i];

        if (node_has(n, id) == has) {
            Str name = str_cat(mem, str_cat(mem, n->host, S("/")), n->id);

            (void)json_array_append_new(list, json_str(name));
        }
    }
    return list;
}

static json_t *key_json(struct cli *cli, const struct overview *o, size_t i)
{
    uint32_t id = keyring_id(o->keyring, i);
    bool seals = id == keyring_sealing(o->keyring);
    const struct key_use *use = &o->uses[i];
    int64_t flows_ms = use->flows_until_ms > clock_now_ms() ? use->flows_until_ms : 0;

    return json_pack(
        "{so so ss so sI sI so so so}", "id", json_str(id_text(cli, id)), "name",
        json_str(id_text(cli, id)), "state",
        use->is_dropped ? "dropped"
        : seals         ? "sealing"
                        : "reading",
        "created_at", json_str_or_null(keyring_created(o->keyring, i)), "grants",
        (json_int_t)use->grants, "revocations", (json_int_t)use->tasks, "flows_until",
        json_time(flows_ms), "loaded_by", nodes_json(cli, o, id, true), "missing_on",
        nodes_json(cli, o, id, false));
}

Res keys_list_run(struct cli *cli)
{
    struct overview o = {.keyring = cli->app.keyring};
    json_t *list = json_array();
    Res res = store_read(cli->cx, cli->app.store, list_work, &o);

    for (size_t i = 0; res.code == FAIL_NONE && i < keyring_count(o.keyring); i++) {
        (void)json_array_append_new(list, key_json(cli, &o, i));
    }
    if (res.code != FAIL_NONE) {
        json_decref(list);
        return res;
    }
    print_list(cli, list);
    return OK;
}

static Res use_work(struct cx *cx, struct db *db, void *arg)
{
    return key_choose(cx, db, *(const uint32_t *)arg, clock_now_ms());
}

Res keys_use_run(struct cli *cli)
{
    uint32_t id;

    TRY(read_id(cli, &id));
    TRY(store_write(cli->cx, cli->app.store, use_work, &id));
    (void)fprintf(
        stderr,
        "the key %08x seals: on every node within 5 seconds. What was sealed before keeps "
        "its key until: caldock keys rotate\n",
        id);
    return OK;
}

static Res drop_work(struct cx *cx, struct db *db, void *arg)
{
    return key_drop(cx, db, *(const uint32_t *)arg, clock_now_ms());
}

/* A second try after one that ended in between finds it dropped, and takes it out. */
Res keys_drop_run(struct cli *cli)
{
    const char *path = cli->app.config->key_file;
    uint32_t id;

    TRY(read_id(cli, &id));
    if (id == keyring_sealing(cli->app.keyring)) {
        return fail(
            cli->cx, FAIL_CONFLICT,
            "the key %08x is the one that seals: choose another first, with `caldock keys "
            "use ID`",
            id);
    }
    TRY(store_write(cli->cx, cli->app.store, drop_work, &id));
    TRY(keyring_remove(cli->cx, path, id));
    (void)fprintf(
        stderr,
        "the key %08x is out of %s; bring the file to every other node. Backups of the "
        "store that are older need it still\n",
        id, path);
    return OK;
}
