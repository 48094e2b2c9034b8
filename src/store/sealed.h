/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed.h - sealed records as key rotation sees them: a grant, bound to (provider,
 * account), a revocation, bound to (source, subject), the image and the cursor of a
 * calendar, bound to its setting, the secret of the installation, those of a webhook
 * endpoint, bound to it, or the values of a pushed event, bound to it.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

enum sealed_kind {
    SEALED_GRANT,
    SEALED_REVOCATION,
    SEALED_IMAGE,
    SEALED_CURSOR,
    SEALED_INSTANCE,
    SEALED_WEBHOOK,
    SEALED_EVENT,
    SEALED_KINDS
};

struct sealed {
    int64_t id;
    int64_t where; /* provider, source */
    Str whom;      /* subject */
    int64_t stamp; /* changes when another writes the row */
    Str record;
};

struct sealed_page {
    enum sealed_kind kind;
    uint32_t key;  /* gives records that are sealed with another than this */
    int64_t after; /* and whose id is above this one */
    int64_t limit;
    struct sealed *at; /* filled by sealed_list */
    size_t n;
};

Res sealed_list(struct cx *cx, struct db *db, struct sealed_page *page) MUST;
Res sealed_count(
    struct cx *cx, struct db *db, enum sealed_kind kind, uint32_t key, int64_t *ret) MUST;
/* `s->record` is the new one, under `key`. *done: nobody has written the row meanwhile.
 */
Res sealed_replace(
    struct cx *cx, struct db *db, enum sealed_kind kind, const struct sealed *s,
    uint32_t key, bool *done) MUST;
