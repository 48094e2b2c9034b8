/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxies.h - whose X-Forwarded-For is believed, and the client that it names.
 *
 * For the log only: nothing is decided by a client's address.
 */
#pragma once

#include "http/request.h"

struct network {
    unsigned char bits[16]; /* IPv4 as ::ffff:a.b.c.d */
    int prefix;             /* of 128 */
    bool is_unix;           /* whoever comes by a unix socket */
};

struct network_list {
    const struct network *at;
    size_t n;
};

/* "10.0.0.0/8", "::1", "unix": false when it is nothing of the kind. */
bool network_parse(Str text, struct network *ret);
/* The rightmost address that no trusted proxy has; the peer's when it is no proxy. */
Str client_address(const struct network_list *trusted, const struct http_request *req);
