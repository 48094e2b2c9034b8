/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri.c - the parts of a URI, from left to right.
 */
#include "base/uri.h"

#include <arpa/inet.h>

static size_t find_or_end(Str s, char c)
{
    size_t at = s.n;

    (void)str_find(s, c, &at);
    return at;
}

/* Cuts `*rest` at its first `c`, and returns what follows: whether there was one. */
static bool tail_cut(Str *rest, char c, Str *ret)
{
    size_t at = find_or_end(*rest, c);
    bool is_there = at < rest->n;

    *ret = is_there ? str_sub(*rest, at + 1, rest->n) : S("");
    *rest = str_sub(*rest, 0, at);
    return is_there;
}

static void authority_cut(struct uri *u)
{
    Str rest = u->authority;
    size_t from = 0;

    for (size_t i = rest.n; i > 0 && !u->has_user; i--) {
        if (rest.p[i - 1] == '@') {
            u->has_user = true;
            u->user = str_sub(rest, 0, i - 1);
            rest = str_sub(rest, i, rest.n);
        }
    }
    if (str_starts(rest, S("["))) {
        (void)str_find(rest, ']', &from);
    }
    Str port = str_sub(rest, from, rest.n);

    u->has_port = tail_cut(&port, ':', &u->port);
    u->host = str_sub(rest, 0, from + port.n);
}

struct uri uri_split(Str text)
{
    struct uri u = {.scheme = S("")};
    size_t colon = find_or_end(text, ':');
    Str rest = text;

    u.has_fragment = tail_cut(&rest, '#', &u.fragment);
    u.has_query = tail_cut(&rest, '?', &u.query);
    if (colon < rest.n && colon < find_or_end(rest, '/')) {
        u.scheme = str_sub(rest, 0, colon);
        rest = str_sub(rest, colon + 1, rest.n);
    }
    u.has_authority = str_starts(rest, S("//"));
    if (u.has_authority) {
        rest = str_sub(rest, 2, rest.n);
        u.authority = str_sub(rest, 0, find_or_end(rest, '/'));
        rest = str_sub(rest, u.authority.n, rest.n);
        authority_cut(&u);
    }
    u.path = rest;
    return u;
}

static bool char_is_scheme(unsigned char c)
{
    return char_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

bool uri_scheme_is_valid(Str scheme)
{
    return scheme.n > 0 && str_is_only(scheme, char_is_scheme)
           && char_is_alnum((unsigned char)scheme.p[0])
           && !char_is_digit((unsigned char)scheme.p[0]);
}

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

static bool char_is_label(unsigned char c)
{
    return char_is_alnum(c) || c == '-';
}

bool uri_host_is_valid(Str host)
{
    Str label;

    if (str_starts(host, S("["))) {
        return str_ends(host, S("]")) && is_ipv6(str_sub(host, 1, host.n - 1));
    }
    for (Str rest = host; str_next_part(&rest, '.', &label);) {
        if (label.n == 0 || !str_is_only(label, char_is_label)) {
            return false;
        }
    }
    return host.n > 0;
}

bool uri_host_is_loopback(Str host)
{
    return str_eq_nocase(host, S("localhost")) || str_eq(host, S("127.0.0.1"))
           || str_eq(host, S("[::1]"));
}

bool uri_port_is_valid(Str port)
{
    int64_t number = 0;

    return str_is_only(port, char_is_digit) && str_to_int(port, &number) && number >= 1
           && number <= 65535;
}

int64_t uri_port(const struct uri *u)
{
    int64_t port = 0;

    if (u->has_port && uri_port_is_valid(u->port) && str_to_int(u->port, &port)) {
        return port;
    }
    if (str_eq_nocase(u->scheme, S("https"))) {
        return 443;
    }
    return str_eq_nocase(u->scheme, S("http")) ? 80 : 0;
}

bool uri_is_same_origin(const struct uri *a, const struct uri *b)
{
    return str_eq_nocase(a->scheme, b->scheme) && str_eq_nocase(a->host, b->host)
           && uri_port(a) == uri_port(b);
}
