/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - every limit on input, and on what is kept of it, that is not a setting.
 *
 * Each has a test at its edge and one past it. Sizes that are only an implementation's
 * own (a buffer, a batch) stand in their files.
 */
#pragma once

enum {
    /* the configuration file (docs/configuration.md) */
    LIMIT_CONFIG_BYTES = 256 * 1024,
    LIMIT_CONFIG_LINE_BYTES = 4096,
    LIMIT_CONFIG_NAME_BYTES = 45, /* of a [section] or a key; inih has 49 */
    LIMIT_CONFIG_VALUES = 1000,
    LIMIT_SECRET_FILE_BYTES = 64 * 1024,
    LIMIT_NAMED_FILE_BYTES =
        4 * 1024 * 1024,    /* of certificates: all public ones are less */
    LIMIT_NAME_BYTES = 200, /* of a provider, of a token, of the application */

    LIMIT_INHERITED_SOCKETS = 16, /* of a supervisor, to listen on */
    LIMIT_METRIC_SERIES = 896,    /* of a node, if all happens that can; test/series.py */
    LIMIT_SHUTDOWN_DELAY_MS = 10 * 60 * 1000,

    /* requests (docs/api.md §3) */
    LIMIT_HEAD_BYTES = 16 * 1024,
    LIMIT_HEAD_FIELDS = 100,
    LIMIT_BODY_BYTES = 64 * 1024,
    LIMIT_LARGE_BODY_BYTES = 256 * 1024, /* of the one endpoint that takes more */
    LIMIT_BODY_FIELDS = 1000,
    LIMIT_JSON_DEPTH = 32,
    LIMIT_ANSWER_BYTES = 1024 * 1024,

    /* credentials (docs/api.md §2) */
    LIMIT_CREDENTIAL_BYTES = 8 * 1024,
    LIMIT_USER_BYTES = 128,
    LIMIT_TOKEN_PROVIDERS = 1000,
    LIMIT_TOKEN_KEPT_S = 90 * 24 * 3600, /* once it was revoked or has expired */
    LIMIT_REQUEST_ID_BYTES = 64,
    LIMIT_JWT_LEEWAY_S = 60,
    LIMIT_JWT_SECRET_MIN_BYTES = 32,
    LIMIT_RSA_MIN_BITS = 2048,

    /* redirects (docs/api.md §5) */
    LIMIT_REDIRECT_URI_BYTES = 512,
    LIMIT_PATTERN_BYTES = 512,
    LIMIT_PATTERNS_PER_PROVIDER = 100,
    LIMIT_AUTHORIZE_URL_BYTES = 8 * 1024,

    /* the flow (docs/api.md §6) */
    LIMIT_STATE_BYTES = 2048,
    LIMIT_CODE_BYTES = 4096,
    LIMIT_RETRY_SPREAD_S = 2, /* a 503 asks for up to that much longer a pause */
    LIMIT_PARKED_PER_FLOW = 8,
    LIMIT_PARK_CHECK_MS = 100,
    LIMIT_FLOW_KEPT_S = 24 * 3600,
    LIMIT_RESUME_AGAIN_MS = 1000, /* until a flow is resumed that another holds up */
    LIMIT_CALLBACK_END_MS = 1000, /* of a callback's time, for writing how it ended */
    LIMIT_CLAIM_MARGIN_MS =
        10 * 1000, /* a claim lasts this much longer than a callback */

    /* the sources' answers (SECURITY 35) */
    LIMIT_REPLY_HEAD_BYTES = 64 * 1024,
    LIMIT_REPLY_BYTES = 4 * 1024 * 1024, /* for what net_perform is asked to take */
    LIMIT_RETRY_AFTER_S = 3600,          /* a longer one is read as this */
    LIMIT_GUARDED_URL_BYTES = 1024,      /* of a URL that a tenant names */
    LIMIT_GUARDED_RETRY_AFTER_S = 24 * 3600,
    LIMIT_TOKEN_ANSWER_BYTES = 256 * 1024,
    LIMIT_JWKS_BYTES = 256 * 1024,
    LIMIT_CALENDARS_BYTES = 1024 * 1024,
    LIMIT_SOURCE_JSON_DEPTH = 16,
    LIMIT_PEEK_PAGES = 10, /* of calendars, all empty */
    LIMIT_CALENDAR_PAGES = 100,
    LIMIT_CALENDAR_LIST_BYTES = 4 * 1024 * 1024, /* of all pages */
    LIMIT_CALENDAR_ID_BYTES = 512,
    LIMIT_CALENDAR_NAME_BYTES = 1024,
    LIMIT_EVENT_ID_BYTES = 1024,
    LIMIT_EVENT_CURSOR_BYTES = 8 * 1024, /* and of what leads to the next page */
    LIMIT_EVENT_NAME_BYTES = 1024,
    LIMIT_EVENT_TEXT_BYTES = 8 * 1024, /* of a description */
    LIMIT_EVENT_LINK_BYTES = 2048,
    LIMIT_EVENT_ZONES = 64, /* that the events of a page name */
    LIMIT_TIME_ZONE_BYTES = 64,
    LIMIT_ZONE_FILE_BYTES = 64 * 1024, /* of tzdata; the largest have some 4 KB */
    LIMIT_ACCESS_TOKEN_BYTES = 16 * 1024,
    LIMIT_REFRESH_TOKEN_BYTES = 8 * 1024,
    LIMIT_ID_TOKEN_BYTES = 64 * 1024,
    LIMIT_SCOPE_BYTES = 8 * 1024,
    LIMIT_SUBJECT_BYTES = 255,
    LIMIT_USERNAME_BYTES = 320,
    LIMIT_ID_TOKEN_SKEW_S = 60,
    LIMIT_ID_TOKEN_AGE_S = 3600,
    LIMIT_EXPIRES_IN_S = 30 * 24 * 3600,

    /* keys of issuers and sources (docs/api.md §9) */
    LIMIT_JWKS_FRESH_MIN_S = 5 * 60,
    LIMIT_JWKS_FRESH_MAX_S = 24 * 3600,
    LIMIT_JWKS_KEPT_S = 24 * 3600,
    LIMIT_JWKS_PAUSE_S = 30,       /* after a failed fetch, and between unknown kids */
    LIMIT_JWKS_STRANGER_MS = 2500, /* a fetch that an unverified token causes */
    LIMIT_JWKS_KEYS = 100,

    /* caches of the fast lane, counted from the start of the read */
    LIMIT_CACHE_MS = 4000,
    LIMIT_CACHE_RENEW_MS = 2000,
    LIMIT_CACHE_NEGATIVE_MS = 1000,
    LIMIT_CACHE_JWT_MS = 5 * 60 * 1000, /* keys are re-read no sooner */
    LIMIT_CACHE_ENTRIES = 65536,
    LIMIT_RATE_ENTRIES = 32768,

    /* lanes */
    LIMIT_COLD_QUEUE = 256,
    LIMIT_COLD_WORKERS = 2,
    LIMIT_ISSUER_WORKERS = 2,
    LIMIT_CHORE_WORKERS = 18,
    LIMIT_CHORE_RUN_MS = 60 * 1000, /* then it begins nothing more before its next tick */

    /* revoking (docs/api.md §9) */
    LIMIT_REVOKE_AT_ONCE = 2, /* at one source, on one node; and as many of the backlog */
    LIMIT_REVOKE_FIRST_MS = 5 * 1000,
    LIMIT_REVOKE_MOST_MS = 3600 * 1000,
    LIMIT_REVOKE_GIVE_UP_MS = 7 * 24 * 3600 * 1000,

    /* keeping grants (docs/api.md §9, "Reading calendars") */
    LIMIT_ACCESS_MARGIN_MS = 60 * 1000, /* a token is made new so long before its end */
    LIMIT_ACCESS_ALIVE_MS = 5 * 1000,   /* and can be used until so long before it */
    LIMIT_LEASE_MS = 60 * 1000,         /* of a refresh: longer than the two below */
    LIMIT_LEASE_MOST_MS =
        15 * 60 * 1000, /* one that ends later was written by a wrong clock */
    LIMIT_REFRESH_ASK_MS = 40 * 1000,
    LIMIT_REFRESH_STORE_MS = 10 * 1000,
    LIMIT_REFRESH_FIRST_MS = 1000, /* between failures, doubling */
    LIMIT_REFRESH_MOST_MS = 5 * 60 * 1000,
    LIMIT_REFRESH_TOLD_MS = 24 * 3600 * 1000, /* as Retry-After says */
    LIMIT_REFRESH_WAIT_MS = 2 * 1000,  /* a request waits for the next try that long */
    LIMIT_HEAL_FIRST_MS = 3600 * 1000, /* from one refusal of a grant to the next try */
    LIMIT_HEAL_SECOND_MS = 24 * 3600 * 1000,
    LIMIT_HEAL_LAST_MS = 7 * 24 * 3600 * 1000,
    LIMIT_HEAL_SPREAD = 10,        /* plus up to that part of the pause, by chance */
    LIMIT_REFUSALS_TOGETHER = 10,  /* accounts of a source that it refuses in the time */
    LIMIT_REFUSALS_MS = 60 * 1000, /* below, so that the operator is warned */
    LIMIT_SOURCE_SAID_MS =
        3600 * 1000,             /* that a source is away, the log hears so often */
    LIMIT_SOURCE_AWAY_CALLS = 3, /* calls in a row without an answer */
    LIMIT_REFRESH_BATCH = 8,     /* of grants that are due, read at once */
    LIMIT_REFRESH_AT_ONCE = 4,   /* of them, at one source, on one node */

    /* reading calendars in the background (docs/calendar.md §6) */
    LIMIT_IMAGE_EVENTS = 20000, /* of one calendar in its window */
    LIMIT_IMAGE_ZONES = 1000,   /* that its all-day events name; more count as none */
    LIMIT_KEPT_IMAGES = 4096,   /* in memory, opened */
    LIMIT_KEPT_IMAGES_BYTES = 16 * 1024 * 1024,
    LIMIT_KEPT_IMAGES_MS = 60 * 1000, /* after the last query for them */
    LIMIT_READ_EVENTS = 100000,       /* of one read, with those that block nothing */

    LIMIT_EVENTS_PAGES = 1000,
    LIMIT_EVENTS_PAGE_MS = 30 * 1000,
    LIMIT_EVENTS_TOP_SECOND = 100, /* events a page, after a page that took too long */
    LIMIT_EVENTS_TOP_LAST = 50,    /* and after another */
    LIMIT_READ_LEASE_MS =
        120 * 1000,                 /* on an account's calendars; renewed at each page */
    LIMIT_SYNC_AT_ONCE = 16,        /* calendars of a source, on one node */
    LIMIT_READ_MS = 10 * 60 * 1000, /* of one calendar, all pages */
    LIMIT_INACTIVE_MS =
        24 * 3600 * 1000,       /* until one that can't be read is tried again */
    LIMIT_NOTICE_MS = 2 * 1000, /* from a notification to the read */

    /* notifications of the sources (docs/calendar.md §7) */
    LIMIT_NOTICES_ITEMS = 1000,      /* of one request */
    LIMIT_NOTICES_BODY_BYTES = 1024, /* Google's have none */
    LIMIT_VALIDATION_BYTES = 2048,   /* of Microsoft's validationToken */
    LIMIT_NOTICES_WAIT_MS = 2500,    /* for the store, then 503 */
    LIMIT_NOTICES_RETRY_S = 60,      /* as that 503 says */
    LIMIT_NOTICES_JOIN_MS = 1000,    /* those of one calendar within it are one */
    LIMIT_NOTICES_BATCH_MS = 100,    /* from one transaction to the next */
    LIMIT_NOTICES_PER_S = 500,       /* different calendars, on one node */
    LIMIT_NOTICES_WORKERS = 2,
    LIMIT_NOTICES_QUEUE = 4096,

    /* the channels that they come by */
    LIMIT_CHANNEL_PAUSE_MS =
        10 * 60 * 1000,         /* from its making to its renewal, at least */
    LIMIT_CHANNELS_PER_S = 40,  /* made, renewed or ended, on one node */
    LIMIT_CHANNELS_AT_ONCE = 4, /* of a source, on one node */
    LIMIT_CHANNEL_SILENT_MS = 7 * 24 * 3600 * 1000, /* while polling found changes */
    LIMIT_CHANNEL_ID_BYTES = 512,

    /* settings and busy periods (docs/calendar.md §2, §4) */
    LIMIT_ACCOUNT_SETTINGS = 10,
    LIMIT_OWNER_SETTINGS = 50,
    LIMIT_OWNER_DESTINATIONS = 5,
    LIMIT_BASE64_ID_BYTES = (LIMIT_CALENDAR_ID_BYTES + 2) / 3 * 4,
    LIMIT_LOOK_MS = 10 * 1000, /* of a request, at what its source says of a calendar */
    LIMIT_BUSY_SETTINGS = 50,  /* that a query names */
    LIMIT_BUSY_DAYS = 92,
    LIMIT_BUSY_BEFORE_S = 48 * 3600,
    LIMIT_BUSY_PERIODS = 10000,
    LIMIT_BUSY_WAIT_MS = 10 * 1000,  /* with refresh */
    LIMIT_REFRESH_AGE_MS = 5 * 1000, /* a read that is younger will do */

    /* events that are shown (docs/calendar.md §5) */
    LIMIT_EVENTS_SETTINGS = 10, /* whose calendars are read for one answer */
    LIMIT_EVENTS_DAYS = 31,
    LIMIT_EVENTS_USUAL_DAYS = 7, /* where the query doesn't say */
    LIMIT_EVENTS_AWAY_DAYS = 400,
    LIMIT_EVENTS_WAIT_MS = 10 * 1000,
    LIMIT_EVENTS_OF_CALENDAR = 2500,
    LIMIT_EVENTS_BYTES = 16 * 1024 * 1024, /* of all that are kept for one answer */
    LIMIT_EVENTS_ALL_BYTES =
        256 * 1024 * 1024, /* of all such answers at once, with the pages being read */
    LIMIT_EVENT_ETAG_BYTES = 512, /* as they are written */

    /* pushed events (docs/pushing.md) */
    LIMIT_PUSHED_ID_BYTES = 64, /* of the application's own id */
    LIMIT_PUSHED_TITLE = 1024,  /* characters, as the next two */
    LIMIT_PUSHED_DESCRIPTION = 8192,
    LIMIT_PUSHED_LOCATION = 1024,
    LIMIT_PUSHED_LINK = 1024,
    LIMIT_PUSHED_DAYS = 366,        /* that one lasts */
    LIMIT_PUSHED_AHEAD_DAYS = 400,  /* until it starts */
    LIMIT_PUSHED_FUTURE = 5000,     /* of an owner, with an end in the future */
    LIMIT_PUSHED_KEPT_DAYS = 90,    /* after its end */
    LIMIT_REMINDER_MINUTES = 40320, /* before a start: more is written as this */
    LIMIT_COPY_GENERATIONS = 16,    /* tried one after the other, where keys are taken */
    LIMIT_WRITE_LEASE_MS = 60 * 1000, /* on writing to an account's calendars */
    LIMIT_WRITE_LEFT_MS = 30 * 1000,  /* of it, when a write begins */
    LIMIT_WRITE_MS = 25 * 1000,       /* of one copy, all requests */
    LIMIT_WRITES_OF_LEASE = 20,
    LIMIT_WRITES_MS = 30 * 1000, /* the time of a lease that is used for writes */
    LIMIT_WRITE_GIVE_UP_MS = 7 * 24 * 3600 * 1000,
    LIMIT_WRITE_AGAIN_MS =
        60 * 1000,           /* until a copy that isn't there is looked for again */
    LIMIT_PUSH_AT_ONCE = 16, /* accounts of a source, on one node */

    /* webhooks (docs/webhooks.md) */
    LIMIT_WEBHOOK_ENDPOINTS = 5, /* of a provider */
    LIMIT_WEBHOOK_BODY_BYTES = 20 * 1024,
    LIMIT_WEBHOOK_JOIN_MS = 10 * 1000, /* busy.changed of a setting within it is one */
    LIMIT_WEBHOOK_ANSWER_BYTES = 64 * 1024, /* of a body that is read and dropped */
    LIMIT_WEBHOOK_LEASE_MS = 60 * 1000,     /* of an attempt: longer than its time */
    LIMIT_WEBHOOK_AT_ONCE = 4,              /* attempts at an endpoint, over all nodes */
    LIMIT_WEBHOOK_WORKERS = 16,             /* on one node, and one more */
    LIMIT_WEBHOOK_FAILING_MS = 5 * 24 * 3600 * 1000, /* an endpoint is disabled when in */
    LIMIT_WEBHOOK_FAILED = 20, /* this time so many attempts failed, and none succeeded */
    LIMIT_WEBHOOK_SPREAD = 5,  /* plus up to that part of a pause, by chance */
    LIMIT_WEBHOOK_OVERLAP_MS = 24 * 3600 * 1000, /* a rotated secret signs along */

    /* the store: for a lock or a connection, where the request has no deadline */
    LIMIT_STORE_WAIT_MS = 10 * 1000,
    LIMIT_STORE_CONNECT_MS = 5 * 1000, /* to PostgreSQL, where its URL doesn't say */
    LIMIT_STORE_SEEN_MS = 5 * 1000,    /* /readyz believes its last answer so long */
    LIMIT_STORE_IDLE_MS = 60 * 1000,   /* a transaction whose node has gone still */

    /* long work on the store, in steps (ADR 32) */
    LIMIT_STEP_ROWS = 100,  /* of one transaction, and of one page of a list */
    LIMIT_SWEEP_ROWS = 500, /* of one transaction of a sweep, which only deletes */
    LIMIT_STEP_REST_MS = 5, /* between two steps, at least */
    LIMIT_STEP_TRIES = 5,   /* of a step that met others */

    LIMIT_UNREADABLE_MS = 3600 * 1000, /* until a row that can't be read is due again */

    /* nodes, which share a sealing key (ADR 16) */
    LIMIT_NODE_REPORT_MS = 3 * 1000, /* between a node's reports of its keys */
    LIMIT_NODE_TRUST_MS = 10 * 1000, /* so long after one it serves */
    LIMIT_NODE_LIVE_MS = 15 * 1000,  /* and others reckon with it a little longer */
    LIMIT_CLOCK_SKEW_MS = 2 * 1000,  /* between a node's clock and the database's */

    /* the log */
    LIMIT_LOG_STOP_MS = 1000, /* for the last lines of a process that ends */

    /* lists */
    LIMIT_PAGE_SIZE = 100,
};
