/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - notices that a file which the configuration names was changed or replaced.
 */
#pragma once

#include <stdint.h>

struct config;

/* Tells a file from what stood there before, and follows links; 0: there is none. */
uint64_t watch_stamp(const char *path);
/* 0: the watched files are those that were read. Else a mark of what stands there now, so
 * that a change that was refused is not tried again. A file that is missing is none that
 * has changed: it may be on its way. */
uint64_t watch_changes(const struct config *c);
