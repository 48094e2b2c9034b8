/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/charset.h"

TEST(test_charset_from_value_knows_usual_spellings)
{
    static const struct {
        Str value;
        enum charset want;
    } rows[] = {
        {SI("utf-8"), CHARSET_UTF8},
        {SI("UTF-8"), CHARSET_UTF8},
        {SI("utf8"), CHARSET_UTF8},
        {SI("Utf8"), CHARSET_UTF8},
        {SI("\"UTF-8\""), CHARSET_UTF8},
        {SI("\"utf8\""), CHARSET_UTF8},
        {SI("\" utf-8 \""), CHARSET_UTF8},
        {SI("US-ASCII"), CHARSET_ASCII},
        {SI("\"us-ascii\""), CHARSET_ASCII},
        {SI("ascii"), CHARSET_ASCII},
        {SI("ISO-8859-1"), CHARSET_ASCII},
        {SI("iso8859-1"), CHARSET_ASCII},
        {SI("iso_8859-1"), CHARSET_ASCII},
        {SI("latin1"), CHARSET_ASCII},
        {SI("utf-16"), CHARSET_OTHER},
        {SI("utf-88"), CHARSET_OTHER},
        {SI("iso-8859-15"), CHARSET_OTHER},
        {SI("windows-1252"), CHARSET_OTHER},
        {SI("\"\""), CHARSET_OTHER},
        {SI("\""), CHARSET_OTHER},
        {SI(""), CHARSET_OTHER},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(charset_from_value(rows[i].value), rows[i].want);
    }
}

TEST(test_charset_fits_what_can_be_read_as_utf8)
{
    T_TRUE(charset_fits(CHARSET_UTF8, S("\xC3\xA9")));
    T_TRUE(charset_fits(CHARSET_ASCII, S("")));
    T_TRUE(charset_fits(CHARSET_ASCII, S("a\x7F")));
    T_TRUE(!charset_fits(CHARSET_ASCII, S("a\x80")));
    T_TRUE(!charset_fits(CHARSET_OTHER, S("")));
}

T_MAIN(
    T(test_charset_from_value_knows_usual_spellings),
    T(test_charset_fits_what_can_be_read_as_utf8))
