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
};

enum app_parts { APP_CONFIG = 0, APP_STORE = 1, APP_KEYS = 2 };

/* Reads the configuration and opens what is asked for (migrated, and with the keys that
 * the data needs). The reason of a failure is in app->cx.why, for the operator. */
Res app_open(struct app *app, const char *config_path, unsigned parts) MUST;
void app_close(struct app *app);

/* Runs until SIGTERM or SIGINT, then drains. */
Res app_serve(struct app *app) MUST;
