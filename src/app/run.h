/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the service, from its start to its end.
 */
#pragma once

#include "app/app.h"

/* The first thing of all: until the service runs, SIGTERM and SIGINT end it at once, with
 * status 0, also where it is the first process of a system; SIGHUP waits. */
void run_take_signals(void);
/* Opens the store, and makes one when there is none yet. Runs until SIGTERM or SIGINT,
 * then drains; a second signal ends the process at once. Takes over the keyring. */
Res run_serve(struct app *app) MUST;
