/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_unused.c - keys that are given, and have no effect because of another one.
 */
#include "cli/check_unused.h"

#include "store/store.h"

static const struct config_value *value_find(
    const struct check_report *c, Str section, Str key)
{
    for (const struct config_value *v = c->cli->app.config->values; v != NULL;
         v = v->next) {
        if (str_eq(v->section, section) && str_eq(v->key, key)) {
            return v;
        }
    }
    return NULL;
}

static bool value_is_given(const struct config_value *v)
{
    return v != NULL && !str_eq(v->where, S("default"));
}

/* Whether the key has this value; with an empty one, whether it is given at all. */
static bool value_has(const struct check_report *c, Str section, Str key, Str text)
{
    const struct config_value *v = value_find(c, section, key);

    return text.n == 0 ? value_is_given(v) && v->text.n > 0
                       : v != NULL && str_eq(v->text, text);
}

/* A key has no effect where another one has this value. */
static const struct unused_row {
    Str section;
    Str key;
    Str other_section;
    Str other;
    Str value; /* empty: any that is given */
} unused_rows[] = {
    {SI("microsoft"), SI("tenant"), SI("microsoft"), SI("authorize_url"), SI("")},
    {SI("microsoft"), SI("tenant"), SI("microsoft"), SI("token_url"), SI("")},
    {SI("microsoft"), SI("tenant"), SI("microsoft"), SI("jwks_url"), SI("")},
    {SI("google"), SI("revoke_url"), SI("google"), SI("revoke"), SI("off")},
    {SI("sync"), SI("poll_pushed"), SI("sync"), SI("notifications"), SI("off")},
    {SI("sync"), SI("daily_polls"), SI("sync"), SI("notifications"), SI("off")},
    {SI("limits"), SI("burst"), SI("limits"), SI("rate"), SI("0")},
};

static void unused_add(
    struct check_report *c, const struct config_value *v, Str what, Str mend)
{
    check_report_add(
        c, S("config.unused"), FINDING_NOTE,
        CHECK_TEXT(c, v->where, S(" has no effect "), what), mend);
}

static void check_unused_row(struct check_report *c, const struct unused_row *row)
{
    const struct config_value *v = value_find(c, row->section, row->key);

    if (!value_is_given(v) || !value_has(c, row->other_section, row->other, row->value)) {
        return;
    }
    Str other = CHECK_TEXT(c, S("["), row->other_section, S("] "), row->other);

    unused_add(
        c, v,
        row->value.n > 0 ? CHECK_TEXT(c, S("while "), other, S(" is "), row->value)
                         : CHECK_TEXT(c, S("on "), other, S(", which is given in full")),
        S("take one of the two away"));
}

/* Everything of a source that has no client. */
static void check_unused_source(struct check_report *c, const struct source_settings *s)
{
    Str section = source_get(s->id)->name;

    for (const struct config_value *v = c->cli->app.config->values;
         !s->is_on && v != NULL; v = v->next) {
        if (str_eq(v->section, section) && value_is_given(v) && v->text.n > 0) {
            unused_add(
                c, v, S("while its source is off"),
                S("give client_id, which switches the source on, or take the key away"));
        }
    }
}

static void check_unused_store(struct check_report *c)
{
    const struct config_value *v = value_find(c, S("store"), S("prepared_statements"));
    const char *file = NULL;

    if (store_file(c->cli->cx, &c->cli->app.config->store, &file).code == FAIL_NONE
        && file != NULL && value_is_given(v)) {
        unused_add(c, v, S("on SQLite"), S("take it away"));
    }
}

void check_unused(struct check_report *c)
{
    const struct settings *settings = &c->cli->app.config->settings;

    for (size_t i = 0; i < COUNT(unused_rows); i++) {
        check_unused_row(c, &unused_rows[i]);
    }
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        check_unused_source(c, &settings->sources[i]);
    }
    check_unused_store(c);
}
