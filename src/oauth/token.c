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
    int64_t retry_after_s; /* of its last answer, -1: none */
};

static Res post(
    struct cx *cx, struct endpoint *e, struct buf *form, struct net_reply *ret)
{
    struct net_request req = {
        .url = e->url, .is_post = true, .max_bytes = LIMIT_TOKEN_ANSWER_BYTES};

    e->retry_after_s = -1;
    TRY(buf_done(cx, form, &req.form));
    TRY(net_perform(cx, e->net, e->options, &req, ret));
    e->retry_after_s = ret->retry_after_s;
    return OK;
}

/* One try with one secret, which may be empty (a public client). */
static Res ask_with(
    struct cx *cx, struct endpoint *e, Str form, Str secret, struct net_reply *ret)
{
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};

    buf_add(&b, form);
    if (secret.n > 0) {
        add(&b, S("client_secret"), secret);
    }
    return post(cx, e, &b, ret);
}

/* What is asked, and the scope that stands when the answer names none. */
struct question {
    enum token_leg leg;
    Str form;
    Str scope;
};

/* With the client's secret, and with the next one when the source refuses the client:
 * then it has not looked at the code. */
static Res ask(
    struct cx *cx, struct endpoint *e, const struct oauth_client *client,
    const struct question *q, struct tokens *ret)
{
    struct net_reply reply;
    bool client_refused;

    TRY(ask_with(cx, e, q->form, client->client_secret, &reply));
    Res res = token_parse_answer(cx, &reply, q->leg, q->scope, ret, &client_refused);

    if (!client_refused || client->client_secret_next.n == 0) {
        return res;
    }
    TRY(ask_with(cx, e, q->form, client->client_secret_next, &reply));
    return token_parse_answer(cx, &reply, q->leg, q->scope, ret, &client_refused);
}

Res token_exchange(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct oauth_client *client, const struct token_code *code, struct tokens *ret)
{
    struct endpoint e = {.net = net, .options = options, .url = client->token_url};
    struct question q = {.leg = LEG_EXCHANGE, .scope = client->scopes};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};

    add(&b, S("grant_type"), S("authorization_code"));
    add(&b, S("code"), code->code);
    add(&b, S("redirect_uri"), client->redirect_uri);
    add(&b, S("code_verifier"), code->verifier);
    add(&b, S("client_id"), client->client_id);
    TRY(buf_done(cx, &b, &q.form));
    return ask(cx, &e, client, &q, ret);
}

Res token_refresh(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct oauth_client *client, struct token_renewal *renewal, struct tokens *ret)
{
    struct endpoint e = {.net = net, .options = options, .url = client->token_url};
    struct question q = {.leg = LEG_REFRESH, .scope = renewal->scope};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};

    add(&b, S("grant_type"), S("refresh_token"));
    add(&b, S("refresh_token"), renewal->refresh_token);
    add(&b, S("client_id"), client->client_id);
    TRY(buf_done(cx, &b, &q.form));
    Res res = ask(cx, &e, client, &q, ret);

    renewal->retry_after_s = e.retry_after_s;
    return res;
}

Res token_withdraw(
    struct cx *cx, struct net *net, const struct net_options *options, Str revoke_url,
    Str token)
{
    struct endpoint e = {.net = net, .options = options, .url = revoke_url};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};
    struct net_reply reply;

    add(&b, S("token"), token);
    TRY(post(cx, &e, &b, &reply));
    return revoke_parse_answer(cx, &reply);
}
