/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - networks that a tenant's URL must not reach: the special-purpose registries
 * of IANA (RFC 6890), and what else is no public unicast address.
 */
#include "net/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/limits.h"
#include "net/origin.h"

enum { ADDRESS_BYTES = 16, MAPPED_PREFIX = 96, PORT_HTTPS = 443, PORT_FREE = 1024 };

/* clang-format off */
#define IPV4(a, b, c, d, prefix)                                                         \
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d}, MAPPED_PREFIX + (prefix)}

static const struct guard_network mapped = IPV4(0, 0, 0, 0, 0);
static const struct guard_network global = {{0x20}, 3}; /* of IPv6, all that is in use */

static const struct guard_network closed[] = {
    IPV4(0, 0, 0, 0, 8),       /* this network */
    IPV4(10, 0, 0, 0, 8),      /* private */
    IPV4(100, 64, 0, 0, 10),   /* behind a carrier's NAT */
    IPV4(127, 0, 0, 0, 8),     /* loopback */
    IPV4(169, 254, 0, 0, 16),  /* link-local */
    IPV4(172, 16, 0, 0, 12),   /* private */
    IPV4(192, 0, 0, 0, 24),    /* protocol assignments */
    IPV4(192, 0, 2, 0, 24),    /* documentation */
    IPV4(192, 88, 99, 0, 24),  /* 6to4 relays */
    IPV4(192, 168, 0, 0, 16),  /* private */
    IPV4(198, 18, 0, 0, 15),   /* benchmarks */
    IPV4(198, 51, 100, 0, 24), /* documentation */
    IPV4(203, 0, 113, 0, 24),  /* documentation */
    IPV4(224, 0, 0, 0, 3),     /* multicast and reserved */
    {{0x20, 0x01}, 23},             /* protocol assignments, Teredo among them */
    {{0x20, 0x01, 0x0D, 0xB8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3F, 0xFF}, 20},             /* documentation */
};

/* Addresses where clouds hand out credentials to every caller from inside. */
static const struct guard_network never[] = {
    IPV4(169, 254, 169, 254, 32),
    IPV4(100, 100, 100, 200, 32),
    {{0xFD, 0x00, 0x0E, 0xC2, [14] = 0x02, [15] = 0x54}, 128},
};

/* IPv6 networks whose addresses stand for an IPv4 address, and where it begins. */
static const struct guard_translation {
    struct guard_network network;
    size_t at;
} translations[] = {
    {{{0x00, 0x64, 0xFF, 0x9B}, 96}, 12},       /* NAT64 */
    {{{0x00, 0x64, 0xFF, 0x9B, 0, 1}, 48}, 12}, /* NAT64, RFC 8215 */
    {{{0x20, 0x02}, 16}, 2},                    /* 6to4 */
};

/* clang-format on */

static bool network_holds(const struct guard_network *n, const unsigned char *bits)
{
    size_t whole = (size_t)n->prefix / 8;
    int rest = n->prefix % 8;

    return str_eq((Str){(const char *)bits, whole}, (Str){(const char *)n->bits, whole})
           && (rest == 0 || (bits[whole] ^ n->bits[whole]) >> (8 - rest) == 0);
}

static bool networks_hold(
    const struct guard_network *all, size_t n, const unsigned char *bits)
{
    for (size_t i = 0; i < n; i++) {
        if (network_holds(&all[i], bits)) {
            return true;
        }
    }
    return false;
}

static void address_from_ipv4(const unsigned char *ipv4, unsigned char *ret)
{
    memcpy(ret, mapped.bits, ADDRESS_BYTES);
    memcpy(ret + 12, ipv4, 4);
}

static bool address_is_public(const unsigned char *bits)
{
    return (network_holds(&mapped, bits) || network_holds(&global, bits))
           && !networks_hold(closed, COUNT(closed), bits);
}

static bool address_is_allowed(
    const struct net_guard *g, const unsigned char *bits, bool is_tls)
{
    return !networks_hold(never, COUNT(never), bits)
           && (networks_hold(g->open, g->n_open, bits)
               || (is_tls && address_is_public(bits)));
}

/* The IPv4 address that an address of IPv6 stands for. */
static bool address_inner(const unsigned char *bits, unsigned char *ret)
{
    for (size_t i = 0; i < COUNT(translations); i++) {
        if (network_holds(&translations[i].network, bits)) {
            address_from_ipv4(bits + translations[i].at, ret);
            return true;
        }
    }
    return false;
}

/* An address that stands for another is allowed if both are. */
static bool guard_judge(const struct net_guard *g, const unsigned char *bits, bool is_tls)
{
    unsigned char inner[ADDRESS_BYTES];

    return address_is_allowed(g, bits, is_tls)
           && (!address_inner(bits, inner) || address_is_allowed(g, inner, is_tls));
}

bool guard_allows(const struct net_guard *g, const struct sockaddr *to, bool is_tls)
{
    unsigned char bits[ADDRESS_BYTES];
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;

    if (to->sa_family == AF_INET) {
        memcpy(&ipv4, to, sizeof(ipv4));
        address_from_ipv4((const unsigned char *)&ipv4.sin_addr, bits);
        return guard_judge(g, bits, is_tls);
    }
    if (to->sa_family == AF_INET6) {
        memcpy(&ipv6, to, sizeof(ipv6));
        return guard_judge(g, ipv6.sin6_addr.s6_addr, is_tls);
    }
    return false;
}

static bool address_parse(Str text, unsigned char *ret)
{
    char z[INET6_ADDRSTRLEN];
    unsigned char bits[ADDRESS_BYTES];

    if (text.n >= sizeof(z)) {
        return false;
    }
    memset(z, 0, sizeof(z));
    memcpy(z, text.p, text.n);
    if (strlen(z) == text.n && inet_pton(AF_INET6, z, bits) == 1) {
        memcpy(ret, bits, sizeof(bits));
        return true;
    }
    if (strlen(z) == text.n && inet_pton(AF_INET, z, bits) == 1) {
        address_from_ipv4(bits, ret);
        return true;
    }
    return false;
}

bool guard_allows_text(const struct net_guard *g, Str address, bool is_tls)
{
    unsigned char bits[ADDRESS_BYTES];

    return address_parse(address, bits) && guard_judge(g, bits, is_tls);
}

static bool network_is_whole(const struct guard_network *n)
{
    for (int i = n->prefix; i < 8 * ADDRESS_BYTES; i++) {
        if ((n->bits[i / 8] & 0x80 >> i % 8) != 0) {
            return false;
        }
    }
    return true;
}

bool guard_network_parse(Str text, struct guard_network *ret)
{
    struct guard_network n;
    size_t slash = text.n;
    int64_t prefix = 0;
    bool has_prefix = str_find(text, '/', &slash);
    Str address = str_sub(text, 0, slash);
    Str digits = str_sub(text, slash + 1, text.n);
    int64_t most = str_contains(address, S(":")) ? 128 : 32;

    if (!address_parse(address, n.bits)
        || (has_prefix
            && (!str_is_only(digits, char_is_digit) || !str_to_int(digits, &prefix)
                || prefix > most))) {
        return false;
    }
    n.prefix = (int)(has_prefix ? 128 - most + prefix : 128);
    if (!network_is_whole(&n)) {
        return false;
    }
    *ret = n;
    return true;
}

bool guard_allows_url(Str url)
{
    struct uri u;

    return url.n <= LIMIT_GUARDED_URL_BYTES && origin_parse(url, &u)
           && (origin_is_tls(&u) || str_eq_nocase(u.scheme, S("http")))
           && (uri_port(&u) == PORT_HTTPS || uri_port(&u) >= PORT_FREE);
}
