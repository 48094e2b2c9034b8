/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.c - tables whose columns are as wide as they need to be.
 */
#include "cli/screen.h"

#include <string.h>

#include "base/buf.h"

enum { CELL_BYTES = 256, COLUMNS_MOST = 16 };

/* What doesn't fit is cut off, and what a terminal could obey is '?'. */
struct cell {
    char text[CELL_BYTES];
};

static void cell_add(struct cell *c, const char *text)
{
    size_t n = strlen(c->text);

    for (; *text != 0 && n < CELL_BYTES - 1; text++) {
        bool is_control = (unsigned char)*text < 0x20 || *text == 0x7F;

        c->text[n] = '?';
        if (!is_control) {
            c->text[n] = *text;
        }
        n++;
    }
    c->text[n] = 0;
}

static void cell_add_number(struct cell *c, int64_t n, const char *unit)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld%s", (long long)n, unit);
    cell_add(c, text);
}

static void cell_add_real(struct cell *c, double v)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%.1f", v);
    cell_add(c, text);
}

/* The two largest units. */
static void cell_add_duration(struct cell *c, int64_t s)
{
    static const struct {
        int64_t s;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};

    size_t i = 0;

    while (i + 1 < COUNT(units) && s < units[i].s) {
        i++;
    }
    cell_add_number(c, s / units[i].s, units[i].name);
    if (i + 1 < COUNT(units)) {
        cell_add(c, " ");
        cell_add_number(c, s % units[i].s / units[i + 1].s, units[i + 1].name);
    }
}

static bool name_is_duration(const char *name)
{
    size_t n = strlen(name);

    return n > 2 && strcmp(name + n - 2, "_s") == 0;
}

static void cell_add_value(struct cell *c, const char *name, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        cell_add(c, json_string_value(v));
        break;
    case JSON_INTEGER:
        if (name_is_duration(name)) {
            cell_add_duration(c, json_integer_value(v));
        } else {
            cell_add_number(c, json_integer_value(v), "");
        }
        break;
    case JSON_TRUE:
        cell_add(c, "yes");
        break;
    case JSON_FALSE:
        cell_add(c, "no");
        break;
    case JSON_NULL:
        cell_add(c, "unknown");
        break;
    case JSON_REAL:
        cell_add_real(c, json_real_value(v));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
}

static struct cell cell_of(const char *name, const json_t *v)
{
    struct cell c = {.text = ""};
    const json_t *item;
    size_t i;

    cell_add_value(&c, name, v);
    json_array_foreach(v, i, item)
    {
        cell_add(&c, i == 0 ? "" : " ");
        cell_add_value(&c, name, item);
    }
    return c;
}

/* A duration's unit stands beside its numbers. */
static struct cell cell_of_head(const char *name)
{
    struct cell c = {.text = ""};

    cell_add(&c, name);
    if (name_is_duration(name)) {
        c.text[strlen(c.text) - 2] = 0;
    }
    return c;
}

static void widen(int *width, const struct cell *c)
{
    int n = (int)strlen(c->text);

    *width = *width < n ? n : *width;
}

static void table_measure(json_t *rows, int widths[COLUMNS_MOST])
{
    json_t *row;
    json_t *v;
    const char *name;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        size_t column = 0;

        json_object_foreach(row, name, v)
        {
            const struct cell head = cell_of_head(name);
            const struct cell cell = cell_of(name, v);

            must_be(column < COLUMNS_MOST);
            widen(&widths[column], &head);
            widen(&widths[column++], &cell);
        }
    }
}

static void table_print_row(
    json_t *row, const int widths[COLUMNS_MOST], bool is_head, FILE *out)
{
    json_t *v;
    const char *name;
    size_t column = 0;

    json_object_foreach(row, name, v)
    {
        const struct cell c = is_head ? cell_of_head(name) : cell_of(name, v);
        bool is_last = column + 1 == json_object_size(row);

        (void)fprintf(out, "  %-*s", is_last ? 0 : widths[column++], c.text);
    }
    (void)fputc('\n', out);
}

static void table_print(const char *name, json_t *rows, FILE *out)
{
    int widths[COLUMNS_MOST] = {0};
    json_t *row;
    size_t i;

    (void)fprintf(out, "\n%s\n", name);
    table_measure(rows, widths);
    json_array_foreach(rows, i, row)
    {
        if (i == 0) {
            table_print_row(row, widths, true, out);
        }
        table_print_row(row, widths, false, out);
    }
    if (json_array_size(rows) == 0) {
        (void)fputs("  none\n", out);
    }
}

void screen_print(json_t *object, FILE *out)
{
    json_t *v;
    const char *name;
    const char *before = "";

    json_object_foreach(object, name, v)
    {
        if (!json_is_array(v)) {
            const struct cell c = cell_of(name, v);

            (void)fprintf(out, "%s%s %s", before, name, c.text);
            before = "   ";
        }
    }
    (void)fputc('\n', out);
    json_object_foreach(object, name, v)
    {
        if (json_is_array(v)) {
            table_print(name, v, out);
        }
    }
}
