/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.c - opens what a command needs, in order, and closes it in reverse.
 */
#include "app/app.h"

#include "net/net.h"
#include "seal/keyring.h"
#include "store/keys.h"

/* What a work function of the store gets. */
struct check {
    const struct keyring *keyring;
    uint32_t sealing;
};

static Res check_keys(struct cx *cx, struct db *db, void *arg)
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

Res app_prepare_store(struct cx *cx, struct store *store, struct keyring *keyring)
{
    struct check check = {.keyring = keyring};

    TRY(store_migrate(cx, store));
    if (keyring == NULL) {
        return OK;
    }
    check.sealing = keyring_sealing(keyring);
    TRY(store_read(cx, store, check_keys, &check));
    must_be(keyring_set_sealing(keyring, check.sealing));
    return OK;
}

Res app_start(struct cx *cx)
{
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
    if ((parts & APP_STORE) == 0) {
        return OK;
    }
    TRY(store_open(cx, &app->config->store, &app->store));
    Res res = app_prepare_store(cx, app->store, app->keyring);

    app->store_is_ready = res.code == FAIL_NONE;
    if (res.code == FAIL_UNAVAILABLE && (parts & APP_STORE_MAY_BE_AWAY) != 0) {
        return OK;
    }
    return res;
}

void app_close(struct app *app)
{
    store_close(&app->store);
    keyring_close(&app->keyring);
    config_free(&app->config);
    cx_done(&app->cx);
    net_stop();
}
