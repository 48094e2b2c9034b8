/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - reads the configuration file and the environment, by one table of keys.
 *
 * The file is an INI file. inih reads it behind a reader of our own, which counts lines
 * and refuses long ones. Each key can also come from CALDOCK_<SECTION>_<KEY>. A refusal
 * names file and line, and says which value would be right.
 */
#pragma once

#include <stdatomic.h>

#include "base/cx.h"
#include "base/log.h"
#include "config/networks.h"
#include "config/settings.h"
#include "config/values.h"
#include "net/guard.h"
#include "store/store.h"

/* The text of a key's value. */
struct config_value {
    Str section;
    Str key;
    Str text;           /* may be a secret; empty: neither given nor a default */
    uint64_t mark;      /* of the content of the file that it names; 0: none */
    Str where;          /* "caldock.conf:12: [server] listen" */
    bool needs_restart; /* a change takes effect at the next start only */
    const struct config_value *next;
};

/* A list of the files that the configuration names: keys, certificates, secrets. */
struct config_file {
    const char *path;
    uint64_t stamp; /* just before it was read (config/watch.h); 0: it is not watched */
    const struct config_file *next;
};

/* The whole configuration; it owns its memory. Handlers get the part `settings`. */
enum store_migration { MIGRATION_AUTO, MIGRATION_MANUAL };

/* Which requests have a line in the log. */
enum config_requests {
    CONFIG_REQUESTS_ALL,
    CONFIG_REQUESTS_FAILED,
    CONFIG_REQUESTS_NONE
};

struct config {
    struct arena mem;
    atomic_int refs;
    const char *path; /* of the file; NULL: none */
    Str folder;       /* of the file: the base of relative paths */
    struct text_list listen;
    int64_t threads, workers, queue, max_connections, sync_workers, push_workers;
    int64_t request_timeout_ms, idle_timeout_ms, shutdown_delay_ms, shutdown_timeout_ms,
        flow_timeout_ms;
    struct network_list trusted_proxies;
    struct text_list cors_origins;
    struct text_list metrics_listen; /* empty: off */
    struct store_options store;
    int64_t store_pool;
    bool store_prepares;
    enum store_migration store_migration;
    const char *key_file;
    struct file_value ca_file;
    struct net_guard private_networks; /* of webhooks */
    struct file_value webhook_ca_file;
    bool has_sandbox;
    const struct config_file *files;
    enum log_level log_level;
    enum log_format log_format;
    enum config_requests log_requests;
    const struct config_value *values; /* of all keys, in the order of the table */
    struct settings settings; /* without keyring and node, which a snapshot adds */
};

/* Reads the file at `path`. NULL: that of CALDOCK_CONFIG, or else ./caldock.conf,
 * /etc/caldock/caldock.conf, or none. */
Res config_read(struct cx *cx, const char *path, struct config **ret) MUST;
/* Reads the file of `before` again. Keys that `before` has fetched are kept where the
 * settings are the same, and so are the counts of its rate limit. Sets `ret` also when it
 * fails: then only config_changes and config_unref may have it. */
Res config_reread(struct cx *cx, const struct config *before, struct config **ret) MUST;
/* Adds a reference; config_unref gives it back. */
struct config *config_ref(struct config *c);
void config_unref(struct config **c); /* accepts NULL */
