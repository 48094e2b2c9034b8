/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - two calendar sources, one shape.
 *
 * A source is five tables in files of its own: a struct source (google.c, microsoft.c)
 * for who a person is and what was granted, a struct calendar_api (google_calendars.c,
 * microsoft_calendars.c), a struct event_api (google_events.c, microsoft_events.c), a
 * struct channel_api (google_channels.c, microsoft_channels.c) and a struct write_api
 * (google_writes.c, microsoft_writes.c).
 * These files hold data and quirks; the protocol is in oauth/.
 */
#pragma once

#include "base/kinds.h"
#include "oauth/id_token.h"
#include "oauth/token.h"

struct calendar_api;
struct channel_api;
struct event_api;
struct write_api;

enum accounts_allowed { ACCOUNTS_ANY, ACCOUNTS_WORK, ACCOUNTS_PERSONAL };

/* One source as configured. Its text lives as long as the settings that hold it. */
struct source_settings {
    enum source_id id;
    bool is_on; /* a client_id is configured */
    struct oauth_client client;
    Str issuer; /* with {tenantid} for Microsoft */
    Str jwks_url;
    Str api_url;
    enum accounts_allowed accounts;
    Str tenant; /* Microsoft: in small letters */
    bool revoke;
    int64_t secret_expires_s; /* as the operator says; 0: not said */
    struct jwks *jwks;        /* owned by the settings */
};

/* A person, as the service knows them. */
struct person {
    Str subject;  /* the key: Google sub, Microsoft tid.oid */
    Str username; /* for people to read */
    Str tenant;   /* Microsoft: the tenant's id, in small letters */
    bool is_work;
};

struct source {
    enum source_id id;
    Str code; /* "GOOG" */
    Str name; /* "google": the configuration's section, the callback's path */
    Str default_scopes;
    Str authorize_extra; /* "&access_type=offline&…", encoded */
    Str reconnect_extra; /* in its place, where the person is known */
    bool has_revocation;
    bool secret_expires; /* every client secret ends some day */
    /* Fills issuer, URLs and scopes that the configuration left empty; `tenant` is as
     * configured for Microsoft. */
    void (*defaults)(struct arena *mem, Str tenant, struct source_settings *s);
    bool (*issuer_fits)(const struct id_claims *claims, Str key_issuer, Str configured);
    /* True if `iss` beside a code (RFC 9207) fits; the person is not known yet. */
    bool (*response_issuer_fits)(Str iss, Str configured);
    Res (*person)(struct cx *cx, const struct id_claims *claims, struct person *ret);
    /* True if the configured tenant lets the person in; NULL: the source has no tenants.
     */
    bool (*tenant_fits)(Str tenant, const struct person *p);
    /* True if the granted scope counts as the needed one. */
    bool (*scope_fits)(Str granted, Str needed);
    int64_t idle_days; /* the source ends a grant that was not used for so long */
    const struct calendar_api *calendars;
    const struct event_api *events;
    const struct channel_api *channels;
    const struct write_api *writes;
};

/* The codes of all sources, by enum source_id - 1: the choices of a field. */
extern const Str source_codes[SOURCE_COUNT];

const struct source *source_get(enum source_id id);
/* Of its discovery document (OpenID Connect Discovery 1.0 §4). */
Str source_discovery_url(struct arena *mem, const struct source_settings *s);
/* NULL when unknown. */
const struct source *source_by_code(Str code);
const struct source *source_by_name(Str name);

/* Every configured scope but openid, email, profile and offline_access was granted.
 * FAIL_MISSING_SCOPES names the first that was not. */
Res source_scopes_check(struct cx *cx, const struct source_settings *s, Str granted) MUST;
/* Every configured scope in `before` is also in `granted`. FAIL_MISSING_SCOPES. */
Res source_scopes_kept(
    struct cx *cx, const struct source_settings *s, Str before, Str granted) MUST;
/* The configuration (`accounts`, `tenant`) lets the person in.
 * FAIL_ACCOUNT_TYPE_NOT_ALLOWED. */
Res source_person_check(
    struct cx *cx, const struct source_settings *s, const struct person *p) MUST;
