/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.c - opens what a command needs, in order, and closes it in reverse.
 */
#include "app/app.h"

#include "net/net.h"
#include "seal/keyring.h"

/* What a work function of the store gets. */
struct check {
    const struct keyring *keyring;
};

static Res check_keys(struct cx *cx, struct db *db, void *arg)
{
    const struct keyring *keyring = ((const struct check *)arg)->keyring;
    uint32_t *ids;
    size_t n;

    TRY(keys_in_use(cx, db, &ids, &n));
    for (size_t i = 0; i < n; i++) {
        if (!keyring_has(keyring, ids[i])) {
            Str id = key_id_text(&cx->mem, ids[i]);

            return fail(
                cx, FAIL_CONFIG,
                "the key %.*s, which stored grants are sealed with, is not in the key "
                "file; put it back (nothing was touched)",
                (int)id.n, id.p);
        }
    }
    return OK;
}

Res app_prepare_store(struct cx *cx, struct store *store, const struct keyring *keyring)
{
    struct check check = {keyring};

    TRY(store_migrate(cx, store));
    return keyring == NULL ? OK : store_read(cx, store, check_keys, &check);
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
