/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.c - caldock provider add, list, show, set.
 */
#include "cli/provider.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/audit.h"
#include "cli/print.h"
#include "oauth/redirect.h"
#include "store/accounts.h"
#include "store/calendar_states.h"
#include "store/providers.h"
#include "store/pushed_copies.h"
#include "store/steps.h"

enum { PATTERN_SHOWN_BYTES = 200 };

static const Str feature_calendars = SI(FEATURE_CALENDARS);

/* The argument and result of a work function of the store. */
struct provider_query {
    struct cli *cli;
    int64_t id;
    struct provider *found;
    int64_t after; /* of a list: the id that its next page begins behind */
    struct provider_page page;
};

static Res name_check(struct cli *cli, Str name)
{
    if (str_trim(name).n == 0 || name.n > LIMIT_NAME_BYTES || !str_is_utf8(name)) {
        return cli_misuse(cli, "--name wants a text of 1 to 200 bytes of UTF-8", S(""));
    }
    return OK;
}

/* "external_calendars", "external_calendars=off". */
static Res feature_parse(struct cli *cli, Str text, struct feature *ret)
{
    size_t at;
    bool has_value = str_find(text, '=', &at);
    Str value = has_value ? str_sub(text, at + 1, text.n) : S("on");

    ret->name = has_value ? str_sub(text, 0, at) : text;
    ret->is_on = str_eq(value, S("on"));
    if (!ret->is_on && !str_eq(value, S("off"))) {
        return cli_misuse(cli, "--feature wants NAME=on or NAME=off, not", text);
    }
    if (!str_eq(ret->name, feature_calendars)) {
        return cli_misuse(
            cli, "there is one feature, " FEATURE_CALENDARS ", and not", ret->name);
    }
    return OK;
}

/* Gives the normal form of a pattern; a refusal names the pattern. */
static Res pattern_parse(struct cli *cli, Str text, Str *ret)
{
    if (redirect_pattern_parse(cli->cx, text, ret).code != FAIL_NONE) {
        Str why = str_dup(&cli->cx->mem, str_from_z(cli->cx->why.text));
        Str shown = str_sub(text, 0, PATTERN_SHOWN_BYTES);

        return fail(
            cli->cx, FAIL_PARSE_ERROR, "the redirect pattern %.*s can't be used. %.*s",
            STR_ARG(shown), STR_ARG(why));
    }
    return OK;
}

static Res patterns_parse(struct cli *cli, Str option, Str **ret, size_t *n)
{
    size_t at = 0;
    Str text;

    *ret = NEW_N(&cli->cx->mem, Str, CLI_OPTIONS_MOST);
    *n = 0;
    while (cli_next(cli, option, &at, &text)) {
        TRY(pattern_parse(cli, text, &(*ret)[(*n)++]));
    }
    return OK;
}

/* A row of the store is input, and a member's name isn't escaped. */
static bool char_is_feature(unsigned char c)
{
    return char_is_digit(c) || c == '_' || (c >= 'a' && c <= 'z');
}

static bool feature_has_name(const struct feature *f)
{
    return f->name.n > 0 && !char_is_digit((unsigned char)f->name.p[0])
           && str_is_only(f->name, char_is_feature);
}

static void provider_write(struct writer *w, const struct provider *p)
{
    writer_int(w, S("id"), p->id);
    writer_text(w, S("name"), p->name);
    writer_time_or_null(w, S("created_at"), p->created_ms);
    writer_array(w, S("redirects"));
    for (size_t i = 0; i < p->n_patterns; i++) {
        writer_text(w, S(""), p->patterns[i]);
    }
    writer_end(w);
    writer_object(w, S("features"));
    for (size_t i = 0; i < p->n_features; i++) {
        if (feature_has_name(&p->features[i])) {
            writer_bool(w, p->features[i].name, p->features[i].is_on);
        }
    }
    writer_end(w);
    writer_time_or_null(w, S("removed_at"), p->removed_ms);
}

static Res provider_print(struct cli *cli, const struct provider *p)
{
    struct writer *w = print_open(cli);

    provider_write(w, p);
    return print_one(cli, w);
}

Res provider_refuse_missing(struct cli *cli, Res res, int64_t id)
{
    if (res.code != FAIL_NOT_FOUND) {
        return res;
    }
    return fail(
        cli->cx, FAIL_NOT_FOUND,
        "there is no provider %lld; `caldock provider list` shows them", (long long)id);
}

static Res provider_get_work(struct cx *cx, struct db *db, void *arg)
{
    struct provider_query *q = arg;

    return provider_find(cx, db, q->id, q->found);
}

static Res provider_read(struct cli *cli, int64_t id, struct provider *ret)
{
    struct provider_query q = {.cli = cli, .id = id, .found = ret};

    return provider_refuse_missing(
        cli, store_read(cli->cx, cli->app.store, provider_get_work, &q), id);
}

/* A provider that is going has nothing to change any more. */
static Res provider_refuse_going(struct cli *cli, int64_t id)
{
    struct provider p = {0};

    TRY(provider_read(cli, id, &p));
    if (p.removed_ms != 0) {
        return fail(
            cli->cx, FAIL_CONFLICT,
            "provider %lld is being removed; `caldock provider remove %lld --yes` goes on "
            "with it",
            (long long)id, (long long)id);
    }
    return OK;
}

static Res provider_add_work(struct cx *cx, struct db *db, void *arg)
{
    return provider_add(cx, db, arg);
}

Res provider_add_run(struct cli *cli)
{
    struct provider p = {.name = cli_value(cli, S("--name"))};
    struct feature feature = {feature_calendars, true};
    size_t at = 0;
    Str text;
    Str *patterns;

    TRY(cli_id(cli, cli->words[0], &p.id));
    TRY(name_check(cli, p.name));
    TRY(patterns_parse(cli, S("--redirect"), &patterns, &p.n_patterns));
    while (cli_next(cli, S("--feature"), &at, &text)) {
        TRY(feature_parse(cli, text, &feature));
    }
    p.created_ms = clock_now_ms();
    p.patterns = patterns;
    p.features = &feature;
    p.n_features = 1;
    TRY(app_make_store(&cli->app));
    Res res = store_write(cli->cx, cli->app.store, provider_add_work, &p);

    if (res.code == FAIL_CONFLICT) {
        TRY(provider_refuse_going(cli, p.id));
        return fail(
            cli->cx, FAIL_CONFLICT,
            "provider %lld is there already; `caldock provider set` changes it",
            (long long)p.id);
    }
    TRY(res);
    audit_id(cli, EVENT_PROVIDER_ADDED, "provider", p.id);
    return provider_print(cli, &p);
}

static Res provider_list_work(struct cx *cx, struct db *db, void *arg)
{
    struct provider_query *q = arg;

    return provider_list(cx, db, q->after, &q->page);
}

static Res provider_print_page(struct cli *cli, void *arg, bool *more)
{
    struct provider_query *q = arg;

    TRY(store_read(cli->cx, cli->app.store, provider_list_work, q));
    for (size_t i = 0; i < q->page.n; i++) {
        struct writer *w = print_open(cli);

        provider_write(w, &q->page.at[i]);
        TRY(print_item(cli, w));
    }
    q->after = q->page.last;
    *more = q->page.last != 0;
    return OK;
}

Res provider_list_run(struct cli *cli)
{
    struct provider_query q = {.cli = cli};

    TRY(app_find_store(&cli->app));
    return print_pages(cli, provider_print_page, &q);
}

static Res provider_show(struct cli *cli, int64_t id)
{
    struct provider p = {0};

    TRY(provider_read(cli, id, &p));
    return provider_print(cli, &p);
}

Res provider_show_run(struct cli *cli)
{
    int64_t id;

    TRY(cli_id(cli, cli->words[0], &id));
    TRY(app_find_store(&cli->app));
    return provider_show(cli, id);
}

struct provider_changes {
    int64_t id;
    struct provider before;
    bool has_name;
    Str name;
    Str *added, *removed; /* patterns */
    size_t n_added, n_removed;
    struct feature *features;
    size_t n_features;
};

static Res provider_read_changes(struct cli *cli, struct provider_changes *ret)
{
    size_t at = 0;
    Str text;

    TRY(cli_id(cli, cli->words[0], &ret->id));
    ret->has_name = cli_has(cli, S("--name"));
    ret->name = cli_value(cli, S("--name"));
    if (ret->has_name) {
        TRY(name_check(cli, ret->name));
    }
    TRY(patterns_parse(cli, S("--add-redirect"), &ret->added, &ret->n_added));
    TRY(patterns_parse(cli, S("--remove-redirect"), &ret->removed, &ret->n_removed));
    ret->features = NEW_N(&cli->cx->mem, struct feature, CLI_OPTIONS_MOST);
    while (cli_next(cli, S("--feature"), &at, &text)) {
        TRY(feature_parse(cli, text, &ret->features[ret->n_features++]));
    }
    return OK;
}

/* Makes all changes, or none. */
static Res provider_set_work(struct cx *cx, struct db *db, void *arg)
{
    struct provider_changes *c = arg;

    TRY(provider_get(cx, db, c->id, &c->before));
    if (c->has_name) {
        TRY(provider_rename(cx, db, c->id, c->name));
    }
    for (size_t i = 0; i < c->n_added; i++) {
        TRY(provider_pattern_add(cx, db, c->id, c->added[i]));
    }
    for (size_t i = 0; i < c->n_removed; i++) {
        TRY(provider_pattern_remove(cx, db, c->id, c->removed[i]));
    }
    for (size_t i = 0; i < c->n_features; i++) {
        const struct feature *f = &c->features[i];

        TRY(provider_feature_set(cx, db, c->id, f->name, f->is_on));
    }
    return OK;
}

/* The calendars of a provider that has the feature again are due at once. Where it had it
 * before, those that rest are: a change that was stopped half-way goes on so. */
struct provider_wake {
    struct cli *cli;
    int64_t id;
    bool is_new;   /* it has the feature only now */
    int64_t after; /* the account up to which that is done */
};

struct provider_wake_step {
    const struct provider_wake *wake;
    int64_t *ids;
    size_t n;
};

static Res provider_wake_work(struct cx *cx, struct db *db, void *arg)
{
    struct provider_wake_step *s = arg;

    TRY(account_list_ids(cx, db, s->wake->id, s->wake->after, &s->ids, &s->n));
    for (size_t i = 0; i < s->n; i++) {
        TRY(s->wake->is_new ? calendar_sync_wake_account(cx, db, s->ids[i])
                            : calendar_states_end_pause(cx, db, s->ids[i]));
        TRY(pushed_copies_wake_account(cx, db, s->ids[i]));
    }
    return OK;
}

static Res provider_wake_accounts(struct cx *cx, void *arg, bool *more)
{
    struct provider_wake *w = arg;
    struct provider_wake_step step = {.wake = w};

    TRY(store_write(cx, w->cli->app.store, provider_wake_work, &step));
    *more = step.n == LIMIT_STEP_ROWS;
    w->after = step.n > 0 ? step.ids[step.n - 1] : w->after;
    return OK;
}

static Res provider_wake_calendars(struct cli *cli, const struct provider_changes *c)
{
    struct provider_wake wake = {
        .cli = cli,
        .id = c->id,
        .is_new = !provider_has_feature(&c->before, feature_calendars)};
    bool is_on = false;

    for (size_t i = 0; i < c->n_features; i++) {
        is_on = c->features[i].is_on; /* there is one feature, and the last value holds */
    }
    return is_on ? steps_run(
               cli->cx, &(struct steps){.run = provider_wake_accounts, .arg = &wake})
                 : OK;
}

Res provider_set_run(struct cli *cli)
{
    struct provider_changes changes = {.id = 0};

    TRY(provider_read_changes(cli, &changes));
    TRY(app_find_store(&cli->app));
    TRY(provider_refuse_going(cli, changes.id));
    TRY(store_write(cli->cx, cli->app.store, provider_set_work, &changes));
    audit_id(cli, EVENT_PROVIDER_CHANGED, "provider", changes.id);
    TRY(provider_wake_calendars(cli, &changes));
    return provider_show(cli, changes.id);
}
