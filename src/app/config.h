/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the configuration file and the environment, as one table of keys.
 *
 * An INI file read by inih behind a reader of ours that counts lines and refuses what is
 * too long; every key can also come from CALDOCK_<SECTION>_<KEY>. What is wrong is said
 * with file, line and what would be right.
 */
#pragma once

#include <stdatomic.h>

#include "api/settings.h"
#include "app/proxies.h"
#include "app/values.h"
#include "base/cx.h"
#include "base/log.h"
#include "store/store.h"

/* All of it, as read; owns its memory. The part that handlers need is `settings`. */
struct config {
    struct arena mem;
    atomic_int holders;
    const char *path; /* of the file; NULL: none */
    Str folder;       /* of the file, what relative paths are relative to */
    struct text_list listen;
    int64_t threads, workers, queue, max_connections;
    int64_t request_timeout_ms, idle_timeout_ms, shutdown_timeout_ms, flow_timeout_ms;
    struct network_list trusted_proxies;
    struct text_list cors_origins;
    struct text_list metrics_listen; /* read and checked; nothing listens there yet */
    struct store_options store;
    int64_t store_pool;
    bool store_prepares;
    const char *key_file;
    enum log_level log_level;
    enum log_format log_format;
    struct settings settings; /* keyring and node are set by app/app.c */
};

/* `path` NULL: CALDOCK_CONFIG, then ./caldock.conf, then /etc/caldock/caldock.conf, then
 * none. */
Res config_read(struct cx *cx, const char *path, struct config **ret) MUST;
/* One more holder, who frees it too. */
struct config *config_hold(struct config *c);
void config_free(struct config **c); /* accepts NULL */

/* A commented configuration with every key and its default, for `caldock init`. */
Res config_sample(struct cx *cx, Str *ret) MUST;
/* A line per key: section, key, default, what it is about; for `caldock help config`. */
Res config_help(struct cx *cx, Str *ret) MUST;
