/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c - base64url of version (1), key id (4), flow id (24), ciphertext and tag.
 *
 * The flow's id is the nonce of its own sealing: 192 random bits never meet twice. What
 * stands before it is the associated data, so no byte can be altered.
 */
#include "oauth/state.h"

#include <string.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/pack.h"

enum {
    VERSION = 1,
    ID_AT = 1 + KEY_ID_BYTES,
    SEALED_AT = ID_AT + FLOW_ID_BYTES,
    BARE_BYTES = SEALED_AT + SEAL_TAG_BYTES,
    TEXT_MOST_BYTES = LIMIT_STATE_BYTES / 4 * 3 - BARE_BYTES,
};

_Static_assert((int)FLOW_ID_BYTES == (int)SEAL_NONCE_BYTES, "a flow's id is a nonce");

static void flow_pack(struct buf *b, const struct flow *f)
{
    pack_int(b, f->credential);
    pack_int(b, f->token_id);
    pack_text(b, f->issuer);
    pack_int(b, f->provider);
    pack_int(b, f->mode);
    pack_text(b, f->user);
    pack_int(b, f->source);
    pack_text(b, f->redirect_uri);
    pack_int(b, f->expires_s);
}

static bool flow_unpack(Str text, struct flow *ret)
{
    struct unpack u = {.rest = text};

    ret->credential = (enum credential_kind)unpack_int(&u);
    ret->token_id = unpack_int(&u);
    ret->issuer = unpack_text(&u);
    ret->provider = unpack_int(&u);
    ret->mode = (enum mode)unpack_int(&u);
    ret->user = unpack_text(&u);
    ret->source = (enum source_id)unpack_int(&u);
    ret->redirect_uri = unpack_text(&u);
    ret->expires_s = unpack_int(&u);
    return unpack_done(&u);
}

static void key_id_write(uint32_t id, unsigned char *to)
{
    for (int i = 0; i < KEY_ID_BYTES; i++) {
        to[i] = (unsigned char)(id >> (24 - 8 * i));
    }
}

static uint32_t key_id_read(const unsigned char *from)
{
    uint32_t id = 0;

    for (int i = 0; i < KEY_ID_BYTES; i++) {
        id = id << 8 | from[i];
    }
    return id;
}

Res state_seal(struct cx *cx, const struct keyring *k, struct flow *flow, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = TEXT_MOST_BYTES};
    Str text;

    flow_pack(&b, flow);
    TRY(buf_done(cx, &b, &text));
    unsigned char *p = arena_alloc(&cx->mem, BARE_BYTES + text.n);

    flow->key_id = keyring_sealing(k);
    seal_random(flow->id, sizeof(flow->id));
    p[0] = VERSION;
    key_id_write(flow->key_id, p + 1);
    memcpy(p + ID_AT, flow->id, sizeof(flow->id));
    seal_lock(
        keyring_key(k, flow->key_id, KEY_STATE), flow->id, text, (Str){(char *)p, ID_AT},
        p + SEALED_AT);
    *ret = b64url_encode(&cx->mem, (Str){(char *)p, BARE_BYTES + text.n});
    return OK;
}

/* false: not genuine. */
static bool flow_open(struct cx *cx, const struct keyring *k, Str bytes, struct flow *ret)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    struct flow flow = {.key_id = 0};

    if (bytes.n < BARE_BYTES || p[0] != VERSION) {
        return false;
    }
    flow.key_id = key_id_read(p + 1);
    memcpy(flow.id, p + ID_AT, sizeof(flow.id));
    const unsigned char *key = keyring_key(k, flow.key_id, KEY_STATE);
    unsigned char *text = arena_alloc(&cx->mem, bytes.n - BARE_BYTES);

    if (key == NULL
        || !seal_unlock(
            key, flow.id, str_sub(bytes, SEALED_AT, bytes.n), str_sub(bytes, 0, ID_AT),
            text)
        || !flow_unpack((Str){(char *)text, bytes.n - BARE_BYTES}, &flow)) {
        return false;
    }
    *ret = flow;
    return true;
}

Res state_open(struct cx *cx, const struct keyring *k, Str state, struct flow *ret)
{
    Str bytes;

    if (state.n > LIMIT_STATE_BYTES || b64url_decode(cx, state, &bytes).code != FAIL_NONE
        || !flow_open(cx, k, bytes, ret)) {
        return fail(cx, FAIL_STATE_INVALID, "a state that is not genuine");
    }
    return OK;
}

/* base64url of a hash, without a terminator. */
static void hash_text(
    struct arena *mem, const unsigned char hash[SEAL_HASH_BYTES],
    char ret[FLOW_SECRET_TEXT])
{
    Str text = b64url_encode(mem, (Str){(const char *)hash, SEAL_HASH_BYTES});

    must_be(text.n == FLOW_SECRET_TEXT);
    memcpy(ret, text.p, text.n);
}

void pkce_challenge(struct arena *mem, Str verifier, char ret[FLOW_SECRET_TEXT])
{
    unsigned char hash[SEAL_HASH_BYTES];

    seal_sha256(verifier, hash);
    hash_text(mem, hash, ret);
}

static bool derive(
    struct arena *mem, const struct keyring *k, const struct flow *flow,
    enum key_purpose purpose, char ret[FLOW_SECRET_TEXT])
{
    const unsigned char *key = keyring_key(k, flow->key_id, purpose);
    unsigned char hash[SEAL_HASH_BYTES];

    if (key == NULL) {
        return false;
    }
    seal_hmac(key, (Str){(const char *)flow->id, sizeof(flow->id)}, hash);
    hash_text(mem, hash, ret);
    seal_wipe(hash, sizeof(hash));
    return true;
}

Res flow_derive(
    struct cx *cx, const struct keyring *k, const struct flow *flow,
    struct flow_secrets *ret)
{
    if (!derive(&cx->mem, k, flow, KEY_VERIFIER, ret->verifier)
        || !derive(&cx->mem, k, flow, KEY_NONCE, ret->nonce)) {
        return fail(cx, FAIL_STATE_INVALID, "the key of this flow is gone");
    }
    pkce_challenge(&cx->mem, (Str){ret->verifier, FLOW_SECRET_TEXT}, ret->challenge);
    return OK;
}
