/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redirect.c - the rules, in the order in which a caller should hear of them.
 *
 * A URI is kept as it is, but for dot segments, which are resolved (RFC 3986 §5.2.4), and
 * an empty path, which becomes "/" (§6.2.3).
 */
#include "oauth/redirect.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/uri.h"

struct redirect_parts {
    Str text;
    struct uri uri;
};

static bool redirect_is_http(const struct redirect_parts *u)
{
    return str_eq_nocase(u->uri.scheme, S("http"));
}

static bool redirect_is_https(const struct redirect_parts *u)
{
    return str_eq_nocase(u->uri.scheme, S("https"));
}

static bool redirect_is_web(const struct redirect_parts *u)
{
    return redirect_is_http(u) || redirect_is_https(u);
}

_Static_assert(LIMIT_REDIRECT_URI_BYTES == 512, "\"at most 512 bytes\"");

/* An empty path takes a byte more in the form that is kept. */
static bool redirect_is_too_long(const struct redirect_parts *u)
{
    return u->text.n + (u->uri.path.n == 0) > LIMIT_REDIRECT_URI_BYTES;
}

static bool char_is_of_uri(unsigned char c)
{
    return c > ' ' && c < 0x7F;
}

static bool char_is_of_ascii_host(unsigned char c)
{
    return c < 0x80;
}

static bool redirect_has_foreign_host(const struct redirect_parts *u)
{
    return redirect_is_web(u) && !str_is_only(u->uri.authority, char_is_of_ascii_host);
}

static bool redirect_has_odd_bytes(const struct redirect_parts *u)
{
    return !str_is_only(u->text, char_is_of_uri);
}

static bool redirect_has_backslash(const struct redirect_parts *u)
{
    return str_contains(u->text, S("\\"));
}

static bool redirect_has_fragment(const struct redirect_parts *u)
{
    return str_contains(u->text, S("#"));
}

static bool redirect_has_no_scheme(const struct redirect_parts *u)
{
    return !uri_scheme_is_valid(u->uri.scheme);
}

static bool redirect_has_foreign_scheme(const struct redirect_parts *u)
{
    return !redirect_is_web(u) && !str_contains(u->uri.scheme, S("."));
}

static bool redirect_has_no_authority(const struct redirect_parts *u)
{
    return redirect_is_web(u) && !u->uri.has_authority;
}

static bool redirect_has_odd_private_form(const struct redirect_parts *u)
{
    return !redirect_is_web(u)
           && (u->uri.has_authority || !str_starts(u->uri.path, S("/")));
}

static bool redirect_has_user(const struct redirect_parts *u)
{
    return u->uri.has_user;
}

static bool redirect_has_no_host(const struct redirect_parts *u)
{
    return redirect_is_web(u) && u->uri.host.n == 0;
}

static bool redirect_has_final_dot(const struct redirect_parts *u)
{
    return str_ends(u->uri.host, S("."));
}

static bool redirect_has_odd_host(const struct redirect_parts *u)
{
    return redirect_is_web(u) && !uri_host_is_valid(u->uri.host);
}

static bool redirect_has_odd_port(const struct redirect_parts *u)
{
    return u->uri.has_port && !uri_port_is_valid(u->uri.port);
}

static bool redirect_is_plain_http_elsewhere(const struct redirect_parts *u)
{
    return redirect_is_http(u) && !uri_host_is_loopback(u->uri.host);
}

static bool escape_is_hidden(Str escape)
{
    static const Str hidden[] = {SI("%2f"), SI("%5c"), SI("%2e"), SI("%00")};

    for (size_t i = 0; i < COUNT(hidden); i++) {
        if (str_eq_nocase(escape, hidden[i])) {
            return true;
        }
    }
    return false;
}

static bool redirect_has_hidden_bytes(const struct redirect_parts *u)
{
    for (size_t at = 0; at < u->uri.path.n; at++) {
        if (u->uri.path.p[at] == '%'
            && escape_is_hidden(str_sub(u->uri.path, at, at + 3))) {
            return true;
        }
    }
    return false;
}

/* Takes a byte off a query, decoded. */
static int query_take_byte(Str *rest)
{
    char c = rest->p[0];
    int high = rest->n > 2 ? char_hex((unsigned char)rest->p[1]) : -1;
    int low = rest->n > 2 ? char_hex((unsigned char)rest->p[2]) : -1;
    bool is_escape = c == '%' && high >= 0 && low >= 0;

    *rest = str_sub(*rest, is_escape ? 3 : 1, rest->n);
    return is_escape ? high * 16 + low : c == '+' ? ' ' : (unsigned char)c;
}

static int redirect_byte_lower(int byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

/* Whether some framework reads `name` as `plain`: in any case, with white space around
 * it, as a list, or ended by a NUL. */
static bool parameter_means(Str name, Str plain)
{
    size_t i = 0;

    while (name.n > 0) {
        int byte = query_take_byte(&name);
        bool is_outside = i == 0 || i == plain.n;

        if (i == plain.n && (byte == '[' || byte == 0)) {
            return true;
        }
        if (is_outside && byte <= ' ') {
            continue;
        }
        if (i == plain.n || redirect_byte_lower(byte) != plain.p[i]) {
            return false;
        }
        i++;
    }
    return i == plain.n;
}

static bool parameter_is_reserved(Str name)
{
    return parameter_means(name, S("success")) || parameter_means(name, S("error"))
           || parameter_means(name, S("account"));
}

/* Older frameworks separate parameters by ';' too. */
static bool redirect_has_reserved_parameter(const struct redirect_parts *u)
{
    Str rest = u->uri.query;
    Str part;

    while (str_next_word(&rest, S("&;"), &part)) {
        size_t end = part.n;

        (void)str_find(part, '=', &end);
        if (parameter_is_reserved(str_sub(part, 0, end))) {
            return true;
        }
    }
    return false;
}

static bool redirect_has_query(const struct redirect_parts *u)
{
    return u->uri.has_query;
}

static bool redirect_is_private_wildcard(const struct redirect_parts *u)
{
    return !redirect_is_web(u) && str_ends(u->uri.path, S("/*"));
}

static bool redirect_has_inner_star(const struct redirect_parts *u)
{
    size_t end = str_ends(u->uri.path, S("/*")) ? u->uri.path.n - 1 : u->uri.path.n;

    return str_contains(str_sub(u->uri.path, 0, end), S("*"));
}

static const struct redirect_rule {
    bool (*is_broken)(const struct redirect_parts *u);
    const char *mend;
} redirect_rules[] = {
    {redirect_is_too_long, "Use at most 512 bytes."},
    {redirect_has_foreign_host,
     "Write the host in its xn-- form (punycode), and percent-encode all else that is not "
     "ASCII."},
    {redirect_has_odd_bytes,
     "Percent-encode spaces, control characters and all that is not ASCII."},
    {redirect_has_backslash, "Remove the backslash."},
    {redirect_has_fragment, "Remove the fragment, from the # on."},
    {redirect_has_no_scheme, "Give an absolute URI that begins with https://."},
    {redirect_has_foreign_scheme,
     "Use https, or http on localhost, 127.0.0.1 or [::1], or a private-use scheme with "
     "a dot in it."},
    {redirect_has_no_authority, "Write two slashes and a host after the scheme."},
    {redirect_has_odd_private_form,
     "Write a private-use scheme with one slash after the colon: scheme:/path."},
    {redirect_has_user, "Remove the user name and the @ before the host."},
    {redirect_has_no_host, "Name a host."},
    {redirect_has_final_dot, "Remove the dot at the end of the host."},
    {redirect_has_odd_host,
     "Use a host of ASCII letters, digits, '-' and single dots, or an IPv6 address in "
     "brackets; write international names in their xn-- form."},
    {redirect_has_odd_port, "Use a port from 1 to 65535, or none."},
    {redirect_is_plain_http_elsewhere,
     "Use https: plain http is only for localhost, 127.0.0.1 and [::1]."},
    {redirect_has_hidden_bytes, "Remove %2F, %5C, %2E and %00 from the path."},
    {redirect_has_reserved_parameter,
     "Remove the query parameters success, error and account, however they are written: "
     "they are added at the end."},
};

static const struct redirect_rule pattern_rules[] = {
    {redirect_has_query, "Remove the query: it is not compared."},
    {redirect_is_private_wildcard,
     "Name the whole path: a private-use scheme has no /*."},
    {redirect_has_inner_star, "Use the star only once, as the /* at the end."},
};

static Res redirect_rules_check(
    struct cx *cx, const struct redirect_parts *u, const struct redirect_rule *rules,
    size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rules[i].is_broken(u)) {
            return fail(cx, FAIL_PARAMETER_INVALID, "%s", rules[i].mend);
        }
    }
    return OK;
}

static void path_drop_segment(struct buf *b)
{
    while (b->n > 0 && b->p[--b->n] != '/') {
    }
}

/* RFC 3986 §5.2.4. */
static Str path_resolve(struct arena *mem, Str path)
{
    struct buf b = {.mem = mem, .max = LIMIT_REDIRECT_URI_BYTES};
    Str rest = path.n == 0 ? S("") : str_sub(path, 1, path.n);
    Str segment;
    bool ends_in_dots = false;

    while (str_next_part(&rest, '/', &segment)) {
        bool is_up = str_eq(segment, S(".."));

        ends_in_dots = is_up || str_eq(segment, S("."));
        if (is_up) {
            path_drop_segment(&b);
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

/* Checks all rules, and resolves the path. */
static Res redirect_parse_parts(struct cx *cx, Str text, struct redirect_parts *ret)
{
    struct redirect_parts u = {text, uri_split(text)};

    TRY(redirect_rules_check(cx, &u, redirect_rules, COUNT(redirect_rules)));
    u.uri.path = path_resolve(&cx->mem, u.uri.path);
    if (!u.uri.has_authority && str_starts(u.uri.path, S("//"))) {
        return fail(
            cx, FAIL_PARAMETER_INVALID, "Remove the empty segment before the path.");
    }
    *ret = u;
    return OK;
}

Res redirect_parse(struct cx *cx, Str uri, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_REDIRECT_URI_BYTES};
    struct redirect_parts u = {.text = uri};

    TRY(redirect_parse_parts(cx, uri, &u));
    buf_add(&b, u.uri.scheme);
    buf_add(&b, u.uri.has_authority ? S("://") : S(":"));
    buf_add(&b, u.uri.authority);
    buf_add(&b, u.uri.path);
    buf_add(&b, u.uri.has_query ? S("?") : S(""));
    buf_add(&b, u.uri.query);
    *ret = buf_text(&b);
    return OK;
}

static int64_t redirect_default_port(const struct redirect_parts *u)
{
    return redirect_is_https(u) ? 443 : 80;
}

Res redirect_pattern_parse(struct cx *cx, Str pattern, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_PATTERN_BYTES};
    struct redirect_parts u = {.text = pattern};

    TRY(redirect_parse_parts(cx, pattern, &u));
    TRY(redirect_rules_check(cx, &u, pattern_rules, COUNT(pattern_rules)));
    buf_add(&b, str_lower(&cx->mem, u.uri.scheme));
    buf_add(&b, u.uri.has_authority ? S("://") : S(":"));
    buf_add(&b, str_lower(&cx->mem, u.uri.host));
    if (u.uri.has_authority && uri_port(&u.uri) != redirect_default_port(&u)) {
        buf_add_char(&b, ':');
        buf_add_int(&b, uri_port(&u.uri));
    }
    buf_add(&b, u.uri.path);
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
           && (uri_host_is_loopback(p.host) || uri_port(&u) == uri_port(&p))
           && path_matches(u.path, p.path);
}

/* Only the first '?' opens a query; another is a character of a value. */
Str redirect_with(struct arena *mem, Str uri, Str query)
{
    size_t at = uri.n;
    bool has_query = str_find(uri, '?', &at);
    bool is_open = at + 1 == uri.n || str_ends(uri, S("&"));
    Str between = !has_query ? S("?") : is_open ? S("") : S("&");

    return str_cat(mem, uri, str_cat(mem, between, query));
}
