/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - the requests to a token endpoint; the client is named in the body
 * (client_secret_post), which both sources take.
 */
#include "oauth/token.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "oauth/token_answer.h"

enum { FORM_BYTES = 32 * 1024 }; /* a code or a refresh token, escaped, and the client */

static void add(struct buf *b, Str name, Str value)
{
    if (b->n > 0) {
        buf_add_char(b, '&');
    }
    buf_add(b, name);
    buf_add_char(b, '=');
    buf_add_escaped(b, value);
}

/* Where a token endpoint is, and how it is reached. */
struct endpoint {
    struct net *net;
    const struct net_options *options;
    Str url;
};

static Res post(
    struct cx *cx, const struct endpoint *e, struct buf *form, struct net_reply *ret)
{
    struct net_request req = {
        .url = e->url, .is_post = true, .max_bytes = LIMIT_TOKEN_ANSWER_BYTES};

    TRY(buf_done(cx, form, &req.form));
    return net_perform(cx, e->net, e->options, &req, ret);
}

/* One try with one secret, which may be empty (a public client). */
static Res ask_with(
    struct cx *cx, const struct endpoint *e, Str form, Str secret, struct net_reply *ret)
{
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};

    buf_add(&b, form);
    if (secret.n > 0) {
        add(&b, S("client_secret"), secret);
    }
    return post(cx, e, &b, ret);
}

/* With the client's secret, and with the next one when the source refuses the client:
 * then it has not looked at the code. */
static Res ask(
    struct cx *cx, const struct endpoint *e, const struct oauth_client *client,
    enum token_leg leg, Str form, struct tokens *ret)
{
    struct net_reply reply;
    bool client_refused;

    TRY(ask_with(cx, e, form, client->client_secret, &reply));
    Res res = token_parse_answer(cx, &reply, leg, client->scopes, ret, &client_refused);

    if (!client_refused || client->client_secret_next.n == 0) {
        return res;
    }
    TRY(ask_with(cx, e, form, client->client_secret_next, &reply));
    return token_parse_answer(cx, &reply, leg, client->scopes, ret, &client_refused);
}

Res token_exchange(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct oauth_client *client, const struct token_code *code, struct tokens *ret)
{
    const struct endpoint e = {net, options, client->token_url};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};
    Str form;

    add(&b, S("grant_type"), S("authorization_code"));
    add(&b, S("code"), code->code);
    add(&b, S("redirect_uri"), client->redirect_uri);
    add(&b, S("code_verifier"), code->verifier);
    add(&b, S("client_id"), client->client_id);
    TRY(buf_done(cx, &b, &form));
    return ask(cx, &e, client, LEG_EXCHANGE, form, ret);
}

Res token_refresh(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct oauth_client *client, Str refresh_token, struct tokens *ret)
{
    const struct endpoint e = {net, options, client->token_url};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};
    Str form;

    add(&b, S("grant_type"), S("refresh_token"));
    add(&b, S("refresh_token"), refresh_token);
    add(&b, S("client_id"), client->client_id);
    TRY(buf_done(cx, &b, &form));
    return ask(cx, &e, client, LEG_REFRESH, form, ret);
}

Res token_withdraw(
    struct cx *cx, struct net *net, const struct net_options *options, Str revoke_url,
    Str token)
{
    const struct endpoint e = {net, options, revoke_url};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};
    struct net_reply reply;

    add(&b, S("token"), token);
    TRY(post(cx, &e, &b, &reply));
    return revoke_parse_answer(cx, &reply);
}
