/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.h - what a command opens: configuration, keyring, store; and the service itself.
 */
#pragma once

#include "app/config.h"

struct app {
    struct cx cx;
    struct config *config;
    struct keyring *keyring;
    struct store *store;
    bool store_is_ready;
};

enum app_parts {
    APP_CONFIG = 0,
    APP_KEYS = 1,
    APP_STORE = 2, /* migrated; with APP_KEYS, every key that it needs is there */
    APP_STORE_MAY_BE_AWAY = 4, /* FAIL_UNAVAILABLE is no failure: app_serve tries again */
};

/* Once per process, before all else; app_close undoes it. */
Res app_start(struct cx *cx) MUST;
/* Reads the configuration and opens what is asked for. The reason of a failure is in
 * app->cx.why, for the operator; app_close follows all the same. */
Res app_open(struct app *app, const char *config_path, unsigned parts) MUST;
void app_close(struct app *app);

/* The schema of this binary, and every key that sealed data needs; the keyring, which
 * nobody else has yet, seals with the key that all nodes seal with (NULL: isn't asked
 * for). FAIL_UNAVAILABLE, FAIL_CONFIG. */
Res app_prepare_store(struct cx *cx, struct store *store, struct keyring *keyring) MUST;

/* Runs until SIGTERM or SIGINT, then drains; a second one ends the process at once. Takes
 * over the keyring. */
Res app_serve(struct app *app) MUST;
