/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - what the handlers need of the configuration: one immutable snapshot.
 *
 * app/config.c makes it; a reload makes a new one, and a request keeps the one it began
 * with.
 */
#pragma once

#include "auth/auth.h"
#include "net/net.h"
#include "seal/keyring.h"
#include "sources/source.h"

struct settings {
    Str public_url;  /* without a slash at its end */
    Str public_path; /* its path: empty, or with a slash at its beginning */
    Str node;        /* unique to this process */
    int64_t flow_timeout_s;
    int64_t total_timeout_ms; /* of a callback */
    struct net_options net;
    struct source_settings sources[SOURCE_COUNT]; /* by enum source_id - 1 */
    struct auth_settings auth;
    const struct keyring *keyring;
    const Str *cors_origins;
    size_t n_cors_origins;
};

static inline const struct source_settings *settings_source(
    const struct settings *s, enum source_id id)
{
    return &s->sources[id - 1];
}
