/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.c - host and port, by the letters.
 */
#include "net/authority.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_ipv6(Str s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, 0, s.n) != NULL) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_host_char(unsigned char c)
{
    return char_is_alnum(c) || c == '-';
}

bool host_is_valid(Str host)
{
    Str label;

    if (str_starts(host, S("["))) {
        return str_ends(host, S("]")) && is_ipv6(str_sub(host, 1, host.n - 1));
    }
    for (Str rest = host; str_next_part(&rest, '.', &label);) {
        if (label.n == 0 || !str_is_only(label, is_host_char)) {
            return false;
        }
    }
    return host.n > 0;
}

bool host_is_loopback(Str host)
{
    return str_eq_nocase(host, S("localhost")) || str_eq(host, S("127.0.0.1"))
           || str_eq(host, S("[::1]"));
}

bool port_is_valid(Str port)
{
    int64_t number = 0;

    return str_is_only(port, char_is_digit) && str_to_int(port, &number) && number >= 1
           && number <= 65535;
}

void authority_split(Str authority, Str *host, Str *port, bool *has_port)
{
    size_t from = 0;
    size_t at = 0;

    if (str_starts(authority, S("["))) {
        (void)str_find(authority, ']', &from);
    }
    *has_port = str_find(str_sub(authority, from, authority.n), ':', &at);
    *host = *has_port ? str_sub(authority, 0, from + at) : authority;
    *port = *has_port ? str_sub(authority, from + at + 1, authority.n) : S("");
}
