/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - two calendar sources, one shape.
 *
 * A source is its files (google*.c, microsoft*.c) and a row in the table of source.c.
 * Everything in those files is data or quirk; the protocol is in oauth/.
 */
#pragma once

#include "base/kinds.h"
#include "oauth/idtoken.h"
#include "oauth/token.h"
#include "sources/calendar.h"

enum accounts_allowed { ACCOUNTS_ANY, ACCOUNTS_WORK, ACCOUNTS_PERSONAL };

/* One source as configured. The text lives as long as the settings that hold it. */
struct source_settings {
    enum source_id id;
    bool is_on; /* it has a client_id */
    struct oauth_client client;
    Str issuer; /* with {tenantid} for Microsoft */
    Str jwks_url;
    Str api_url;
    enum accounts_allowed accounts;
    bool revoke;
    struct jwks *jwks; /* owned by the settings */
};

/* Who the person is to us. */
struct person {
    Str subject;  /* the key: Google sub, Microsoft tid.oid */
    Str username; /* for people to read */
    bool is_work;
};

struct source {
    enum source_id id;
    Str code; /* "GOOG" */
    Str name; /* "google": the configuration's section, the callback's path */
    Str default_scopes;
    Str authorize_extra; /* "&access_type=offline&…", encoded */
    bool has_revocation;
    /* Fills issuer, URLs and scopes that the configuration left empty; `tenant` is
     * Microsoft's. */
    void (*defaults)(struct arena *mem, Str tenant, struct source_settings *s);
    bool (*issuer_fits)(const struct id_claims *claims, Str key_issuer, Str configured);
    /* The same for `iss` beside a code (RFC 9207), before anyone is known. */
    bool (*response_issuer_fits)(Str iss, Str configured);
    Res (*person)(struct cx *cx, const struct id_claims *claims, struct person *ret);
    /* Whether the granted scope counts as the needed one. */
    bool (*scope_fits)(Str granted, Str needed);
    int64_t idle_days; /* a grant that nobody uses for so long dies */
    /* One look at the calendars: FAIL_NO_CALENDAR, FAIL_MISSING_SCOPES, or FAIL_SOURCE_…
     */
    Res (*look)(struct cx *cx, struct source_call *call);
    /* All of them, in the source's order; one. FAIL_TOKEN_REFUSED (401),
     * FAIL_PERMISSION_DENIED (403), FAIL_NOT_FOUND (404, 410), or FAIL_SOURCE_… */
    Res (*calendars_list)(
        struct cx *cx, struct source_call *call, struct calendar_list *ret);
    Res (*calendar_get)(
        struct cx *cx, struct source_call *call, Str id, struct calendar *ret);
};

/* The codes of all sources, as choices of a field. */
extern const Str source_codes[SOURCE_COUNT];

const struct source *source_get(enum source_id id);
/* NULL when unknown. */
const struct source *source_by_code(Str code);
const struct source *source_by_name(Str name);

/* Every configured scope but openid, email, profile and offline_access was granted.
 * FAIL_MISSING_SCOPES names the first that was not. */
Res source_scopes_check(struct cx *cx, const struct source_settings *s, Str granted) MUST;
/* Of the same scopes, those that were granted before still are. FAIL_MISSING_SCOPES. */
Res source_scopes_kept(
    struct cx *cx, const struct source_settings *s, Str before, Str granted) MUST;
/* FAIL_ACCOUNT_TYPE_NOT_ALLOWED. */
Res source_person_check(
    struct cx *cx, const struct source_settings *s, const struct person *p) MUST;
