/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.c - tables whose columns are as wide as they need to be.
 */
#include "cli/screen.h"

#include <string.h>

#include "base/buf.h"

enum { CELL_BYTES = 256, COLUMNS_MOST = 16, ROWS_LEAST = 3 };

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

/* Where it is printed. */
struct screen {
    FILE *out;      /* NULL: it is only measured */
    size_t columns; /* a longer line takes several rows; 0: it doesn't */
    size_t left;    /* rows that still have room */
    bool is_dense;  /* without empty lines */
};

static size_t screen_rows_of(const struct screen *s, const char *text)
{
    size_t n = 0;

    for (; *text != 0; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80; /* characters of UTF-8 */
    }
    return s->columns == 0 || n == 0 ? 1 : (n + s->columns - 1) / s->columns;
}

/* After the first line that has no room there is none for any other. */
static void screen_print_line(struct screen *s, const char *text)
{
    size_t rows = screen_rows_of(s, text);

    if (rows > s->left) {
        s->left = 0;
        return;
    }
    s->left -= rows;
    if (s->out != NULL) {
        (void)fprintf(s->out, "%s\n", text);
    }
}

struct line {
    char text[COLUMNS_MOST * (CELL_BYTES + 3)];
    size_t n;
};

static void line_add(struct line *l, const char *before, int width, const char *text)
{
    size_t room = sizeof(l->text) - l->n;
    int n = snprintf(l->text + l->n, room, "%s%-*s", before, width, text);

    must_be(n >= 0 && (size_t)n < room);
    l->n += (size_t)n;
}

static void table_print_row(
    json_t *row, const int widths[COLUMNS_MOST], bool is_head, struct screen *s)
{
    struct line line = {.n = 0};
    json_t *v;
    const char *name;
    size_t column = 0;

    json_object_foreach(row, name, v)
    {
        const struct cell c = is_head ? cell_of_head(name) : cell_of(name, v);
        bool is_last = column + 1 == json_object_size(row);

        line_add(&line, "  ", is_last ? 0 : widths[column++], c.text);
    }
    screen_print_line(s, line.text);
}

static void table_print(const char *name, json_t *rows, struct screen *s)
{
    int widths[COLUMNS_MOST] = {0};
    json_t *row;
    size_t i;

    if (!s->is_dense) {
        screen_print_line(s, "");
    }
    screen_print_line(s, name);
    table_measure(rows, widths);
    json_array_foreach(rows, i, row)
    {
        if (i == 0) {
            table_print_row(row, widths, true, s);
        }
        table_print_row(row, widths, false, s);
    }
    if (json_array_size(rows) == 0) {
        screen_print_line(s, "  none");
    }
}

static void values_print(json_t *object, struct screen *s)
{
    struct line line = {.n = 0};
    json_t *v;
    const char *name;
    size_t n = 0;

    json_object_foreach(object, name, v)
    {
        if (!json_is_array(v)) {
            const struct cell c = cell_of(name, v);

            must_be(n < COLUMNS_MOST);
            line_add(&line, n++ == 0 ? "" : "   ", 0, name);
            line_add(&line, " ", 0, c.text);
        }
    }
    screen_print_line(s, line.text);
}

static void screen_print_all(json_t *object, struct screen *s)
{
    json_t *v;
    const char *name;

    values_print(object, s);
    json_object_foreach(object, name, v)
    {
        if (json_is_array(v)) {
            table_print(name, v, s);
        }
    }
}

static size_t screen_measure(json_t *object, size_t columns, bool is_dense)
{
    struct screen s = {NULL, columns, SIZE_MAX, is_dense};

    screen_print_all(object, &s);
    return SIZE_MAX - s.left;
}

void screen_print(json_t *object, const struct screen_size *size, FILE *out)
{
    size_t most =
        size->rows < ROWS_LEAST ? SIZE_MAX : size->rows - 1; /* the cursor has one */
    bool is_dense = screen_measure(object, size->columns, false) > most;
    bool is_cut = is_dense && screen_measure(object, size->columns, true) > most;
    struct screen s = {out, size->columns, most - is_cut, is_dense};

    screen_print_all(object, &s);
    if (is_cut) {
        (void)fputs("…\n", out);
    }
}
