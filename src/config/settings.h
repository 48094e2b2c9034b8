/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the part of the configuration that requests and chores need.
 *
 * Settings never change. A reload makes new ones, and a request keeps those that it began
 * with.
 */
#pragma once

#include "auth/auth.h"
#include "net/net.h"
#include "seal/keyring.h"
#include "sources/source.h"

/* How calendars are read. */
struct sync_settings {
    int64_t horizon_ms;
    int64_t poll_ms;
    int64_t poll_pushed_ms; /* 0: as daily_polls allows */
    int64_t daily_polls;    /* of a source */
    int notifications;      /* 1: are asked for, where public_url allows it */
    Str default_time_zone;  /* of all-day events, where nobody says another */
};

/* How messages are brought to webhook endpoints. */
struct hook_settings {
    struct net_options net; /* with a guard */
    int64_t workers;        /* attempts on one node at a time; one more is kept free */
    int64_t keep_ms;        /* messages, once they are delivered or given up */
};

struct settings {
    Str public_url;  /* without a slash at its end */
    Str public_path; /* its path: empty, or with a slash at its beginning */
    Str name;        /* of the application, for people; empty: it is not given */
    Str openapi;     /* openapi.json, with the public URL; serve/openapi.h writes it */
    Str node;        /* unique to this process */
    int64_t flow_timeout_s;
    int64_t total_timeout_ms; /* of a callback */
    struct net_options net;
    struct source_settings sources[SOURCE_COUNT]; /* by enum source_id - 1 */
    struct auth_settings auth;
    struct sync_settings sync;
    struct hook_settings hooks;
    const struct keyring *keyring;
    const Str *cors_origins;
    size_t n_cors_origins;
};

static inline const struct source_settings *settings_source(
    const struct settings *s, enum source_id id)
{
    return &s->sources[id - 1];
}
