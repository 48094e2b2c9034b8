/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.c - reads settings, one function for each type (docs/configuration.md).
 *
 * config.c checks the rules that join several settings.
 */
#include "config/values.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/unix_address.h"
#include "base/uri.h"
#include "base/user.h"
#include "base/zone.h"
#include "config/networks.h"
#include "net/guard.h"
#include "net/origin.h"
#include "oauth/jws_alg.h"
#include "seal/seal.h"
#include "seal/secretfile.h"
#include "store/store.h"

_Static_assert(LIMIT_NAME_BYTES == 200, "\"at most 200\"");

enum { WORDS_FIRST = 8 };

static const Str separators = SI(" \t,");

Res value_refuse(struct cx *cx, const struct given *given, const char *wish)
{
    return fail(
        cx, FAIL_CONFIG, "%.*s: \"%.*s\" is not right; want %s", STR_ARG(given->where),
        (int)(given->text.n < 100 ? given->text.n : 100), given->text.p, wish);
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

static bool char_is_printed(unsigned char c)
{
    return c >= 0x20 && c != 0x7f;
}

Res value_name(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    if (given->text.n > LIMIT_NAME_BYTES || !str_is_utf8(given->text)
        || !str_is_only(given->text, char_is_printed)) {
        return value_refuse(cx, given, "a line of UTF-8, at most 200 bytes");
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
        STR_ARG(given->where), (int)(given->text.n < 100 ? given->text.n : 100),
        given->text.p, what, (long long)(key->low / scale), unit,
        (long long)(key->high / scale), unit);
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

bool config_duration_parse(Str text, int64_t *ret_ms)
{
    static const struct choice units[] = {
        {SI("s"), 1}, {SI("m"), 60}, {SI("h"), 3600}, {SI("d"), 24 * 3600}};
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

    if (!config_duration_parse(given->text, &ms) || ms < key->low || ms > key->high) {
        return number_refuse(cx, key, given, true);
    }
    *(int64_t *)to = ms;
    return OK;
}

Res value_duration_auto(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    if (str_eq(given->text, S("auto"))) {
        *(int64_t *)to = 0;
        return OK;
    }
    return value_duration(cx, key, given, to);
}

Res value_zone(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct zone *zone;

    (void)key;
    if (zone_load(cx, ZONE_FOLDER, given->text, &zone).code != FAIL_NONE) {
        return value_refuse(
            cx, given, "a time zone of the system's tzdata, as Europe/Berlin");
    }
    *(Str *)to = given->text;
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

/* The words of a list, between white space and commas. */
static struct text_list value_words(struct cx *cx, Str text)
{
    Str *at = NULL;
    size_t n = 0;
    size_t room = 0;
    Str word;

    while (str_next_word(&text, separators, &word)) {
        GROW(&cx->mem, at, n, room, WORDS_FIRST);
        at[n++] = word;
    }
    return (struct text_list){at, n};
}

Res value_list(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    (void)key;
    *(struct text_list *)to = value_words(cx, given->text);
    return OK;
}

Res value_scopes(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_LINE_BYTES};
    struct text_list words = value_words(cx, given->text);

    (void)key;
    for (size_t i = 0; i < words.n; i++) {
        buf_add(&b, i > 0 ? S(" ") : S(""));
        buf_add(&b, words.at[i]);
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

static void file_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static bool file_is_regular(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode); /* a FIFO would hold us up */
}

/* In memory of its own: the configuration keeps the mark alone. */
static Res file_mark(struct cx *cx, const char *path, uint64_t *ret)
{
    struct cx own = {.deadline_ms = cx->deadline_ms};
    unsigned char hash[SEAL_HASH_BYTES];
    Str text = S("");
    Res res = config_file_read(&own, path, LIMIT_NAMED_FILE_BYTES, &text);

    seal_sha256(text, hash);
    memcpy(ret, hash, sizeof(*ret));
    cx->why = own.why;
    cx_done(&own);
    return res;
}

/* It is read: access(2) would ignore the sandbox. */
Res value_file(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct file_value value;

    TRY(value_path(cx, key, given, &value.path));
    if (!file_is_regular(value.path)
        || file_mark(cx, value.path, &value.mark).code != FAIL_NONE) {
        return value_refuse(cx, given, "a file that can be read, of 4 MiB at most");
    }
    *(struct file_value *)to = value;
    return OK;
}

_Static_assert(LIMIT_NAMED_FILE_BYTES == 4 * 1024 * 1024, "the text says 4 MiB");

/* The URL may have a password in it, so no reason quotes it. */
Res value_store_url(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    if (store_url_check(cx, given->text).code != FAIL_NONE) {
        Str why = str_dup(&cx->mem, str_from_z(cx->why.text));

        return fail(cx, FAIL_CONFIG, "%.*s: %.*s", STR_ARG(given->where), STR_ARG(why));
    }
    return value_text(cx, key, given, to);
}

/* "unix:/path?mode=0660", with the path made absolute. */
static Res address_unix(struct cx *cx, const struct given *given, Str address, Str *ret)
{
    struct given path = *given;
    Str place = unix_address_place(address);
    struct unix_address parsed;

    path.text = str_sub(place, S("unix:").n, place.n);
    if (path.text.n > 0) {
        place = str_cat(&cx->mem, S("unix:"), value_resolve(cx, &path));
    }
    Str options = str_sub(address, unix_address_place(address).n, address.n);
    Str whole = str_cat(&cx->mem, place, options);
    const char *wish = unix_address_parse(whole, &parsed);

    if (wish != NULL) {
        return value_refuse(cx, given, wish);
    }
    *ret = whole;
    return OK;
}

/* Takes an address and a port: 127.0.0.1:8080, [::1]:8080. */
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
    if (unix_address_is_one(*address)) {
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
    struct text_list words = value_words(cx, given->text);
    Str *at = NEW_N(&cx->mem, Str, words.n);

    (void)key;
    for (size_t i = 0; i < words.n; i++) {
        at[i] = words.at[i];
        TRY(address_read(cx, given, &at[i]));
    }
    *(struct text_list *)to = (struct text_list){at, words.n};
    return OK;
}

Res value_listens(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    if (str_eq(str_trim(given->text), S("off"))) {
        *(struct text_list *)to = (struct text_list){0};
        return OK;
    }
    return value_addresses(cx, key, given, to);
}

Res value_networks(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct text_list words = value_words(cx, given->text);
    struct network *at = NEW_N(&cx->mem, struct network, words.n);

    (void)key;
    for (size_t i = 0; i < words.n; i++) {
        if (!network_parse(words.at[i], &at[i])) {
            return value_refuse(
                cx, given, "addresses or networks, as 10.0.0.0/8 or ::1, or unix");
        }
    }
    *(struct network_list *)to = (struct network_list){at, words.n};
    return OK;
}

Res value_guard(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct text_list words = value_words(cx, given->text);
    struct guard_network *open = NEW_N(&cx->mem, struct guard_network, words.n);

    (void)key;
    for (size_t i = 0; i < words.n; i++) {
        if (!guard_network_parse(words.at[i], &open[i])) {
            return value_refuse(
                cx, given,
                "networks, as 10.0.0.0/8 or fd00::/8, with no bits behind the prefix");
        }
    }
    *(struct net_guard *)to = (struct net_guard){open, words.n};
    return OK;
}

/* Takes scheme://host[:port] with nothing behind it. */
static bool origin_is_right(Str origin)
{
    struct uri u = uri_split(origin);

    return (str_eq(u.scheme, S("https")) || str_eq(u.scheme, S("http")))
           && uri_host_is_valid(u.host) && (!u.has_port || uri_port_is_valid(u.port))
           && !u.has_user && u.path.n == 0 && !u.has_query && !u.has_fragment;
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

Res value_date(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    int32_t days;

    (void)key;
    if (!datetime_date_parse(given->text, &days) || days < 1) {
        return value_refuse(cx, given, "a date, as 2027-01-31");
    }
    *(int64_t *)to = days * CLOCK_DAY_S;
    return OK;
}

Res value_ids(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct text_list words = value_words(cx, given->text);
    int64_t *at = NEW_N(&cx->mem, int64_t, words.n);
    struct id_list *list = to;

    (void)key;
    if (str_eq(given->text, S("*"))) {
        *list = (struct id_list){.is_all = true};
        return OK;
    }
    for (size_t i = 0; i < words.n; i++) {
        if (!str_to_int(words.at[i], &at[i]) || at[i] <= 0) {
            return value_refuse(cx, given, "provider IDs, as 17 42, or * for all");
        }
    }
    *list = (struct id_list){.at = at, .n = words.n};
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

static Res value_refuse_algorithm(struct cx *cx, const struct given *given)
{
    const char *wish;

    TRY(str_z(cx, str_cat(&cx->mem, S("some of "), jws_alg_names(&cx->mem)), &wish));
    return value_refuse(cx, given, wish);
}

Res value_algorithms(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to)
{
    struct text_list words = value_words(cx, given->text);
    unsigned found = 0;

    (void)key;
    for (size_t i = 0; i < words.n; i++) {
        const struct jws_alg_row *row = jws_alg_by_name(words.at[i]);

        if (row == NULL) {
            return value_refuse_algorithm(cx, given);
        }
        found |= (unsigned)row->alg;
    }
    *(unsigned *)to = found;
    return OK;
}

/* The reason alone: who asked knows the file. */
static Res file_fail(struct cx *cx, int error)
{
    return fail(
        cx, error == ENOENT ? FAIL_NOT_FOUND : FAIL_CONFIG, "%s", strerrordesc_np(error));
}

static Res file_open(struct cx *cx, const char *path, int flags, int *ret)
{
    *ret = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
    return *ret < 0 ? file_fail(cx, errno) : OK;
}

/* A pipe in the place of a file that is read again and again would be waited for. */
static Res file_open_plain(struct cx *cx, const char *path, int *ret)
{
    struct stat st;

    TRY(file_open(cx, path, O_NONBLOCK, ret));
    must_be(fstat(*ret, &st) == 0);
    if (S_ISDIR(st.st_mode)) {
        return file_fail(cx, EISDIR);
    }
    return S_ISREG(st.st_mode) ? OK : fail(cx, FAIL_CONFIG, "it must be a plain file");
}

static Res file_read(struct cx *cx, int fd, size_t most, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = most};
    char part[4096];
    ssize_t got = 1;

    while (got > 0 && !b.full) {
        got = read(fd, part, sizeof(part));
        buf_add(&b, (Str){part, got > 0 ? (size_t)got : 0});
    }
    int error = errno;

    seal_wipe(part, sizeof(part));
    if (got < 0) {
        return file_fail(cx, error);
    }
    if (b.full) {
        return fail(cx, FAIL_CONFIG, "it is larger than %zu bytes", most);
    }
    return buf_done(cx, &b, ret);
}

Res config_file_read(struct cx *cx, const char *path, size_t most, Str *ret)
{
    CLEANUP(file_close) int fd = -1;
    Res res = file_open(cx, path, 0, &fd);

    res = res.code == FAIL_NONE ? file_read(cx, fd, most, ret) : res;
    if (res.code == FAIL_NONE) {
        return OK;
    }
    Str why = str_dup(&cx->mem, str_from_z(cx->why.text));

    return fail(cx, res.code, "%s: cannot be read: %.*s", path, STR_ARG(why));
}

bool value_is_quoted(Str text)
{
    return text.n >= 2
           && ((str_starts(text, S("\"")) && str_ends(text, S("\"")))
               || (str_starts(text, S("'")) && str_ends(text, S("'"))));
}

/* Finds traces of editors and shells around a secret. NULL: none. */
static const char *secret_flaw(Str text)
{
    if (str_starts(text, S("\xEF\xBB\xBF"))) {
        return "begins with a byte order mark: save it as plain text without one";
    }
    if (str_starts(text, S("\xFF\xFE")) || str_starts(text, S("\xFE\xFF"))) {
        return "is UTF-16: save it as UTF-8 without a byte order mark";
    }
    if (text.n > 0 && memchr(text.p, 0, text.n) != NULL) {
        return "holds a NUL byte: save it as plain text (it may be UTF-16)";
    }
    if (str_contains(text, S("\n")) || str_contains(text, S("\r"))) {
        return "holds more than one line: leave only the secret";
    }
    if (value_is_quoted(text)) {
        return "has quotes around the whole: take them off";
    }
    return NULL;
}

static Str line_ending_cut(Str text)
{
    text.n -= str_ends(text, S("\n")) ? 1 : 0;
    text.n -= str_ends(text, S("\r")) ? 1 : 0;
    return text;
}

/* Refuses a file that others can read or change. */
static Res secret_check_file(
    struct cx *cx, const struct given *given, int fd, const char *path)
{
    struct stat st;

    must_be(fstat(fd, &st) == 0);
    if (secretfile_check(cx, fd, path, "secret file", &st).code == FAIL_NONE) {
        return OK;
    }
    Str why = str_dup(&cx->mem, str_from_z(cx->why.text));

    return fail(cx, FAIL_CONFIG, "%.*s: %.*s", STR_ARG(given->where), STR_ARG(why));
}

static Res secret_refuse(struct cx *cx, const struct given *given, const char *path)
{
    Str why = str_dup(&cx->mem, str_from_z(cx->why.text));
    Str us = user_text(&cx->mem, geteuid());

    return fail(
        cx, FAIL_CONFIG, "%.*s: the file \"%s\" cannot be read by %.*s: %.*s",
        STR_ARG(given->where), path, STR_ARG(us), STR_ARG(why));
}

Res value_from_file(struct cx *cx, const struct given *given, Str *ret)
{
    CLEANUP(file_close) int fd = -1;
    const char *path;
    Str text = S("");

    TRY(str_z(cx, value_resolve(cx, given), &path));
    Res res = file_open_plain(cx, path, &fd);

    res = res.code == FAIL_NONE ? file_read(cx, fd, LIMIT_SECRET_FILE_BYTES, &text) : res;
    if (res.code != FAIL_NONE) {
        return secret_refuse(cx, given, path);
    }
    TRY(secret_check_file(cx, given, fd, path));
    text = line_ending_cut(text);
    const char *flaw = secret_flaw(text);

    if (flaw != NULL) {
        return fail(
            cx, FAIL_CONFIG, "%.*s: the file \"%s\" %s", STR_ARG(given->where), path,
            flaw);
    }
    *ret = text;
    return OK;
}
