/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.c - HMAC-SHA-256 over "{id}.{timestamp}.{body}", with one secret or two.
 */
#include "hooks/sign.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/keyring.h"
#include "seal/seal.h"

enum { SIGNED_HEAD_BYTES = 128 };

_Static_assert((int)SIGN_SECRET_BYTES == (int)SEAL_KEY_BYTES, "as seal_hmac takes it");

static Str secret_bytes(const unsigned char *secret)
{
    return (Str){(const char *)secret, SIGN_SECRET_BYTES};
}

void sign_secret_make(struct sign_secrets *s)
{
    s->has_before = false;
    seal_random(s->now, sizeof(s->now));
}

void sign_secret_rotate(struct sign_secrets *s)
{
    memcpy(s->before, s->now, sizeof(s->before));
    s->has_before = true;
    seal_random(s->now, sizeof(s->now));
}

Str sign_secret_text(struct arena *mem, const struct sign_secrets *s)
{
    return str_cat(mem, S("whsec_"), b64_encode(mem, secret_bytes(s->now)));
}

static Str sign_bound_to(struct arena *mem, int64_t endpoint)
{
    return str_cat(mem, S("webhook endpoint "), str_int(mem, endpoint));
}

Str sign_lock(
    struct arena *mem, const struct keyring *k, int64_t endpoint,
    const struct sign_secrets *s)
{
    Str both = str_cat(
        mem, secret_bytes(s->now), s->has_before ? secret_bytes(s->before) : S(""));

    return keyring_seal(mem, k, KEY_WEBHOOK, both, sign_bound_to(mem, endpoint));
}

Res sign_open(
    struct cx *cx, const struct keyring *k, int64_t endpoint, Str record,
    struct sign_secrets *ret)
{
    Str both;

    TRY(keyring_unseal(
        cx, k, KEY_WEBHOOK, record, sign_bound_to(&cx->mem, endpoint), &both));
    if (both.n != SIGN_SECRET_BYTES && both.n != 2 * SIGN_SECRET_BYTES) {
        return fail(cx, FAIL_UNREADABLE, "secrets of another length");
    }
    memcpy(ret->now, both.p, SIGN_SECRET_BYTES);
    ret->has_before = both.n > SIGN_SECRET_BYTES;
    if (ret->has_before) {
        memcpy(ret->before, both.p + SIGN_SECRET_BYTES, SIGN_SECRET_BYTES);
    }
    return OK;
}

static void signature_add(
    struct arena *mem, struct buf *b, const unsigned char *secret, Str content)
{
    unsigned char mac[SEAL_HASH_BYTES];

    seal_hmac(secret, content, mac);
    buf_add(b, b->n == 0 ? S("v1,") : S(" v1,"));
    buf_add(b, b64_encode(mem, (Str){(const char *)mac, sizeof(mac)}));
}

Str sign_message(
    struct arena *mem, const struct sign_secrets *s, Str id, int64_t timestamp_s,
    Str body)
{
    struct buf content = {
        .mem = mem, .max = SIGNED_HEAD_BYTES + id.n + LIMIT_WEBHOOK_BODY_BYTES};
    struct buf b = {.mem = mem, .max = SIGNED_HEAD_BYTES};

    buf_add(&content, id);
    buf_add_char(&content, '.');
    buf_add_int(&content, timestamp_s);
    buf_add_char(&content, '.');
    buf_add(&content, body);
    Str text = buf_text(&content);

    signature_add(mem, &b, s->now, text);
    if (s->has_before) {
        signature_add(mem, &b, s->before, text);
    }
    return buf_text(&b);
}
