/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - small values that all nodes share, by name ("sealing_key").
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

Res setting_get(struct cx *cx, struct db *db, Str name, Str *ret)
    MUST; /* FAIL_NOT_FOUND */
Res setting_put(struct cx *cx, struct db *db, Str name, Str value) MUST;
/* A value that is sealed, with the id of its key. Once put it stays: another who put it
 * first wins. */
Res setting_get_sealed(struct cx *cx, struct db *db, Str name, Str *ret) MUST;
Res setting_put_sealed(
    struct cx *cx, struct db *db, Str name, uint32_t key_id, Str sealed) MUST;
