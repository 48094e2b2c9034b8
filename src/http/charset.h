/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charset.h - judges the label that a text's charset has. Private to http/.
 */
#pragma once

#include "base/str.h"

enum charset {
    CHARSET_UTF8,
    CHARSET_ASCII, /* US-ASCII or ISO-8859-1: UTF-8, where all bytes are ASCII */
    CHARSET_OTHER,
};

/* Reads the value of a parameter, quoted or not, in any case. */
enum charset charset_from_value(Str value);
/* Whether a text with this label can be read as UTF-8. */
bool charset_fits(enum charset charset, Str text);
