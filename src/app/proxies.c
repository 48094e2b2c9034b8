/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxies.c - X-Forwarded-For, read from its right end as long as trusted proxies wrote
 * it.
 */
#include "app/proxies.h"

#include <arpa/inet.h>
#include <string.h>

/* An address's 128 bits; IPv4 mapped into IPv6. */
static bool address_parse(Str text, unsigned char ret[16])
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    char z[INET6_ADDRSTRLEN];
    unsigned char bits[16];

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

    if (!address_parse(address, found.bits)) {
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

static Str whole_bytes(const unsigned char bits[16], int n)
{
    return (Str){(const char *)bits, (size_t)n};
}

static bool network_holds(const struct network *net, Str address)
{
    unsigned char bits[16];
    int whole = net->prefix / 8;
    int rest = net->prefix % 8;

    if (net->is_unix) {
        return str_eq(address, S("unix"));
    }
    if (!address_parse(address, bits)
        || !str_eq(whole_bytes(bits, whole), whole_bytes(net->bits, whole))) {
        return false;
    }
    return rest == 0 || (bits[whole] ^ net->bits[whole]) >> (8 - rest) == 0;
}

static bool is_trusted(const struct network_list *trusted, Str address)
{
    for (size_t i = 0; i < trusted->n; i++) {
        if (network_holds(&trusted->at[i], address)) {
            return true;
        }
    }
    return false;
}

/* The last word of a list that commas separate, cut off its end. */
static Str cut_last(Str *list)
{
    size_t at = list->n;

    while (at > 0 && list->p[at - 1] != ',') {
        at--;
    }
    Str last = str_trim(str_sub(*list, at, list->n));

    *list = str_sub(*list, 0, at == 0 ? 0 : at - 1);
    return last;
}

/* Goes on from *client through one list; false when it went as far as can be believed. */
static bool walk(const struct network_list *trusted, Str list, Str *client)
{
    unsigned char bits[16];

    while (list.n > 0) {
        Str before = cut_last(&list);

        if (!is_trusted(trusted, *client) || !address_parse(before, bits)) {
            return false;
        }
        *client = before;
    }
    return true;
}

Str client_address(const struct network_list *trusted, const struct http_request *req)
{
    Str client = req->peer;
    bool goes_on = trusted->n > 0;

    for (size_t i = req->n_headers; goes_on && i > 0; i--) {
        const struct http_header *h = &req->headers[i - 1];

        if (str_eq_nocase(h->name, S("X-Forwarded-For"))) {
            goes_on = walk(trusted, h->value, &client);
        }
    }
    return client;
}
