/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.h - the parts that a command opens: configuration, keyring, store.
 */
#pragma once

#include "config/config.h"

struct app {
    struct cx cx;
    struct config *config;
    struct keyring *keyring;
    struct store *store;
    bool store_is_there; /* and says of itself how it is */
    bool store_is_ready;
    bool only_reads;        /* the command writes nothing */
    bool has_usable_config; /* and a key file: a service could start by them */
};

enum app_parts { APP_CONFIG = 0, APP_KEYS = 1 };

/* Once per process, before all else; app_close undoes it. */
Res app_start(struct cx *cx) MUST;
/* Reads the configuration and opens the `parts`. A failure leaves its reason in
 * app->cx.why, for the operator. Call app_close in either case. */
Res app_open(struct app *app, const char *config_path, unsigned parts) MUST;
/* Reaches nothing yet. */
Res app_open_store(struct app *app) MUST;
/* Opens a store that exists, and checks that the keyring, when there is one, has every
 * key that the data needs. FAIL_NOT_FOUND: there is no store yet; none is made.
 * FAIL_CONFIG: its schema isn't this binary's. A command that only reads leaves no trace,
 * and takes an older schema as far as it goes. */
Res app_find_store(struct app *app) MUST;
/* The same for a command that may come first on a new system: it makes the store where
 * there is none.
 */
Res app_make_store(struct app *app) MUST;
void app_close(struct app *app);

/* Brings the schema to this binary's version, or waits until that was done by hand
 * (FAIL_UNAVAILABLE), and checks that the keyring has every key that sealed data needs.
 * It then makes the keyring seal with the key that all nodes seal with, so no other
 * thread may have the keyring yet. NULL: no keys are checked. FAIL_UNAVAILABLE,
 * FAIL_CONFIG. */
Res app_prepare_store(struct cx *cx, struct store *store, struct keyring *keyring) MUST;
