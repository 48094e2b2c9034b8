/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authorize.h - the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect
 * Core §3.1.2.1).
 */
#pragma once

#include "oauth/state.h"
#include "oauth/token.h"

/* `state` comes from state_seal. `extra` is what the source wants besides, already
 * encoded:
 * "&access_type=offline&prompt=…". FAIL_LIMIT past LIMIT_AUTHORIZE_URL_BYTES. */
Res authorize_url(
    struct cx *cx, const struct oauth_client *client, Str state,
    const struct flow_secrets *secrets, Str extra, Str *ret) MUST;
