/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyedit.h - makes a key file, and changes it. All of it fails with FAIL_CONFIG and the
 * mend where it says nothing else.
 */
#pragma once

#include "base/str.h"

struct cx;

/* Makes a file with one new key, mode 0600: FAIL_CONFIG when the file exists. */
Res keyedit_create(struct cx *cx, const char *path) MUST;
/* Adds a key behind the others. Changes of a file happen one after the other, also those
 * of several processes; at any moment the path names the whole old file or the whole new
 * one. All other lines stay as they are. */
Res keyedit_append(struct cx *cx, const char *path, uint32_t *ret) MUST;
/* Removes a key: FAIL_NOT_FOUND when it isn't there, FAIL_CONFIG when it is the last. */
Res keyedit_remove(struct cx *cx, const char *path, uint32_t id) MUST;
