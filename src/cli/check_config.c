/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_config.c - reads the configuration, and tries its addresses.
 */
#include "cli/check_config.h"

#include "app/files.h"
#include "app/listens.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/process.h"
#include "http/listen_try.h"
#include "seal/seal.h"

enum { NODES_BYTES = 4096 };

static const Str code_config = SI("config");
static const Str code_listen = SI("config.listen");

Res check_config(struct check_report *c)
{
    struct app *app = &c->cli->app;
    Res res = app_open(app, cli_config_path(c->cli), APP_CONFIG);

    if (res.code != FAIL_NONE) {
        c->wants_all = true; /* nothing else can be said */
        check_report_add_failure(
            c, code_config,
            S("correct what it names, or name another file with --config; `caldock help "
              "config` lists the keys"));
        return res;
    }
    check_report_add(
        c, code_config, FINDING_OK,
        app->config->path == NULL ? S("no file: defaults and the environment")
                                  : str_from_z(app->config->path),
        S(""));
    return OK;
}

/* As a shell would take them. */
void check_quotes(struct check_report *c)
{
    for (const struct config_value *v = c->cli->app.config->values; v != NULL;
         v = v->next) {
        if (value_is_quoted(v->text)) {
            check_report_add(
                c, code_config, FINDING_NOTE,
                CHECK_TEXT(
                    c, v->where, S(": the quotes around the whole belong to the value")),
                S("take them off"));
        }
    }
}

/* Their ids, as listens_is_ours takes them. */
static Str check_nodes(const struct check_report *c)
{
    struct buf b = {.mem = &c->cli->cx->mem, .max = NODES_BYTES};

    for (size_t i = 0; i < c->facts.n_nodes; i++) {
        buf_add(&b, c->facts.nodes[i].id);
        buf_add_char(&b, ' ');
    }
    return b.full ? S("") : (Str){b.p, b.n};
}

/* Who listens for metrics says nothing of nodes. What a Caldock has of a machine on which
 * this service runs is taken for this service's. */
static bool check_metrics_are_ours(struct check_report *c, Str address)
{
    const struct text_list *listen = &c->cli->app.config->listen;
    struct cx *cx = c->cli->cx;
    struct listen_address at;
    bool runs_here = false;
    Str answer;

    for (size_t i = 0; i < listen->n && !runs_here; i++) {
        runs_here = listens_is_ours(cx, listen->at[i], check_nodes(c));
    }
    return runs_here && listen_parse(cx, address, &at).code == FAIL_NONE
           && listen_ask(
                  cx, &at,
                  S("GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
                    "Connection: close\r\n\r\n"),
                  LISTEN_WHOLE, &answer)
                      .code
                  == FAIL_NONE
           && str_contains(answer, S("\ncaldock_build_info{"));
}

/* A node of this store may have the address: that is the service itself. */
static void check_address(struct check_report *c, Str address, bool is_for_metrics)
{
    struct cx *cx = c->cli->cx;

    if (listens_try(cx, address).code == FAIL_NONE) {
        check_report_add(
            c, code_listen, FINDING_OK, CHECK_TEXT(c, address, S(" can be had")), S(""));
        return;
    }
    Str why = check_report_why(c);

    if (is_for_metrics ? check_metrics_are_ours(c, address)
                       : listens_is_ours(cx, address, check_nodes(c))) {
        check_report_add(
            c, code_listen, FINDING_OK,
            CHECK_TEXT(c, address, S(" is held by this service, which runs")), S(""));
    } else if (!c->facts.is_read) {
        check_report_add(
            c, code_listen, FINDING_NOTE,
            CHECK_TEXT(c, why, S("; or it is this service: only the store could tell")),
            S("mend the store first"));
    } else {
        check_report_add(c, code_listen, FINDING_WRONG, why, S(""));
    }
}

void check_listen(struct check_report *c)
{
    const struct config *config = c->cli->app.config;

    if (listens_check(c->cli->cx, config).code != FAIL_NONE) {
        check_report_add_failure(c, code_listen, S(""));
        return;
    }
    for (size_t i = 0; i < config->listen.n; i++) {
        check_address(c, config->listen.at[i], false);
    }
    for (size_t i = 0; i < config->metrics_listen.n; i++) {
        check_address(c, config->metrics_listen.at[i], true);
    }
}

/* The public URL. */

static void public_url_add(
    struct check_report *c, enum finding finding, Str text, Str mend)
{
    check_report_add(c, S("config.public_url"), finding, text, mend);
}

/* Browsers would say the same of the certificate; else it may be that only this machine
 * can't reach it. */
static void public_url_judge_failure(struct check_report *c)
{
    Str why = check_report_why(c);

    if (str_contains(why, S("certificate"))) {
        public_url_add(
            c, FINDING_WRONG, why,
            S("give the proxy a certificate for this name that browsers trust, with the "
              "chain up to its authority"));
        return;
    }
    public_url_add(
        c, FINDING_NOTE,
        CHECK_TEXT(
            c, S("is not reached from here: "), why,
            c->facts.is_read && c->facts.n_nodes == 0
                ? S("; no node serves now")
                : S("; this may be the firewall's view from inside")),
        S("try it from outside: GET /healthz below public_url answers 200"));
}

static void public_url_judge(
    struct check_report *c, Str id, const struct net_reply *reply)
{
    Str status = check_report_int(c, reply->status);

    if (reply->status == 200 && str_eq(reply->field, id)) {
        public_url_add(c, FINDING_OK, S("leads to this service"), S(""));
    } else if (reply->status / 100 == 3) {
        public_url_add(
            c, FINDING_WRONG,
            CHECK_TEXT(c, S("is answered with a redirect ("), status, S(")")),
            S("give the URL behind the redirect, as sources have to find it"));
    } else if (reply->status / 100 == 5 && c->facts.n_nodes == 0) {
        public_url_add(
            c, FINDING_NOTE,
            CHECK_TEXT(c, S("answers "), status, S(", since no node serves now")),
            S("start `caldock serve`, and check again"));
    } else if (reply->status == 200) {
        public_url_add(
            c, FINDING_WRONG,
            S("another program answers, or a proxy that changes X-Request-Id"),
            S("let the proxy pass all paths of this service, and its X-Request-Id"));
    } else {
        public_url_add(
            c, FINDING_WRONG, CHECK_TEXT(c, S("GET /healthz is answered "), status),
            S("let the proxy pass all paths of this service, with or without the path "
              "of public_url"));
    }
}

/* Browsers don't know [oauth] ca_file. */
static Res public_url_ask(struct check_report *c, Str id, struct net_reply *ret)
{
    const struct settings *settings = &c->cli->app.config->settings;
    struct net_options options = settings->net;
    const struct net_via via = {c->net, &options};
    const struct net_header header = {S("X-Request-Id"), id};
    const struct net_request req = {
        .url = CHECK_TEXT(c, settings->public_url, S("/healthz")),
        .headers = &header,
        .n_headers = 1,
        .max_bytes = LIMIT_REPLY_BYTES,
        .drops_body = true,
        .field = "X-Request-Id",
    };

    options.ca_file = NULL;
    options.ca_mark = 0;
    return net_perform(c->cli->cx, &via, &req, ret);
}

void check_public_url(struct check_report *c)
{
    Str url = c->cli->app.config->settings.public_url;
    Str id = seal_random_name(&c->cli->cx->mem, S("check-"));
    struct net_reply reply;

    if (str_starts(url, S("http:"))) {
        public_url_add(
            c, FINDING_NOTE,
            S("is on loopback: only browsers on this machine come back to it"),
            S("give the https URL that users reach"));
    }
    if (c->net == NULL) {
        public_url_add(c, FINDING_NOTE, S("not tried: --offline"), S(""));
    } else if (public_url_ask(c, id, &reply).code == FAIL_NONE) {
        public_url_judge(c, id, &reply);
    } else {
        public_url_judge_failure(c);
    }
}

/* The service may have another limit, where another program starts it. */
void check_files(struct check_report *c)
{
    struct files_fit fit = files_fit(c->cli->app.config, process_raise_files());
    bool is_short = fit.needed > fit.there;
    Str count = CHECK_TEXT(
        c, check_report_int(c, fit.needed),
        S(" open files are needed at most, and there may be "),
        check_report_int(c, fit.there));

    if (is_short) {
        check_report_add(
            c, S("limits.files"), FINDING_WARN,
            CHECK_TEXT(
                c, count, S(", so that [server] max_connections is cut to "),
                check_report_int(c, fit.max_connections)),
            S("raise the limit where the service is started (ulimit -n, LimitNOFILE=)"));
    } else {
        check_report_add(c, S("limits.files"), FINDING_OK, count, S(""));
    }
}
