/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.c - what libcurl asks and tells while a call is under way.
 */
#include "net/transfer.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/room.h"
#include "net/guard.h"
#include "net/head.h"
#include "net/setopt.h"

/* The room is asked before the bytes are kept. */
static void transfer_keep(struct net_transfer *t, Str bytes)
{
    if (!room_take(t->room, bytes.n)) {
        t->is_crowded = true;
        t->stop = "no room for its body at the moment";
        return;
    }
    buf_add(&t->body, bytes);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t transfer_body(char *bytes, size_t size, size_t n, void *user)
{
    struct net_transfer *t = user;

    if (t->drops_body) {
        t->dropped_bytes += size * n;
    } else {
        transfer_keep(t, (Str){bytes, size * n});
    }
    if (t->body.full || t->dropped_bytes > t->body.max) {
        t->stop = "a body over the limit";
    }
    return t->stop != NULL ? 0 : size * n;
}

/*
 * libcurl reads every coding that it was built with, asked for or not, and several on top
 * of each other. Only a single gzip is read here; with a guard libcurl leaves the content
 * as it is.
 */
static bool transfer_reads(const struct net_transfer *t, enum head_coding coding)
{
    bool is_read = coding != HEAD_OTHER_CONTENT && !(coding == HEAD_GZIP && t->is_gzip);

    return coding != HEAD_OTHER_TRANSFER && (is_read || t->guard != NULL);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t transfer_head(char *bytes, size_t size, size_t n, void *user)
{
    struct net_transfer *t = user;
    enum head_coding coding = head_coding_of((Str){bytes, size * n});

    t->head_bytes += size * n;
    if (t->head_bytes > LIMIT_REPLY_HEAD_BYTES) {
        t->stop = "a head over the limit";
    }
    if (!transfer_reads(t, coding)) {
        t->stop = "a coding that was not asked for";
    }
    t->is_gzip = t->is_gzip || coding == HEAD_GZIP;
    if (str_starts((Str){bytes, size * n}, S("HTTP/"))) {
        t->has_head = false; /* of a next one, behind 1xx */
    } else if (str_trim((Str){bytes, size * n}).n == 0) {
        t->has_head = t->stop == NULL;
    }
    return t->stop != NULL ? 0 : size * n;
}

/*
 * Before a request goes out. libcurl sends a request again by itself when a kept
 * connection turns out to be dead, but a code must go out once (docs/api.md §9). A kept
 * connection may have been made without a guard, or with one that allowed more.
 */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int transfer_may_send(void *user, char *ip, char *own_ip, int port, int own_port)
{
    struct net_transfer *t = user;
    bool is_again = t->is_sent;

    (void)own_ip, (void)port, (void)own_port;
    if (t->guard != NULL && !guard_allows_text(t->guard, str_from_z(ip), t->is_tls)) {
        t->is_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    t->is_sent = true;
    return is_again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* For each address of a name, until one is connected. */
static curl_socket_t transfer_open_socket(
    void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct net_transfer *t = user;

    if (purpose != CURLSOCKTYPE_IPCXN || !guard_allows(t->guard, &to->addr, t->is_tls)) {
        t->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    t->is_opened = true;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* libcurl asks this about once a second, whatever the source does. */
static int transfer_is_over(
    void *user, curl_off_t down, curl_off_t downed, curl_off_t up, curl_off_t upped)
{
    const struct net_transfer *t = user;
    int64_t end_ms = atomic_load(t->end_ms);

    (void)down, (void)downed, (void)up, (void)upped;
    return end_ms != 0 && clock_mono_ms() >= end_ms;
}

void transfer_watch(CURL *easy, struct net_transfer *t)
{
    SET(easy, CURLOPT_ERRORBUFFER, t->words);
    SET(easy, CURLOPT_WRITEFUNCTION, transfer_body);
    SET(easy, CURLOPT_WRITEDATA, t);
    SET(easy, CURLOPT_HEADERFUNCTION, transfer_head);
    SET(easy, CURLOPT_HEADERDATA, t);
    SET(easy, CURLOPT_PREREQFUNCTION, transfer_may_send);
    SET(easy, CURLOPT_PREREQDATA, t);
    SET(easy, CURLOPT_XFERINFOFUNCTION, transfer_is_over);
    SET(easy, CURLOPT_XFERINFODATA, t);
    SET(easy, CURLOPT_NOPROGRESS, 0L);
    if (t->guard != NULL) {
        SET(easy, CURLOPT_OPENSOCKETFUNCTION, transfer_open_socket);
        SET(easy, CURLOPT_OPENSOCKETDATA, t);
    }
}

static enum fail transfer_kind(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum fail kind;
    } kinds[] = {
        {CURLE_OPERATION_TIMEDOUT, FAIL_SOURCE_TIMEOUT},
        {CURLE_WRITE_ERROR, FAIL_SOURCE_ERROR}, /* `stop` says why */
        {CURLE_WEIRD_SERVER_REPLY, FAIL_SOURCE_ERROR},
        {CURLE_UNSUPPORTED_PROTOCOL, FAIL_SOURCE_ERROR}, /* no HTTP at all */
        {CURLE_HTTP2, FAIL_SOURCE_ERROR},
        {CURLE_BAD_CONTENT_ENCODING, FAIL_SOURCE_ERROR},
    };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i].code == code) {
            return kinds[i].kind;
        }
    }
    return FAIL_SOURCE_UNAVAILABLE;
}

/* An https URL with the port of a server that speaks plain http; OpenSSL only says which
 * bytes it didn't expect. */
static bool transfer_met_http(const char *words, CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR
           && (str_contains(str_from_z(words), S("wrong version number"))
               || str_contains(str_from_z(words), S("http request")));
}

Res transfer_fail(struct cx *cx, const struct net_transfer *t, CURLcode code, Str host)
{
    const char *words = t->words[0] != 0 ? t->words : curl_easy_strerror(code);
    enum fail kind = transfer_kind(code);

    if (transfer_met_http(words, code)) {
        words = "no TLS there: perhaps the port of a server that speaks plain http";
    }
    if (t->is_refused && !t->is_opened) {
        kind = FAIL_ADDRESS_REFUSED;
        words = "an address that is not public";
    }
    if (t->is_crowded) {
        kind = FAIL_UNAVAILABLE;
    }
    return fail(cx, kind, "%.*s: %s", STR_ARG(host), t->stop != NULL ? t->stop : words);
}
