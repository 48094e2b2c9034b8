/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_headers.c - any bytes as the fields of a request, through the real parser, into
 * the readers of the headers that say who asks.
 *
 * A reader gives a value of its own alphabet or blames a header. A hint is no part of a
 * credential. An unknown credential is cold, whatever else the request says.
 */
#include "auth/check.h"
#include "auth/headers.h"
#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "http/parser.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_BYTES = 64 * 1024 };

static bool fuzz_parse(struct cx *cx, Str fields, struct http_request *req)
{
    struct buf b = {.mem = &cx->mem, .max = HEAD_BYTES};
    struct parser p;
    Str bytes;

    buf_add(&b, S("GET /api/v2/x HTTP/1.1\r\nHost: h\r\n"));
    buf_add(&b, fields);
    buf_add(&b, S("\r\n\r\n"));
    if (buf_done(cx, &b, &bytes).code != FAIL_NONE) {
        return false;
    }
    parser_begin(&p, &cx->mem, req);
    (void)parser_eat(&p, bytes);
    return parser_is_done(&p) && req->refusal == FAIL_NONE;
}

static void fuzz_read_credential(struct cx *cx, const struct http_request *req)
{
    unsigned char hash[SEAL_HASH_BYTES];
    struct credential c = {.kind = 0};
    Res res = header_read_credential(cx, req, &c);
    Str hint = header_credential_hint(req);
    Str value = S("");

    (void)http_header(req, S("Authorization"), &value);
    must_be(hint.n == 0 || hint.p + hint.n <= value.p || hint.p >= value.p + value.n);
    if (res.code != FAIL_NONE) {
        must_be(
            res.code == FAIL_NOT_AUTHENTICATED || res.code == FAIL_AUTHENTICATION_FAILED);
        return;
    }
    seal_sha256(c.text, hash);
    must_be(seal_equal(
        (Str){(char *)hash, sizeof(hash)}, (Str){(char *)c.hash, sizeof(c.hash)}));
    must_be(c.text.n <= LIMIT_CREDENTIAL_BYTES && str_ends(str_trim(value), c.text));
    must_be((c.kind == CREDENTIAL_TOKEN) == api_token_is_wellformed(c.text));
}

static void fuzz_read_others(struct cx *cx, const struct http_request *req)
{
    struct auth_error e = {.field = S("")};
    int64_t provider = 0;
    enum mode mode = MODE_NONE;
    Str user = S("");
    Res results[] = {
        header_read_provider(cx, req, &provider, &e),
        header_read_mode(cx, req, &mode, &e),
        header_read_user(cx, req, &user, &e),
    };
    bool all_good = true;

    for (size_t i = 0; i < COUNT(results); i++) {
        must_be(
            results[i].code == FAIL_NONE || results[i].code == FAIL_PARAMETER_INVALID);
        all_good = all_good && results[i].code == FAIL_NONE;
    }
    must_be(all_good == (e.field.n == 0) && (e.field.n == 0) == (e.message.n == 0));
    must_be(provider >= 0 && mode >= MODE_NONE && mode <= MODE_PROVIDER);
    must_be(user.n == 0 || auth_user_is_valid(user));
}

static void fuzz_check(struct cx *cx, const struct http_request *req)
{
    static struct auth_cache *cache;
    static const struct auth_settings settings;
    struct identity who = {.provider = -1};
    struct auth_error error = {0};
    struct auth_gap gap;

    if (cache == NULL) {
        cache = auth_cache_open();
    }
    const struct auth_ask ask = {.cache = cache, .settings = &settings, .req = req};
    Res res = auth_check(cx, &ask, &gap, &who, &error);

    must_be((res.code == FAIL_NONE) == (gap.credential && gap.provider));
    must_be(who.provider == -1 && !gap.is_renewal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    struct http_request req;

    must_be(seal_start());
    if (fuzz_parse(&cx, (Str){(const char *)data, size}, &req)) {
        fuzz_read_credential(&cx, &req);
        fuzz_read_others(&cx, &req);
        fuzz_check(&cx, &req);
    }
    return 0;
}
