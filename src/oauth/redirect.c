/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redirect.c - rules in the order in which a caller should hear of them.
 *
 * Beyond the resolution of dot segments (RFC 3986 §5.2.4) and an empty path, which is
 * "/" (§6.2.3), nothing of a URI is changed.
 */
#include "oauth/redirect.h"

#include <string.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "net/authority.h"

struct uri {
    Str text;
    Str scheme; /* empty: none */
    bool has_authority;
    Str authority;
    Str host;
    Str port;
    bool has_port;
    Str path;
    Str query; /* with its '?' */
};

static size_t find_or_end(Str s, char c)
{
    size_t at = s.n;

    (void)str_find(s, c, &at);
    return at;
}

/* Cuts only; what the parts may hold, the rules say. */
static struct uri uri_split(Str text)
{
    struct uri u = {.text = text};
    size_t colon = 0;
    Str rest = text;

    if (str_find(text, ':', &colon)) {
        u.scheme = str_sub(text, 0, colon);
        rest = str_sub(text, colon + 1, text.n);
    }
    size_t query = find_or_end(rest, '?');

    u.query = str_sub(rest, query, rest.n);
    rest = str_sub(rest, 0, query);
    u.has_authority = str_starts(rest, S("//"));
    if (u.has_authority) {
        rest = str_sub(rest, 2, rest.n);
        u.authority = str_sub(rest, 0, find_or_end(rest, '/'));
        rest = str_sub(rest, u.authority.n, rest.n);
        authority_split(u.authority, &u.host, &u.port, &u.has_port);
    }
    u.path = rest;
    return u;
}

static bool is_http(const struct uri *u)
{
    return str_eq_nocase(u->scheme, S("http"));
}

static bool is_https(const struct uri *u)
{
    return str_eq_nocase(u->scheme, S("https"));
}

static bool is_web(const struct uri *u)
{
    return is_http(u) || is_https(u);
}

/* What breaks a rule. An empty path takes a byte more in the form that is kept. */
static bool is_too_long(const struct uri *u)
{
    return u->text.n + (u->path.n == 0) > LIMIT_REDIRECT_URI_BYTES;
}

static bool is_visible(unsigned char c)
{
    return c > ' ' && c < 0x7F;
}

static bool has_odd_bytes(const struct uri *u)
{
    return !str_is_only(u->text, is_visible);
}

static bool has_backslash(const struct uri *u)
{
    return str_contains(u->text, S("\\"));
}

static bool has_fragment(const struct uri *u)
{
    return str_contains(u->text, S("#"));
}

static bool is_scheme_char(unsigned char c)
{
    return char_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

static bool has_no_scheme(const struct uri *u)
{
    return u->scheme.n == 0 || !str_is_only(u->scheme, is_scheme_char)
           || !char_is_alnum((unsigned char)u->scheme.p[0])
           || char_is_digit((unsigned char)u->scheme.p[0]);
}

static bool has_foreign_scheme(const struct uri *u)
{
    return !is_web(u) && !str_contains(u->scheme, S("."));
}

static bool has_no_authority(const struct uri *u)
{
    return is_web(u) && !u->has_authority;
}

static bool has_odd_private_form(const struct uri *u)
{
    return !is_web(u) && (u->has_authority || !str_starts(u->path, S("/")));
}

static bool has_user(const struct uri *u)
{
    return str_contains(u->authority, S("@"));
}

static bool has_no_host(const struct uri *u)
{
    return is_web(u) && u->host.n == 0;
}

static bool has_final_dot(const struct uri *u)
{
    return str_ends(u->host, S("."));
}

static bool has_odd_host(const struct uri *u)
{
    return is_web(u) && !host_is_valid(u->host);
}

static bool has_odd_port(const struct uri *u)
{
    return u->has_port && !port_is_valid(u->port);
}

static bool is_plain_http_elsewhere(const struct uri *u)
{
    return is_http(u) && !host_is_loopback(u->host);
}

static bool is_hidden_byte(Str escape)
{
    static const Str hidden[] = {SI("%2f"), SI("%5c"), SI("%2e"), SI("%00")};

    for (size_t i = 0; i < COUNT(hidden); i++) {
        if (str_eq_nocase(escape, hidden[i])) {
            return true;
        }
    }
    return false;
}

static bool has_hidden_bytes(const struct uri *u)
{
    for (size_t at = 0; at < u->path.n; at++) {
        if (u->path.p[at] == '%' && is_hidden_byte(str_sub(u->path, at, at + 3))) {
            return true;
        }
    }
    return false;
}

/* The byte that the first of `*rest` mean, and past them. */
static int next_byte(Str *rest)
{
    int high = rest->n > 2 ? char_hex((unsigned char)rest->p[1]) : -1;
    int low = rest->n > 2 ? char_hex((unsigned char)rest->p[2]) : -1;
    bool is_escape = rest->p[0] == '%' && high >= 0 && low >= 0;
    int byte = is_escape ? high * 16 + low : (unsigned char)rest->p[0];

    *rest = str_sub(*rest, is_escape ? 3 : 1, rest->n);
    return byte;
}

/* Whether `encoded` means `plain`, percent-encoded anywhere or nowhere. */
static bool means(Str encoded, Str plain)
{
    for (size_t i = 0; i < plain.n; i++) {
        if (encoded.n == 0 || next_byte(&encoded) != (unsigned char)plain.p[i]) {
            return false;
        }
    }
    return encoded.n == 0;
}

static bool has_reserved_parameter(const struct uri *u)
{
    Str rest = str_sub(u->query, 1, u->query.n);
    Str part;

    while (str_next_part(&rest, '&', &part)) {
        Str name = str_sub(part, 0, find_or_end(part, '='));

        if (means(name, S("success")) || means(name, S("error"))
            || means(name, S("account"))) {
            return true;
        }
    }
    return false;
}

/* Of patterns alone. */
static bool has_query(const struct uri *u)
{
    return u->query.n > 0;
}

static bool is_private_wildcard(const struct uri *u)
{
    return !is_web(u) && str_ends(u->path, S("/*"));
}

static bool has_inner_star(const struct uri *u)
{
    size_t end = str_ends(u->path, S("/*")) ? u->path.n - 1 : u->path.n;

    return str_contains(str_sub(u->path, 0, end), S("*"));
}

static const struct rule {
    bool (*is_broken)(const struct uri *u);
    const char *mend;
} uri_rules[] = {
    {is_too_long,             "Use at most 512 bytes."                                   },
    {has_odd_bytes,
     "Percent-encode spaces, control characters and all that is not ASCII."              },
    {has_backslash,           "Remove the backslash."                                    },
    {has_fragment,            "Remove the fragment, from the # on."                      },
    {has_no_scheme,           "Give an absolute URI that begins with https://."          },
    {has_foreign_scheme,
     "Use https, or http on localhost, 127.0.0.1 or [::1], or a private-use scheme with "
     "a dot in it."                                                                      },
    {has_no_authority,        "Write two slashes and a host after the scheme."           },
    {has_odd_private_form,
     "Write a private-use scheme with one slash after the colon: scheme:/path."          },
    {has_user,                "Remove the user name and the @ before the host."          },
    {has_no_host,             "Name a host."                                             },
    {has_final_dot,           "Remove the dot at the end of the host."                   },
    {has_odd_host,
     "Use a host of ASCII letters, digits, '-' and single dots, or an IPv6 address in "
     "brackets; write international names in their xn-- form."                           },
    {has_odd_port,            "Use a port from 1 to 65535, or none."                     },
    {is_plain_http_elsewhere,
     "Use https: plain http is only for localhost, 127.0.0.1 and [::1]."                 },
    {has_hidden_bytes,        "Remove %2F, %5C, %2E and %00 from the path."              },
    {has_reserved_parameter,
     "Remove the query parameters success, error and account: they are added at the end."},
};

static const struct rule pattern_rules[] = {
    {has_query,           "Remove the query: it is not compared."               },
    {is_private_wildcard, "Name the whole path: a private-use scheme has no /*."},
    {has_inner_star,      "Use the star only once, as the /* at the end."       },
};

static Res rules_check(
    struct cx *cx, const struct uri *u, const struct rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rules[i].is_broken(u)) {
            return fail(cx, FAIL_PARAMETER_INVALID, "%s", rules[i].mend);
        }
    }
    return OK;
}

static void drop_segment(struct buf *b)
{
    while (b->n > 0 && b->p[--b->n] != '/') {
    }
}

/* RFC 3986 §5.2.4. */
static Str dots_resolved(struct arena *mem, Str path)
{
    struct buf b = {.mem = mem, .max = LIMIT_REDIRECT_URI_BYTES};
    Str rest = path.n == 0 ? S("") : str_sub(path, 1, path.n);
    Str segment;
    bool ends_in_dots = false;

    while (str_next_part(&rest, '/', &segment)) {
        bool is_up = str_eq(segment, S(".."));

        ends_in_dots = is_up || str_eq(segment, S("."));
        if (is_up) {
            drop_segment(&b);
        } else if (!ends_in_dots) {
            buf_add_char(&b, '/');
            buf_add(&b, segment);
        }
    }
    if (ends_in_dots) {
        buf_add_char(&b, '/');
    }
    return buf_text(&b);
}

/* All rules, and the path as it is kept. */
static Res uri_parse(struct cx *cx, Str text, struct uri *ret)
{
    struct uri u = uri_split(text);

    TRY(rules_check(cx, &u, uri_rules, COUNT(uri_rules)));
    u.path = dots_resolved(&cx->mem, u.path);
    if (!u.has_authority && str_starts(u.path, S("//"))) {
        return fail(
            cx, FAIL_PARAMETER_INVALID, "Remove the empty segment before the path.");
    }
    *ret = u;
    return OK;
}

Res redirect_parse(struct cx *cx, Str uri, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_REDIRECT_URI_BYTES};
    struct uri u = {.text = uri};

    TRY(uri_parse(cx, uri, &u));
    buf_add(&b, u.scheme);
    buf_add(&b, u.has_authority ? S("://") : S(":"));
    buf_add(&b, u.authority);
    buf_add(&b, u.path);
    buf_add(&b, u.query);
    *ret = buf_text(&b);
    return OK;
}

static int64_t port_number(const struct uri *u)
{
    int64_t port = is_https(u) ? 443 : 80;

    (void)str_to_int(u->port, &port);
    return port;
}

static bool has_default_port(const struct uri *u)
{
    return port_number(u) == (is_https(u) ? 443 : 80);
}

Res redirect_pattern_parse(struct cx *cx, Str pattern, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_PATTERN_BYTES};
    struct uri u = {.text = pattern};

    TRY(uri_parse(cx, pattern, &u));
    TRY(rules_check(cx, &u, pattern_rules, COUNT(pattern_rules)));
    buf_add(&b, str_lower(&cx->mem, u.scheme));
    buf_add(&b, u.has_authority ? S("://") : S(":"));
    buf_add(&b, str_lower(&cx->mem, u.host));
    if (u.has_authority && !has_default_port(&u)) {
        buf_add_char(&b, ':');
        buf_add_int(&b, port_number(&u));
    }
    buf_add(&b, u.path);
    *ret = buf_text(&b);
    return OK;
}

static bool path_matches(Str path, Str pattern)
{
    return str_ends(pattern, S("/*"))
               ? str_starts(path, str_sub(pattern, 0, pattern.n - 1))
               : str_eq(path, pattern);
}

bool redirect_matches(Str uri, Str pattern)
{
    struct uri u = uri_split(uri);
    struct uri p = uri_split(pattern);

    return str_eq_nocase(u.scheme, p.scheme) && u.has_authority == p.has_authority
           && str_eq_nocase(u.host, p.host)
           && (host_is_loopback(p.host) || port_number(&u) == port_number(&p))
           && path_matches(u.path, p.path);
}

Str redirect_with(struct arena *mem, Str uri, Str query)
{
    bool has_query = str_contains(uri, S("?"));
    bool is_open = str_ends(uri, S("?")) || str_ends(uri, S("&"));
    Str between = !has_query ? S("?") : is_open ? S("") : S("&");

    return str_cat(mem, uri, str_cat(mem, between, query));
}
