/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_answer.c - judges an answer member by member.
 *
 * It is read kindly where nothing depends on a member, and strictly where a token or a
 * scope does.
 */
#include "oauth/token_answer.h"

#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"

enum { ERROR_BYTES = 64 };

static Res answer_json(struct cx *cx, const struct net_reply *reply, json_t **ret)
{
    if (!net_reply_is(reply, S("application/json"))) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer that is not application/json");
    }
    if (j_parse_kindly(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, ret).code != FAIL_NONE) {
        return (Res){FAIL_SOURCE_ERROR}; /* the reason is the reader's */
    }
    if (!json_is_object(*ret)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer that is no JSON object");
    }
    return OK;
}

static bool char_is_of_vschar(unsigned char c)
{
    return c > ' ' && c < 0x7F;
}

static bool char_is_of_scope(unsigned char c)
{
    return c >= ' ' && c < 0x7F;
}

struct answer_member {
    const char *name;
    size_t most;
    bool is_required;
    bool (*ok)(unsigned char c);
    Str *ret; /* empty when absent */
};

static Res answer_read_member(
    struct cx *cx, const json_t *answer, const struct answer_member *m)
{
    Str text = S("");

    if (!m->is_required && j_is_absent(answer, m->name)) {
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

/* A longer lifetime is cut to the limit. Without a lifetime, none can be counted on. */
static Res answer_read_expiry(struct cx *cx, const json_t *answer, int64_t *ret)
{
    const json_t *v = j_get(answer, "expires_in");
    int64_t seconds = LIMIT_EXPIRES_IN_S;
    bool is_vast = json_number_value(v) > (double)J_MOST;

    if (v == NULL) {
        seconds = 0;
    } else if (!is_vast && (!j_value_is_number(v, &seconds) || seconds < 0)) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer with an unusable expires_in");
    }
    *ret = seconds < LIMIT_EXPIRES_IN_S ? seconds : LIMIT_EXPIRES_IN_S;
    return OK;
}

static Res answer_read_tokens(
    struct cx *cx, const json_t *answer, Str requested, struct tokens *ret)
{
    struct tokens t;
    Str type;
    const struct answer_member members[] = {
        {"token_type", 32, true, char_is_of_vschar, &type},
        {"access_token", LIMIT_ACCESS_TOKEN_BYTES, true, char_is_of_vschar,
         &t.access_token},
        {"refresh_token", LIMIT_REFRESH_TOKEN_BYTES, false, char_is_of_vschar,
         &t.refresh_token},
        {"id_token", LIMIT_ID_TOKEN_BYTES, false, char_is_of_vschar, &t.id_token},
        {"scope", LIMIT_SCOPE_BYTES, false, char_is_of_scope, &t.scope},
    };

    for (size_t i = 0; i < COUNT(members); i++) {
        TRY(answer_read_member(cx, answer, &members[i]));
    }
    if (!str_eq_nocase(type, S("Bearer"))) {
        return fail(cx, FAIL_SOURCE_ERROR, "an answer with a token_type not Bearer");
    }
    if (t.scope.n == 0) {
        t.scope = requested;
    }
    TRY(answer_read_expiry(cx, answer, &t.expires_in_s));
    *ret = t;
    return OK;
}

/* The code is OAuth's own and may be logged; the description may not (SECURITY 25), only
 * Microsoft's number in it. */
static Res answer_read_error(
    struct cx *cx, const json_t *answer, enum oauth_leg leg, bool *client_refused)
{
    Str error = S("");
    Str subcode = S("");
    Str description = S("");

    if (!j_text(answer, "error", &error) || error.n == 0 || error.n > ERROR_BYTES
        || !str_is_only(error, char_is_of_vschar)) {
        return fail(cx, FAIL_SOURCE_ERROR, "a refusal without an OAuth error");
    }
    (void)j_text(answer, "error_subcode", &subcode);
    (void)j_text(answer, "error_description", &description);
    *client_refused = str_eq(error, S("invalid_client"));
    return fail(
        cx, oauth_error_kind(error, subcode, description, leg),
        "the source says %.*s (%lld)", STR_ARG(error),
        (long long)oauth_error_aadsts(description));
}

/* An error is that error, whatever the status says. */
static bool answer_has_error(const json_t *answer)
{
    Str error;

    return j_text(answer, "error", &error) && error.n > 0;
}

static Res answer_read(
    struct cx *cx, const struct net_reply *reply, enum oauth_leg leg, Str requested,
    struct tokens *ret, bool *client_refused)
{
    CLEANUP(j_done) json_t *answer = NULL;

    TRY(net_reply_check(cx, reply));
    TRY(answer_json(cx, reply, &answer));
    return reply->status == 200 && !answer_has_error(answer)
               ? answer_read_tokens(cx, answer, requested, ret)
               : answer_read_error(cx, answer, leg, client_refused);
}

/* The source may have made this refresh token the only one that works, so it is taken
 * even from JSON that has a member twice. */
static Str answer_rescue(struct cx *cx, const struct net_reply *reply)
{
    json_error_t ignored;
    CLEANUP(j_done)
    json_t *answer =
        json_loadb(reply->body.n == 0 ? "" : reply->body.p, reply->body.n, 0, &ignored);
    Str token = S("");
    const struct answer_member member = {
        "refresh_token", LIMIT_REFRESH_TOKEN_BYTES, false, char_is_of_vschar, &token};

    if (reply->status / 100 == 2 && !answer_has_error(answer)) {
        (void)answer_read_member(cx, answer, &member).code;
    }
    return token;
}

Res token_parse_answer(
    struct cx *cx, const struct net_reply *reply, enum oauth_leg leg, Str requested,
    struct tokens *ret, struct token_note *note)
{
    *note = (struct token_note){.rescued = S("")};
    Res res = answer_read(cx, reply, leg, requested, ret, &note->client_refused);

    if (res.code != FAIL_NONE) {
        __typeof__(cx->why) why = cx->why;

        note->rescued = answer_rescue(cx, reply);
        cx->why = why;
    }
    return res;
}

Res token_parse_revocation(struct cx *cx, const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *answer = NULL;
    Str error = S("");

    TRY(net_reply_check(cx, reply));
    if (reply->status / 100 == 2) {
        return OK;
    }
    TRY(answer_json(cx, reply, &answer));
    if (j_text(answer, "error", &error) && str_eq(error, S("invalid_token"))) {
        return OK;
    }
    return fail(cx, FAIL_SOURCE_ERROR, "the source refused to revoke");
}
