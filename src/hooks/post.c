/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.c - signs and sends a message, and names what went wrong.
 */
#include "hooks/post.h"

#include <netdb.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/uri.h"
#include "net/guard.h"
#include "version.h"

static Str post_failure(enum fail kind)
{
    static const struct {
        enum fail kind;
        Str name;
    } names[] = {
        {FAIL_ADDRESS_REFUSED, SI("address_refused")},
        {FAIL_SOURCE_TIMEOUT, SI("timeout")},
        {FAIL_SOURCE_UNAVAILABLE, SI("unreachable")},
    };

    for (size_t i = 0; i < COUNT(names); i++) {
        if (names[i].kind == kind) {
            return names[i].name;
        }
    }
    return S("bad_answer");
}

void post_send(
    struct cx *cx, struct net *net, const struct hook_settings *settings,
    const struct post *post, struct post_result *ret)
{
    int64_t began_ms = clock_mono_ms();
    int64_t now_s = clock_now_s();
    const struct net_header headers[] = {
        {S("User-Agent"), S("Caldock/" CALDOCK_VERSION)},
        {S("webhook-id"), post->id},
        {S("webhook-timestamp"), str_int(&cx->mem, now_s)},
        {S("webhook-signature"),
         sign_message(&cx->mem, post->secrets, post->id, now_s, post->body)},
    };
    const struct net_request req = {
        .method = NET_POST,
        .url = post->url,
        .body = post->body,
        .content_type = NET_JSON,
        .headers = headers,
        .n_headers = COUNT(headers),
        .max_bytes = LIMIT_WEBHOOK_ANSWER_BYTES,
        .drops_body = true,
    };
    struct net_reply reply = {.retry_after_s = -1};
    Res res = net_perform(cx, &(struct net_via){net, &settings->net}, &req, &reply);

    *ret = (struct post_result){
        .status = reply.status,
        .failure = res.code == FAIL_NONE ? S("") : post_failure(res.code),
        .took_ms = clock_mono_ms() - began_ms,
        .retry_after_s = reply.retry_after_s,
    };
}

bool post_has_succeeded(const struct post_result *r)
{
    return r->status / 100 == 2;
}

/* Looking. */

static void addresses_done(struct addrinfo **all)
{
    if (*all != NULL) {
        freeaddrinfo(*all);
    }
}

Res post_look(struct cx *cx, const struct hook_settings *settings, Str url)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    CLEANUP(addresses_done) struct addrinfo *all = NULL;
    struct uri u = uri_split(url);
    bool is_tls = str_eq_nocase(u.scheme, S("https"));
    Str host = str_starts(u.host, S("[")) ? str_sub(u.host, 1, u.host.n - 1) : u.host;
    bool is_allowed = false;

    if (!guard_allows_url(url)) {
        return fail(
            cx, FAIL_ADDRESS_REFUSED,
            "a URL of an endpoint is https, has no user info and no fragment, and its port "
            "is 443 or 1024 at least");
    }
    if (getaddrinfo(str_zdup(&cx->mem, host), NULL, &hints, &all) != 0) {
        return fail(cx, FAIL_NOT_FOUND, "%.*s has no address now", STR_ARG(host));
    }
    for (const struct addrinfo *a = all; a != NULL; a = a->ai_next) {
        is_allowed = is_allowed || guard_allows(settings->net.guard, a->ai_addr, is_tls);
    }
    if (!is_allowed) {
        return fail(
            cx, FAIL_ADDRESS_REFUSED,
            "%.*s is no address that may be called%s: only public ones are, and what "
            "[webhooks] private_networks opens",
            STR_ARG(host), is_tls ? "" : " without TLS");
    }
    return OK;
}
