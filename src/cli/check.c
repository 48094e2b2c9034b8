/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - caldock check: tries what a start needs, and prints a line per finding, with
 * the mend. It changes nothing.
 */
#include "cli/check.h"

#include "base/buf.h"
#include "cli/check_accounts.h"
#include "cli/check_calendars.h"
#include "cli/check_client.h"
#include "cli/check_config.h"
#include "cli/check_pushes.h"
#include "cli/check_sources.h"
#include "cli/check_store.h"
#include "cli/check_unused.h"
#include "cli/check_webhooks.h"
#include "cli/print.h"

/* The reason of a failure has to hold all codes. */
enum { CODES_BYTES = 440, SHOWN_BYTES = 40 };

/* The findings in their order; each of its own code, or of one of several. */
static const struct check_row {
    Str codes;       /* NAME is a source's name, or an issuer's */
    bool of_tenants; /* only of sources that have tenants */
    bool needs_store;
    Str asked; /* what --offline leaves untried; empty: nobody outside is asked */
    void (*run)(struct check_report *c);
    void (*run_source)(struct check_report *c, const struct source_settings *s);
} check_rows[] = {
    {.codes = SI("config"), .run = check_quotes},
    {.codes = SI("config.listen"), .run = check_listen},
    {.codes = SI("config.public_url"), .run = check_public_url},
    {.codes = SI("config.unused"), .run = check_unused},
    {.codes = SI("limits.files"), .run = check_files},
    {.codes = SI("keys.file"), .needs_store = true, .run = check_key_file},
    {.codes = SI("store"), .run = check_store},
    {.codes = SI("store.schema"), .needs_store = true, .run = check_schema},
    {.codes = SI("store.space"), .run = check_space},
    {.codes = SI("store.pool"), .needs_store = true, .run = check_pool},
    {.codes = SI("clock"), .asked = SI("clock"), .run = check_clock},
    {.codes = SI("source.NAME"), .run_source = check_source_is_on},
    {.codes = SI("source.NAME.keys"),
     .asked = SI("keys"),
     .run_source = check_source_keys},
    {.codes = SI("source.NAME.secret"),
     .asked = SI("client"),
     .run_source = check_client_secret},
    {.codes = SI("source.NAME.redirect"),
     .asked = SI("client"),
     .run_source = check_client_redirect},
    {.codes = SI("source.NAME.tenant"),
     .of_tenants = true,
     .asked = SI("tenant"),
     .run_source = check_source_tenant},
    {.codes = SI("source.NAME.expiry"), .run_source = check_client_expiry},
    {.codes = SI("source.NAME.scopes"), .run_source = check_scopes},
    {.codes = SI("jwt.NAME.keys"), .run = check_issuers},
    {.codes = SI("providers"), .needs_store = true, .run = check_providers},
    {.codes = SI("accounts"), .needs_store = true, .run = check_accounts},
    {.codes = SI("notifications sync time_zones source.NAME.api"),
     .needs_store = true,
     .run = check_calendars},
    {.codes = SI("push"), .needs_store = true, .run = check_pushes},
    {.codes = SI("webhooks"), .needs_store = true, .run = check_webhooks},
};

/* With the name of a source in the place of NAME. */
static Str code_of(const struct check_report *c, Str code, Str name)
{
    Str head = S("source.NAME");

    return str_starts(code, head)
               ? CHECK_TEXT(c, S("source."), name, str_sub(code, head.n, code.n))
               : code;
}

static bool row_is_wanted(const struct check_report *c, const struct check_row *row)
{
    Str rest = row->codes;
    Str code;

    while (str_next_word(&rest, S(" "), &code)) {
        if (check_report_wants(c, code)) {
            return true;
        }
    }
    return false;
}

static void row_add_untried(struct check_report *c, const struct check_row *row, Str code)
{
    check_report_add(
        c, code, FINDING_NOTE, CHECK_TEXT(c, row->asked, S(" not tried: --offline")),
        S(""));
}

static void row_run_sources(struct check_report *c, const struct check_row *row)
{
    const struct settings *settings = &c->cli->app.config->settings;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source_settings *s = &settings->sources[i];
        const struct source *source = source_get(s->id);
        Str code = code_of(c, row->codes, source->name);

        if (!check_report_wants(c, code)
            || (row->of_tenants && source->tenant_fits == NULL)) {
            continue;
        }
        if (row->asked.n == 0 || c->net != NULL) {
            row->run_source(c, s);
        } else if (s->is_on) {
            row_add_untried(c, row, code);
        }
    }
}

static void row_run(struct check_report *c, const struct check_row *row)
{
    if (!row_is_wanted(c, row)) {
        return;
    }
    if (row->run_source != NULL) {
        row_run_sources(c, row);
    } else if (row->asked.n > 0 && c->net == NULL) {
        row_add_untried(c, row, row->codes);
    } else {
        row->run(c);
    }
}

/* Whether `only` is a code, or the beginning of one, for any source. */
static bool code_is_known(const struct check_report *c, Str code, Str only)
{
    for (int id = 1; id <= SOURCE_COUNT; id++) {
        Str name = source_get((enum source_id)id)->name;

        if (check_code_is_below(code_of(c, code, name), only)) {
            return true;
        }
    }
    return false;
}

/* Whether there is a code at or below `only`. Adds all codes to the list. */
static bool codes_find(const struct check_report *c, Str only, struct buf *list)
{
    bool is_found = false;

    for (size_t i = 0; i < COUNT(check_rows); i++) {
        Str rest = check_rows[i].codes;
        Str code;

        while (str_next_word(&rest, S(" "), &code)) {
            buf_add(list, list->n > 0 ? S(" ") : S(""));
            buf_add(list, code);
            is_found |= code_is_known(c, code, only);
        }
    }
    return is_found;
}

static Res check_refuse_unknown(struct check_report *c)
{
    size_t at = 0;
    Str only;

    while (cli_next(c->cli, S("--only"), &at, &only)) {
        struct buf list = {.mem = &c->cli->cx->mem, .max = CODES_BYTES};

        if (!codes_find(c, only, &list)) {
            Str shown = str_sub(only, 0, SHOWN_BYTES);
            Str codes = buf_text(&list);

            return fail(
                c->cli->cx, FAIL_PARSE_ERROR, "--only %.*s: none of %.*s", STR_ARG(shown),
                STR_ARG(codes));
        }
    }
    return OK;
}

/* Silence about what the store couldn't say would pass for all being well. */
static bool check_lacks_store(const struct check_report *c)
{
    bool needs_store = false;

    for (size_t i = 0; i < COUNT(check_rows); i++) {
        needs_store |= check_rows[i].needs_store && row_is_wanted(c, &check_rows[i]);
    }
    return needs_store && !c->facts.is_read;
}

/* Checks everything that a configuration names. */
static void check_rest(struct check_report *c)
{
    c->net = cli_has(c->cli, S("--offline")) ? NULL : net_open();
    check_read_store(c);
    c->wants_store = check_lacks_store(c);
    for (size_t i = 0; i < COUNT(check_rows); i++) {
        row_run(c, &check_rows[i]);
    }
    net_close(&c->net);
}

static Res check_end(const struct check_report *c)
{
    size_t n = c->n_wrong + (cli_has(c->cli, S("--strict")) ? c->n_warn : 0);

    TRY(c->res);
    return n == 0 ? OK : fail(c->cli->cx, FAIL_CONFIG, "%zu to mend", n);
}

Res check_run(struct cli *cli)
{
    CLEANUP(j_done) json_t *list = json_array();
    struct check_report c = {.cli = cli, .rows = list, .res = OK};

    TRY(check_refuse_unknown(&c));
    Res res = check_config(&c);

    if (res.code == FAIL_NONE) {
        check_rest(&c);
    }
    print_list(cli, list);
    TRY(res);
    return check_end(&c);
}
