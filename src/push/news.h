/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news.h - what the writing of a copy has to tell its provider, in the transaction that
 * writes what came of it (docs/webhooks.md).
 */
#pragma once

#include "push/writing.h"

/* That the person moved or deleted a copy, or that it can't be written. Nothing is told
 * of an event that is gone. */
Res news_put(
    struct cx *cx, struct db *db, const struct push_job *job, const struct pushed_copy *c,
    enum copy_news news) MUST;
/* That the setting became inactive, or the account has to be connected again: both are
 * marked, too. */
Res news_put_blocked(struct cx *cx, struct db *db, struct writing *w) MUST;
