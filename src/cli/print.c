/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print.c - prints JSON with --json. Otherwise an object is lines of "key: value", and a
 * list is a line of names and a line per object, separated by tabs.
 */
#include "cli/print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cx.h"

enum { PRINT_DEPTH = 8 };

/* Control characters would break the line, or reach the terminal. */
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
}

static Res print_refuse(struct cli *cli)
{
    return fail(cli->cx, FAIL_UNAVAILABLE, "standard output: %s", strerrordesc_np(errno));
}

Res print_flush(struct cli *cli)
{
    errno = EIO; /* where an earlier write failed */
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? OK : print_refuse(cli);
}

Res print_long_text(struct cli *cli, Str text)
{
    return fwrite(text.p, 1, text.n, stdout) == text.n ? OK : print_refuse(cli);
}

struct writer *print_open(struct cli *cli)
{
    return writer_open(&cli->cx->mem, FORMAT_IS_JSON);
}

Res print_read(struct cli *cli, struct writer *w, json_t **ret)
{
    Str text;

    TRY(writer_done(cli->cx, w, &text));
    return j_parse_kindly(cli->cx, text, PRINT_DEPTH, ret);
}

static void print_lines(json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        (void)printf("%s: ", key);
        print_value(value);
        (void)putchar('\n');
    }
}

Res print_one(struct cli *cli, struct writer *w)
{
    CLEANUP(j_done) json_t *object = NULL;

    TRY(print_read(cli, w, &object));
    if (cli_has(cli, S("--json"))) {
        print_json(object);
    } else {
        print_lines(object);
    }
    return OK;
}

Res print_add(struct cli *cli, json_t *rows, struct writer *w)
{
    json_t *object;

    TRY(print_read(cli, w, &object));
    return json_array_append_new(rows, object) == 0
               ? OK
               : fail(cli->cx, FAIL_INTERNAL, "an object that can't be listed");
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

static void print_table(json_t *rows)
{
    json_t *object;
    size_t i;

    json_array_foreach(rows, i, object)
    {
        if (i == 0) {
            print_names(object);
        }
        print_row(object);
    }
}

void print_list(const struct cli *cli, json_t *rows)
{
    if (cli_has(cli, S("--json"))) {
        print_json(rows);
    } else {
        print_table(rows);
    }
}

/* Long lists. */

/* A line of an item stands deeper than the list's brackets. */
static int print_deeper(const char *text, size_t n, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < n; i++) {
        (void)putchar((unsigned char)text[i]);
        if (text[i] == '\n') {
            (void)fputs("  ", stdout);
        }
    }
    return 0;
}

Res print_item(struct cli *cli, struct writer *w)
{
    CLEANUP(j_done) json_t *object = NULL;
    bool is_first = cli->n_printed++ == 0;

    TRY(print_read(cli, w, &object));
    if (cli_has(cli, S("--json"))) {
        (void)fputs(is_first ? "[\n  " : ",\n  ", stdout);
        (void)json_dump_callback(object, print_deeper, NULL, JSON_INDENT(2));
        return OK;
    }
    if (is_first) {
        print_names(object);
    }
    print_row(object);
    return OK;
}

/* A pipe that nobody reads any more ends the list, too. */
static Res print_page_in(
    struct cli *cli, struct cx *own, print_page *page, void *arg, bool *more)
{
    struct cx *whole = cli->cx;

    cli->cx = own;
    Res res = page(cli, arg, more);

    res = res.code == FAIL_NONE ? print_flush(cli) : res;
    cli->cx = whole;
    return res;
}

Res print_pages(struct cli *cli, print_page *page, void *arg)
{
    bool more = true;

    while (more) {
        struct cx own = {0};
        Res res = print_page_in(cli, &own, page, arg, &more);

        cli->cx->why = own.why;
        cx_done(&own);
        TRY(res);
    }
    if (cli_has(cli, S("--json"))) {
        (void)fputs(cli->n_printed == 0 ? "[]\n" : "\n]\n", stdout);
    }
    return OK;
}
