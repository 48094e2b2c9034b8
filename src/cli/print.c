/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print.c - what commands print: with --json as JSON, else an object as lines of "key:
 * value" and a list as a line per object, separated by tabs, under a line of names.
 */
#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"

json_t *json_str(Str s)
{
    json_t *j = json_stringn(s.n == 0 ? "" : s.p, s.n);

    return j != NULL ? j : json_string("");
}

json_t *json_str_or_null(Str s)
{
    return s.n == 0 ? json_null() : json_str(s);
}

json_t *json_time(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    return ms == 0 ? json_null() : json_str(clock_rfc3339(ms, text));
}

json_t *json_ids(const int64_t *ids, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(list, json_integer(ids[i]));
    }
    return list;
}

/* One line, whatever the text holds. */
static void print_text(const char *text)
{
    for (; *text != 0; text++) {
        (void)putchar((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text);
    }
}

static void print_value(json_t *v);

static void print_items(json_t *v)
{
    const char *before = "";
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach(v, i, item)
    {
        print_text(before);
        print_value(item);
        before = " ";
    }
    json_object_foreach(v, key, item)
    {
        (void)printf("%s%s=%s", before, key, json_is_true(item) ? "on" : "off");
        before = " ";
    }
}

static void print_value(json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        print_text(json_string_value(v));
        break;
    case JSON_INTEGER:
        (void)printf("%lld", (long long)json_integer_value(v));
        break;
    case JSON_TRUE:
        print_text("yes");
        break;
    case JSON_FALSE:
        print_text("no");
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        print_items(v);
        break;
    case JSON_REAL: /* none of ours */
    case JSON_NULL:
        print_text("-");
        break;
    }
}

static void print_json(json_t *j)
{
    (void)json_dumpf(j, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(j);
}

void print_one(const struct cli *cli, json_t *j)
{
    const char *key;
    json_t *value;

    if (cli_has(cli, S("--json"))) {
        print_json(j);
        return;
    }
    json_object_foreach(j, key, value)
    {
        (void)printf("%s: ", key);
        print_value(value);
        (void)putchar('\n');
    }
    json_decref(j);
}

static void print_names(json_t *object)
{
    const char *key;
    json_t *value;
    const char *before = "";

    json_object_foreach(object, key, value)
    {
        (void)printf("%s%s", before, key);
        before = "\t";
    }
    (void)putchar('\n');
}

static void print_row(json_t *object)
{
    const char *key;
    json_t *value;
    const char *before = "";

    json_object_foreach(object, key, value)
    {
        (void)printf("%s", before);
        print_value(value);
        before = "\t";
    }
    (void)putchar('\n');
}

void print_list(const struct cli *cli, json_t *j)
{
    json_t *object;
    size_t i;

    if (cli_has(cli, S("--json"))) {
        print_json(j);
        return;
    }
    json_array_foreach(j, i, object)
    {
        if (i == 0) {
            print_names(object);
        }
        print_row(object);
    }
    json_decref(j);
}
