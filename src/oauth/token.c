/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - the requests to a token endpoint. The client is named in the body
 * (client_secret_post), which both sources take.
 */
#include "oauth/token.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/metric.h"
#include "net/source_log.h"
#include "oauth/token_answer.h"

enum { FORM_BYTES = 32 * 1024 }; /* a code or a refresh token, escaped, and the client */

static void token_form_add(struct buf *b, Str name, Str value)
{
    if (b->n > 0) {
        buf_add_char(b, '&');
    }
    buf_add(b, name);
    buf_add_char(b, '=');
    buf_add_escaped(b, value);
}

/* A token endpoint, the way to it, and the details of its last answer. */
struct token_endpoint {
    struct net_purpose purpose;
    const struct net_via *via;
    Str url;
    int64_t retry_after_s; /* -1: not said */
    struct token_note note;
};

static Res token_post(
    struct cx *cx, struct token_endpoint *e, struct buf *form, struct net_reply *ret)
{
    struct net_request req = {
        .method = NET_POST,
        .url = e->url,
        .content_type = NET_FORM,
        .max_bytes = LIMIT_TOKEN_ANSWER_BYTES,
        .purpose = e->purpose};

    e->retry_after_s = -1;
    TRY(buf_done(cx, form, &req.body));
    TRY(net_perform(cx, e->via, &req, ret));
    e->retry_after_s = ret->retry_after_s;
    return OK;
}

/* One try with one secret, which may be empty (a public client). */
static Res token_ask_with(
    struct cx *cx, struct token_endpoint *e, Str form, Str secret, struct net_reply *ret)
{
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};

    buf_add(&b, form);
    if (secret.n > 0) {
        token_form_add(&b, S("client_secret"), secret);
    }
    return token_post(cx, e, &b, ret);
}

/* The form to send, and the scope that counts when the answer names none. */
struct token_question {
    enum oauth_leg leg;
    Str form;
    Str scope;
};

/* Our client, and not a person's grant, is refused: the operator has to act. */
static void token_note_client(const struct oauth_client *client, bool is_refused)
{
    if (client->source != 0) {
        source_log_client(client->source, is_refused);
        metric_set(METRIC_CLIENT_REFUSED, (size_t)client->source - 1, is_refused);
    }
}

/* With the client's secret, and with the next one when the source refuses the client:
 * then the code has not been used. */
static Res token_ask(
    struct cx *cx, struct token_endpoint *e, const struct oauth_client *client,
    const struct token_question *q, struct tokens *ret)
{
    struct net_reply reply;

    TRY(token_ask_with(cx, e, q->form, client->client_secret, &reply));
    Res res = token_parse_answer(cx, &reply, q->leg, q->scope, ret, &e->note);

    if (e->note.client_refused && client->client_secret_next.n > 0) {
        e->purpose.attempt++;
        TRY(token_ask_with(cx, e, q->form, client->client_secret_next, &reply));
        res = token_parse_answer(cx, &reply, q->leg, q->scope, ret, &e->note);
    }
    if (e->note.client_refused || reply.status < 500) {
        token_note_client(client, e->note.client_refused);
    }
    return res;
}

static Res token_code_form(
    struct cx *cx, const struct oauth_client *client, const struct token_code *code,
    Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};

    token_form_add(&b, S("grant_type"), S("authorization_code"));
    token_form_add(&b, S("code"), code->code);
    token_form_add(&b, S("redirect_uri"), client->redirect_uri);
    token_form_add(&b, S("code_verifier"), code->verifier);
    token_form_add(&b, S("client_id"), client->client_id);
    return buf_done(cx, &b, ret);
}

Res token_exchange(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    struct token_code *code, struct tokens *ret)
{
    struct token_endpoint e = {
        .purpose = {client->source, NET_EXCHANGE}, .via = via, .url = client->token_url};
    struct token_question q = {.leg = OAUTH_EXCHANGE, .scope = client->scopes};

    TRY(token_code_form(cx, client, code, &q.form));
    Res res = token_ask(cx, &e, client, &q, ret);

    code->client_refused = e.note.client_refused;
    return res;
}

Res token_try(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    const struct token_code *code, struct net_reply *ret)
{
    struct token_endpoint e = {.via = via, .url = client->token_url};
    Str form;

    TRY(token_code_form(cx, client, code, &form));
    return token_ask_with(cx, &e, form, client->client_secret, ret);
}

Res token_refresh(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    struct token_renewal *renewal, struct tokens *ret)
{
    struct token_endpoint e = {
        .purpose = {client->source, NET_REFRESH}, .via = via, .url = client->token_url};
    struct token_question q = {.leg = OAUTH_REFRESH, .scope = renewal->scope};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};

    token_form_add(&b, S("grant_type"), S("refresh_token"));
    token_form_add(&b, S("refresh_token"), renewal->refresh_token);
    token_form_add(&b, S("client_id"), client->client_id);
    TRY(buf_done(cx, &b, &q.form));
    Res res = token_ask(cx, &e, client, &q, ret);

    renewal->retry_after_s = e.retry_after_s;
    renewal->client_refused = e.note.client_refused;
    renewal->rescued = e.note.rescued;
    return res;
}

Res token_withdraw(
    struct cx *cx, const struct net_via *via, const struct oauth_client *client,
    Str token)
{
    struct token_endpoint e = {
        .purpose = {client->source, NET_REVOKE}, .via = via, .url = client->revoke_url};
    struct buf b = {.mem = &cx->mem, .max = FORM_BYTES};
    struct net_reply reply;

    token_form_add(&b, S("token"), token);
    TRY(token_post(cx, &e, &b, &reply));
    return token_parse_revocation(cx, &reply);
}
