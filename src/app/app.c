/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.c - opens the parts that a command needs, in order, and closes them in reverse.
 */
#include "app/app.h"

#include "base/json.h"
#include "net/net.h"
#include "seal/keyring.h"
#include "store/keys.h"

/* The argument of the work that checks the keys. */
struct check {
    const struct keyring *keyring;
    uint32_t sealing;
};

static Res app_check_keys(struct cx *cx, struct db *db, void *arg)
{
    struct check *check = arg;
    uint32_t *ids;
    size_t n;

    TRY(keys_in_use(cx, db, &ids, &n));
    for (size_t i = 0; i < n; i++) {
        if (!keyring_has(check->keyring, ids[i])) {
            return fail(
                cx, FAIL_CONFIG,
                "the key %08x, which seals on all nodes or which stored grants are sealed "
                "with, is not in the key file: copy the file from a node that has it, or "
                "put it back from a backup (nothing was touched)",
                ids[i]);
        }
    }
    Res r = key_sealing(cx, db, &check->sealing);

    return r.code == FAIL_NOT_FOUND ? OK : r; /* no node has served yet */
}

static Res app_use_keys(struct cx *cx, struct store *store, struct keyring *keyring)
{
    struct check check = {.keyring = keyring};

    if (keyring == NULL) {
        return OK;
    }
    check.sealing = keyring_sealing(keyring);
    TRY(store_read(cx, store, app_check_keys, &check));
    must_be(keyring_set_sealing(keyring, check.sealing));
    return OK;
}

Res app_prepare_store(struct cx *cx, struct store *store, struct keyring *keyring)
{
    TRY(store_prepare(cx, store));
    TRY(app_use_keys(cx, store, keyring));
    store_note_started(store);
    return OK;
}

Res app_start(struct cx *cx)
{
    j_start();
    if (!seal_start() || !net_start()) {
        return fail(cx, FAIL_INTERNAL, "libsodium or libcurl doesn't start");
    }
    return OK;
}

Res app_open(struct app *app, const char *config_path, unsigned parts)
{
    struct cx *cx = &app->cx;

    TRY(config_read(cx, config_path, &app->config));
    log_setup(app->config->log_level, app->config->log_format);
    if ((parts & APP_KEYS) != 0) {
        TRY(keyring_open(cx, app->config->key_file, &app->keyring));
        app->config->settings.keyring = app->keyring;
    }
    return OK;
}

Res app_open_store(struct app *app)
{
    struct store_options options = app->config->store;

    options.is_for_reading = app->only_reads;
    return store_open(&app->cx, &options, &app->store);
}

static Res app_use_store(struct app *app)
{
    struct cx *cx = &app->cx;

    TRY(app->only_reads ? OK : store_refuse_older(cx, app->store));
    return app_use_keys(cx, app->store, app->keyring);
}

Res app_find_store(struct app *app)
{
    TRY(app_open_store(app));
    TRY(store_find(&app->cx, app->store));
    return app_use_store(app);
}

Res app_make_store(struct app *app)
{
    struct cx *cx = &app->cx;

    TRY(app_open_store(app));
    Res r = store_find(cx, app->store);

    TRY(r.code == FAIL_NOT_FOUND ? store_migrate(cx, app->store) : r);
    return app_use_store(app);
}

void app_close(struct app *app)
{
    store_close(&app->store);
    keyring_close(&app->keyring);
    config_unref(&app->config);
    cx_done(&app->cx);
    net_stop();
}
