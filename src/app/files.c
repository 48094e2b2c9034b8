/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.c - adds up the files that connections, workers, the store and the rest need at
 * most.
 */
#include "app/files.h"

#include "app/pools.h"
#include "base/budgets.h"
#include "http/server.h"

/* Workers of POOL_STORE use the store's connections and call no other server. */
static int64_t files_of_others(const struct config *c)
{
    struct pool_options pools[POOLS];
    int64_t files = LIMIT_OTHER_FILES + LIMIT_STORE_FILES * c->store_pool;

    pools_size(c, pools);
    for (int pool = 0; pool < POOLS; pool++) {
        files += pool == POOL_STORE ? 0 : LIMIT_WORKER_FILES * pools[pool].workers;
    }
    return files;
}

struct files_fit files_fit(const struct config *c, int64_t there)
{
    const struct http_options http = {
        .n_listen = c->listen.n + c->metrics_listen.n,
        .threads = (int)c->threads,
        .max_connections = (int)c->max_connections,
    };
    int64_t others = files_of_others(c);
    struct files_fit fit = {
        .needed = http_files(&http) + others,
        .there = there,
        .max_connections = http.max_connections,
    };

    if (fit.needed > there) {
        fit.max_connections = http_connections_within(&http, there - others);
    }
    return fit;
}
