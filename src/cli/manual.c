/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manual.c - writes a page for the program, one for each group of commands, one for the
 * configuration, and one for the log.
 */
#include "cli/manual.h"

#include "base/limits.h"
#include "base/log_events.h"
#include "cli/commands.h"
#include "cli/roff.h"
#include "config/table.h"
#include "version.h"

static const Str manual_shared_options = SI(
    "`--config` FILE is read in the place of the configuration below, and `--json` makes "
    "JSON of what is printed.");

static const Str shared_status =
    SI("0: it is done; 1: it failed, and says why; 2: wrong usage.");

static void page_begin(struct roff *r, Str title, Str section, Str date)
{
    struct arena *mem = r->b.mem;
    Str head = str_cat(mem, S(".TH "), title);

    head = str_cat(mem, str_cat(mem, head, S(" ")), section);
    head = str_cat(mem, str_cat(mem, head, S(" ")), date);
    roff_macro(r, str_cat(mem, head, S(" \"Caldock " CALDOCK_VERSION "\"")));
}

static Str title_upper(struct arena *mem, Str name)
{
    char *title = str_zdup(mem, name);

    for (size_t i = 0; i < name.n; i++) {
        title[i] =
            (char)(title[i] >= 'a' && title[i] <= 'z' ? title[i] - 'a' + 'A' : title[i]);
    }
    return (Str){title, name.n};
}

static void page_add_name(struct roff *r, Str name, Str about)
{
    struct arena *mem = r->b.mem;

    roff_macro(r, S(".SH NAME"));
    roff_text(r, str_cat(mem, str_cat(mem, name, S(" - ")), about));
}

static void page_add_section(struct roff *r, Str macro, Str text)
{
    roff_macro(r, macro);
    roff_text(r, text);
}

static void page_add_command(struct roff *r, const struct command *c)
{
    roff_macro(r, S(".PP"));
    roff_bold(r, str_cat(r->b.mem, S("caldock "), c->name));
    roff_text(r, c->usage);
    roff_macro(r, S(".RS 4"));
    roff_sentence(r, c->about);
    roff_macro(r, S(".RE"));
}

/* Adds the commands that begin with `group`, or those of no group. Returns how many. */
static size_t page_add_commands(struct roff *r, Str group)
{
    size_t n;
    size_t found = 0;
    const struct command *all = command_table(&n);

    for (size_t i = 0; i < n; i++) {
        if (str_eq(command_group(&all[i]), group)) {
            page_add_command(r, &all[i]);
            found++;
        }
    }
    return found;
}

static void page_add_see_also(struct roff *r, Str except)
{
    size_t n;
    const struct command *all = command_table(&n);
    Str last = except;

    roff_macro(r, S(".SH SEE ALSO"));
    for (size_t i = 0; i < n; i++) {
        Str group = command_group(&all[i]);

        if (group.n > 0 && !str_eq(group, last) && !str_eq(group, except)) {
            roff_text(
                r,
                str_cat(r->b.mem, str_cat(r->b.mem, S("`caldock-"), group), S("`(8),")));
            last = group;
        }
    }
    roff_text(
        r, except.n > 0 ? S("`caldock`(8), `caldock.conf`(5)")
                        : S("`caldock.conf`(5), `caldock-log`(7)"));
}

static void page_program(struct roff *r, Str date)
{
    page_begin(r, S("CALDOCK"), S("8"), date);
    page_add_name(
        r, S("caldock"), S("connects Google and Microsoft calendars to an application"));
    page_add_section(
        r, S(".SH SYNOPSIS"), S("`caldock` COMMAND [`--config` FILE] [`--json`]"));
    page_add_section(
        r, S(".SH DESCRIPTION"),
        S("Caldock is a service that lets the users of an application connect their calendars. "
          "It runs the whole OAuth 2.0 flow, keeps the grants sealed, reads calendars and "
          "writes events into them. It is set up and watched by the commands below and those of "
          "the pages that are named at the end."));
    page_add_section(
        r, S(".SH COMMANDS"), S("Those of several words are in pages of their own."));
    (void)page_add_commands(r, S(""));
    page_add_section(r, S(".SH OPTIONS"), manual_shared_options);
    page_add_section(r, S(".SH EXIT STATUS"), shared_status);
    page_add_section(
        r, S(".SH ENVIRONMENT"),
        S("`CALDOCK_CONFIG` names the configuration where no `--config` does. "
          "CALDOCK_SECTION_KEY, as `CALDOCK_SERVER_LISTEN`, wins over the configuration's key."));
    page_add_section(
        r, S(".SH FILES"),
        S("./caldock.conf, else /etc/caldock/caldock.conf: the configuration, and beside it "
          "caldock.keys, what everything is sealed with. Keep a copy of it apart from those of "
          "the store."));
    page_add_section(
        r, S(".SH SIGNALS"),
        S("SIGTERM and SIGINT end the service when what is under way is done; a second one ends "
          "it at once. SIGHUP has it read the configuration again."));
    page_add_see_also(r, S(""));
}

/* false: there is no such group. */
static bool page_group(struct roff *r, Str group, Str date)
{
    struct arena *mem = r->b.mem;
    Str name = str_cat(mem, S("caldock-"), group);

    page_begin(r, title_upper(mem, name), S("8"), date);
    page_add_name(
        r, name, str_cat(mem, S("commands of caldock that begin with "), group));
    page_add_section(
        r, S(".SH SYNOPSIS"),
        str_cat(
            mem, str_cat(mem, S("`caldock "), group),
            S("` COMMAND [`--config` FILE] [`--json`]")));
    page_add_section(
        r, S(".SH DESCRIPTION"),
        S("A change reaches every running node within 5 seconds."));
    bool is_there = page_add_commands(r, group) > 0;

    page_add_section(r, S(".SH OPTIONS"), manual_shared_options);
    page_add_section(r, S(".SH EXIT STATUS"), shared_status);
    page_add_see_also(r, group);
    return is_there;
}

static void page_add_key(
    struct roff *r, const struct config_section *s, const struct config_key *k)
{
    Str fallback = config_key_default(s, k);

    roff_macro(r, S(".PP"));
    roff_bold(r, k->name);
    if (fallback.n > 0) {
        roff_text(r, S("="));
        roff_text(r, fallback);
    }
    roff_macro(r, S(".RS 4"));
    roff_sentence(r, k->about);
    if (k->n_choices > 0) {
        roff_text(r, S("One of:"));
    }
    for (size_t i = 0; i < k->n_choices; i++) {
        roff_text(
            r, str_cat(
                   r->b.mem, k->choices[i].name, i + 1 < k->n_choices ? S(",") : S(".")));
    }
    if (k->is_secret) {
        roff_text(
            r, str_cat(
                   r->b.mem, str_cat(r->b.mem, S("`"), k->name),
                   S("_file` names a file that has it.")));
    }
    if (k->needs_restart) {
        roff_text(r, S("A change wants a restart."));
    }
    roff_macro(r, S(".RE"));
}

static void page_add_keys(struct roff *r, const struct config_section *s)
{
    struct arena *mem = r->b.mem;
    Str name =
        str_cat(mem, str_cat(mem, S(".SS ["), s->name), s->is_jwt ? S(" NAME]") : S("]"));

    page_add_section(r, name, s->about);
    for (size_t i = 0; i < s->n; i++) {
        page_add_key(r, s, &s->keys[i]);
    }
}

static void page_config(struct roff *r, Str date)
{
    page_begin(r, S("CALDOCK.CONF"), S("5"), date);
    page_add_name(r, S("caldock.conf"), S("configuration of caldock"));
    page_add_section(
        r, S(".SH DESCRIPTION"),
        S("Sections in brackets, and lines of KEY = VALUE. A line that begins with # or ; is a "
          "comment; there are none behind values. Lists are separated by white space or commas, "
          "durations are integers with s, m, h or d, and relative paths begin at the folder of "
          "the configuration. A variable CALDOCK_SECTION_KEY wins over the key. What is unknown "
          "or wrong stops the start; on SIGHUP everything is read again, and what is wrong then "
          "is refused."));
    roff_macro(r, S(".SH KEYS"));
    roff_text(r, S("Each key is shown with its default."));
    for (size_t i = 0; i < config_section_count; i++) {
        page_add_keys(r, &config_sections[i]);
    }
    page_add_section(
        r, S(".SH FILES"),
        S("/etc/caldock/caldock.conf; `caldock init` writes one with every key."));
    page_add_section(r, S(".SH SEE ALSO"), S("`caldock`(8), `caldock-log`(7)"));
}

static const struct log_event_row {
    Str name;
    Str levels;
    Str meaning;
} log_event_rows[] = {

#define X(id, name, levels, meaning) {SI(name), SI(levels), SI(meaning)},
    LOG_EVENTS(X)
#undef X
};

static void page_add_event(struct roff *r, const struct log_event_row *e)
{
    struct arena *mem = r->b.mem;

    roff_macro(r, S(".PP"));
    roff_bold(r, e->name);
    roff_text(r, str_cat(mem, str_cat(mem, S("("), e->levels), S(")")));
    roff_macro(r, S(".RS 4"));
    roff_sentence(r, e->meaning);
    roff_macro(r, S(".RE"));
}

static void page_log(struct roff *r, Str date)
{
    page_begin(r, S("CALDOCK-LOG"), S("7"), date);
    page_add_name(r, S("caldock-log"), S("events of the log of caldock"));
    page_add_section(
        r, S(".SH DESCRIPTION"),
        S("The service writes its log to standard error, a line for each event; commands write "
          "lines there, too, for what they change. `[log] level` and `format` of the configuration "
          "choose what and how. A line has `time`, `level`, `event` and the event's fields. An "
          "event keeps its name and the meaning of its fields from one version to the next. No "
          "line holds a secret, and no thread waits for the log."));
    page_add_section(
        r, S(".SH FIELDS"),
        S("`flow` follows one attempt to connect an account, and all that comes of it; `request` is "
          "the X-Request-Id; `node` the process; `provider`, `account`, `setting` and `endpoint` are "
          "numbers, as the commands have them; `source` is GOOG or MSFT; `user` the application's "
          "text; `credential` who asked; `ms` how long it took; `reason` why something failed, in "
          "words that may change."));
    page_add_section(r, S(".SH EVENTS"), S("Each is shown with its levels."));
    for (size_t i = 0; i < COUNT(log_event_rows); i++) {
        page_add_event(r, &log_event_rows[i]);
    }
    page_add_section(r, S(".SH SEE ALSO"), S("`caldock`(8), `caldock.conf`(5)"));
}

/* The group of "caldock-keys.8"; empty: it is no such page. */
static Str page_name_group(Str name)
{
    Str begin = S("caldock-");
    Str end = S(".8");

    if (!str_starts(name, begin) || !str_ends(name, end)) {
        return S("");
    }
    return str_sub(name, begin.n, name.n - end.n);
}

Res manual_page(struct cx *cx, Str name, Str date, Str *ret)
{
    struct roff r = {.b = {.mem = &cx->mem, .max = LIMIT_CONFIG_BYTES}};
    Str group = page_name_group(name);
    bool is_there = true;

    if (str_eq(name, S("caldock.conf.5"))) {
        page_config(&r, date);
    } else if (str_eq(name, S("caldock-log.7"))) {
        page_log(&r, date);
    } else if (str_eq(name, S("caldock.8"))) {
        page_program(&r, date);
    } else {
        is_there = group.n > 0 && page_group(&r, group, date);
    }
    if (!is_there) {
        return fail(cx, FAIL_NOT_FOUND, "there is no page %.*s", STR_ARG(name));
    }
    roff_macro(&r, S(".\\\" Made of the tables of the program."));
    return buf_done(cx, &r.b, ret);
}
