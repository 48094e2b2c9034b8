/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook.c - caldock webhook add, list, show, set, remove, enable, disable, rotate,
 * test. A secret is printed when it is made, and never again.
 */
#include "cli/webhook.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uri.h"
#include "cli/print.h"
#include "cli/provider.h"
#include "hooks/deliver.h"
#include "hooks/post.h"
#include "net/net.h"
#include "seal/keyring.h"
#include "seal/seal.h"
#include "store/outbox.h"
#include "store/providers.h"
#include "store/steps.h"
#include "store/webhook_endpoints.h"
#include "store/webhook_history.h"

/* The argument and result of a work function of the store. */
struct webhook_query {
    struct cli *cli;
    int64_t id; /* of the endpoint; of a list, of the provider, or 0 */
    struct webhook_endpoint endpoint;
    struct webhook_endpoint before; /* a rotation */
    struct sign_secrets secrets;
    int64_t now_ms;
    struct webhook_queue queue;
    int64_t after; /* of a list: the id that its next page begins behind */
    struct webhook_endpoint_page page;
};

static struct hook_settings *webhook_settings(struct cli *cli)
{
    return &cli->app.config->settings.hooks;
}

Res webhook_refuse_missing(struct cli *cli, Res res, int64_t id)
{
    if (res.code != FAIL_NOT_FOUND) {
        return res;
    }
    return fail(
        cli->cx, FAIL_NOT_FOUND,
        "there is no endpoint %lld; `caldock webhook list` shows them", (long long)id);
}

static Res webhook_write_store(struct webhook_query *q, store_work *work)
{
    struct cli *cli = q->cli;

    return webhook_refuse_missing(
        cli, store_write(cli->cx, cli->app.store, work, q), q->id);
}

static Res webhook_read_store(struct webhook_query *q, store_work *work)
{
    struct cli *cli = q->cli;

    return webhook_refuse_missing(
        cli, store_read(cli->cx, cli->app.store, work, q), q->id);
}

/* Reads the id that the command was given, and opens the store. */
static Res webhook_begin(struct cli *cli, struct webhook_query *q)
{
    q->cli = cli;
    TRY(cli_id(cli, cli->words[0], &q->id));
    return app_find_store(&cli->app);
}

/* Options. */

static Res webhook_read_events(struct cli *cli, int64_t *ret)
{
    size_t at = 0;
    Str name;
    enum webhook_type type;

    while (cli_next(cli, S("--event"), &at, &name)) {
        if (!webhook_type_find(name, &type)) {
            return cli_misuse(cli, "there is no such event to be sent", name);
        }
        *ret |= INT64_C(1) << (int)type;
    }
    return OK;
}

static bool url_char_is_plain(unsigned char c)
{
    return c > ' ' && c < 0x7F;
}

static bool url_is_http(Str url)
{
    struct uri u = uri_split(url);

    return url.n <= LIMIT_GUARDED_URL_BYTES && str_is_only(url, url_char_is_plain)
           && (str_eq_nocase(u.scheme, S("https")) || str_eq_nocase(u.scheme, S("http")))
           && uri_host_is_valid(u.host);
}

/* An address that is refused today is refused at each attempt, but a name may lead
 * elsewhere tomorrow. */
static Res webhook_check_url(struct cli *cli, Str url)
{
    if (!url_is_http(url)) {
        return cli_misuse(
            cli, "--url wants an https URL of at most 1024 bytes, not", url);
    }
    Res res = post_look(cli->cx, webhook_settings(cli), url);
    bool is_forced = res.code == FAIL_ADDRESS_REFUSED && cli_has(cli, S("--force"));

    if (res.code == FAIL_NONE || (res.code != FAIL_NOT_FOUND && !is_forced)) {
        return res;
    }
    (void)fprintf(stderr, "note: %s\n", cli->cx->why.text);
    return OK;
}

static Res webhook_read_options(struct cli *cli, struct webhook_endpoint *e)
{
    if (cli_has(cli, S("--name"))) {
        e->description = cli_value(cli, S("--name"));
    }
    if (e->description.n > LIMIT_NAME_BYTES || !str_is_utf8(e->description)) {
        return cli_misuse(cli, "--name wants at most 200 bytes of UTF-8", S(""));
    }
    if (cli_has(cli, S("--event"))) {
        e->types = 0;
        TRY(webhook_read_events(cli, &e->types));
    }
    if (cli_has(cli, S("--url"))) {
        e->url = cli_value(cli, S("--url"));
        TRY(webhook_check_url(cli, e->url));
    }
    return OK;
}

/* Secrets. */

static Res webhook_put_secret(struct cx *cx, struct db *db, struct webhook_query *q)
{
    struct webhook_endpoint *e = &q->endpoint;

    e->sealed = sign_lock(&cx->mem, q->cli->app.keyring, e->id, &q->secrets);
    must_be(keyring_record_key(e->sealed, &e->key_id));
    return webhook_endpoint_put_secret(cx, db, e);
}

static Res webhook_print_secret(struct webhook_query *q)
{
    struct cli *cli = q->cli;
    struct writer *w = print_open(cli);

    writer_int(w, S("id"), q->endpoint.id);
    writer_text(w, S("secret"), sign_secret_text(&cli->cx->mem, &q->secrets));
    seal_wipe(&q->secrets, sizeof(q->secrets));
    TRY(print_one(cli, w));
    return print_flush(cli);
}

static Res webhook_take_back(
    struct webhook_query *q, store_work *undo, Res why, const char *end)
{
    return cli_take_back(
        q->cli,
        &(struct cli_undo){
            undo, q, q->id, "endpoint", end, "webhook rotate", "its secret"},
        why);
}

/* Adding. */

static Res webhook_add_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;
    struct provider p;

    TRY(provider_get(cx, db, q->endpoint.provider, &p));
    TRY(webhook_endpoint_add(cx, db, &q->endpoint, &q->endpoint.id));
    return webhook_put_secret(cx, db, q);
}

static Res webhook_remove_work(struct cx *cx, struct db *db, void *arg)
{
    const struct webhook_query *q = arg;

    return webhook_endpoint_remove(cx, db, q->id);
}

static Res webhook_read_provider(struct cli *cli, int64_t *ret)
{
    size_t at = 0;
    Str id;
    Str other;

    if (!cli_next(cli, S("--provider"), &at, &id)) {
        return cli_misuse(cli, "--provider ID is missing", S(""));
    }
    if (cli_next(cli, S("--provider"), &at, &other)) {
        return cli_misuse(cli, "an endpoint has one provider, not also", other);
    }
    return cli_id(cli, id, ret);
}

Res webhook_add_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli, .endpoint.created_ms = clock_now_ms()};

    TRY(webhook_read_provider(cli, &q.endpoint.provider));
    if (!cli_has(cli, S("--url"))) {
        return cli_misuse(cli, "--url URL is missing", S(""));
    }
    TRY(webhook_read_options(cli, &q.endpoint));
    TRY(app_find_store(&cli->app));
    sign_secret_make(&q.secrets);
    TRY(provider_refuse_missing(
        cli, store_write(cli->cx, cli->app.store, webhook_add_work, &q),
        q.endpoint.provider));
    q.id = q.endpoint.id;
    Res res = webhook_print_secret(&q);

    if (res.code != FAIL_NONE) {
        return webhook_take_back(&q, webhook_remove_work, res, "is removed again");
    }
    (void)fprintf(
        stderr, "endpoint %lld; its secret is shown this once\n",
        (long long)q.endpoint.id);
    return OK;
}

/* Showing. */

static Str webhook_reason(enum webhook_reason why)
{
    static const Str names[] = {
        [WEBHOOK_NO_REASON] = SI(""),
        [WEBHOOK_BY_OPERATOR] = SI("operator"),
        [WEBHOOK_GONE] = SI("gone"),
        [WEBHOOK_FAILING] = SI("failing"),
    };

    return names[why];
}

static void webhook_view(struct writer *w, const struct webhook_endpoint *e)
{
    writer_int(w, S("id"), e->id);
    writer_int(w, S("provider"), e->provider);
    writer_text(w, S("name"), e->description);
    writer_text(w, S("url"), e->url);
    writer_array(w, S("events"));
    for (int type = 0; type < WEBHOOK_TYPES; type++) {
        if (webhook_type_is_in((enum webhook_type)type, e->types)) {
            writer_text(w, S(""), webhook_type_name((enum webhook_type)type));
        }
    }
    writer_end(w);
    writer_text(
        w, S("state"), e->state == WEBHOOK_ENABLED ? S("enabled") : S("disabled"));
    writer_text_or_null(w, S("disabled_reason"), webhook_reason(e->reason));
    writer_time(w, S("created_at"), e->created_ms);
    writer_time_or_null(w, S("last_success_at"), e->succeeded_ms);
    writer_time_or_null(w, S("failing_since"), e->failing_since_ms);
    writer_int(w, S("failed_attempts"), e->failed);
}

static Res webhook_get_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;

    TRY(webhook_endpoint_get(cx, db, q->id, &q->endpoint));
    return webhook_deliveries_queue(cx, db, q->id, &q->queue);
}

static Res webhook_show(struct webhook_query *q)
{
    struct writer *w = print_open(q->cli);

    TRY(webhook_read_store(q, webhook_get_work));
    webhook_view(w, &q->endpoint);
    writer_int(w, S("queued"), q->queue.waiting);
    writer_time_or_null(w, S("oldest_due_at"), q->queue.oldest_due_ms);
    return print_one(q->cli, w);
}

Res webhook_show_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};

    TRY(webhook_begin(cli, &q));
    return webhook_show(&q);
}

static Res webhook_list_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;
    struct provider provider;

    TRY(q->id == 0 ? OK : provider_find(cx, db, q->id, &provider));
    return webhook_endpoint_list(cx, db, q->id, q->after, &q->page);
}

static Res webhook_print_page(struct cli *cli, void *arg, bool *more)
{
    struct webhook_query *q = arg;

    TRY(provider_refuse_missing(
        cli, store_read(cli->cx, cli->app.store, webhook_list_work, q), q->id));
    for (size_t i = 0; i < q->page.n; i++) {
        struct writer *w = print_open(cli);

        webhook_view(w, &q->page.at[i]);
        TRY(print_item(cli, w));
    }
    q->after = q->page.last;
    *more = q->page.last != 0;
    return OK;
}

Res webhook_list_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};

    if (cli_has(cli, S("--provider"))) {
        TRY(webhook_read_provider(cli, &q.id));
    }
    TRY(app_find_store(&cli->app));
    return print_pages(cli, webhook_print_page, &q);
}

/* Changing. */

static Res webhook_set_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;
    struct webhook_endpoint changed = q->endpoint;

    TRY(webhook_endpoint_get(cx, db, q->id, &q->endpoint));
    changed.id = q->id;
    changed.url = changed.url.n > 0 ? changed.url : q->endpoint.url;
    changed.types = cli_has(q->cli, S("--event")) ? changed.types : q->endpoint.types;
    if (!cli_has(q->cli, S("--name"))) {
        changed.description = q->endpoint.description;
    }
    q->endpoint = changed;
    return webhook_endpoint_write(cx, db, &changed);
}

Res webhook_set_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};

    if (!cli_has(cli, S("--url")) && !cli_has(cli, S("--event"))
        && !cli_has(cli, S("--name"))) {
        return cli_misuse(cli, "nothing to change: give --url, --event or --name", S(""));
    }
    TRY(webhook_read_options(cli, &q.endpoint));
    TRY(webhook_begin(cli, &q));
    TRY(webhook_write_store(&q, webhook_set_work));
    return webhook_show(&q);
}

static Res webhook_disable_work(struct cx *cx, struct db *db, void *arg)
{
    const struct webhook_query *q = arg;

    return webhook_endpoint_disable(cx, db, q->id, WEBHOOK_BY_OPERATOR);
}

/* Nothing is queued for an endpoint that is disabled. */
static Res webhook_end_queue(const struct webhook_query *q)
{
    struct deliver_end end = {.store = q->cli->app.store, .endpoint = q->id};

    return steps_run(q->cli->cx, &(struct steps){.run = deliver_end_step, .arg = &end});
}

Res webhook_disable_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};

    TRY(webhook_begin(cli, &q));
    TRY(webhook_write_store(&q, webhook_disable_work));
    TRY(webhook_end_queue(&q));
    (void)fprintf(stderr, "endpoint %lld is disabled\n", (long long)q.id);
    return OK;
}

static Res webhook_enable_work(struct cx *cx, struct db *db, void *arg)
{
    const struct webhook_query *q = arg;

    return webhook_endpoint_enable(cx, db, q->id);
}

Res webhook_enable_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};

    TRY(webhook_begin(cli, &q));
    TRY(webhook_end_queue(&q));
    TRY(webhook_write_store(&q, webhook_enable_work));
    (void)fprintf(stderr, "endpoint %lld is enabled\n", (long long)q.id);
    return OK;
}

static Res webhook_forget_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;
    bool more;

    TRY(webhook_history_forget(cx, db, q->id, &more));
    q->after = more;
    return OK;
}

static Res webhook_forget_step(struct cx *cx, void *arg, bool *more)
{
    struct webhook_query *q = arg;

    TRY(store_write(cx, q->cli->app.store, webhook_forget_work, q));
    *more = q->after != 0;
    return OK;
}

Res webhook_remove_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};

    TRY(webhook_begin(cli, &q));
    TRY(webhook_write_store(&q, webhook_disable_work));
    TRY(steps_run(cli->cx, &(struct steps){.run = webhook_forget_step, .arg = &q}));
    TRY(webhook_write_store(&q, webhook_remove_work));
    (void)fprintf(stderr, "endpoint %lld is removed\n", (long long)q.id);
    return OK;
}

static Res webhook_open_secrets(struct cx *cx, struct webhook_query *q)
{
    return sign_open(
        cx, q->cli->app.keyring, q->endpoint.id, q->endpoint.sealed, &q->secrets);
}

/* Of two rotations within a day the first secret ends at the second. */
static Res webhook_rotate_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;

    TRY(webhook_endpoint_get(cx, db, q->id, &q->endpoint));
    q->before = q->endpoint;
    TRY(webhook_open_secrets(cx, q));
    sign_secret_rotate(&q->secrets);
    TRY(outbox_now(cx, db, &q->now_ms));
    q->endpoint.previous_until_ms = q->now_ms + LIMIT_WEBHOOK_OVERLAP_MS;
    return webhook_put_secret(cx, db, q);
}

/* Unless somebody has rotated since. */
static Res webhook_unrotate_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;
    struct webhook_endpoint now;

    TRY(webhook_endpoint_get(cx, db, q->id, &now));
    return str_eq(now.sealed, q->endpoint.sealed)
               ? webhook_endpoint_put_secret(cx, db, &q->before)
               : OK;
}

Res webhook_rotate_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};

    TRY(webhook_begin(cli, &q));
    TRY(webhook_write_store(&q, webhook_rotate_work));
    Res res = webhook_print_secret(&q);

    if (res.code != FAIL_NONE) {
        return webhook_take_back(
            &q, webhook_unrotate_work, res, "has the secret again that it had");
    }
    (void)fprintf(
        stderr,
        "endpoint %lld has a new secret, which is shown this once; the old one "
        "signs along for 24 hours\n",
        (long long)q.id);
    return OK;
}

/* Testing. */

static Res webhook_test_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhook_query *q = arg;

    TRY(webhook_endpoint_get(cx, db, q->id, &q->endpoint));
    return outbox_now(cx, db, &q->now_ms);
}

static Res webhook_print_test(
    struct webhook_query *q, const struct post *ping, const struct post_result *r)
{
    struct cli *cli = q->cli;
    Str why = str_dup(&cli->cx->mem, str_from_z(cli->cx->why.text));
    struct writer *w = print_open(cli);

    writer_text(w, S("message"), ping->id);
    if (r->status == 0) {
        writer_null(w, S("status"));
    } else {
        writer_int(w, S("status"), r->status);
    }
    writer_text_or_null(w, S("failure"), r->failure);
    writer_int(w, S("took_ms"), r->took_ms);
    TRY(print_one(cli, w));
    TRY(print_flush(cli));
    if (post_has_succeeded(r)) {
        return OK;
    }
    return r->status == 0
               ? fail(cli->cx, FAIL_UNAVAILABLE, "%.*s", STR_ARG(why))
               : fail(cli->cx, FAIL_UNAVAILABLE, "the endpoint answered %d", r->status);
}

Res webhook_test_run(struct cli *cli)
{
    struct webhook_query q = {.cli = cli};
    struct post ping = {.secrets = &q.secrets};
    struct post_result result;

    TRY(webhook_begin(cli, &q));
    TRY(webhook_read_store(&q, webhook_test_work));
    TRY(webhook_open_secrets(cli->cx, &q));
    q.secrets.has_before =
        q.secrets.has_before && q.endpoint.previous_until_ms > q.now_ms;
    TRY(outbox_ping(cli->cx, q.endpoint.provider, &ping.id, &ping.body));
    ping.url = q.endpoint.url;
    struct net *net = net_open();

    post_send(cli->cx, net, webhook_settings(cli), &ping, &result);
    net_close(&net);
    seal_wipe(&q.secrets, sizeof(q.secrets));
    return webhook_print_test(&q, &ping, &result);
}
