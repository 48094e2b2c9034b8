/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - what is sealed, and what it is bound to.
 */
#include "grants/record.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/pack.h"
#include "store/grants.h"

enum {
    RECORD_VERSION = 1, /* of what is inside */
    RECORD_BYTES =
        LIMIT_ACCESS_TOKEN_BYTES + 2 * LIMIT_REFRESH_TOKEN_BYTES + LIMIT_SCOPE_BYTES + 64,
};

/* Three fields, so that no two things are bound to the same text. */
static Str record_bound_to(struct arena *mem, Str purpose, int64_t where, Str whom)
{
    struct buf b = {.mem = mem, .max = purpose.n + whom.n + 64};

    pack_text(&b, purpose);
    pack_int(&b, where);
    pack_text(&b, whom);
    return buf_text(&b);
}

static Str grant_bound_to(struct arena *mem, int64_t provider, int64_t account)
{
    return record_bound_to(mem, S("grant"), provider, str_int(mem, account));
}

static Str revocation_bound_to(struct arena *mem, int source, Str subject)
{
    return record_bound_to(mem, S("revoke"), source, subject);
}

Str grant_seal(
    struct arena *mem, const struct keyring *k, int64_t provider, int64_t account,
    const struct grant *g)
{
    struct buf b = {.mem = mem, .max = RECORD_BYTES};

    pack_int(&b, RECORD_VERSION);
    pack_text(&b, g->refresh_token);
    pack_text(&b, g->refresh_token_before);
    pack_text(&b, g->access_token);
    pack_int(&b, g->access_expires_ms);
    pack_text(&b, g->scope);
    return keyring_seal(
        mem, k, KEY_GRANT, buf_text(&b), grant_bound_to(mem, provider, account));
}

void grant_seal_into(
    struct arena *mem, const struct keyring *k, int64_t provider, int64_t account,
    const struct grant *g, struct grant_record *ret)
{
    ret->sealed = grant_seal(mem, k, provider, account, g);
    must_be(keyring_record_key(ret->sealed, &ret->key_id));
}

Res grant_open(
    struct cx *cx, const struct keyring *k, int64_t provider, int64_t account, Str record,
    struct grant *ret)
{
    struct unpack u = {.bad = false};
    struct grant g;

    TRY(keyring_unseal(
        cx, k, KEY_GRANT, record, grant_bound_to(&cx->mem, provider, account), &u.rest));
    bool is_known = pack_read_int(&u) == RECORD_VERSION;

    g.refresh_token = pack_read_text(&u);
    g.refresh_token_before = pack_read_text(&u);
    g.access_token = pack_read_text(&u);
    g.access_expires_ms = pack_read_int(&u);
    g.scope = pack_read_text(&u);
    if (!is_known || !pack_read_done(&u)) {
        return fail(cx, FAIL_UNREADABLE, "a grant of another version");
    }
    *ret = g;
    return OK;
}

Str record_revocation_seal(
    struct arena *mem, const struct keyring *k, int source, Str subject,
    Str refresh_token)
{
    return keyring_seal(
        mem, k, KEY_TASK, refresh_token, revocation_bound_to(mem, source, subject));
}

Res record_revocation_open(
    struct cx *cx, const struct keyring *k, int source, Str subject, Str record, Str *ret)
{
    return keyring_unseal(
        cx, k, KEY_TASK, record, revocation_bound_to(&cx->mem, source, subject), ret);
}
