/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authorize.c - writes exactly the parameters of docs/api.md §5, percent-encoded.
 */
#include "oauth/authorize.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"

enum { USUAL_BYTES = 1024 };

static void authorize_add(struct buf *b, Str name, Str value)
{
    buf_add(b, name);
    buf_add_escaped(b, value);
}

/* The value is base64url: nothing in it has to be escaped. */
static void authorize_add_plain(struct buf *b, Str name, Str value)
{
    buf_add(b, name);
    buf_add(b, value);
}

Res authorize_url(
    struct cx *cx, const struct oauth_client *client, Str state,
    const struct flow_secrets *secrets, Str extra, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_AUTHORIZE_URL_BYTES};

    (void)buf_reserve(&b, USUAL_BYTES);
    buf_add(&b, client->authorize_url);
    buf_add(&b, str_contains(client->authorize_url, S("?")) ? S("&") : S("?"));
    authorize_add(&b, S("response_type=code&client_id="), client->client_id);
    authorize_add(&b, S("&redirect_uri="), client->redirect_uri);
    authorize_add(&b, S("&scope="), client->scopes);
    authorize_add_plain(&b, S("&state="), state);
    authorize_add_plain(&b, S("&nonce="), (Str){secrets->nonce, sizeof(secrets->nonce)});
    authorize_add_plain(
        &b, S("&code_challenge="), (Str){secrets->challenge, sizeof(secrets->challenge)});
    buf_add(&b, S("&code_challenge_method=S256"));
    buf_add(&b, extra);
    return buf_done(cx, &b, ret);
}
