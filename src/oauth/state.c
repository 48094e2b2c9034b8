/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c - a state is base64url of: version (1 byte), key id (4), flow id (24),
 * ciphertext and tag.
 *
 * The id of the flow is also the nonce of the encryption: it has 192 random bits. Version
 * and key id are the associated data, so that no byte of a state can be altered.
 */
#include "oauth/state.h"

#include <string.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/pack.h"

enum {
    VERSION = 1,
    ID_AT = 1 + KEY_ID_BYTES,
    SEALED_AT = ID_AT + FLOW_ID_BYTES,
    BARE_BYTES = SEALED_AT + SEAL_TAG_BYTES,
    TEXT_MOST_BYTES = LIMIT_STATE_BYTES / 4 * 3 - BARE_BYTES,
    SMALL_MOST = 1000,
};

_Static_assert((int)FLOW_ID_BYTES == (int)SEAL_NONCE_BYTES, "a flow's id is a nonce");

void state_flow_pack(struct buf *b, const struct flow *f)
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

/* 0 for a number that no enum here has. */
static int unpack_small(struct unpack *u)
{
    int64_t v = pack_read_int(u);

    return v > 0 && v <= SMALL_MOST ? (int)v : 0;
}

/* A node of another version may seal values that this one doesn't know. */
static bool flow_is_known(const struct flow *f)
{
    return (f->credential == CREDENTIAL_TOKEN || f->credential == CREDENTIAL_JWT)
           && (f->mode == MODE_CUSTOMER || f->mode == MODE_PROVIDER)
           && f->source >= SOURCE_GOOGLE && (int)f->source <= SOURCE_COUNT
           && f->provider > 0;
}

bool state_flow_unpack(struct unpack *u, struct flow *ret)
{
    ret->credential = (enum credential_kind)unpack_small(u);
    ret->token_id = pack_read_int(u);
    ret->issuer = pack_read_text(u);
    ret->provider = pack_read_int(u);
    ret->mode = (enum mode)unpack_small(u);
    ret->user = pack_read_text(u);
    ret->source = (enum source_id)unpack_small(u);
    ret->redirect_uri = pack_read_text(u);
    ret->expires_s = pack_read_int(u);
    return !u->bad && flow_is_known(ret);
}

void state_account_pack(struct buf *b, const struct flow *f)
{
    if (f->account != 0) {
        pack_int(b, f->account);
    }
}

bool state_account_unpack(struct unpack *u, struct flow *ret)
{
    ret->account = u->rest.n > 0 ? pack_read_int(u) : 0;
    return pack_read_done(u) && ret->account >= 0;
}

static bool flow_unpack_all(Str text, struct flow *ret)
{
    struct unpack u = {.rest = text};

    return state_flow_unpack(&u, ret) && state_account_unpack(&u, ret);
}

static void state_key_id_write(uint32_t id, unsigned char *to)
{
    for (int i = 0; i < KEY_ID_BYTES; i++) {
        to[i] = (unsigned char)(id >> (24 - 8 * i));
    }
}

static uint32_t state_key_id_read(const unsigned char *from)
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

    state_flow_pack(&b, flow);
    state_account_pack(&b, flow);
    TRY(buf_done(cx, &b, &text));
    unsigned char *p = arena_alloc(&cx->mem, BARE_BYTES + text.n);

    flow->key_id = keyring_sealing(k);
    seal_random(flow->id, sizeof(flow->id));
    p[0] = VERSION;
    state_key_id_write(flow->key_id, p + 1);
    memcpy(p + ID_AT, flow->id, sizeof(flow->id));
    seal_lock(
        keyring_key(k, flow->key_id, KEY_STATE), flow->id, text, (Str){(char *)p, ID_AT},
        p + SEALED_AT);
    *ret = b64url_encode(&cx->mem, (Str){(char *)p, BARE_BYTES + text.n});
    return OK;
}

/* false: the state is not genuine. */
static bool flow_open(struct cx *cx, const struct keyring *k, Str bytes, struct flow *ret)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    struct flow flow = {.key_id = 0};

    if (bytes.n < BARE_BYTES || p[0] != VERSION) {
        return false;
    }
    flow.key_id = state_key_id_read(p + 1);
    memcpy(flow.id, p + ID_AT, sizeof(flow.id));
    const unsigned char *key = keyring_key(k, flow.key_id, KEY_STATE);
    unsigned char *text = arena_alloc(&cx->mem, bytes.n - BARE_BYTES);

    if (key == NULL
        || !seal_unlock(
            key, flow.id, str_sub(bytes, SEALED_AT, bytes.n), str_sub(bytes, 0, ID_AT),
            text)
        || !flow_unpack_all((Str){(char *)text, bytes.n - BARE_BYTES}, &flow)) {
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

/* The hash as base64url, without a terminator. */
static void state_hash_text(
    struct arena *mem, const unsigned char hash[SEAL_HASH_BYTES],
    char ret[FLOW_SECRET_TEXT])
{
    Str text = b64url_encode(mem, (Str){(const char *)hash, SEAL_HASH_BYTES});

    must_be(text.n == FLOW_SECRET_TEXT);
    memcpy(ret, text.p, text.n);
}

void state_pkce_challenge(
    struct arena *mem, Str verifier, unsigned char hash[SEAL_HASH_BYTES],
    char ret[FLOW_SECRET_TEXT])
{
    seal_sha256(verifier, hash);
    state_hash_text(mem, hash, ret);
}

/* Hexadecimal, which has no character that a search or a shell takes for something else.
 */
static void state_name_flow(struct cx *cx, const unsigned char hash[SEAL_HASH_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    char name[FLOW_NAME_BYTES - 1];

    for (size_t i = 0; i < sizeof(name); i++) {
        name[i] = hex[i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15];
    }
    cx_name_flow(cx, (Str){name, sizeof(name)});
}

static bool state_derive_one(
    struct arena *mem, const struct keyring *k, const struct flow *flow,
    enum key_purpose purpose, char ret[FLOW_SECRET_TEXT])
{
    const unsigned char *key = keyring_key(k, flow->key_id, purpose);
    unsigned char hash[SEAL_HASH_BYTES];

    if (key == NULL) {
        return false;
    }
    seal_hmac(key, (Str){(const char *)flow->id, sizeof(flow->id)}, hash);
    state_hash_text(mem, hash, ret);
    seal_wipe(hash, sizeof(hash));
    return true;
}

Res state_derive_secrets(
    struct cx *cx, const struct keyring *k, const struct flow *flow,
    struct flow_secrets *ret)
{
    if (!state_derive_one(&cx->mem, k, flow, KEY_VERIFIER, ret->verifier)
        || !state_derive_one(&cx->mem, k, flow, KEY_NONCE, ret->nonce)) {
        return fail(cx, FAIL_STATE_INVALID, "the key of this flow is gone");
    }
    unsigned char hash[SEAL_HASH_BYTES];

    state_pkce_challenge(
        &cx->mem, (Str){ret->verifier, FLOW_SECRET_TEXT}, hash, ret->challenge);
    state_name_flow(cx, hash);
    return OK;
}
