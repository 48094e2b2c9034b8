/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_tokens.c - packing, under the key of grants.
 */
#include "grants/flow_tokens.h"

#include <string.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/pack.h"

enum {
    FLOW_TOKENS_VERSION = 1, /* of what is inside */
    FLOW_TOKENS_BYTES = LIMIT_ACCESS_TOKEN_BYTES + LIMIT_REFRESH_TOKEN_BYTES
                        + LIMIT_ID_TOKEN_BYTES + LIMIT_SCOPE_BYTES + LIMIT_STATE_BYTES
                        + 128,
};

static Str flow_tokens_bound_to(struct arena *mem, Str flow_id)
{
    struct buf b = {.mem = mem, .max = FLOW_ID_BYTES + 16};

    pack_text(&b, S("flow"));
    pack_text(&b, flow_id);
    return buf_text(&b);
}

Str flow_tokens_seal(struct arena *mem, const struct keyring *k, const struct connect *c)
{
    struct buf b = {.mem = mem, .max = FLOW_TOKENS_BYTES};
    const struct tokens *t = &c->tokens;

    pack_int(&b, FLOW_TOKENS_VERSION);
    state_flow_pack(&b, &c->flow);
    pack_int(&b, c->flow.key_id);
    pack_int(&b, c->granted_ms);
    pack_text(&b, t->access_token);
    pack_int(&b, t->expires_in_s);
    pack_text(&b, t->refresh_token);
    pack_text(&b, t->id_token);
    pack_text(&b, t->scope);
    state_account_pack(&b, &c->flow);
    return keyring_seal(
        mem, k, KEY_GRANT, buf_text(&b), flow_tokens_bound_to(mem, c->flow_id));
}

Res flow_tokens_open(
    struct cx *cx, const struct keyring *k, Str sealed, struct connect *c)
{
    struct unpack u = {.bad = false};
    struct flow flow = {.key_id = 0};
    struct tokens t = {.expires_in_s = 0};

    TRY(keyring_unseal(
        cx, k, KEY_GRANT, sealed, flow_tokens_bound_to(&cx->mem, c->flow_id), &u.rest));
    bool is_known =
        pack_read_int(&u) == FLOW_TOKENS_VERSION && state_flow_unpack(&u, &flow);

    flow.key_id = (uint32_t)pack_read_int(&u);
    int64_t granted_ms = pack_read_int(&u);

    t.access_token = pack_read_text(&u);
    t.expires_in_s = pack_read_int(&u);
    t.refresh_token = pack_read_text(&u);
    t.id_token = pack_read_text(&u);
    t.scope = pack_read_text(&u);
    if (!is_known || !state_account_unpack(&u, &flow) || c->flow_id.n != FLOW_ID_BYTES) {
        return fail(cx, FAIL_UNREADABLE, "the tokens of a flow of another version");
    }
    memcpy(flow.id, c->flow_id.p, FLOW_ID_BYTES);
    c->flow = flow;
    c->tokens = t;
    c->granted_ms = granted_ms;
    return OK;
}
