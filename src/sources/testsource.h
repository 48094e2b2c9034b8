/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testsource.h - a source of one's own: a server that answers as it is told, and a call
 * to it.
 *
 * Only for test_*.c.
 */
#pragma once

#include "base/testing.h"
#include "net/testserver.h"
#include "sources/source.h"
#include "sources/source_call.h"

static const struct net_options t_source_options = {
    .connect_timeout_ms = 60000, .timeout_ms = 60000};

struct bench {
    struct server server;
    struct source_settings settings;
    struct source_call call;
};

static inline struct bench *bench_open(
    enum source_id id, const struct step *steps, size_t n)
{
    struct bench *b = NEW(&t_cx()->mem, struct bench);

    testserver_start(&b->server, steps, n);
    b->settings = (struct source_settings){
        .id = id, .api_url = testserver_url(&t_cx()->mem, &b->server, "/v1.0")};
    b->call = (struct source_call){
        .via = {net_open(), &t_source_options},
        .settings = &b->settings,
        .access_token = S("secret")};
    return b;
}

static inline void bench_close(struct bench *b)
{
    net_close(&b->call.via.net);
    testserver_stop(&b->server);
}

#define HTTP(status, body)                                                               \
    {                                                                                    \
        SI("HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: "       \
           "close\r\n\r\n" body),                                                        \
            THEN_CLOSE                                                                   \
    }
