/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify_token.c - makes and checks the tokens of notifications.
 */
#include "calendars/notify_token.h"

#include "base/cx.h"

enum {
    TOKEN_VERSION = 1,
    TOKEN_SAID_BYTES = 1 + 1 + 8 + 4,
    TOKEN_MAC_BYTES = 16,
    TOKEN_BYTES = TOKEN_SAID_BYTES + TOKEN_MAC_BYTES,
};

_Static_assert(TOKEN_BYTES * 4 == NOTIFY_TOKEN_CHARS * 3, "base64 without padding");

static unsigned char *token_put(unsigned char *p, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--) {
        *p++ = (unsigned char)(value >> (8 * (i - 1)));
    }
    return p;
}

static uint64_t token_take(const unsigned char **p, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | *(*p)++;
    }
    return value;
}

static void token_mac(const struct instance_keys *keys, unsigned char bytes[TOKEN_BYTES])
{
    Str said = {(const char *)bytes, TOKEN_SAID_BYTES};

    seal_mac(keys->notify, said, bytes + TOKEN_SAID_BYTES, TOKEN_MAC_BYTES);
}

Str notify_token_make(
    struct arena *mem, const struct instance_keys *keys, const struct notify_token *t)
{
    unsigned char bytes[TOKEN_BYTES];
    unsigned char *p = bytes;

    p = token_put(p, TOKEN_VERSION, 1);
    p = token_put(p, (uint64_t)t->source, 1);
    p = token_put(p, (uint64_t)t->settings, 8);
    (void)token_put(p, t->channel, 4);
    token_mac(keys, bytes);
    return b64url_encode(mem, (Str){(const char *)bytes, TOKEN_BYTES});
}

/* What is said is believed only once the MAC fits. */
static bool token_is_ours(const struct instance_keys *keys, Str bytes)
{
    unsigned char again[TOKEN_BYTES];

    memcpy(again, bytes.p, TOKEN_SAID_BYTES);
    token_mac(keys, again);
    return seal_equal(bytes, (Str){(const char *)again, TOKEN_BYTES});
}

bool notify_token_check(
    struct cx *cx, const struct instance_keys *keys, enum source_id source, Str text,
    struct notify_token *ret)
{
    Str bytes;

    if (text.n != NOTIFY_TOKEN_CHARS || b64url_decode(cx, text, &bytes).code != FAIL_NONE
        || !token_is_ours(keys, bytes)) {
        return false;
    }
    const unsigned char *p = (const unsigned char *)bytes.p;
    uint64_t version = token_take(&p, 1);
    uint64_t of_source = token_take(&p, 1);
    uint64_t settings = token_take(&p, 8);
    uint64_t channel = token_take(&p, 4);

    if (version != TOKEN_VERSION || of_source != (uint64_t)source) {
        return false;
    }
    *ret = (struct notify_token){source, (int64_t)settings, (uint32_t)channel};
    return true;
}
