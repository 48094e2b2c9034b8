/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - the limits of the process as a whole, and what it was started with.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

/* Secrets are in plain memory: no core dump of it, and no other process of the same user
 * reads it. Called before anything is read. */
void process_hide_memory(void);

/* Opens the standard streams that are closed, so that no file of ours takes their place:
 * a database would get what is printed. Reading or printing there fails, and what goes to
 * stderr is lost. */
void process_fill_streams(void);

/* Takes a variable that is meant for this process alone out of the environment; returns
 * its value, empty where there is none. Called while there is one thread. */
Str process_take_variable(const char *name);

/* Allows as many open files as the system lets this user have; returns how many. */
int64_t process_raise_files(void);

/* What the process takes. */
struct process_use {
    int64_t cpu_us; /* of all threads, in both modes */
    int64_t resident_bytes;
    int64_t virtual_bytes;
    int64_t files;      /* that are open */
    int64_t files_most; /* that may be */
};

/* Memory is 0 where the system doesn't say it. */
void process_look(struct process_use *ret);
