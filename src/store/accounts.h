/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.h - connected accounts.
 *
 * An account is one person at one source for one provider: (provider, source, subject) is
 * unique. Ids are never used again. Grants are in grants.h.
 */
#pragma once

#include "base/kinds.h"
#include "base/str.h"

struct cx;
struct db;

enum account_status { ACCOUNT_CONNECTED = 1, ACCOUNT_NEEDS_RECONNECT = 2 };

struct account {
    int64_t id;
    int64_t provider;
    enum mode mode;
    Str user; /* empty: the business itself */
    enum source_id source;
    Str subject;
    Str username;
    enum account_status status;
    Str status_reason; /* empty: none */
    int64_t status_since_ms;
    int64_t connected_ms;
};

struct account_filter {
    int64_t provider;
    enum mode mode;
    bool any_user; /* else exactly `user` */
    Str user;
};

struct account_page {
    struct account *at;
    size_t n;
    int64_t count; /* of all that the filter lets through */
};

/* FAIL_NOT_FOUND throughout. */
Res account_get(struct cx *cx, struct db *db, int64_t id, struct account *ret) MUST;
Res account_find(
    struct cx *cx, struct db *db, int64_t provider, enum source_id source, Str subject,
    struct account *ret) MUST;
Res account_list(
    struct cx *cx, struct db *db, const struct account_filter *filter, int64_t offset,
    int64_t limit, struct account_page *ret) MUST;
/* provider 0: of all. For the command line. */
Res account_list_all(
    struct cx *cx, struct db *db, int64_t provider, struct account **ret, size_t *n) MUST;
Res account_insert(struct cx *cx, struct db *db, const struct account *a, int64_t *ret)
    MUST;
/* Username, status connected and connected_ms anew; all else stays. */
Res account_renew(struct cx *cx, struct db *db, int64_t id, Str username, int64_t now_ms)
    MUST;
/* From now on its user has to connect it again; the first reason stays. */
Res account_needs_reconnect(
    struct cx *cx, struct db *db, int64_t id, Str reason, int64_t now_ms) MUST;
/* The account and its grant. */
Res account_delete(struct cx *cx, struct db *db, int64_t id) MUST;
/* How many accounts of any provider have this subject, whatever their status: each of
 * them is the person's wish to stay connected. */
Res account_count_subject(
    struct cx *cx, struct db *db, enum source_id source, Str subject, int64_t *ret) MUST;
