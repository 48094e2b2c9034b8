/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin.c - a URL's origin, read as libcurl reads it. Everything that the two might read
 * differently is refused.
 */
#include "net/origin.h"

static bool url_char_is_valid(unsigned char c)
{
    return c > ' ' && c < 0x7F && c != '\\' && c != '#';
}

bool origin_is_tls(const struct uri *u)
{
    return str_eq_nocase(u->scheme, S("https"));
}

bool origin_parse(Str url, struct uri *ret)
{
    struct uri u = uri_split(url);

    if (!str_is_only(url, url_char_is_valid) || u.scheme.n == 0 || !u.has_authority
        || u.has_user || !uri_host_is_valid(u.host)
        || (u.has_port && !uri_port_is_valid(u.port))) {
        return false;
    }
    *ret = u;
    return true;
}

bool net_url_is_allowed(Str url)
{
    struct uri u;

    return origin_parse(url, &u)
           && (origin_is_tls(&u)
               || (str_eq_nocase(u.scheme, S("http")) && uri_host_is_loopback(u.host)));
}

bool net_same_origin(Str a, Str b)
{
    struct uri x;
    struct uri y;

    return origin_parse(a, &x) && origin_parse(b, &y) && uri_is_same_origin(&x, &y);
}

/* Cuts the next character off: an escaped dot is one, and so is an escaped slash or
 * backslash a slash. */
static char path_next_char(Str *rest)
{
    static const struct {
        Str text;
        char c;
    } escapes[] = {{SI("%2e"), '.'}, {SI("%2f"), '/'}, {SI("%5c"), '/'}};

    char c = rest->p[0];

    for (size_t i = 0; i < COUNT(escapes); i++) {
        if (str_eq_nocase(str_sub(*rest, 0, escapes[i].text.n), escapes[i].text)) {
            *rest = str_sub(*rest, escapes[i].text.n, rest->n);
            return escapes[i].c;
        }
    }
    *rest = str_sub(*rest, 1, rest->n);
    return c;
}

/* Cuts a segment off; true if it is "." or "..". */
static bool path_next_is_dots(Str *rest)
{
    size_t dots = 0;
    size_t others = 0;

    while (rest->n > 0) {
        char c = path_next_char(rest);

        if (c == '/') {
            break;
        }
        dots += c == '.';
        others += c != '.';
    }
    return others == 0 && (dots == 1 || dots == 2);
}

static bool path_has_dots(Str path)
{
    while (path.n > 0) {
        if (path_next_is_dots(&path)) {
            return true;
        }
    }
    return false;
}

bool net_url_is_below(Str base, Str url)
{
    struct uri x;
    struct uri y;

    if (!origin_parse(base, &x) || !origin_parse(url, &y) || !uri_is_same_origin(&x, &y)
        || path_has_dots(y.path)) {
        return false;
    }
    Str above = str_ends(x.path, S("/")) ? str_sub(x.path, 0, x.path.n - 1) : x.path;
    Str rest = str_sub(y.path, above.n, y.path.n);

    return str_starts(y.path, above) && (rest.n == 0 || rest.p[0] == '/');
}
