/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ini_file.h - reads an INI file into a list: section, key, value and line of each.
 *
 * It knows no keys; given.h checks them.
 */
#pragma once

#include "base/str.h"

struct cx;

struct ini_value {
    Str section; /* "jwt acme": words separated by one space */
    Str key;     /* empty: the line begins the section */
    Str text;    /* as written, without the white space around it */
    int line;
};

struct ini {
    struct ini_value *at;
    size_t n;
};

/* `name` is the file's name, for reasons. Fails with FAIL_CONFIG, name and line: a line
 * longer than LIMIT_CONFIG_LINE_BYTES, a control character, invalid UTF-8, a line that is
 * neither a section nor key = value, a key before the first section. No reason has a
 * value in it. Lines may end in CRLF. */
Res ini_read(struct cx *cx, Str text, Str name, struct ini *ret) MUST;
