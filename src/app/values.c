/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.c - one function per type of setting (operations: Configuration).
 *
 * What several settings say together is config.c's business.
 */
#include "app/values.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/proxies.h"
#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "net/net.h"
#include "oauth/jws.h"
#include "seal/seal.h"
#include "store/store.h"

static const Str separators = SI(" \t,");

Res value_refuse(struct cx *cx, const struct given *given, const char *wish)
{
    return fail(
        cx, FAIL_CONFIG, "%.*s: \"%.*s\" is not right; want %s", (int)given->where.n,
        given->where.p, (int)(given->text.n < 100 ? given->text.n : 100), given->text.p,
        wish);
}

Res value_text(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    (void)cx;
    (void)key;
    *(Str *)to = given->text;
    return OK;
}

static bool char_is_word(unsigned char c)
{
    return char_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

Res value_word(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    if (!str_is_only(given->text, char_is_word)) {
        return value_refuse(cx, given, "letters, digits, '.', '_' and '-'");
    }
    return value_text(cx, key, given, to);
}

static Res number_refuse(
    struct cx *cx, const struct config_key *key, const struct given *given, bool is_time)
{
    const char *what = is_time ? "a duration, as 90s, 15m, 12h or 7d," : "a number";
    const char *unit = is_time ? "s" : "";
    int64_t scale = is_time ? 1000 : 1;

    return fail(
        cx, FAIL_CONFIG, "%.*s: \"%.*s\" is not right; want %s from %lld%s to %lld%s",
        (int)given->where.n, given->where.p,
        (int)(given->text.n < 100 ? given->text.n : 100), given->text.p, what,
        (long long)(key->low / scale), unit, (long long)(key->high / scale), unit);
}

Res value_number(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    int64_t v;

    if (!str_to_int(given->text, &v) || v < key->low || v > key->high) {
        return number_refuse(cx, key, given, false);
    }
    *(int64_t *)to = v;
    return OK;
}

bool duration_parse(Str text, int64_t *ret_ms)
{
    static const struct choice units[] = {
        {SI("s"), 1        },
        {SI("m"), 60       },
        {SI("h"), 3600     },
        {SI("d"), 24 * 3600}
    };
    int64_t v;

    for (size_t i = 0; i < COUNT(units); i++) {
        if (str_ends(text, units[i].name) && str_to_int(str_sub(text, 0, text.n - 1), &v)
            && v >= 0 && !__builtin_mul_overflow(v, (int64_t)units[i].value * 1000, &v)) {
            *ret_ms = v;
            return true;
        }
    }
    return false;
}

Res value_duration(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    int64_t ms;

    if (!duration_parse(given->text, &ms) || ms < key->low || ms > key->high) {
        return number_refuse(cx, key, given, true);
    }
    *(int64_t *)to = ms;
    return OK;
}

Res value_choice(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct buf wish = {.mem = &cx->mem, .max = 256};

    buf_add(&wish, S("one of"));
    for (size_t i = 0; i < key->n_choices; i++) {
        if (str_eq(key->choices[i].name, given->text)) {
            *(int *)to = key->choices[i].value;
            return OK;
        }
        buf_add_char(&wish, ' ');
        buf_add(&wish, key->choices[i].name);
    }
    buf_add_char(&wish, 0);
    return value_refuse(cx, given, buf_text(&wish).p);
}

Res value_switch(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    (void)key;
    if (!str_eq(given->text, S("on")) && !str_eq(given->text, S("off"))) {
        return value_refuse(cx, given, "on or off");
    }
    *(bool *)to = str_eq(given->text, S("on"));
    return OK;
}

static size_t count_words(Str text)
{
    size_t n = 0;
    Str word;

    while (str_next_word(&text, separators, &word)) {
        n++;
    }
    return n;
}

Res value_list(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    size_t n = count_words(given->text);
    Str *at = NEW_N(&cx->mem, Str, n);
    Str rest = given->text;

    (void)key;
    for (size_t i = 0; i < n; i++) {
        must_be(str_next_word(&rest, separators, &at[i]));
    }
    *(struct text_list *)to = (struct text_list){at, n};
    return OK;
}

Res value_scopes(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_LINE_BYTES};
    Str rest = given->text;
    Str word;

    (void)key;
    while (str_next_word(&rest, separators, &word)) {
        buf_add(&b, b.n > 0 ? S(" ") : S(""));
        buf_add(&b, word);
    }
    return buf_done(cx, &b, to);
}

Str value_resolve(struct cx *cx, const struct given *given)
{
    if (given->folder.n == 0 || str_starts(given->text, S("/"))) {
        return given->text;
    }
    return str_cat(&cx->mem, str_cat(&cx->mem, given->folder, S("/")), given->text);
}

Res value_path(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    (void)key;
    return str_z(cx, value_resolve(cx, given), to);
}

Res value_file(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    const char *path;

    TRY(value_path(cx, key, given, &path));
    if (access(path, R_OK) != 0) {
        return value_refuse(cx, given, "a file that can be read");
    }
    *(const char **)to = path;
    return OK;
}

/* It may hold a password, and is not quoted. */
Res value_store_url(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    if (!store_url_is_known(given->text)) {
        return fail(
            cx, FAIL_CONFIG, "%.*s: not right; want sqlite:FILE or postgresql://…",
            (int)given->where.n, given->where.p);
    }
    return value_text(cx, key, given, to);
}

/* "unix:/path", made absolute. */
static Res address_unix(struct cx *cx, const struct given *given, Str address, Str *ret)
{
    struct given path = *given;
    const struct sockaddr_un *any = NULL;

    path.text = str_sub(address, 5, address.n);
    Str resolved = value_resolve(cx, &path);

    if (path.text.n == 0 || resolved.n >= sizeof(any->sun_path)) {
        return value_refuse(cx, given, "unix:/path with a path of at most 107 bytes");
    }
    *ret = str_cat(&cx->mem, S("unix:"), resolved);
    return OK;
}

/* An address and a port: 127.0.0.1:8080, [::1]:8080. */
static bool address_is_right(Str address)
{
    struct network host;
    int64_t port;
    size_t colon = address.n;

    while (colon > 0 && address.p[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0 || !str_to_int(str_sub(address, colon, address.n), &port) || port < 0
        || port > 65535) {
        return false;
    }
    Str name = str_sub(address, 0, colon - 1);
    bool is_v6 = str_starts(name, S("[")) && str_ends(name, S("]"));

    if (is_v6) {
        name = str_sub(name, 1, name.n - 1);
    }
    return is_v6 == str_contains(name, S(":")) && !str_contains(name, S("/"))
           && network_parse(name, &host) && !host.is_unix;
}

static Res address_read(struct cx *cx, const struct given *given, Str *address)
{
    if (str_starts(*address, S("unix:"))) {
        return address_unix(cx, given, *address, address);
    }
    if (!address_is_right(*address)) {
        return value_refuse(
            cx, given,
            "addresses with ports, as 127.0.0.1:8080 or [::]:8080, or unix:/path");
    }
    return OK;
}

Res value_addresses(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    size_t n = count_words(given->text);
    Str *at = NEW_N(&cx->mem, Str, n);
    Str rest = given->text;

    (void)key;
    for (size_t i = 0; i < n; i++) {
        must_be(str_next_word(&rest, separators, &at[i]));
        TRY(address_read(cx, given, &at[i]));
    }
    *(struct text_list *)to = (struct text_list){at, n};
    return OK;
}

Res value_networks(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    size_t n = count_words(given->text);
    struct network *at = NEW_N(&cx->mem, struct network, n);
    Str rest = given->text;
    Str word;

    (void)key;
    for (size_t i = 0; i < n; i++) {
        must_be(str_next_word(&rest, separators, &word));
        if (!network_parse(word, &at[i])) {
            return value_refuse(
                cx, given, "addresses or networks, as 10.0.0.0/8 or ::1, or unix");
        }
    }
    *(struct network_list *)to = (struct network_list){at, n};
    return OK;
}

static bool char_is_host(unsigned char c)
{
    return char_is_alnum(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
}

/* scheme://host[:port] and nothing behind it. */
static bool origin_is_right(Str origin)
{
    Str schemes[] = {S("https://"), S("http://")};

    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (str_starts(origin, schemes[i])) {
            Str host = str_sub(origin, schemes[i].n, origin.n);

            return host.n > 0 && str_is_only(host, char_is_host);
        }
    }
    return false;
}

Res value_origins(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct text_list found;

    TRY(value_list(cx, key, given, &found));
    for (size_t i = 0; i < found.n; i++) {
        if (!origin_is_right(found.at[i])) {
            return value_refuse(
                cx, given, "exact origins, as https://app.example.com (no path, no *)");
        }
    }
    *(struct text_list *)to = found;
    return OK;
}

Res value_ids(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    size_t n = count_words(given->text);
    int64_t *at = NEW_N(&cx->mem, int64_t, n);
    struct id_list *list = to;
    Str rest = given->text;
    Str word;

    (void)key;
    if (str_eq(given->text, S("*"))) {
        *list = (struct id_list){.is_all = true};
        return OK;
    }
    for (size_t i = 0; i < n; i++) {
        must_be(str_next_word(&rest, separators, &word));
        if (!str_to_int(word, &at[i]) || at[i] <= 0) {
            return value_refuse(cx, given, "provider IDs, as 17 42, or * for all");
        }
    }
    *list = (struct id_list){.at = at, .n = n};
    return OK;
}

Res value_source_url(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    (void)key;
    if (!net_url_is_allowed(given->text)) {
        return value_refuse(
            cx, given, "an https URL (http only for localhost, 127.0.0.1 or [::1])");
    }
    *(Str *)to = given->text;
    return OK;
}

Res value_public_url(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    Str url = given->text;

    (void)key;
    if (!net_url_is_allowed(url) || str_contains(url, S("?"))) {
        return value_refuse(
            cx, given,
            "an https URL without query and fragment (http only for localhost, "
            "127.0.0.1 or [::1])");
    }
    while (str_ends(url, S("/"))) {
        url.n--;
    }
    *(Str *)to = url;
    return OK;
}

Res value_algorithms(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    static const struct choice algs[] = {
        {SI("RS256"), JWS_RS256},
        {SI("ES256"), JWS_ES256},
        {SI("HS256"), JWS_HS256},
    };
    unsigned found = 0;
    Str rest = given->text;
    Str word;

    (void)key;
    while (str_next_word(&rest, separators, &word)) {
        size_t i = 0;

        while (i < COUNT(algs) && !str_eq(word, algs[i].name)) {
            i++;
        }
        if (i == COUNT(algs)) {
            return value_refuse(cx, given, "some of RS256 ES256 HS256");
        }
        found |= (unsigned)algs[i].value;
    }
    *(unsigned *)to = found;
    return OK;
}

static void file_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

Res file_read(struct cx *cx, const char *path, size_t most, Str *ret)
{
    CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct buf b = {.mem = &cx->mem, .max = most};
    char part[4096];
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0 && !b.full) {
        got = read(fd, part, sizeof(part));
        buf_add(&b, (Str){part, got > 0 ? (size_t)got : 0});
    }
    seal_wipe(part, sizeof(part));
    if (got < 0) {
        return fail(
            cx, errno == ENOENT ? FAIL_NOT_FOUND : FAIL_CONFIG, "%s: cannot be read: %s",
            path, strerrordesc_np(errno));
    }
    if (b.full) {
        return fail(cx, FAIL_CONFIG, "%s: larger than %zu bytes", path, most);
    }
    return buf_done(cx, &b, ret);
}

Res value_from_file(struct cx *cx, const struct given *given, Str *ret)
{
    const char *path;
    Str text = S("");

    TRY(str_z(cx, value_resolve(cx, given), &path));
    Res res = file_read(cx, path, LIMIT_SECRET_FILE_BYTES, &text);

    if (res.code != FAIL_NONE) {
        return fail(
            cx, FAIL_CONFIG, "%.*s: the file \"%s\" cannot be read", (int)given->where.n,
            given->where.p, path);
    }
    while (str_ends(text, S("\n")) || str_ends(text, S("\r"))) {
        text.n--;
    }
    *ret = text;
    return OK;
}
