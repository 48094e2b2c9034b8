/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_uri.c - the parts of any text, put together again, are the text.
 */
#include "base/buf.h"
#include "base/cx.h"
#include "base/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Str authority_join(struct arena *mem, const struct uri *u)
{
    struct buf b = {.mem = mem, .max = u->authority.n};

    buf_add(&b, u->user);
    buf_add(&b, u->has_user ? S("@") : S(""));
    buf_add(&b, u->host);
    buf_add(&b, u->has_port ? S(":") : S(""));
    buf_add(&b, u->port);
    return buf_text(&b);
}

static Str uri_join(struct arena *mem, const struct uri *u, size_t n, bool has_colon)
{
    struct buf b = {.mem = mem, .max = n};

    buf_add(&b, u->scheme);
    buf_add(&b, has_colon ? S(":") : S(""));
    buf_add(&b, u->has_authority ? S("//") : S(""));
    buf_add(&b, u->authority);
    buf_add(&b, u->path);
    buf_add(&b, u->has_query ? S("?") : S(""));
    buf_add(&b, u->query);
    buf_add(&b, u->has_fragment ? S("#") : S(""));
    buf_add(&b, u->fragment);
    return buf_text(&b);
}

static void check_judges(const struct uri *u)
{
    must_be(!uri_host_is_loopback(u->host) || uri_host_is_valid(u->host));
    must_be(!uri_port_is_valid(u->port) || uri_port(u) > 0);
    must_be(uri_is_same_origin(u, u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size};
    struct uri u = uri_split(text);
    struct cx cx = {0};
    bool has_colon = u.scheme.n > 0 || str_starts(text, S(":"));

    must_be(str_eq(uri_join(&cx.mem, &u, size, has_colon), text));
    must_be(!u.has_authority || str_eq(authority_join(&cx.mem, &u), u.authority));
    must_be(u.has_authority || (u.authority.n == 0 && u.host.n == 0 && !u.has_port));
    check_judges(&u);
    cx_done(&cx);
    return 0;
}
