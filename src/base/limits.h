/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - every limit of the program that is not a setting, in one place.
 *
 * Each has a test at its edge and one past it.
 */
#pragma once

enum {
    /* the configuration file (operations: Configuration) */
    LIMIT_CONFIG_BYTES = 256 * 1024,
    LIMIT_CONFIG_LINE_BYTES = 4096,
    LIMIT_CONFIG_NAME_BYTES = 45, /* of a [section] or a key; inih has 49 */
    LIMIT_CONFIG_VALUES = 1000,
    LIMIT_SECRET_FILE_BYTES = 64 * 1024,
    LIMIT_NAME_BYTES = 200, /* of a provider, of a token */

    /* requests (contract §3) */
    LIMIT_HEAD_BYTES = 16 * 1024,
    LIMIT_HEAD_FIELDS = 100,
    LIMIT_BODY_BYTES = 64 * 1024,
    LIMIT_BODY_FIELDS = 1000,
    LIMIT_JSON_DEPTH = 32,
    LIMIT_ANSWER_BYTES = 1024 * 1024,

    /* who asks (contract §2) */
    LIMIT_CREDENTIAL_BYTES = 8 * 1024,
    LIMIT_USER_BYTES = 128,
    LIMIT_TOKEN_PROVIDERS = 1000,
    LIMIT_REQUEST_ID_BYTES = 64,
    LIMIT_JWT_LEEWAY_S = 60,
    LIMIT_JWT_SECRET_MIN_BYTES = 32,
    LIMIT_RSA_MIN_BITS = 2048,

    /* redirects (contract §5) */
    LIMIT_REDIRECT_URI_BYTES = 512,
    LIMIT_PATTERN_BYTES = 512,
    LIMIT_PATTERNS_PER_PROVIDER = 100,
    LIMIT_AUTHORIZE_URL_BYTES = 8 * 1024,

    /* the flow (contract §6) */
    LIMIT_STATE_BYTES = 2048,
    LIMIT_CODE_BYTES = 4096,
    LIMIT_PARKED_PER_FLOW = 8,
    LIMIT_PARK_LOOK_MS = 100,
    LIMIT_FLOW_KEPT_S = 24 * 3600,
    LIMIT_CALLBACK_END_MS = 1000, /* of a callback's time, for writing how it ended */
    LIMIT_CLAIM_MARGIN_MS = 10 * 1000, /* a claim outlives the longest callback by this */

    /* the sources' answers (oauth-security: size, depth, skew) */
    LIMIT_REPLY_HEAD_BYTES = 64 * 1024,
    LIMIT_TOKEN_ANSWER_BYTES = 256 * 1024,
    LIMIT_JWKS_BYTES = 256 * 1024,
    LIMIT_CALENDARS_BYTES = 1024 * 1024,
    LIMIT_SOURCE_JSON_DEPTH = 16,
    LIMIT_LOOK_PAGES = 10, /* of calendars, all empty */
    LIMIT_CALENDAR_PAGES = 100,
    LIMIT_CALENDAR_LIST_BYTES = 4 * 1024 * 1024, /* of all pages */
    LIMIT_CALENDAR_ID_BYTES = 512,
    LIMIT_CALENDAR_NAME_BYTES = 1024,
    LIMIT_TIME_ZONE_BYTES = 64,
    LIMIT_ACCESS_TOKEN_BYTES = 16 * 1024,
    LIMIT_REFRESH_TOKEN_BYTES = 8 * 1024,
    LIMIT_ID_TOKEN_BYTES = 64 * 1024,
    LIMIT_SCOPE_BYTES = 8 * 1024,
    LIMIT_SUBJECT_BYTES = 255,
    LIMIT_USERNAME_BYTES = 320,
    LIMIT_ID_TOKEN_SKEW_S = 60,
    LIMIT_ID_TOKEN_AGE_S = 3600,
    LIMIT_EXPIRES_IN_S = 30 * 24 * 3600,

    /* keys of issuers and sources (contract §9) */
    LIMIT_JWKS_FRESH_MIN_S = 5 * 60,
    LIMIT_JWKS_FRESH_MAX_S = 24 * 3600,
    LIMIT_JWKS_KEPT_S = 24 * 3600,
    LIMIT_JWKS_LOOKUP_S = 30,
    LIMIT_JWKS_KEYS = 100,

    /* caches of the fast lane, counted from the start of the read */
    LIMIT_CACHE_MS = 4000,
    LIMIT_CACHE_RENEW_MS = 2000,
    LIMIT_CACHE_NEGATIVE_MS = 1000,
    LIMIT_CACHE_JWT_MS = 5 * 60 * 1000, /* no shorter than keys are re-read (§9) */
    LIMIT_CACHE_ENTRIES = 65536,
    LIMIT_RATE_ENTRIES = 32768,

    /* lanes */
    LIMIT_COLD_QUEUE = 256,
    LIMIT_COLD_WORKERS = 2,

    /* revoking (contract §9) */
    LIMIT_REVOKE_FIRST_MS = 5 * 1000,
    LIMIT_REVOKE_MOST_MS = 3600 * 1000,
    LIMIT_REVOKE_GIVE_UP_MS = 7 * 24 * 3600 * 1000,

    /* keeping grants (contract §9, "Reading calendars") */
    LIMIT_ACCESS_MARGIN_MS = 60 * 1000, /* a token is made new so long before its end */
    LIMIT_ACCESS_ALIVE_MS = 5 * 1000,   /* and can be used until so long before it */
    LIMIT_LEASE_MS = 60 * 1000,         /* of a refresh: longer than the two below */
    LIMIT_REFRESH_ASK_MS = 40 * 1000,
    LIMIT_REFRESH_STORE_MS = 10 * 1000,
    LIMIT_REFRESH_FIRST_MS = 1000, /* between failures, doubling */
    LIMIT_REFRESH_MOST_MS = 5 * 60 * 1000,
    LIMIT_REFRESH_TOLD_MS = 24 * 3600 * 1000, /* as Retry-After says */
    LIMIT_REFRESH_WAIT_MS = 2 * 1000, /* a request waits for the next try that long */
    LIMIT_REFRESH_BATCH = 8,          /* of grants that would die of disuse */

    /* the store: for a lock or a connection, where the request has no deadline */
    LIMIT_STORE_WAIT_MS = 10 * 1000,
    LIMIT_STORE_CONNECT_MS = 5 * 1000, /* to PostgreSQL, where its URL doesn't say */
    LIMIT_STORE_IDLE_MS = 60 * 1000,   /* a transaction whose node has gone still */

    /* nodes, which share a sealing key (ADR 16) */
    LIMIT_NODE_REPORT_MS = 3 * 1000, /* between a node's reports of its keys */
    LIMIT_NODE_TRUST_MS = 10 * 1000, /* so long after one it serves */
    LIMIT_NODE_LIVE_MS = 15 * 1000,  /* and others reckon with it a little longer */

    /* lists */
    LIMIT_PAGE_SIZE = 100,
};
