/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_answer.h - what a token endpoint answered (RFC 6749 §5), apart from how it was
 * asked.
 */
#pragma once

#include "oauth/token.h"

enum token_leg { LEG_EXCHANGE, LEG_REFRESH };

/* As token_exchange and token_refresh. `requested` is the scope when the answer names
 * none. *client_refused: our secret is not the right one, another may be tried. */
Res token_parse_answer(
    struct cx *cx, const struct net_reply *reply, enum token_leg leg, Str requested,
    struct tokens *ret, bool *client_refused) MUST;
/* As token_withdraw. */
Res revoke_parse_answer(struct cx *cx, const struct net_reply *reply) MUST;

/* Microsoft's number in a description ("AADSTS65001: …"), 0 when it has none. */
int64_t aadsts_number(Str description);
