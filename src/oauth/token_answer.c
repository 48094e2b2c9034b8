/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_answer.c - what can be believed of an answer, and what its errors mean.
 */
#include "oauth/token_answer.h"

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"

static Res json_of(struct cx *cx, const struct net_reply *reply, json_t **ret)
{
    if (!net_reply_is(reply, S("application/json"))) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer that is not application/json");
    }
    if (j_parse(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, ret).code != FAIL_NONE) {
        return (Res){FAIL_SOURCE_ERROR}; /* the reason is j_parse's */
    }
    if (!json_is_object(*ret)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer that is no JSON object");
    }
    return OK;
}

static bool is_visible(unsigned char c)
{
    return c > ' ' && c < 0x7F;
}

static bool is_visible_or_space(unsigned char c)
{
    return c >= ' ' && c < 0x7F;
}

static bool is_absent(const json_t *answer, const char *name)
{
    const json_t *v = json_object_get(answer, name);

    return v == NULL || json_is_null(v);
}

struct member {
    const char *name;
    size_t most;
    bool is_required;
    bool (*ok)(unsigned char c);
    Str *ret; /* empty when absent */
};

static Res member_read(struct cx *cx, const json_t *answer, const struct member *m)
{
    Str text = S("");

    if (!m->is_required && is_absent(answer, m->name)) {
        *m->ret = text;
        return OK;
    }
    if (!j_text(answer, m->name, &text) || text.n == 0 || text.n > m->most
        || !str_is_only(text, m->ok)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer with an unusable %s", m->name);
    }
    *m->ret = str_dup(&cx->mem, text);
    return OK;
}

/* Longer lives are cut to the limit; no life said is none that can be counted on. */
static Res expiry_read(struct cx *cx, const json_t *answer, int64_t *ret)
{
    int64_t seconds = 0;

    if (!is_absent(answer, "expires_in")
        && (!j_int(answer, "expires_in", &seconds) || seconds < 0)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer with an unusable expires_in");
    }
    *ret = seconds < LIMIT_EXPIRES_IN_S ? seconds : LIMIT_EXPIRES_IN_S;
    return OK;
}

static Res tokens_read(
    struct cx *cx, const json_t *answer, Str requested, struct tokens *ret)
{
    struct tokens t;
    Str type;
    const struct member members[] = {
        {"token_type",    32,                        true,  is_visible,          &type           },
        {"access_token",  LIMIT_ACCESS_TOKEN_BYTES,  true,  is_visible,          &t.access_token },
        {"refresh_token", LIMIT_REFRESH_TOKEN_BYTES, false, is_visible,          &t.refresh_token},
        {"id_token",      LIMIT_ID_TOKEN_BYTES,      false, is_visible,          &t.id_token     },
        {"scope",         LIMIT_SCOPE_BYTES,         false, is_visible_or_space, &t.scope        },
    };

    for (size_t i = 0; i < COUNT(members); i++) {
        TRY(member_read(cx, answer, &members[i]));
    }
    if (!str_eq_nocase(type, S("Bearer"))) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer with a token_type not Bearer");
    }
    if (t.scope.n == 0) {
        t.scope = requested;
    }
    TRY(expiry_read(cx, answer, &t.expires_in_s));
    *ret = t;
    return OK;
}

static bool ends_the_grant(Str error)
{
    static const Str errors[] = {
        SI("invalid_grant"), SI("interaction_required"), SI("login_required"),
        SI("consent_required")};

    for (size_t i = 0; i < COUNT(errors); i++) {
        if (str_eq(errors[i], error)) {
            return true;
        }
    }
    return false;
}

/* The code is OAuth's own and may be logged; the description may not (oauth-security 25),
 * only Microsoft's number in it. */
static Res error_read(
    struct cx *cx, const json_t *answer, enum token_leg leg, bool *client_refused)
{
    Str error = S("");
    Str subcode = S("");
    Str description = S("");

    if (!j_text(answer, "error", &error) || error.n == 0 || error.n > 64
        || !str_is_only(error, is_visible)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a refusal without an OAuth error");
    }
    (void)j_text(answer, "error_subcode", &subcode);
    (void)j_text(answer, "error_description", &description);
    *client_refused = str_eq(error, S("invalid_client"));
    enum fail kind = leg == LEG_REFRESH && ends_the_grant(error)
                         ? FAIL_GRANT_REFUSED
                         : oauth_error_kind(error, subcode, description, true);

    return fail(
        cx, kind, "the source says %.*s (%lld)", (int)error.n, error.p,
        (long long)aadsts_number(description));
}

Res token_parse_answer(
    struct cx *cx, const struct net_reply *reply, enum token_leg leg, Str requested,
    struct tokens *ret, bool *client_refused)
{
    CLEANUP(j_done) json_t *answer = NULL;

    *client_refused = false;
    TRY(net_reply_check(cx, reply));
    TRY(json_of(cx, reply, &answer));
    return reply->status == 200 ? tokens_read(cx, answer, requested, ret)
                                : error_read(cx, answer, leg, client_refused);
}

Res revoke_parse_answer(struct cx *cx, const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *answer = NULL;
    Str error = S("");

    TRY(net_reply_check(cx, reply));
    if (reply->status / 100 == 2) {
        return OK;
    }
    TRY(json_of(cx, reply, &answer));
    if (j_text(answer, "error", &error) && str_eq(error, S("invalid_token"))) {
        return OK;
    }
    return fail(cx, FAIL_SOURCE_ERROR, "the source refused to revoke");
}
