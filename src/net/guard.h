/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - where a call may go whose URL a tenant names.
 *
 * The guard judges the address of a connection when it is made and whenever it is used
 * again, because a name may lead elsewhere than it did when the URL was given. It refuses
 * everything that is not public. The operator may open networks, but never the addresses
 * at which clouds hand out credentials.
 */
#pragma once

#include <sys/socket.h>

#include "base/str.h"

struct guard_network {
    unsigned char bits[16]; /* IPv4 as ::ffff:a.b.c.d */
    int prefix;             /* of 128 */
};

struct net_guard {
    const struct guard_network *open; /* beside what is public */
    size_t n_open;
};

/* "10.0.0.0/8", "fd00::/8", "::1". false for anything else, also for an address with bits
 * behind its prefix. */
bool guard_network_parse(Str text, struct guard_network *ret);

/* https or http, at most LIMIT_GUARDED_URL_BYTES, no user info, no fragment, port 443 or
 * one from 1024 on. This says nothing about its addresses. */
bool guard_allows_url(Str url);

/* Without TLS only open networks are allowed. */
bool guard_allows(const struct net_guard *g, const struct sockaddr *to, bool is_tls);
/* The same of an address in letters, as inet_ntop writes it. */
bool guard_allows_text(const struct net_guard *g, Str address, bool is_tls);
