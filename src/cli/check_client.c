/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_client.c - tries our client at a source as a flow would, without a user: with a
 * code that nobody was given, and without a page that somebody sees.
 */
#include "cli/check_client.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/datetime.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "oauth/authorize.h"
#include "oauth/oauth_error.h"
#include "oauth/token.h"
#include "seal/seal.h"

enum {
    WARN_S = 30 * CLOCK_DAY_S,
    WRONG_S = 7 * CLOCK_DAY_S,
    ERROR_BYTES = 64,
    SECRET_EXPIRED = 7000222, /* docs/sources.md M33 */
};

/* A made-up value of FLOW_SECRET_TEXT characters. */
static Str client_made_up(struct arena *mem)
{
    unsigned char bytes[SEAL_KEY_BYTES];

    seal_random(bytes, sizeof(bytes));
    return b64url_encode(mem, (Str){(const char *)bytes, sizeof(bytes)});
}

static bool char_is_of_word(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* OAuth's word for the refusal, empty where there is none, and Microsoft's number. */
static Str answer_error(struct cx *cx, const struct net_reply *reply, int64_t *number)
{
    CLEANUP(j_done) json_t *answer = NULL;
    Str error = S("");
    Str description = S("");

    *number = 0;
    if (j_parse_kindly(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &answer).code
            != FAIL_NONE
        || !j_text(answer, "error", &error) || error.n > ERROR_BYTES
        || !str_is_only(error, char_is_of_word)) {
        return S("");
    }
    (void)j_text(answer, "error_description", &description);
    *number = oauth_error_aadsts(description);
    return str_dup(&cx->mem, error);
}

/* A secret as the configuration names it. */
struct client_secret {
    Str section;
    Str key;
    Str value;
};

static void secret_judge(
    struct check_report *c, const struct client_secret *secret,
    const struct net_reply *reply)
{
    Str code = check_report_source_code(c, secret->section, S("secret"));
    int64_t number;
    Str error = answer_error(c->cli->cx, reply, &number);
    Str said = CHECK_TEXT(
        c, error.n > 0 ? error : S("no OAuth error"), S(" ("),
        number > 0 ? S("AADSTS") : S(""),
        check_report_int(c, number > 0 ? number : reply->status), S(")"));

    if (str_eq(error, S("invalid_grant"))) {
        check_report_add(
            c, code, FINDING_OK,
            CHECK_TEXT(c, secret->key, S(" is accepted, and the made-up code is not")),
            S(""));
    } else if (str_eq(error, S("invalid_client"))) {
        check_report_add(
            c, code, FINDING_WRONG,
            CHECK_TEXT(
                c, secret->key,
                number == SECRET_EXPIRED ? S(" has expired: ") : S(" is refused: "),
                said),
            CHECK_TEXT(
                c,
                S("make a new secret for this client_id at the source, and give it "
                  "as ["),
                secret->section, S("] "), secret->key));
    } else {
        check_report_add(
            c, code, FINDING_NOTE,
            CHECK_TEXT(
                c, S("whether "), secret->key, S(" is accepted is not known: "), said),
            S("connect an account; look up what the source says in "
              "docs/troubleshooting.md"));
    }
}

static void secret_try(
    struct check_report *c, const struct source_settings *s,
    const struct client_secret *secret)
{
    const struct net_via via = {c->net, &c->cli->app.config->settings.net};
    struct oauth_client client = s->client;
    struct arena *mem = &c->cli->cx->mem;
    const struct token_code code = {
        str_cat(mem, S("caldock-check-"), client_made_up(mem)), client_made_up(mem)};
    struct net_reply reply;

    client.client_secret = secret->value;
    if (token_try(c->cli->cx, &via, &client, &code, &reply).code == FAIL_NONE) {
        secret_judge(c, secret, &reply);
        return;
    }
    check_report_add(
        c, check_report_source_code(c, secret->section, S("secret")), FINDING_NOTE,
        CHECK_TEXT(c, S("client not tried: "), check_report_why(c)),
        S("look at token_url, the network and [oauth] ca_file"));
}

void check_client_secret(struct check_report *c, const struct source_settings *s)
{
    Str name = source_get(s->id)->name;
    const struct client_secret secrets[] = {
        {name, S("client_secret"), s->client.client_secret},
        {name, S("client_secret_next"), s->client.client_secret_next},
    };

    for (size_t i = 0; s->is_on && i < COUNT(secrets); i++) {
        if (secrets[i].value.n > 0) {
            secret_try(c, s, &secrets[i]);
        }
    }
}

/* The redirect URI, with or without a query behind it. */
static bool location_is_ours(Str location, Str redirect_uri)
{
    Str rest = str_sub(location, redirect_uri.n, location.n);

    return str_starts(location, redirect_uri)
           && (rest.n == 0 || rest.p[0] == '?' || rest.p[0] == '#');
}

/* Google leads to a page of its own (docs/sources.md G33). */
static bool location_is_error_page(Str location)
{
    struct uri uri = uri_split(location);

    return str_contains(uri.path, S("/oauth/error"));
}

static void redirect_judge(
    struct check_report *c, const struct source_settings *s,
    const struct net_reply *reply)
{
    const struct source *source = source_get(s->id);
    Str code = check_report_source_code(c, source->name, S("redirect"));
    Str status = check_report_int(c, reply->status);
    bool leads_on = reply->status / 100 == 3 && reply->field.n > 0;
    bool is_page =
        reply->status / 100 == 2 || (reply->status / 100 == 4 && reply->status != 429);

    if (leads_on && location_is_ours(reply->field, s->client.redirect_uri)) {
        check_report_add(
            c, code, FINDING_OK,
            CHECK_TEXT(c, S("the source sends browsers to "), s->client.redirect_uri),
            S(""));
    } else if (is_page || (leads_on && location_is_error_page(reply->field))) {
        check_report_add(
            c, code, FINDING_WRONG,
            CHECK_TEXT(
                c, S("the source shows a page ("), status,
                S(") and doesn't come back: client_id is wrong, or the redirect URI is "
                  "not registered")),
            CHECK_TEXT(
                c, S("register exactly this redirect URI for the client: "),
                s->client.redirect_uri));
    } else {
        check_report_add(
            c, code, FINDING_NOTE,
            CHECK_TEXT(
                c,
                S("whether the redirect URI is registered is not known: the source "
                  "answers "),
                status),
            CHECK_TEXT(c, S("see that this is registered: "), s->client.redirect_uri));
    }
}

/* As a browser would, but that nobody may be asked anything. */
static Res redirect_url(struct cx *cx, const struct oauth_client *client, Str *ret)
{
    struct flow_secrets secrets;
    unsigned char hash[SEAL_HASH_BYTES];
    Str nonce = client_made_up(&cx->mem);

    must_be(nonce.n == sizeof(secrets.nonce));
    memcpy(secrets.nonce, nonce.p, nonce.n);
    state_pkce_challenge(&cx->mem, nonce, hash, secrets.challenge);
    return authorize_url(
        cx, client, client_made_up(&cx->mem), &secrets, S("&prompt=none"), ret);
}

void check_client_redirect(struct check_report *c, const struct source_settings *s)
{
    const struct net_via via = {c->net, &c->cli->app.config->settings.net};
    struct cx *cx = c->cli->cx;
    struct net_request req = {
        .max_bytes = LIMIT_REPLY_BYTES, .drops_body = true, .field = "Location"};
    struct net_reply reply;

    if (!s->is_on) {
        return;
    }
    Res res = redirect_url(cx, &s->client, &req.url);

    if (res.code == FAIL_NONE) {
        res = net_perform(cx, &via, &req, &reply);
    }
    if (res.code == FAIL_NONE) {
        redirect_judge(c, s, &reply);
        return;
    }
    check_report_add(
        c, check_report_source_code(c, source_get(s->id)->name, S("redirect")),
        FINDING_NOTE, CHECK_TEXT(c, S("client not tried: "), check_report_why(c)),
        S("look at authorize_url, the network and [oauth] ca_file"));
}

enum finding check_expiry_judge(int64_t left_s)
{
    if (left_s < WRONG_S) {
        return FINDING_WRONG;
    }
    return left_s < WARN_S ? FINDING_WARN : FINDING_OK;
}

void check_client_expiry(struct check_report *c, const struct source_settings *s)
{
    const struct source *source = source_get(s->id);
    Str code = check_report_source_code(c, source->name, S("expiry"));
    int64_t left_s = s->secret_expires_s - clock_now_s();
    char date[DATETIME_DATE_BYTES];

    if (!s->is_on || (s->secret_expires_s == 0 && !source->secret_expires)) {
        return;
    }
    if (s->secret_expires_s == 0) {
        check_report_add(
            c, code, FINDING_NOTE, S("when client_secret expires is not known"),
            S("give the day as client_secret_expires, so that check warns before"));
        return;
    }
    enum finding finding = check_expiry_judge(left_s);

    check_report_add(
        c, code, finding,
        CHECK_TEXT(
            c,
            left_s < 0 ? S("client_secret has expired on ")
                       : S("client_secret expires on "),
            datetime_date_write((int32_t)(s->secret_expires_s / CLOCK_DAY_S), date)),
        finding == FINDING_OK
            ? S("")
            : S("make a new secret at the source, give it as client_secret_next, then "
                "as client_secret, and its day as client_secret_expires"));
}
