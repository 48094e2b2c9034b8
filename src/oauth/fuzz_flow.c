/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_flow.c - any bytes behind the seal of a genuine state, as a node of another
 * version might have sealed them.
 *
 * An opened flow has only values that are known here, and sealing it again opens as the
 * same flow. Reading packed fields never leaves the bytes.
 */
#include <string.h>

#include "base/cx.h"
#include "base/limits.h"
#include "oauth/state.h"
#include "oauth/testring.h"
#include "seal/pack.h"
#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_BYTES = 1 + KEY_ID_BYTES }; /* version and key id: the associated data */

/* A state with `text` behind its seal. */
static Str fuzz_seal(struct cx *cx, const struct keyring *k, Str text)
{
    size_t n = HEAD_BYTES + FLOW_ID_BYTES + text.n + SEAL_TAG_BYTES;
    unsigned char *p = arena_alloc(&cx->mem, n);

    p[0] = 1;            /* the version */
    p[KEY_ID_BYTES] = 1; /* the key's id, big-endian */
    p[HEAD_BYTES] = 'f'; /* the flow's id */
    seal_lock(
        keyring_key(k, 1, KEY_STATE), p + HEAD_BYTES, text, (Str){(char *)p, HEAD_BYTES},
        p + HEAD_BYTES + FLOW_ID_BYTES);
    return b64url_encode(&cx->mem, (Str){(char *)p, n});
}

static void fuzz_check_flow(const struct flow *f)
{
    must_be(f->credential == CREDENTIAL_TOKEN || f->credential == CREDENTIAL_JWT);
    must_be(f->mode == MODE_CUSTOMER || f->mode == MODE_PROVIDER);
    must_be(f->source >= SOURCE_GOOGLE && (int)f->source <= SOURCE_COUNT);
    must_be(f->provider > 0);
}

static void fuzz_check_same(const struct flow *a, const struct flow *b)
{
    must_be(a->credential == b->credential && a->token_id == b->token_id);
    must_be(a->provider == b->provider && a->mode == b->mode && a->source == b->source);
    must_be(a->expires_s == b->expires_s);
    must_be(str_eq(a->issuer, b->issuer) && str_eq(a->user, b->user));
    must_be(str_eq(a->redirect_uri, b->redirect_uri));
}

static void fuzz_unpack(Str bytes)
{
    struct unpack u = {.rest = bytes};
    size_t left = bytes.n;

    while (!u.bad && u.rest.n > 0) {
        Str text = pack_read_text(&u);

        must_be(text.n + u.rest.n <= left);
        left = u.rest.n;
        (void)pack_read_int(&u);
        must_be(u.rest.n <= left);
        left = u.rest.n;
    }
    must_be(pack_read_done(&u) == (!u.bad && u.rest.n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *k;
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str bytes = {(const char *)data, size};
    struct flow flow, again;
    Str state;

    if (k == NULL) {
        k = ring_of(&cx, S(RING_KEY_1));
    }
    fuzz_unpack(bytes);
    Res res = state_open(&cx, k, fuzz_seal(&cx, k, bytes), &flow);

    must_be(res.code == FAIL_NONE || res.code == FAIL_STATE_INVALID);
    if (res.code != FAIL_NONE) {
        return 0;
    }
    fuzz_check_flow(&flow);
    struct flow copy = flow;

    if (state_seal(&cx, k, &copy, &state).code == FAIL_NONE) {
        must_be(state_open(&cx, k, state, &again).code == FAIL_NONE);
        fuzz_check_same(&again, &flow);
    }
    return 0;
}
