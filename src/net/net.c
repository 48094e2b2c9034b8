/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.c - a call from its settings to its reply, by libcurl.
 *
 * A request lives in the caller's arena, which wipes it; libcurl gets pointers where it
 * takes them, not copies. No switch turns verification off.
 */
#include "net/net.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/metric.h"
#include "net/head.h"
#include "net/memory.h"
#include "net/origin.h"
#include "net/request.h"
#include "net/setopt.h"
#include "net/source_log.h"
#include "net/transfer.h"
#include "version.h"

/* Servers close idle connections, some after 5 seconds, and a request that meets the
 * closing is not sent again. */
#define CONNECTION_IDLE_S 3L

/* More fields of one name are not looked at. */
enum { REPLY_FIELDS = 16 };

struct net {
    CURL *easy;
    uint64_t ca_mark;       /* of the authorities that verified its connections */
    _Atomic int64_t end_ms; /* 0: none is set */
};

/* OpenSSL writes without MSG_NOSIGNAL: SIGPIPE would end the process when a peer is gone.
 */
bool net_start(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    CURLcode code = curl_global_init_mem(
        CURL_GLOBAL_DEFAULT, memory_alloc, memory_free, memory_realloc, memory_dup_z,
        memory_alloc_n);

    return code == CURLE_OK
           && (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_LIBZ) != 0;
}

void net_stop(void)
{
    curl_global_cleanup();
}

static CURL *easy_open(void)
{
    CURL *easy = curl_easy_init();

    must_be(easy != NULL);
    return easy;
}

struct net *net_open(void)
{
    struct net *n = heap_alloc(sizeof(*n));

    n->easy = easy_open();
    return n;
}

/* libcurl only compares the file's name, and resumed sessions aren't verified again. */
static void net_forget_others(struct net *n, const struct net_options *options)
{
    if (n->ca_mark != options->ca_mark) {
        curl_easy_cleanup(n->easy);
        n->easy = easy_open();
        n->ca_mark = options->ca_mark;
    }
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
    return head_type_is(reply->content_type, type);
}

/* OpenSSL decrypts an answer into a buffer of its own; this makes it wipe that. */
static CURLcode net_tls_wipes(CURL *easy, void *tls, void *user)
{
    const struct curl_tlssessioninfo *info = NULL;

    (void)user;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK
        && info->backend == CURLSSLBACKEND_OPENSSL) {
        SSL_CTX_set_options(tls, SSL_OP_CLEANSE_PLAINTEXT);
    }
    return CURLE_OK;
}

static void net_set_wire(CURL *easy, const struct net_options *options)
{
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S);
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_USERAGENT, "caldock/" CALDOCK_VERSION);
    /* A libcurl with another TLS library may not know this. */
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, net_tls_wipes);
    if (options->ca_file != NULL) { /* file and folder: both halves of the default */
        SET(easy, CURLOPT_CAINFO, options->ca_file);
        SET(easy, CURLOPT_CAPATH, NULL);
    }
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Authorities are read for each connection, as older ones do. The thread that looks a
     * name up is left behind when the time is over; older ones wait for it. */
    SET(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    SET(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
}

/* For URLs of the configuration. */
static void net_set_trusted(CURL *easy, Str host)
{
    SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (uri_host_is_loopback(host)) {
        SET(easy, CURLOPT_PROXY, "");
    }
}

/* For URLs that tenants name: nothing is spoken that such a call doesn't need, and no
 * proxy stands between the guard and the address. */
static void net_set_guarded(CURL *easy)
{
    SET(easy, CURLOPT_PROXY, "");
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    SET(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void net_set_time(CURL *easy, const struct net_options *options, int64_t left_ms)
{
    int64_t connect_ms = options->connect_timeout_ms;

    SET(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(connect_ms < left_ms ? connect_ms : left_ms));
}

static int64_t net_left_ms(
    const struct cx *cx, const struct net_options *options, const struct net_request *req)
{
    bool is_less = req->timeout_ms > 0 && req->timeout_ms < options->timeout_ms;

    return cx_left_ms(cx, is_less ? req->timeout_ms : options->timeout_ms);
}

/* The value of the answer's first field of that name; empty: there is none. */
static Str reply_field(CURL *easy, const char *name)
{
    struct curl_header *h = NULL;

    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
               ? str_trim(str_from_z(h->value))
               : S("");
}

/* The values of a repeated field, joined by commas (RFC 9110 §5.3). */
static Str reply_fields(CURL *easy, struct arena *mem, const char *name)
{
    struct curl_header *h = NULL;
    struct buf all = {.mem = mem, .max = 2 * LIMIT_REPLY_HEAD_BYTES};

    for (size_t i = 0;
         i < REPLY_FIELDS
         && curl_easy_header(easy, name, i, CURLH_HEADER, -1, &h) == CURLHE_OK;
         i++) {
        buf_add(&all, str_from_z(h->value));
        buf_add_char(&all, ',');
    }
    return buf_text(&all);
}

static void reply_read(
    CURL *easy, struct arena *mem, const struct net_transfer *t, const char *field,
    struct net_reply *ret)
{
    long status = 0;
    int64_t most_s = t->guard == NULL ? LIMIT_RETRY_AFTER_S : LIMIT_GUARDED_RETRY_AFTER_S;

    must_be(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    ret->status = (int)status;
    ret->content_type = str_dup(mem, reply_field(easy, "Content-Type"));
    ret->body = buf_text(&t->body);
    ret->date_s = head_date_s(reply_field(easy, "Date"));
    ret->retry_after_s = head_retry_after_s(
        reply_field(easy, "Retry-After"), ret->date_s < 0 ? clock_now_s() : ret->date_s,
        most_s);
    ret->max_age_s = head_max_age_s(
        reply_fields(easy, mem, "Cache-Control"), reply_field(easy, "Age"));
    ret->field = field == NULL ? S("") : str_dup(mem, reply_field(easy, field));
}

/* After a reply's head nothing can happen to it any more. 1xx is none. */
static bool net_has_reply(CURL *easy, const struct net_transfer *t, CURLcode code)
{
    long status = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return code == CURLE_OK || (t->drops_body && t->has_head && status >= 200);
}

static Res net_run(
    struct cx *cx, const struct net_via *via, const struct net_request *req,
    struct net_reply *ret)
{
    struct net_transfer t = {
        .guard = via->options->guard,
        .body = {.mem = &cx->mem, .max = req->max_bytes},
        .room = req->room,
        .drops_body = req->drops_body,
        .end_ms = &via->net->end_ms,
    };
    struct uri origin;
    int64_t left_ms = net_left_ms(cx, via->options, req);

    TRY(net_request_check(cx, t.guard, req));
    must_be(origin_parse(req->url, &origin));
    if (left_ms <= 0) {
        return fail(cx, FAIL_SOURCE_TIMEOUT, "no time left for a call");
    }
    net_forget_others(via->net, via->options);
    CURL *easy = via->net->easy;

    t.is_tls = origin_is_tls(&origin);
    net_set_wire(easy, via->options);
    if (t.guard == NULL) {
        net_set_trusted(easy, origin.host);
    } else {
        net_set_guarded(easy);
    }
    net_set_time(easy, via->options, left_ms);
    net_request_set(easy, &cx->mem, req);
    transfer_watch(easy, &t);
    CURLcode code = curl_easy_perform(easy);
    bool has_reply = net_has_reply(easy, &t, code);

    if (has_reply) {
        reply_read(easy, &cx->mem, &t, req->field, ret);
    }
    curl_easy_reset(easy); /* keeps connections, forgets pointers into this frame */
    return has_reply ? OK : transfer_fail(cx, &t, code, origin.host);
}

static enum metric_answer reply_counts_as(int status)
{
    if (status >= 500) {
        return METRIC_ANSWER_FAILED;
    }
    if (status == 429) {
        return METRIC_ANSWER_THROTTLED;
    }
    return status >= 400 ? METRIC_ANSWER_REFUSED : METRIC_ANSWER_OK;
}

static enum metric_answer failure_counts_as(enum fail kind)
{
    if (kind == FAIL_SOURCE_TIMEOUT) {
        return METRIC_ANSWER_TIMEOUT;
    }
    return kind == FAIL_SOURCE_UNAVAILABLE ? METRIC_ANSWER_AWAY : METRIC_ANSWER_UNUSABLE;
}

static void net_count(
    const struct net_purpose *purpose, enum metric_answer answer, int64_t took_us)
{
    const size_t values[] = {
        (size_t)purpose->source - 1, (size_t)purpose->operation, (size_t)answer};

    metric_add(
        METRIC_SOURCE_REQUESTS, metric_place_of(METRIC_SOURCE_REQUESTS, values), 1);
    metric_observe_us(
        METRIC_SOURCE_DURATION, metric_place_of(METRIC_SOURCE_DURATION, values), took_us);
}

/* Of a call that has a purpose. One that the end of the process cut is no news. */
static void net_tell(
    struct cx *cx, const struct net_via *via, const struct net_request *req,
    const struct source_end *end)
{
    bool has_reply = end->res.code == FAIL_NONE;

    net_count(
        &req->purpose,
        has_reply ? reply_counts_as(end->status) : failure_counts_as(end->res.code),
        end->took_us);
    if (has_reply || atomic_load(&via->net->end_ms) == 0) {
        source_log_call(cx, end);
    }
}

Res net_perform(
    struct cx *cx, const struct net_via *via, const struct net_request *req,
    struct net_reply *ret)
{
    int64_t began_us = clock_mono_us();
    Res res = net_run(cx, via, req, ret);

    if (res.code == FAIL_UNAVAILABLE) { /* that says nothing of the source */
        return res;
    }
    if (req->purpose.source != 0) {
        net_tell(
            cx, via, req,
            &(struct source_end){
                .purpose = &req->purpose,
                .res = res,
                .status = res.code == FAIL_NONE ? ret->status : 0,
                .took_us = clock_mono_us() - began_us,
            });
    }
    return res;
}
