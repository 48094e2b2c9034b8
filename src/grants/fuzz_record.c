/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_record.c - any bytes behind the seal of a grant, and any bytes as a record.
 *
 * A record opens only when it was sealed for this account; the texts of a grant lie
 * within what was sealed, and sealing it again opens as the same grant.
 */
#include "base/buf.h"
#include "base/cx.h"
#include "grants/record.h"
#include "oauth/testring.h"
#include "seal/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PROVIDER = 3, ACCOUNT = 7, SOURCE = 1 };

/* What grant_open expects as the associated data. */
static Str fuzz_bound_to(struct cx *cx)
{
    struct buf b = {.mem = &cx->mem, .max = 64};

    pack_text(&b, S("grant"));
    pack_int(&b, PROVIDER);
    pack_text(&b, S("7"));
    return buf_text(&b);
}

static void fuzz_open_grant(struct cx *cx, const struct keyring *k, Str bytes)
{
    Str record = keyring_seal(&cx->mem, k, KEY_GRANT, bytes, fuzz_bound_to(cx));
    struct grant g, again;
    Res res = grant_open(cx, k, PROVIDER, ACCOUNT, record, &g);

    must_be(res.code == FAIL_NONE || res.code == FAIL_UNREADABLE);
    must_be(
        grant_open(cx, k, PROVIDER, ACCOUNT + 1, record, &again).code == FAIL_UNREADABLE);
    if (res.code != FAIL_NONE) {
        return;
    }
    must_be(
        g.refresh_token.n + g.refresh_token_before.n + g.access_token.n + g.scope.n
        <= bytes.n);
    record = grant_seal(&cx->mem, k, PROVIDER, ACCOUNT, &g);
    must_be(grant_open(cx, k, PROVIDER, ACCOUNT, record, &again).code == FAIL_NONE);
    must_be(str_eq(again.refresh_token, g.refresh_token));
    must_be(str_eq(again.refresh_token_before, g.refresh_token_before));
    must_be(str_eq(again.access_token, g.access_token) && str_eq(again.scope, g.scope));
    must_be(again.access_expires_ms == g.access_expires_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *k;
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str bytes = {(const char *)data, size < 16 * 1024 ? size : 0};
    struct grant g;
    Str token;

    if (k == NULL) {
        k = ring_of(&cx, S(RING_KEY_1));
    }
    fuzz_open_grant(&cx, k, bytes);
    must_be(grant_open(&cx, k, PROVIDER, ACCOUNT, bytes, &g).code != FAIL_NONE);
    must_be(
        record_revocation_open(&cx, k, SOURCE, S("s"), bytes, &token).code != FAIL_NONE);
    Str record = record_revocation_seal(&cx.mem, k, SOURCE, S("s"), bytes);

    must_be(
        record_revocation_open(&cx, k, SOURCE, S("s"), record, &token).code == FAIL_NONE);
    must_be(str_eq(token, bytes));
    return 0;
}
