/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pools.c - the sizes of the pools. Most of them need no setting.
 */
#include "app/pools.h"

#include "base/limits.h"
#include "work/chore.h"

void pools_size(const struct config *c, struct pool_options ret[POOLS])
{
    const struct pool_options calls = {(int)c->workers, (int)c->queue, .gives_way = true};

    for (int pool = 0; pool < POOLS; pool++) {
        ret[pool] = (struct pool_options){0};
    }
    ret[POOL_STORE] = calls;
    ret[POOL_COLD] = (struct pool_options){LIMIT_COLD_WORKERS, LIMIT_COLD_QUEUE};
    ret[POOL_ISSUERS] = (struct pool_options){LIMIT_ISSUER_WORKERS, LIMIT_COLD_QUEUE};
    ret[POOL_CHORES] =
        (struct pool_options){LIMIT_CHORE_WORKERS, CHORES_MOST, .gives_way = true};
    ret[POOL_KEEPER] = (struct pool_options){1, 1};
    ret[POOL_NOTICES] = (struct pool_options){LIMIT_NOTICES_WORKERS, LIMIT_NOTICES_QUEUE};
    for (int pool = POOL_SOURCES; pool < POOL_SOURCES_END; pool++) {
        ret[pool] = calls;
    }
    for (int pool = POOL_SYNC; pool < POOL_SYNC_END; pool++) {
        ret[pool] = (struct pool_options){
            (int)c->sync_workers, LIMIT_SYNC_AT_ONCE + LIMIT_CHANNELS_AT_ONCE,
            .gives_way = true};
    }
    for (int pool = POOL_PUSH; pool < POOL_PUSH_END; pool++) {
        ret[pool] = (struct pool_options){
            (int)c->push_workers, LIMIT_PUSH_AT_ONCE, .gives_way = true};
    }
    ret[POOL_WEBHOOKS] = (struct pool_options){
        1 + (int)c->settings.hooks.workers, 1 + LIMIT_WEBHOOK_WORKERS, .gives_way = true};
    for (int pool = POOL_NONE + 1; pool < POOLS; pool++) {
        must_be(ret[pool].workers > 0); /* a pool that was forgotten runs nothing */
    }
}
