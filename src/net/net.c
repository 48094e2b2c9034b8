/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.c - the one place where libcurl is called.
 *
 * What goes out is in the caller's arena, which wipes it; libcurl is handed pointers, not
 * copies. There is no switch that turns verification off.
 */
#include "net/net.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "net/authority.h"
#include "version.h"

/* Servers close what idles, some after 5 seconds, and a request that meets the closing is
 * not sent again. */
#define CONNECTION_IDLE_S 3L

/* A setting that this libcurl does not take is a build that must not run. */
#define SET(easy, option, value)                                                         \
    must_be(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

struct net {
    CURL *easy;
    _Atomic int64_t end_ms; /* 0: none is set */
};

/* One call under way, for the callbacks. */
struct call {
    bool is_sent;
    struct buf body;
    size_t head_bytes;
    char words[CURL_ERROR_SIZE];
};

struct origin {
    Str scheme;
    Str host;
    Str port;
};

/* TLS writes without MSG_NOSIGNAL: a peer that is gone must be an error, not the end. */
bool net_start(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void net_stop(void)
{
    curl_global_cleanup();
}

struct net *net_open(void)
{
    struct net *n = heap_alloc(sizeof(*n));

    n->easy = curl_easy_init();
    must_be(n->easy != NULL);
    return n;
}

void net_close(struct net **n)
{
    if (*n != NULL) {
        curl_easy_cleanup((*n)->easy);
        heap_free(*n);
        *n = NULL;
    }
}

void net_end_by(struct net *n, int64_t mono_ms)
{
    atomic_store(&n->end_ms, mono_ms);
}

static bool is_url_char(unsigned char c)
{
    return c > ' ' && c < 0x7F && c != '\\' && c != '#';
}

static bool origin_parse(Str url, struct origin *ret)
{
    struct origin o;
    size_t at;
    bool has_port;

    if (!str_is_only(url, is_url_char) || !str_find(url, ':', &at)
        || !str_starts(str_sub(url, at, url.n), S("://"))) {
        return false;
    }
    o.scheme = str_sub(url, 0, at);
    Str authority = str_sub(url, at + 3, url.n);

    for (at = 0; at < authority.n && authority.p[at] != '/' && authority.p[at] != '?';) {
        at++;
    }
    authority_split(str_sub(authority, 0, at), &o.host, &o.port, &has_port);
    if (!host_is_valid(o.host) || (has_port && !port_is_valid(o.port))) {
        return false;
    }
    if (!has_port) {
        o.port = str_eq_nocase(o.scheme, S("https")) ? S("443") : S("80");
    }
    *ret = o;
    return true;
}

Res net_reply_check(struct cx *cx, const struct net_reply *reply)
{
    if (reply->status == 429) {
        return fail(cx, FAIL_SOURCE_RATE_LIMITED, "the source is throttling");
    }
    if (reply->status >= 500) {
        return fail(cx, FAIL_SOURCE_UNAVAILABLE, "the source answered %d", reply->status);
    }
    if (reply->status / 100 != 2 && reply->status / 100 != 4) {
        return fail(cx, FAIL_SOURCE_ERROR, "the source answered %d", reply->status);
    }
    return OK;
}

bool net_reply_is(const struct net_reply *reply, Str type)
{
    Str rest = reply->content_type;
    Str media;

    return str_next_part(&rest, ';', &media) && str_eq_nocase(str_trim(media), type);
}

bool net_url_is_allowed(Str url)
{
    struct origin o;

    return origin_parse(url, &o)
           && (str_eq_nocase(o.scheme, S("https"))
               || (str_eq_nocase(o.scheme, S("http")) && host_is_loopback(o.host)));
}

static bool port_eq(Str a, Str b)
{
    int64_t x = 0;
    int64_t y = 0;

    return str_to_int(a, &x) && str_to_int(b, &y) && x == y;
}

bool net_same_origin(Str a, Str b)
{
    struct origin x;
    struct origin y;

    return origin_parse(a, &x) && origin_parse(b, &y) && str_eq_nocase(x.scheme, y.scheme)
           && str_eq_nocase(x.host, y.host) && port_eq(x.port, y.port);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
    struct call *call = user;

    buf_add(&call->body, (Str){bytes, size * n});
    return call->body.full ? 0 : size * n;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t on_head(char *bytes, size_t size, size_t n, void *user)
{
    struct call *call = user;

    (void)bytes;
    call->head_bytes += size * n;
    return call->head_bytes > LIMIT_REPLY_HEAD_BYTES ? 0 : size * n;
}

/*
 * Before a request goes out. libcurl sends it again by itself when a kept connection
 * turns out to be dead; a code must go out once, and a reset is a reset (contract §9).
 */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int on_request(void *user, char *ip, char *own_ip, int port, int own_port)
{
    struct call *call = user;
    bool is_again = call->is_sent;

    (void)ip, (void)own_ip, (void)port, (void)own_port;
    call->is_sent = true;
    return is_again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* About once a second, whatever the source does. */
static int on_progress(
    void *user, curl_off_t down, curl_off_t downed, curl_off_t up, curl_off_t upped)
{
    const struct net *n = user;
    int64_t end_ms = atomic_load(&n->end_ms);

    (void)down, (void)downed, (void)up, (void)upped;
    return end_ms != 0 && clock_mono_ms() >= end_ms;
}

static void headers_add(struct arena *mem, struct curl_slist **list, Str name, Str value)
{
    struct curl_slist *item = NEW(mem, struct curl_slist);
    Str line = str_cat(mem, str_cat(mem, name, value), (Str){"", 1});
    char *text = arena_alloc(mem, line.n);

    memcpy(text, line.p, line.n);
    item->data = text;
    item->next = *list;
    *list = item;
}

/* The list is the arena's, not libcurl's, since it may hold a token. */
static struct curl_slist *headers_of(struct arena *mem, const struct net_request *req)
{
    struct curl_slist *list = NULL;

    headers_add(mem, &list, S("Accept: application/json"), S(""));
    if (req->is_post) {
        headers_add(
            mem, &list, S("Content-Type: application/x-www-form-urlencoded"), S(""));
        headers_add(mem, &list, S("Expect:"), S(""));
    }
    if (req->bearer.n > 0) {
        headers_add(mem, &list, S("Authorization: Bearer "), req->bearer);
    }
    return list;
}

static void set_wire(CURL *easy, const struct net_options *options, bool is_loopback)
{
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S);
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_USERAGENT, "caldock/" CALDOCK_VERSION);
    if (options->ca_file != NULL) {
        SET(easy, CURLOPT_CAINFO, options->ca_file);
    }
    if (is_loopback) {
        SET(easy, CURLOPT_PROXY, "");
    }
}

static void set_call(
    CURL *easy, struct cx *cx, const struct net_request *req, const char *url,
    struct call *call)
{
    SET(easy, CURLOPT_URL, url);
    SET(easy, CURLOPT_HTTPHEADER, headers_of(&cx->mem, req));
    SET(easy, CURLOPT_ERRORBUFFER, call->words);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_WRITEDATA, call);
    SET(easy, CURLOPT_HEADERFUNCTION, on_head);
    SET(easy, CURLOPT_HEADERDATA, call);
    SET(easy, CURLOPT_PREREQFUNCTION, on_request);
    SET(easy, CURLOPT_PREREQDATA, call);
    if (req->is_post) {
        SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->form.n);
        SET(easy, CURLOPT_POSTFIELDS, req->form.n == 0 ? "" : req->form.p);
    }
}

static enum fail kind_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum fail kind;
    } kinds[] = {
        {CURLE_OPERATION_TIMEDOUT,   FAIL_SOURCE_TIMEOUT},
        {CURLE_WRITE_ERROR,          FAIL_SOURCE_ERROR  }, /* our limits */
        {CURLE_WEIRD_SERVER_REPLY,   FAIL_SOURCE_ERROR  },
        {CURLE_UNSUPPORTED_PROTOCOL, FAIL_SOURCE_ERROR  }, /* no HTTP at all */
        {CURLE_HTTP2,                FAIL_SOURCE_ERROR  },
        {CURLE_BAD_CONTENT_ENCODING, FAIL_SOURCE_ERROR  },
    };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i].code == code) {
            return kinds[i].kind;
        }
    }
    return FAIL_SOURCE_UNAVAILABLE;
}

/* The value of a header of the answer, empty when it has none. */
static Str header_value(CURL *easy, const char *name)
{
    struct curl_header *h = NULL;

    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
               ? str_trim(str_from_z(h->value))
               : S("");
}

static int64_t retry_after_of(struct cx *cx, Str value)
{
    const char *z;
    int64_t seconds = -1;

    if (value.n == 0 || str_to_int(value, &seconds)) {
        return seconds < 0 ? -1 : seconds;
    }
    if (str_z(cx, value, &z).code != FAIL_NONE) {
        return -1;
    }
    time_t at = curl_getdate(z, NULL);
    int64_t left = (int64_t)at - clock_now_s();

    if (at < 0) {
        return -1;
    }
    return left < 0 ? 0 : left;
}

static int64_t max_age_of(Str value)
{
    int64_t age = -1;
    Str word;

    while (str_next_word(&value, S(", \t"), &word)) {
        int64_t seconds = 0;

        if (str_eq_nocase(word, S("no-store")) || str_eq_nocase(word, S("no-cache"))) {
            return 0;
        }
        if (str_eq_nocase(str_sub(word, 0, 8), S("max-age="))
            && str_to_int(str_sub(word, 8, word.n), &seconds) && seconds >= 0) {
            age = seconds;
        }
    }
    return age;
}

static void read_reply(
    CURL *easy, struct cx *cx, const struct call *call, struct net_reply *ret)
{
    long status = 0;

    must_be(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    ret->status = (int)status;
    ret->content_type = str_dup(&cx->mem, header_value(easy, "Content-Type"));
    ret->body = buf_text(&call->body);
    ret->retry_after_s = retry_after_of(cx, header_value(easy, "Retry-After"));
    ret->max_age_s = max_age_of(header_value(easy, "Cache-Control"));
}

Res net_perform(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct net_request *req, struct net_reply *ret)
{
    struct call call = {
        .body = {.mem = &cx->mem, .max = req->max_bytes},
    };
    struct origin origin;
    const char *url;
    int64_t left = cx_left_ms(cx, options->timeout_ms);

    if (!net_url_is_allowed(req->url) || !origin_parse(req->url, &origin)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a URL that is neither https nor loopback");
    }
    if (left <= 0) {
        return fail(cx, FAIL_SOURCE_TIMEOUT, "no time left to call a source");
    }
    TRY(str_z(cx, req->url, &url));
    set_wire(net->easy, options, host_is_loopback(origin.host));
    set_call(net->easy, cx, req, url, &call);
    SET(net->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(net->easy, CURLOPT_XFERINFODATA, net);
    SET(net->easy, CURLOPT_NOPROGRESS, 0L);
    SET(net->easy, CURLOPT_TIMEOUT_MS, (long)left);
    SET(net->easy, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(options->connect_timeout_ms < left ? options->connect_timeout_ms : left));
    CURLcode code = curl_easy_perform(net->easy);

    if (code == CURLE_OK) {
        read_reply(net->easy, cx, &call, ret);
    }
    curl_easy_reset(net->easy); /* keeps connections, forgets what points in here */
    if (code != CURLE_OK) {
        return fail(
            cx, kind_of(code), "%.*s: %s", (int)origin.host.n, origin.host.p,
            call.words[0] != 0 ? call.words : curl_easy_strerror(code));
    }
    return OK;
}
