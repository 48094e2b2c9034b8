/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - method, headers and body of a call. Nothing in them can end a line.
 */
#include "net/request.h"

#include "base/cx.h"
#include "base/limits.h"
#include "net/guard.h"
#include "net/origin.h"
#include "net/setopt.h"

static const char *const request_methods[] = {
    [NET_GET] = "GET",     [NET_POST] = "POST",     [NET_PUT] = "PUT",
    [NET_PATCH] = "PATCH", [NET_DELETE] = "DELETE",
};

static bool request_has_body(const struct net_request *req)
{
    return req->method == NET_POST || req->method == NET_PUT || req->method == NET_PATCH;
}

static bool header_char_is_token(unsigned char c)
{
    return char_is_alnum(c) || c == '-' || c == '_';
}

static bool header_char_is_plain(unsigned char c)
{
    return c >= ' ' && c != 0x7F;
}

/* No byte of a value ends its line, and none is trimmed on the way. */
static bool header_value_is_valid(Str value)
{
    return str_is_only(value, header_char_is_plain) && str_eq(value, str_trim(value));
}

static bool header_is_valid(const struct net_header *h)
{
    return h->name.n > 0 && str_is_only(h->name, header_char_is_token) && h->value.n > 0
           && header_value_is_valid(h->value);
}

Res net_request_check(
    struct cx *cx, const struct net_guard *guard, const struct net_request *req)
{
    bool is_valid =
        header_value_is_valid(req->bearer) && header_value_is_valid(req->content_type);

    must_be(req->body.n == 0 || request_has_body(req));
    for (size_t i = 0; i < req->n_headers; i++) {
        is_valid = is_valid && header_is_valid(&req->headers[i]);
    }
    if (!is_valid) {
        return fail(cx, FAIL_SOURCE_ERROR, "a header that cannot be sent");
    }
    if (req->max_bytes > LIMIT_REPLY_BYTES) {
        return fail(
            cx, FAIL_LIMIT, "answers of %zu bytes; %d at most", req->max_bytes,
            LIMIT_REPLY_BYTES);
    }
    if (guard == NULL && !net_url_is_allowed(req->url)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a URL that is neither https nor loopback");
    }
    if (guard != NULL && !guard_allows_url(req->url)) {
        return fail(cx, FAIL_ADDRESS_REFUSED, "a URL that no tenant may name");
    }
    return OK;
}

static void request_header_add(
    struct arena *mem, struct curl_slist **list, Str name, Str value)
{
    struct curl_slist *item = NEW(mem, struct curl_slist);
    Str line = str_cat(mem, str_cat(mem, name, value), (Str){"", 1});
    char *text = arena_alloc(mem, line.n);

    memcpy(text, line.p, line.n);
    item->data = text;
    item->next = *list;
    *list = item;
}

/* The list is made in the arena, which wipes it, because it may hold a token. */
static struct curl_slist *request_headers(
    struct arena *mem, const struct net_request *req)
{
    struct curl_slist *list = NULL;

    request_header_add(mem, &list, S("Accept: application/json"), S(""));
    if (request_has_body(req)) { /* no value: libcurl's own is not sent */
        request_header_add(mem, &list, S("Content-Type: "), req->content_type);
        request_header_add(mem, &list, S("Expect:"), S(""));
    }
    if (req->bearer.n > 0) {
        request_header_add(mem, &list, S("Authorization: Bearer "), req->bearer);
    }
    for (size_t i = 0; i < req->n_headers; i++) {
        Str name = str_cat(mem, req->headers[i].name, S(": "));

        request_header_add(mem, &list, name, req->headers[i].value);
    }
    return list;
}

void net_request_set(CURL *easy, struct arena *mem, const struct net_request *req)
{
    const char *url = str_zdup(mem, req->url);

    SET(easy, CURLOPT_URL, url);
    SET(easy, CURLOPT_HTTPHEADER, request_headers(mem, req));
    if (request_has_body(req)) {
        SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
        SET(easy, CURLOPT_POSTFIELDS, req->body.n == 0 ? "" : req->body.p);
    }
    if (req->method != NET_GET) {
        SET(easy, CURLOPT_CUSTOMREQUEST, request_methods[req->method]);
    }
}
