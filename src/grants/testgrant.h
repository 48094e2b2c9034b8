/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testgrant.h - a connected account on the testbed, and a source's script for what is
 * done with its grant.
 *
 * Only for test_*.c.
 */
#pragma once

#include "grants/refresh.h"
#include "grants/testbed.h"
#include "net/testserver.h"
#include "store/driver.h"

#define BED_SUBJECT "110169484474386276334"
#define BED_TID     "11111111-2222-3333-4444-555555555555"
#define BED_OID     "00000000-0000-0000-66f3-3332eca7ea81"
#define BED_SCOPE   "A B"

/* An account of the first source or the second, and what is known of it. */
struct connected {
    int64_t id;
    enum source_id source;
    Str subject; /* empty: the one above */
    struct account account;
    struct grant_record record;
    struct grant grant;
};

static inline Res connected_insert(struct cx *cx, struct db *db, void *arg)
{
    struct connected *c = arg;
    struct grant_record record = {.due_ms = 1};
    Str known = c->source == SOURCE_GOOGLE ? S(BED_SUBJECT) : S(BED_TID "." BED_OID);

    TRY(account_insert(
        cx, db,
        &(struct account){
            .provider = BED_PROVIDER,
            .mode = MODE_PROVIDER,
            .source = c->source,
            .subject = c->subject.n > 0 ? c->subject : known,
            .username = S("ada"),
            .status = ACCOUNT_CONNECTED,
        },
        &c->id));
    record.sealed = grant_seal(&cx->mem, bed.keyring, BED_PROVIDER, c->id, &c->grant);
    must_be(keyring_record_key(record.sealed, &record.key_id));
    return grant_put(cx, db, c->id, &record);
}

static inline Res connected_read(struct cx *cx, struct db *db, void *arg)
{
    struct connected *c = arg;

    TRY(account_get(cx, db, c->id, &c->account));
    TRY(grant_get(cx, db, c->id, &c->record));
    return grant_open(cx, bed.keyring, BED_PROVIDER, c->id, c->record.sealed, &c->grant);
}

static inline struct connected connected_now(int64_t id)
{
    struct connected c = {.id = id};

    T_OK(store_read(t_cx(), bed.store, connected_read, &c));
    return c;
}

static inline Res account_read(struct cx *cx, struct db *db, void *arg)
{
    struct account *a = arg;

    return account_get(cx, db, a->id, a);
}

static inline struct account account_now(int64_t id)
{
    struct account a = {.id = id};

    T_OK(store_read(t_cx(), bed.store, account_read, &a));
    return a;
}

/* With an access token that lives so long; empty: it has none. */
static inline int64_t connected_new(enum source_id source, Str access, int64_t lives_ms)
{
    struct connected c = {
        .source = source,
        .grant =
            {.refresh_token = S("R1"),
             .access_token = access,
             .access_expires_ms = clock_now_ms() + lives_ms,
             .scope = S(BED_SCOPE)},
    };

    T_OK(BED_WRITE(connected_insert, &c));
    return c.id;
}

static inline Res connected_delete(struct cx *cx, struct db *db, void *arg)
{
    return account_delete(cx, db, *(const int64_t *)arg);
}

static inline void disconnected(int64_t id)
{
    T_OK(BED_WRITE(connected_delete, &id));
}

/* Another node takes the lease, or any other change of the row. */
struct grant_change {
    int64_t id;
    int64_t ms;
    Str sealed;
};

static inline Res change_lease(struct cx *cx, struct db *db, void *arg)
{
    const struct grant_change *ch = arg;
    struct grant_record g;
    bool got;

    TRY(grant_get(cx, db, ch->id, &g));
    db_stop_clock(db, g.retry_ms > clock_now_ms() ? g.retry_ms : 0);
    TRY(grant_lease(
        cx, db, ch->id, g.version,
        &(struct lease){.owner = S("another"), .length_ms = ch->ms}, &got));
    db_stop_clock(db, 0);
    T_TRUE(got);
    return OK;
}

static inline void leased_by_another(int64_t id, int64_t ms)
{
    struct grant_change ch = {.id = id, .ms = ms};

    T_OK(BED_WRITE(change_lease, &ch));
}

static inline Res change_failed(struct cx *cx, struct db *db, void *arg)
{
    const struct grant_change *ch = arg;

    return grant_failed(cx, db, ch->id, S("another"), ch->ms);
}

/* The refresh of another failed, and nobody tries before so long. */
static inline void failed_for_another(int64_t id, int64_t ms)
{
    struct grant_change ch = {.id = id, .ms = ms};

    leased_by_another(id, 1000);
    T_OK(BED_WRITE(change_failed, &ch));
}

static inline Res change_grant(struct cx *cx, struct db *db, void *arg)
{
    const struct grant_change *ch = arg;
    struct grant_record g;

    TRY(grant_get(cx, db, ch->id, &g));
    g.sealed = ch->sealed;
    return grant_put(cx, db, ch->id, &g);
}

/* The account was connected again, or another has refreshed it. */
static inline void granted_anew(int64_t id, Str access, int64_t lives_ms)
{
    struct grant_change ch = {
        .id = id,
        .sealed = grant_seal(
            &t_cx()->mem, bed.keyring, BED_PROVIDER, id,
            &(struct grant){
                .refresh_token = S("R9"),
                .access_token = access,
                .access_expires_ms = clock_now_ms() + lives_ms,
                .scope = S(BED_SCOPE)}),
    };

    T_OK(BED_WRITE(change_grant, &ch));
}

/* The source's token endpoint and API are this script's. */
static inline void source_scripted(
    struct server *s, enum source_id source, const struct step *steps, size_t n)
{
    struct source_settings *own = &bed.settings.sources[source - 1];

    testserver_start(s, steps, n);
    own->client.token_url = testserver_url(&t_cx()->mem, s, "/token");
    own->client.scopes = S("openid " BED_SCOPE);
    own->api_url = testserver_url(&t_cx()->mem, s, "/api");
}

#define HTTP(status, body)                                                               \
    {                                                                                    \
        SI("HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: "       \
           "close\r\n\r\n" body),                                                        \
            THEN_CLOSE                                                                   \
    }
#define TOKENS(more)                                                                     \
    HTTP(                                                                                \
        "200 OK",                                                                        \
        "{\"token_type\":\"Bearer\",\"access_token\":\"A2\",\"expires_in\":3599" more    \
        "}")
#define REFUSED(error) HTTP("400 Bad", "{\"error\":\"" error "\"}")
