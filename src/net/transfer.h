/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - inside net/ only: a call under way, as libcurl's callbacks see it. They
 * hold the limits of an answer, the guard, and "once".
 */
#pragma once

#include <stdatomic.h>

#include <curl/curl.h>

#include "base/buf.h"

struct net_guard;
struct room_part;

/* Made with designated initialisers; guard, is_tls, body, room, drops_body and end_ms
 * are the caller's. */
struct net_transfer {
    const struct net_guard *guard; /* NULL: none */
    bool is_tls;
    struct buf body;
    struct room_part *room; /* of the body; NULL: nobody counts */
    bool drops_body;
    const _Atomic int64_t *end_ms; /* of clock_mono_ms; 0: none is set */

    bool is_sent;
    bool is_opened;  /* the guard allowed an address */
    bool is_refused; /* the guard refused an address */
    bool is_crowded; /* there was no room for the body */
    bool is_gzip;
    bool has_head; /* all of the last one */
    size_t head_bytes;
    size_t dropped_bytes;
    const char *stop; /* why a callback ended it; NULL: none did */
    char words[CURL_ERROR_SIZE];
};

/* `t` stays where it is until curl_easy_reset. */
void transfer_watch(CURL *easy, struct net_transfer *t);
/* Returns how a call ended that libcurl ended with `code`; net_perform has the kinds. */
Res transfer_fail(struct cx *cx, const struct net_transfer *t, CURLcode code, Str host)
    MUST;
