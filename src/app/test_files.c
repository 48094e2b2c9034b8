/* SPDX-License-Identifier: Apache-2.0 */
#include "app/files.h"
#include "base/budgets.h"
#include "base/testing.h"

static const Str addresses[] = {SI("127.0.0.1:0"), SI("[::1]:0")};

static struct config config_of(int64_t max_connections)
{
    return (struct config){
        .listen = {addresses, COUNT(addresses)},
        .threads = 2,
        .workers = 64,
        .queue = 1024,
        .max_connections = max_connections,
        .store_pool = 8,
        .sync_workers = 8,
        .push_workers = 4,
        .settings.hooks.workers = 4,
    };
}

TEST(test_files_fit_counts_each_part)
{
    struct config c = config_of(1000);
    int64_t needed = files_fit(&c, INT64_MAX).needed;
    struct config more = c;

    more.max_connections++;
    T_INT(files_fit(&more, 0).needed - needed, 1);
    more = c;
    more.store_pool++;
    T_INT(files_fit(&more, 0).needed - needed, LIMIT_STORE_FILES);
    more = c;
    more.workers++; /* of each source */
    T_INT(files_fit(&more, 0).needed - needed, SOURCE_COUNT * LIMIT_WORKER_FILES);
    more = c;
    more.sync_workers++; /* the same */
    T_INT(files_fit(&more, 0).needed - needed, SOURCE_COUNT * LIMIT_WORKER_FILES);
    more = c;
    more.push_workers++;
    T_INT(files_fit(&more, 0).needed - needed, SOURCE_COUNT * LIMIT_WORKER_FILES);
    more = c;
    more.settings.hooks.workers++;
    T_INT(files_fit(&more, 0).needed - needed, LIMIT_WORKER_FILES);
    more = c;
    more.listen.n--; /* on each thread */
    T_INT(needed - files_fit(&more, 0).needed, 2);
}

TEST(test_files_fit_cuts_connections_where_files_are_short)
{
    struct config c = config_of(1000);
    int64_t needed = files_fit(&c, INT64_MAX).needed;

    static const struct {
        int short_by;
        int want;
    } rows[] = {{-1, 1000}, {0, 1000}, {1, 999}, {500, 500}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct files_fit fit = files_fit(&c, needed - rows[i].short_by);

        T_INT(fit.needed, needed);
        T_INT(fit.there, needed - rows[i].short_by);
        T_INT(fit.max_connections, rows[i].want);
    }
    T_INT(files_fit(&c, 60).max_connections, LIMIT_CONNECTIONS_LEAST);
}

T_MAIN(
    T(test_files_fit_counts_each_part),
    T(test_files_fit_cuts_connections_where_files_are_short))
