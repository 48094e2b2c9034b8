/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.h - takes from the process all files and calls that its configuration doesn't
 * need.
 */
#pragma once

#include "app/app.h"

/* The two parts of the sandbox. NULL: in force; else the reason why not. */
struct confined {
    const char *calls; /* of base/sandbox_calls.h */
    const char *files; /* of base/sandbox_files.h */
};

/* Call it while the process has one thread. Both states are "off" when the configuration
 * turns the sandbox off. */
struct confined confine_process(const struct app *app);
void confine_log(struct confined state);
