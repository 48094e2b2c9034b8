/* SPDX-License-Identifier: Apache-2.0 */
/*
 * networks.c - keeps networks and addresses as 128 bits and a prefix.
 */
#include "config/networks.h"

#include <arpa/inet.h>
#include <string.h>

bool network_address(Str text, unsigned char ret[NETWORK_ADDRESS_BYTES])
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    char z[INET6_ADDRSTRLEN];
    unsigned char bits[NETWORK_ADDRESS_BYTES];

    if (text.n == 0 || text.n >= sizeof(z)) {
        return false;
    }
    memcpy(z, text.p, text.n);
    z[text.n] = 0;
    if (strlen(z) != text.n) {
        return false;
    }
    if (inet_pton(AF_INET6, z, bits) == 1) {
        memcpy(ret, bits, 16);
        return true;
    }
    if (inet_pton(AF_INET, z, bits + 12) == 1) {
        memcpy(ret, mapped, 12);
        memcpy(ret + 12, bits + 12, 4);
        return true;
    }
    return false;
}

bool network_parse(Str text, struct network *ret)
{
    struct network found = {.prefix = 128, .is_unix = str_eq(text, S("unix"))};
    size_t slash;
    int64_t prefix;

    if (found.is_unix) {
        *ret = found;
        return true;
    }
    bool has_prefix = str_find(text, '/', &slash);
    Str address = has_prefix ? str_sub(text, 0, slash) : text;
    int64_t most = str_contains(address, S(":")) ? 128 : 32;

    if (!network_address(address, found.bits)) {
        return false;
    }
    if (has_prefix) {
        if (!str_to_int(str_sub(text, slash + 1, text.n), &prefix) || prefix < 0
            || prefix > most) {
            return false;
        }
        found.prefix = (int)(128 - most + prefix);
    }
    *ret = found;
    return true;
}

static Str network_whole_bytes(const unsigned char bits[NETWORK_ADDRESS_BYTES], int n)
{
    return (Str){(const char *)bits, (size_t)n};
}

static bool network_has(const struct network *net, Str address)
{
    unsigned char bits[NETWORK_ADDRESS_BYTES];
    int whole = net->prefix / 8;
    int rest = net->prefix % 8;

    if (net->is_unix) {
        return str_eq(address, S("unix"));
    }
    if (!network_address(address, bits)
        || !str_eq(
            network_whole_bytes(bits, whole), network_whole_bytes(net->bits, whole))) {
        return false;
    }
    return rest == 0 || (bits[whole] ^ net->bits[whole]) >> (8 - rest) == 0;
}

bool networks_have(const struct network_list *list, Str address)
{
    for (size_t i = 0; i < list->n; i++) {
        if (network_has(&list->at[i], address)) {
            return true;
        }
    }
    return false;
}
