/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inifile.h - an INI file as a list of lines: section, key, value, and where each stands.
 *
 * Knows no key; config.h does.
 */
#pragma once

#include "base/str.h"

struct cx;

struct ini_value {
    Str section; /* "jwt acme": words separated by one space */
    Str key;     /* empty: the line is the section's own */
    Str text;    /* as written, without the white space around it */
    int line;
};

struct ini {
    struct ini_value *at;
    size_t n;
};

/*
 * `name` is the file's, for the reasons. FAIL_CONFIG with name and line: a line longer
 * than LIMIT_CONFIG_LINE_BYTES, a control character, no UTF-8, neither section nor key =
 * value, a key before the first section. A value is never part of a reason. CRLF is fine.
 */
Res ini_read(struct cx *cx, Str text, Str name, struct ini *ret) MUST;
