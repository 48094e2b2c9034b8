/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_sources.c - asks the sources.
 */
#include "cli/check_sources.h"

#include "base/clock.h"
#include "base/cx.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "oauth/jwks.h"

enum { CLOCK_WARN_S = 5, CLOCK_WRONG_S = 30, URL_SHOWN_BYTES = 200 };

static void check_jwks(struct check_report *c, Str code, struct jwks *jwks, Str url)
{
    if (jwks_fetch(c->cli->cx, jwks, c->net).code != FAIL_NONE) {
        check_report_add_failure(
            c, code, S("look at the URL, the network and [oauth] ca_file"));
        return;
    }
    check_report_add(
        c, code, FINDING_OK, CHECK_TEXT(c, S("its keys could be read: "), url), S(""));
}

void check_source_is_on(struct check_report *c, const struct source_settings *s)
{
    Str code = check_report_source_code(c, source_get(s->id)->name, S(""));

    if (!s->is_on) {
        check_report_add(
            c, code, FINDING_NOTE, S("off"),
            S("give client_id and client_secret to switch it on"));
    }
}

/* A GET without anything; any status is a reply. */
static Res source_get_url(struct check_report *c, Str url, struct net_reply *ret)
{
    const struct net_via via = {c->net, &c->cli->app.config->settings.net};
    const struct net_request req = {.url = url, .max_bytes = LIMIT_REPLY_BYTES};

    return net_perform(c->cli->cx, &via, &req, ret);
}

/* Discovery. */

/* Behind the first part of the path, where the tenant stands: a document may name it by
 * its id. */
static Str endpoint_path(const struct source *source, Str path)
{
    size_t at;

    return source->tenant_fits != NULL && str_find(str_sub(path, 1, path.n), '/', &at)
               ? str_sub(path, at + 1, path.n)
               : path;
}

static bool endpoint_fits(const struct source *source, Str ours, Str theirs)
{
    struct uri a = uri_split(ours);
    struct uri b = uri_split(theirs);

    return uri_is_same_origin(&a, &b)
           && str_eq(endpoint_path(source, a.path), endpoint_path(source, b.path));
}

/* A member of the document, and the endpoint of ours that it names. */
struct discovery_endpoint {
    const char *member;
    Str key;
    Str ours;
};

static size_t discovery_compare(
    struct check_report *c, const struct source_settings *s, const json_t *document)
{
    const struct source *source = source_get(s->id);
    const struct discovery_endpoint endpoints[] = {
        {"authorization_endpoint", S("authorize_url"), s->client.authorize_url},
        {"token_endpoint", S("token_url"), s->client.token_url},
        {"jwks_uri", S("jwks_url"), s->jwks_url},
        {"revocation_endpoint", S("revoke_url"), s->client.revoke_url},
    };
    size_t n = 0;

    for (size_t i = 0; i < COUNT(endpoints); i++) {
        const struct discovery_endpoint *e = &endpoints[i];
        Str theirs;

        if (e->ours.n > 0 && j_text(document, e->member, &theirs)
            && !endpoint_fits(source, e->ours, theirs)) {
            n++;
            check_report_add(
                c, check_report_source_code(c, source->name, S("keys")), FINDING_WARN,
                CHECK_TEXT(
                    c, S("the source's discovery document has another "), e->key,
                    S(" than this service: "), str_sub(theirs, 0, URL_SHOWN_BYTES)),
                CHECK_TEXT(
                    c, S("take ["), source->name, S("] "), e->key,
                    S(" out of the configuration, or use a newer caldock")));
        }
    }
    return n;
}

/* The document. The caller closes *ret. */
static Res discovery_read(
    struct check_report *c, const struct source_settings *s, json_t **ret)
{
    struct cx *cx = c->cli->cx;
    struct net_reply reply;

    TRY(source_get_url(c, source_discovery_url(&cx->mem, s), &reply));
    if (reply.status != 200) {
        return fail(cx, FAIL_SOURCE_ERROR, "the source answers %d", reply.status);
    }
    TRY(j_parse_kindly(cx, reply.body, LIMIT_SOURCE_JSON_DEPTH, ret));
    return json_is_object(*ret) ? OK : fail(cx, FAIL_SOURCE_ERROR, "no JSON object");
}

static void check_discovery(struct check_report *c, const struct source_settings *s)
{
    CLEANUP(j_done) json_t *document = NULL;
    Str code = check_report_source_code(c, source_get(s->id)->name, S("keys"));

    if (discovery_read(c, s, &document).code != FAIL_NONE) {
        check_report_add(
            c, code, FINDING_NOTE,
            CHECK_TEXT(
                c,
                S("its discovery document could not be read, so the endpoints were "
                  "not compared: "),
                check_report_why(c)),
            S(""));
    } else if (discovery_compare(c, s, document) == 0) {
        check_report_add(
            c, code, FINDING_OK, S("its discovery document names the same endpoints"),
            S(""));
    }
}

void check_source_keys(struct check_report *c, const struct source_settings *s)
{
    Str name = source_get(s->id)->name;

    if (!s->is_on) {
        return;
    }
    check_jwks(
        c, check_report_source_code(c, name, S("keys")), s->jwks,
        check_report_wants(c, check_report_source_code(c, name, S("secret")))
            ? s->jwks_url
            : CHECK_TEXT(c, s->jwks_url, S("; client not tried")));
    check_discovery(c, s);
}

void check_source_tenant(struct check_report *c, const struct source_settings *s)
{
    const struct source *source = source_get(s->id);
    Str code = check_report_source_code(c, source->name, S("tenant"));
    struct net_reply reply;

    if (!s->is_on) {
        return;
    }
    Str url = source_discovery_url(&c->cli->cx->mem, s);

    if (source_get_url(c, url, &reply).code != FAIL_NONE) {
        check_report_add(
            c, code, FINDING_NOTE,
            CHECK_TEXT(c, S("tenant not tried: "), check_report_why(c)), S(""));
    } else if (reply.status == 200) {
        check_report_add(
            c, code, FINDING_OK, CHECK_TEXT(c, S("the source has "), s->tenant), S(""));
    } else if (reply.status == 400 || reply.status == 404) {
        check_report_add(
            c, code, FINDING_WRONG,
            CHECK_TEXT(c, S("the source has no tenant "), s->tenant),
            CHECK_TEXT(
                c,
                S("give common, organizations, consumers, or a tenant's id or domain "
                  "as ["),
                source->name, S("] tenant")));
    } else {
        check_report_add(
            c, code, FINDING_NOTE,
            CHECK_TEXT(
                c, S("whether the source has "), s->tenant,
                S(" is not known: it answers "), check_report_int(c, reply.status)),
            S(""));
    }
}

/* The clock. */

/* How far this machine is behind (positive) or ahead at least, in seconds: the answer was
 * dated, in whole seconds, at some time of the call. */
static int64_t clock_skew_s(int64_t date_s, int64_t before_s, int64_t after_s)
{
    if (date_s > after_s) {
        return date_s - after_s;
    }
    return date_s + 1 < before_s ? date_s + 1 - before_s : 0;
}

enum finding check_clock_judge(int64_t off_s)
{
    if (off_s > CLOCK_WRONG_S) {
        return FINDING_WRONG;
    }
    return off_s > CLOCK_WARN_S ? FINDING_WARN : FINDING_OK;
}

static void clock_add(struct check_report *c, Str source, int64_t skew_s)
{
    int64_t off_s = skew_s < 0 ? -skew_s : skew_s;
    enum finding finding = check_clock_judge(off_s);

    if (finding == FINDING_OK) {
        check_report_add(
            c, S("clock"), FINDING_OK,
            CHECK_TEXT(c, S("this machine's clock agrees with "), source), S(""));
        return;
    }
    check_report_add(
        c, S("clock"), finding,
        CHECK_TEXT(
            c, S("this machine's clock is "), check_report_int(c, off_s),
            skew_s > 0 ? S(" seconds behind ") : S(" seconds ahead of "), source),
        S("let the machine keep its time by NTP (systemd-timesyncd, chrony)"));
}

/* The authorization page is made for whoever asks: no cache has it. */
static void clock_check_source(struct check_report *c, const struct source_settings *s)
{
    Str name = source_get(s->id)->name;
    struct net_reply reply;
    int64_t before_s = clock_now_s();
    Res res = source_get_url(c, s->client.authorize_url, &reply);

    if (res.code == FAIL_NONE && reply.date_s >= 0) {
        clock_add(c, name, clock_skew_s(reply.date_s, before_s, clock_now_s()));
        return;
    }
    check_report_add(
        c, S("clock"), FINDING_NOTE,
        CHECK_TEXT(
            c, name, S(" doesn't say what time it is: "),
            res.code == FAIL_NONE ? S("an answer without Date") : check_report_why(c)),
        S(""));
}

void check_clock(struct check_report *c)
{
    const struct settings *settings = &c->cli->app.config->settings;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (settings->sources[i].is_on) {
            clock_check_source(c, &settings->sources[i]);
        }
    }
}

void check_issuers(struct check_report *c)
{
    const struct jwt_issuers *all = &c->cli->app.config->settings.auth.issuers;

    for (size_t i = 0; i < all->n; i++) {
        const struct jwt_issuer *issuer = &all->at[i];
        Str code = CHECK_TEXT(c, S("jwt."), issuer->name, S(".keys"));

        if (issuer->jwks == NULL) {
            check_report_add(c, code, FINDING_OK, S("its key is here"), S(""));
        } else if (c->net == NULL) {
            check_report_add(
                c, code, FINDING_NOTE, S("keys not tried: --offline"), S(""));
        } else {
            check_jwks(c, code, issuer->jwks, issuer->issuer);
        }
    }
}
