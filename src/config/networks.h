/* SPDX-License-Identifier: Apache-2.0 */
/*
 * networks.h - reads lists of networks as a setting has them ("10.0.0.0/8", "::1",
 * "unix"), and finds addresses in them.
 */
#pragma once

#include "base/str.h"

enum { NETWORK_ADDRESS_BYTES = 16 };

struct network {
    unsigned char bits[NETWORK_ADDRESS_BYTES]; /* IPv4 as ::ffff:a.b.c.d */
    int prefix;                                /* of 128 */
    bool is_unix;                              /* every peer of a unix socket */
};

struct network_list {
    const struct network *at;
    size_t n;
};

/* false: the text is no network. */
bool network_parse(Str text, struct network *ret);
/* Sets `ret` to the 128 bits of an address, IPv4 mapped into IPv6. false: the text is no
 * address. */
bool network_address(Str text, unsigned char ret[NETWORK_ADDRESS_BYTES]);
/* Tells whether one of the networks has the address. The address "unix" is in the network
 * "unix" only. */
bool networks_have(const struct network_list *list, Str address);
