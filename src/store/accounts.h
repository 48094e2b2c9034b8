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
    Str flow; /* that connected it last, as the log names it; empty: not known */
};

struct account_filter {
    int64_t provider;
    enum mode mode;
    bool any_user; /* else exactly `user` */
    Str user;

    /* What else they have to be. */
    enum source_id source;      /* 0: any */
    enum account_status status; /* 0: any */
    Str username;               /* exactly; empty: any */
};

struct account_page {
    struct account *at;
    size_t n;
    int64_t count;       /* of all that the filter lets through */
    size_t n_unreadable; /* rows of this page that were left out */
    int64_t last;        /* of account_list_all: where the next page begins; 0: nowhere */
};

/* FAIL_NOT_FOUND throughout; FAIL_UNREADABLE for a row with what this binary doesn't
 * know. */
Res account_get(struct cx *cx, struct db *db, int64_t id, struct account *ret) MUST;
Res account_find(
    struct cx *cx, struct db *db, int64_t provider, enum source_id source, Str subject,
    struct account *ret) MUST;
Res account_list(
    struct cx *cx, struct db *db, const struct account_filter *filter, int64_t offset,
    int64_t limit, struct account_page *ret) MUST;
/* For the command line: a page of at most LIMIT_STEP_ROWS accounts behind the id `after`,
 * by id. provider 0: of all. */
Res account_list_all(
    struct cx *cx, struct db *db, int64_t provider, int64_t after,
    struct account_page *ret) MUST;
/* The ids of such a page, readable or not. */
Res account_list_ids(
    struct cx *cx, struct db *db, int64_t provider, int64_t after, int64_t **ret,
    size_t *n) MUST;
Res account_count_provider(struct cx *cx, struct db *db, int64_t provider, int64_t *ret)
    MUST;
Res account_insert(struct cx *cx, struct db *db, const struct account *a, int64_t *ret)
    MUST;
/* The id's username, flow and connected_ms anew, and the status connected; all else
 * stays. */
Res account_renew(struct cx *cx, struct db *db, const struct account *a) MUST;
/* Marks the account as one that its user has to connect again; the first reason stays.
 * *marked: it wasn't so before. */
Res account_needs_reconnect(
    struct cx *cx, struct db *db, int64_t id, Str reason, int64_t now_ms, bool *marked)
    MUST;
/* The account is connected again if it is marked with exactly this reason; *healed:
 * whether it was. */
Res account_heal(
    struct cx *cx, struct db *db, int64_t id, Str reason, int64_t now_ms, bool *healed)
    MUST;
/* The account and its grant. */
Res account_delete(struct cx *cx, struct db *db, int64_t id) MUST;
/* Counts the accounts of any provider and status with this subject: each of them is the
 * person's wish to stay connected. */
Res account_count_subject(
    struct cx *cx, struct db *db, enum source_id source, Str subject, int64_t *ret) MUST;
