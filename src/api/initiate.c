/* SPDX-License-Identifier: Apache-2.0 */
/*
 * initiate.c - POST /external_calendars/accounts/oauth2/initiate (contract §5): where to
 * send the user's browser.
 *
 * Runs on the fast lane: no store, no network. Nothing is kept; what the callback needs
 * travels in the state, sealed.
 */
#include "api/endpoints.h"
#include "base/clock.h"
#include "oauth/authorize.h"
#include "oauth/redirect.h"

enum { IN_SOURCE, IN_REDIRECT, IN_COUNT };

/* clang-format off */
static const struct api_field body_fields[IN_COUNT] = {
    [IN_SOURCE] = {.name = SI("calendar_source"), .is_required = true,
        .choices = source_codes, .n_choices = SOURCE_COUNT,
        .about = SI("Whose calendars: GOOG (Google) or MSFT (Microsoft).")},
    [IN_REDIRECT] = {.name = SI("redirect_uri"), .is_required = true,
        .about = SI("Where the browser is sent when the flow has ended, well or not. It must "
                    "match one of the provider's redirect patterns. Its own query is kept; "
                    "success, and account or error, are appended.")},
};

static const struct api_field answer_fields[] = {
    {.name = SI("uri"), .is_required = true,
        .about = SI("Where to send the user's browser.")},
    {.name = SI("timeout_seconds"), .type = VALUE_INT, .is_required = true,
        .about = SI("How long the flow stays open.")},
};
/* clang-format on */

const struct api_shape initiate_body = {SI("InitiateRequest"), body_fields, IN_COUNT};
const struct api_shape initiate_answer = {
    SI("InitiateResponse"), answer_fields, COUNT(answer_fields)};

static void check_source(struct call *c, const struct source *source)
{
    if (!settings_source(c->settings, source->id)->is_on) {
        (void)call_field_error(
            c, body_fields[IN_SOURCE].name,
            S("This calendar source is not configured on this server."));
    }
}

static void check_redirect(struct call *c, Str sent, Str *ret)
{
    Str name = body_fields[IN_REDIRECT].name;

    if (redirect_parse(c->cx, sent, ret).code != FAIL_NONE) {
        Str why = str_dup(&c->cx->mem, str_from_z(c->cx->why.text));

        (void)call_field_error(c, name, why);
    } else if (!patterns_match(c->who.patterns, c->who.n_patterns, *ret)) {
        (void)call_field_error(
            c, name,
            S("This URI matches none of the redirect patterns that are registered for "
              "the provider: use one that does, or have it registered."));
    }
}

/* All that is wrong with both fields, at once. */
static Res read_wish(struct call *c, const struct source **source, Str *redirect_uri)
{
    Str in[IN_COUNT];
    Res read = call_read_body(c, &initiate_body, in);

    if (read.code != FAIL_NONE && read.code != FAIL_PARAMETER_INVALID) {
        return read;
    }
    if (in[IN_SOURCE].n > 0) {
        *source = source_by_code(in[IN_SOURCE]);
        check_source(c, *source);
    }
    if (in[IN_REDIRECT].n > 0) {
        check_redirect(c, in[IN_REDIRECT], redirect_uri);
    }
    if (c->n_errors > 0) {
        return (Res){FAIL_PARAMETER_INVALID};
    }
    must_be(*source != NULL);
    return OK;
}

static Res seal_flow(
    struct call *c, enum source_id source, Str redirect_uri, Str *state,
    struct flow_secrets *secrets)
{
    struct flow flow = {
        .credential = c->who.credential,
        .token_id = c->who.token_id,
        .issuer = c->who.issuer,
        .provider = c->who.provider,
        .mode = c->who.mode,
        .user = c->who.user,
        .source = source,
        .redirect_uri = redirect_uri,
        .expires_s = clock_now_s() + c->settings->flow_timeout_s,
    };

    TRY(state_seal(c->cx, c->settings->keyring, &flow, state));
    return flow_derive(c->cx, c->settings->keyring, &flow, secrets);
}

Res initiate_run(struct call *c)
{
    struct flow_secrets *secrets =
        NEW(&c->cx->mem, struct flow_secrets); /* wiped there */
    const struct source *source = NULL;
    Str redirect_uri, state, uri;

    TRY(read_wish(c, &source, &redirect_uri));
    TRY(seal_flow(c, source->id, redirect_uri, &state, secrets));
    TRY(authorize_url(
        c->cx, &settings_source(c->settings, source->id)->client, state, secrets,
        source->authorize_extra, &uri));
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_text(w, S("uri"), uri);
    writer_int(w, S("timeout_seconds"), c->settings->flow_timeout_s);
    return call_answer(c, c->endpoint->status, w);
}
