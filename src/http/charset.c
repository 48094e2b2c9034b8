/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charset.c - the names of the charsets whose text can be read as UTF-8 (docs/api.md §9).
 */
#include "http/charset.h"

static const struct charset_name {
    Str name;
    enum charset charset;
} charset_names[] = {
    {SI("utf-8"), CHARSET_UTF8},       {SI("utf8"), CHARSET_UTF8},
    {SI("us-ascii"), CHARSET_ASCII},   {SI("ascii"), CHARSET_ASCII},
    {SI("iso-8859-1"), CHARSET_ASCII}, {SI("iso8859-1"), CHARSET_ASCII},
    {SI("iso_8859-1"), CHARSET_ASCII}, {SI("latin1"), CHARSET_ASCII},
};

enum charset charset_from_value(Str value)
{
    if (value.n >= 2 && value.p[0] == '"') {
        value = str_trim(str_sub(value, 1, value.n - 1));
    }
    for (size_t i = 0; i < COUNT(charset_names); i++) {
        if (str_eq_nocase(value, charset_names[i].name)) {
            return charset_names[i].charset;
        }
    }
    return CHARSET_OTHER;
}

static bool char_is_ascii(unsigned char c)
{
    return c < 0x80;
}

bool charset_fits(enum charset charset, Str text)
{
    switch (charset) {
    case CHARSET_UTF8:
        return true;
    case CHARSET_ASCII:
        return str_is_only(text, char_is_ascii);
    case CHARSET_OTHER:
        break;
    }
    return false;
}
