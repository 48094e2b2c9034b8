/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_answer.h - reads what a token endpoint answered (RFC 6749 §5), however it was
 * asked.
 */
#pragma once

#include "oauth/oauth_error.h"
#include "oauth/token.h"

/* The details of a failed answer. */
struct token_note {
    bool client_refused; /* our secret is wrong: another may be tried */
    Str rescued;         /* a usable refresh token beside what is odd; empty: none */
};

/* Fails as token_exchange and token_refresh do. `requested` is the scope when the answer
 * names none. `note` is always filled. */
Res token_parse_answer(
    struct cx *cx, const struct net_reply *reply, enum oauth_leg leg, Str requested,
    struct tokens *ret, struct token_note *note) MUST;
/* Fails as token_withdraw does. */
Res token_parse_revocation(struct cx *cx, const struct net_reply *reply) MUST;
