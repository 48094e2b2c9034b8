/* SPDX-License-Identifier: Apache-2.0 */
/*
 * initiate.c - POST /external_calendars/accounts/oauth2/initiate (docs/api.md §5): where
 * to send the user's browser.
 *
 * Runs on the fast lane: no store, no network. Only a flow that is to connect an account
 * again leaves it, since the store knows the account. Nothing is stored: the sealed state
 * carries all that the callback needs.
 */
#include "api/initiate.h"

#include "api/body.h"
#include "api/endpoints.h"
#include "auth/flow.h"
#include "auth/visible.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/metric.h"
#include "oauth/authorize.h"
#include "oauth/redirect.h"
#include "store/store.h"

enum { INITIATE_IN_SOURCE, INITIATE_IN_REDIRECT, INITIATE_IN_ACCOUNT, INITIATE_IN_COUNT };

enum {
    PATTERNS_TOLD = 10,
    PATTERNS_BYTES = PATTERNS_TOLD * (LIMIT_PATTERN_BYTES + 2) + 100,
    UNKNOWN_BYTES = 64,
};

_Static_assert(
    (int)PATTERNS_BYTES < (int)CALL_HINT_BYTES, "the patterns fit into a hint");

/* clang-format off */
static const struct api_field initiate_body_fields[INITIATE_IN_COUNT] = {
    [INITIATE_IN_SOURCE] = {.name = SI("calendar_source"), .is_required = true,
        .choices = source_codes, .n_choices = SOURCE_COUNT,
        .about = SI("Whose calendars: GOOG (Google) or MSFT (Microsoft).")},
    [INITIATE_IN_REDIRECT] = {.name = SI("redirect_uri"), .is_required = true,
        .about = SI("Where the browser is sent when the flow has ended, well or not. It must "
                    "match one of the provider's redirect patterns. Its own query is kept; "
                    "success, and account or error, are appended."),
        .example = SI("https://app.example/calendar/done?once=8c1f")},
    [INITIATE_IN_ACCOUNT] = {.name = SI("account"), .type = VALUE_INT, .is_nullable = true,
        .about = SI("An account to connect again: no other person can end the flow.")},
};

static const struct api_field initiate_answer_fields[] = {
    {.name = SI("uri"), .is_required = true,
        .about = SI("Where to send the user's browser."),
        .example = SI("https://accounts.google.com/o/oauth2/v2/auth?response_type=code&state=…")},
    {.name = SI("timeout_seconds"), .type = VALUE_INT, .is_required = true,
        .about = SI("How long the flow stays open."),
        .example = SI("600")},
};
/* clang-format on */

const struct api_shape initiate_body = {
    SI("InitiateRequest"), initiate_body_fields, INITIATE_IN_COUNT};
const struct api_shape initiate_answer = {
    SI("InitiateResponse"), initiate_answer_fields, COUNT(initiate_answer_fields)};

static void initiate_check_source(struct call *c, const struct source *source)
{
    if (!settings_source(c->work.settings, source->id)->is_on) {
        (void)call_field_error(
            c, initiate_body_fields[INITIATE_IN_SOURCE].name,
            S("This calendar source is not configured on this server."));
    }
}

/* Names the provider's patterns, which are no secret to its own callers. */
static void initiate_patterns_hint(struct call *c)
{
    struct buf b = {.mem = &c->cx->mem, .max = PATTERNS_BYTES};
    size_t n = c->who.n_patterns;
    size_t told = n < PATTERNS_TOLD ? n : PATTERNS_TOLD;
    Str hint;

    buf_add(&b, n == 0 ? S("The provider has no redirect pattern") : S("Registered: "));
    for (size_t i = 0; i < told; i++) {
        buf_add(&b, i == 0 ? S("") : S(", "));
        buf_add(&b, c->who.patterns[i]);
    }
    if (told < n) {
        buf_add(&b, S(", and "));
        buf_add_int(&b, (int64_t)(n - told));
        buf_add(&b, S(" more"));
    }
    buf_add_char(&b, '.');
    if (buf_done(c->cx, &b, &hint).code == FAIL_NONE) {
        call_hint(c, hint);
    }
}

static void initiate_check_redirect(struct call *c, Str sent, Str *ret)
{
    Str name = initiate_body_fields[INITIATE_IN_REDIRECT].name;

    if (redirect_parse(c->cx, sent, ret).code != FAIL_NONE) {
        Str why = str_dup(&c->cx->mem, str_from_z(c->cx->why.text));

        (void)call_field_error(c, name, why);
    } else if (!auth_flow_patterns_match(c->who.patterns, c->who.n_patterns, *ret)) {
        (void)call_field_error(
            c, name,
            S("This URI matches none of the redirect patterns that are registered for "
              "the provider: use one that does, or have it registered."));
        initiate_patterns_hint(c);
    }
}

/* What the caller asks for. */
struct initiate {
    const struct source *source;
    Str redirect_uri;
    bool has_account; /* to connect again */
    int64_t account;
    struct account account_now; /* as the store has it */
};

/* Reads all fields, and notes the errors of all at once. */
static Res initiate_read(struct call *c, struct initiate *ret)
{
    struct api_value in[INITIATE_IN_COUNT];
    Res read = body_values_read(c, &initiate_body, in);

    if (read.code != FAIL_NONE && read.code != FAIL_PARAMETER_INVALID) {
        return read;
    }
    if (in[INITIATE_IN_SOURCE].is_given) {
        ret->source = source_by_code(in[INITIATE_IN_SOURCE].text);
        initiate_check_source(c, ret->source);
    }
    if (in[INITIATE_IN_REDIRECT].is_given) {
        initiate_check_redirect(c, in[INITIATE_IN_REDIRECT].text, &ret->redirect_uri);
    }
    if (c->n_errors > 0) {
        return (Res){FAIL_PARAMETER_INVALID};
    }
    must_be(ret->source != NULL);
    c->source = ret->source->code;
    ret->has_account =
        in[INITIATE_IN_ACCOUNT].is_given && !in[INITIATE_IN_ACCOUNT].is_null;
    ret->account = in[INITIATE_IN_ACCOUNT].number;
    return OK;
}

/* Connecting again. */

struct initiate_look {
    const struct call *call;
    struct initiate *initiate;
};

static Res initiate_look_work(struct cx *cx, struct db *db, void *arg)
{
    const struct initiate_look *look = arg;
    struct initiate *in = look->initiate;

    return visible_account(cx, db, &look->call->who, in->account, &in->account_now);
}

static Res initiate_account_unknown(struct call *c, int64_t id)
{
    struct buf b = {.mem = &c->cx->mem, .max = UNKNOWN_BYTES};

    buf_add(&b, S("Invalid pk \""));
    buf_add_int(&b, id);
    buf_add(&b, S("\" - object does not exist."));
    return call_field_error(
        c, initiate_body_fields[INITIATE_IN_ACCOUNT].name, buf_text(&b));
}

/* On a worker of the store. */
static Res initiate_look(struct call *c, struct initiate *in)
{
    struct initiate_look look = {c, in};
    Res r = store_read(c->cx, c->work.worker->store, initiate_look_work, &look);

    if (r.code == FAIL_NOT_FOUND) {
        return initiate_account_unknown(c, in->account);
    }
    TRY(r);
    return in->account_now.source == in->source->id
               ? OK
               : call_field_error(
                   c, initiate_body_fields[INITIATE_IN_ACCOUNT].name,
                   S("Is an account of another source."));
}

/* What the source is told beside the usual. */
static Str initiate_extra(struct call *c, const struct initiate *in)
{
    const Str hint = S("&login_hint=");
    Str username = in->account_now.username;
    struct buf b = {
        .mem = &c->cx->mem,
        .max = in->source->reconnect_extra.n + hint.n + 3 * username.n};

    if (!in->has_account) {
        return in->source->authorize_extra;
    }
    buf_add(&b, in->source->reconnect_extra);
    buf_add(&b, hint);
    buf_add_escaped(&b, username);
    return buf_text(&b);
}

static Res initiate_seal_flow(
    struct call *c, const struct initiate *in, Str *state, struct flow_secrets *secrets)
{
    struct flow flow = {
        .credential = c->who.credential,
        .token_id = c->who.token_id,
        .issuer = c->who.issuer,
        .provider = c->who.provider,
        .mode = c->who.mode,
        .user = c->who.user,
        .source = in->source->id,
        .redirect_uri = in->redirect_uri,
        .expires_s = clock_now_s() + c->work.settings->flow_timeout_s,
        .account = in->has_account ? in->account : 0,
    };

    TRY(state_seal(c->cx, c->work.settings->keyring, &flow, state));
    return state_derive_secrets(c->cx, c->work.settings->keyring, &flow, secrets);
}

Res initiate_run(struct call *c)
{
    struct flow_secrets *secrets =
        NEW(&c->cx->mem, struct flow_secrets); /* the arena is wiped at its end */
    struct initiate in = {.source = NULL};
    Str state, uri;

    TRY(initiate_read(c, &in));
    if (in.has_account) {
        if (c->work.worker == NULL) {
            work_leave(&c->work, POOL_STORE);
            return OK;
        }
        TRY(initiate_look(c, &in));
    }
    TRY(initiate_seal_flow(c, &in, &state, secrets));
    TRY(authorize_url(
        c->cx, &settings_source(c->work.settings, in.source->id)->client, state, secrets,
        initiate_extra(c, &in), &uri));
    metric_add(METRIC_FLOWS_STARTED, (size_t)in.source->id - 1, 1);
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_text(w, S("uri"), uri);
    writer_int(w, S("timeout_seconds"), c->work.settings->flow_timeout_s);
    return call_answer(c, c->endpoint->status, w);
}
