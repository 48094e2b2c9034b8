/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_line.c - method, target and version of a request (RFC 9112 §3).
 *
 * llhttp does not read this line, because it knows a fixed list of methods, tunnels
 * CONNECT, and takes HTTP/0.9, several spaces and fragments. The path stays
 * percent-encoded.
 */
#include "http/request_line.h"

#include "http/grammar.h"

static const struct method_name {
    Str name;
    enum method method;
} methods[] = {
    {SI("GET"), METHOD_GET},         {SI("HEAD"), METHOD_HEAD},
    {SI("POST"), METHOD_POST},       {SI("PUT"), METHOD_PUT},
    {SI("PATCH"), METHOD_PATCH},     {SI("DELETE"), METHOD_DELETE},
    {SI("OPTIONS"), METHOD_OPTIONS},
};

/* Visible ASCII; a fragment never belongs into a request. */
static bool target_is_plain(Str s)
{
    bool ok = s.n > 0;

    for (size_t i = 0; i < s.n; i++) {
        ok &= s.p[i] > ' ' && s.p[i] < 0x7F && s.p[i] != '#';
    }
    return ok;
}

static enum method method_read(Str name)
{
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (str_eq(methods[i].name, name)) {
            return methods[i].method;
        }
    }
    return METHOD_OTHER;
}

static bool target_strip_scheme(Str *target)
{
    static const Str schemes[] = {SI("http://"), SI("https://")};

    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (str_eq_nocase(str_sub(*target, 0, schemes[i].n), schemes[i])) {
            *target = str_sub(*target, schemes[i].n, target->n);
            return true;
        }
    }
    return false;
}

/* http://host/path?q means /path?q: this server has one host. */
static bool target_strip_origin(Str *target)
{
    size_t n = 0;

    if (!target_strip_scheme(target)) {
        return false;
    }
    while (n < target->n && target->p[n] != '/' && target->p[n] != '?') {
        n++;
    }
    Str host = str_sub(*target, 0, n);

    *target = str_sub(*target, n, target->n);
    return host.n > 0 && !str_contains(host, S("@"));
}

static bool target_read(Str target, struct http_request *req)
{
    bool is_whole = (req->method == METHOD_OPTIONS && str_eq(target, S("*")))
                    || str_eq(req->method_text, S("CONNECT"));
    size_t at;

    if (is_whole) {
        req->path = target;
        return true;
    }
    if (!str_starts(target, S("/")) && !target_strip_origin(&target)) {
        return false;
    }
    req->path = target;
    if (str_find(target, '?', &at)) {
        req->path = str_sub(target, 0, at);
        req->query = str_sub(target, at + 1, target.n);
    }
    if (req->path.n == 0) {
        req->path = S("/");
    }
    return true;
}

void request_line_peek(Str begun, struct http_request *req)
{
    Str method;
    size_t at;

    if (grammar_token(&begun, &method) && grammar_char(&begun, ' ')
        && str_starts(begun, S("/")) && str_find(begun, '?', &at)
        && target_is_plain(str_sub(begun, 0, at))) {
        req->method_text = method;
        req->method = method_read(method);
        req->path = str_sub(begun, 0, at);
    }
}

static enum fail version_read(Str version, bool *is_http10)
{
    bool is_version = version.n == 8 && str_starts(version, S("HTTP/"))
                      && char_is_digit((unsigned char)version.p[5]) && version.p[6] == '.'
                      && char_is_digit((unsigned char)version.p[7]);

    if (!is_version) {
        return FAIL_MALFORMED_REQUEST;
    }
    *is_http10 = str_eq(version, S("HTTP/1.0"));
    return *is_http10 || str_eq(version, S("HTTP/1.1")) ? FAIL_NONE : FAIL_HTTP_VERSION;
}

enum fail request_line_read(Str line, struct http_request *req, bool *is_http10)
{
    Str method;
    Str target;

    if (!grammar_token(&line, &method) || !grammar_char(&line, ' ')
        || !str_next_part(&line, ' ', &target) || !target_is_plain(target)) {
        return FAIL_MALFORMED_REQUEST;
    }
    req->method_text = method;
    req->method = method_read(method);
    enum fail why = version_read(line, is_http10);

    return why == FAIL_NONE && !target_read(target, req) ? FAIL_MALFORMED_REQUEST : why;
}
