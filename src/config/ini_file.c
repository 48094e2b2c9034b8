/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ini_file.c - feeds inih line by line.
 *
 * As distributions build it, inih cuts values at " ;" and silently breaks lines at 200
 * bytes. So it gets a placeholder for every value, and the value is taken from the line
 * here. White space at the start of a line has no meaning; inih would take the line for a
 * continuation.
 */
#include "config/ini_file.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/cx.h"
#include "base/limits.h"

/* Reasons have these limits as text. */
_Static_assert(LIMIT_CONFIG_VALUES == 1000, "\"more than 1000\"");
_Static_assert(LIMIT_CONFIG_LINE_BYTES == 4096, "\"4096 bytes at most\"");

struct reader {
    struct cx *cx;
    Str name;
    Str rest; /* p == NULL: at the end */
    int line;
    Str value; /* of the line that inih reads now */
    struct ini found;
    Res res;
};

static bool char_is_text(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7F);
}

static void ini_refuse(struct reader *r, const char *why)
{
    if (r->res.code == FAIL_NONE) {
        r->res = fail(r->cx, FAIL_CONFIG, "%.*s:%d: %s", STR_ARG(r->name), r->line, why);
    }
}

/* "jwt  acme" and " jwt acme" are "jwt acme". */
static Str ini_join_words(struct arena *mem, Str text)
{
    Str joined = S("");
    Str word;

    while (str_next_word(&text, S(" \t"), &word)) {
        joined = joined.n == 0 ? str_dup(mem, word)
                               : str_cat(mem, str_cat(mem, joined, S(" ")), word);
    }
    return joined;
}

static void ini_add(struct reader *r, Str section, Str key)
{
    struct arena *mem = &r->cx->mem;

    if (r->found.n == LIMIT_CONFIG_VALUES) {
        ini_refuse(r, "more than 1000 sections and values");
        return;
    }
    r->found.at[r->found.n++] = (struct ini_value){
        .section = ini_join_words(mem, section),
        .key = str_dup(mem, key),
        .text = r->value,
        .line = r->line,
    };
}

/* Adds a section also when it is empty: inih tells only of keys. */
static void ini_note_section(struct reader *r, Str line)
{
    size_t end;

    r->value = S("");
    if (str_find(line, ']', &end)) {
        ini_add(r, str_sub(line, 1, end), S(""));
    } else {
        ini_refuse(r, "that is neither a [section] nor key = value");
    }
}

/* Returns the text that inih gets for a line, and notes the value. */
static Str ini_split_line(struct reader *r, Str line)
{
    size_t at = 0;

    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';') {
        return S("");
    }
    if (line.p[0] == '[') {
        ini_note_section(r, line);
        return line;
    }
    while (at < line.n && line.p[at] != '=' && line.p[at] != ':') {
        at++;
    }
    if (at == line.n) {
        return line;
    }
    r->value = str_trim(str_sub(line, at + 1, line.n));
    return str_cat(&r->cx->mem, str_sub(line, 0, at), S("=x"));
}

/* Stands in for fgets: gives inih the next line; NULL at the end or after a refusal. */
static char *ini_next_line(char *to, int room, void *arg)
{
    struct reader *r = arg;
    Str line;

    if (r->res.code != FAIL_NONE || !str_next_part(&r->rest, '\n', &line)) {
        return NULL;
    }
    r->line++;
    if (line.n > LIMIT_CONFIG_LINE_BYTES) {
        ini_refuse(r, "the line is too long (4096 bytes at most)");
        return NULL;
    }
    line = str_trim(line);
    if (!str_is_only(line, char_is_text) || !str_is_utf8(line)) {
        ini_refuse(r, "the line holds a control character, or is no UTF-8");
        return NULL;
    }
    Str fed = ini_split_line(r, line);

    if (fed.n > LIMIT_CONFIG_NAME_BYTES || fed.n + 2 > (size_t)room) {
        ini_refuse(r, "that is neither a [section] nor key = value");
        return NULL;
    }
    memcpy(to, fed.p, fed.n);
    memcpy(to + fed.n, "\n", 2);
    return to;
}

/* Takes section and key of a line from inih. */
static int ini_take(
    void *arg, const char *section, const char *key, const char *placeholder)
{
    struct reader *r = arg;

    (void)placeholder;
    if (section[0] == 0) {
        ini_refuse(r, "a key before the first [section]");
    } else {
        ini_add(r, str_from_z(section), str_from_z(key));
    }
    return 1;
}

Res ini_read(struct cx *cx, Str text, Str name, struct ini *ret)
{
    struct reader r = {.cx = cx, .name = name, .rest = text, .res = OK};

    if (str_starts(text, S("\xEF\xBB\xBF"))) {
        r.rest = str_sub(text, 3, text.n);
    }
    r.found.at = NEW_N(&cx->mem, struct ini_value, LIMIT_CONFIG_VALUES);
    int bad_line = ini_parse_stream(ini_next_line, &r, ini_take, &r);

    TRY(r.res);
    if (bad_line != 0) {
        r.line = bad_line;
        ini_refuse(&r, "that is neither a [section] nor key = value");
    }
    TRY(r.res);
    *ret = r.found;
    return OK;
}
