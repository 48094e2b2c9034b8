/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_tokens.h - the flow and its tokens as they are sealed into the flow's row between
 * the exchange and the account.
 */
#pragma once

#include "grants/connect.h"

/* Seals everything that another node needs to go on, bound to the flow's id. */
Str flow_tokens_seal(struct arena *mem, const struct keyring *k, const struct connect *c);
/* Fills flow, tokens and granted_ms; `c->flow_id` is set. FAIL_UNREADABLE: they don't
 * open. */
Res flow_tokens_open(
    struct cx *cx, const struct keyring *k, Str sealed, struct connect *c) MUST;
