/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_files.h - gives up, for good, all files but those in the named places.
 */
#pragma once

#include <stddef.h>

enum sandbox_use {
    SANDBOX_READ,   /* opens what is there */
    SANDBOX_DEVICE, /* opens and writes what is there */
    SANDBOX_STORE,  /* also makes, changes and removes plain files */
    SANDBOX_SOCKET, /* also makes and removes sockets */
};

/* A file, or a folder with all that is or will be below it. A place that is not there is
 * left out. Links are followed now, not later. */
struct sandbox_place {
    const char *path;
    enum sandbox_use use;
};

/* Closes files for the calling thread and the threads that it makes from now on: called
 * before there are others. NULL: they are closed; else why not, in words. */
const char *sandbox_files(const struct sandbox_place *places, size_t n);
