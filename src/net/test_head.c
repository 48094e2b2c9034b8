/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/testing.h"
#include "net/head.h"

enum { NOW_S = 883612800 /* Thu, 01 Jan 1998 00:00:00 GMT */ };

TEST(test_head_date_s_reads_the_three_forms)
{
    static const struct {
        Str date;
        int64_t want;
    } rows[] = {
        {SI("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777},
        {SI("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777},
        {SI("Sun Nov  6 08:49:37 1994"), 784111777},
        {SI("Thu, 01 Jan 1970 00:00:00 GMT"), 0},
        {SI("Wed, 31 Dec 1969 23:59:59 GMT"), 0},
        {SI("Sun, 06 Nov 1994"), 784080000},
        {SI("Sun, 99 Nov 1994 08:49:37 GMT"), -1},
        {SI("soon"), -1},
        {SI("\0"), -1},
        {SI(""), -1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(head_date_s(rows[i].date), rows[i].want);
    }
}

TEST(test_head_date_s_reads_a_date_up_to_its_limit)
{
    char text[HEAD_DATE_BYTES + 2] = "Sun, 06 Nov 1994 08:49:37 GMT";
    size_t n = strlen(text);

    memset(text + n, ' ', sizeof(text) - n);
    T_INT(head_date_s((Str){text, HEAD_DATE_BYTES}), 784111777);
    T_INT(head_date_s((Str){text, HEAD_DATE_BYTES + 1}), -1);
}

TEST(test_head_retry_after_s_takes_seconds_and_dates_up_to_the_most)
{
    static const struct {
        Str value;
        int64_t want;
    } rows[] = {
        {SI("0"), 0},
        {SI("7"), 7},
        {SI("3599"), 3599},
        {SI("3600"), CLOCK_HOUR_S},
        {SI("3601"), CLOCK_HOUR_S},
        {SI("99999999999999999999"), CLOCK_HOUR_S},
        {SI("007"), 7},
        {SI("-5"), -1},
        {SI("+5"), -1},
        {SI("5.5"), -1},
        {SI("soon"), -1},
        {SI(""), -1},
        {SI("Wed, 31 Dec 1997 23:59:59 GMT"), 0},
        {SI("Thu, 01 Jan 1998 00:00:00 GMT"), 0},
        {SI("Thu, 01 Jan 1998 00:00:01 GMT"), 1},
        {SI("Thu, 01 Jan 1998 00:59:59 GMT"), CLOCK_HOUR_S - 1},
        {SI("Thu, 01 Jan 1998 01:00:00 GMT"), CLOCK_HOUR_S},
        {SI("Thu, 01 Jan 1998 01:00:01 GMT"), CLOCK_HOUR_S},
        {SI("Fri, 31 Dec 9999 23:59:59 GMT"), CLOCK_HOUR_S},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(head_retry_after_s(rows[i].value, NOW_S, CLOCK_HOUR_S), rows[i].want);
    }
}

TEST(test_head_max_age_s_is_what_is_left)
{
    static const struct {
        Str cache_control;
        Str age;
        int64_t want;
    } rows[] = {
        {SI(""), SI(""), -1},
        {SI(""), SI("10"), -1},
        {SI("private"), SI(""), -1},
        {SI("max-age=60"), SI(""), 60},
        {SI("MAX-AGE=60"), SI(""), 60},
        {SI("max-age=\"60\""), SI(""), 60},
        {SI("public, max-age=60,must-revalidate"), SI(""), 60},
        {SI("no-store, max-age=60"), SI(""), 0},
        {SI("max-age=60, No-Cache"), SI(""), 0},
        {SI("max-age=60"), SI("59"), 1},
        {SI("max-age=60"), SI("60"), 0},
        {SI("max-age=60"), SI("61"), 0},
        {SI("max-age=60"), SI("99999999999999999999"), 0},
        {SI("max-age=60"), SI("-1"), 60},
        {SI("max-age=60"), SI("old"), 60},
        {SI("max-age=0"), SI(""), 0},
        {SI("max-age="), SI(""), -1},
        {SI("max-age=\""), SI(""), -1},
        {SI("max-age=-1"), SI(""), -1},
        {SI("max-age=x, private"), SI(""), -1},
        {SI("s-maxage=60"), SI(""), -1},
        {SI("max-age=2147483646"), SI(""), INT32_MAX - 1},
        {SI("max-age=2147483647"), SI(""), HEAD_SECONDS},
        {SI("max-age=2147483648"), SI(""), HEAD_SECONDS},
        {SI("max-age=99999999999999999999"), SI(""), HEAD_SECONDS},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(head_max_age_s(rows[i].cache_control, rows[i].age), rows[i].want);
    }
}

TEST(test_head_coding_of_knows_gzip_and_chunks)
{
    static const struct {
        Str line;
        enum head_coding want;
    } rows[] = {
        {SI("Content-Encoding: gzip\r\n"), HEAD_GZIP},
        {SI("content-encoding:X-GZIP"), HEAD_GZIP},
        {SI("Content-Encoding: identity\r\n"), HEAD_NO_CODING},
        {SI("Content-Encoding:\r\n"), HEAD_NO_CODING},
        {SI("Content-Encoding: gzip, gzip\r\n"), HEAD_OTHER_CONTENT},
        {SI("Content-Encoding: deflate\r\n"), HEAD_OTHER_CONTENT},
        {SI("Content-Encoding: br\r\n"), HEAD_OTHER_CONTENT},
        {SI("Content-Encoding: zstd\r\n"), HEAD_OTHER_CONTENT},
        {SI("Content-Encoding: none\r\n"), HEAD_OTHER_CONTENT},
        {SI("Content-Encoding: gzip\0\r\n"), HEAD_OTHER_CONTENT},
        {SI("Transfer-Encoding: chunked\r\n"), HEAD_CHUNKED},
        {SI("Transfer-Encoding: gzip, chunked\r\n"), HEAD_OTHER_TRANSFER},
        {SI("Transfer-Encoding: gzip\r\n"), HEAD_OTHER_TRANSFER},
        {SI("Transfer-Encoding:\r\n"), HEAD_OTHER_TRANSFER},
        {SI("Content-Type: gzip\r\n"), HEAD_NO_CODING},
        {SI("HTTP/1.1 200 deflate\r\n"), HEAD_NO_CODING},
        {SI("Content-Encoding"), HEAD_NO_CODING},
        {SI("\r\n"), HEAD_NO_CODING},
        {SI(""), HEAD_NO_CODING},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(head_coding_of(rows[i].line), rows[i].want);
    }
}

TEST(test_head_type_is_takes_any_parameters)
{
    static const struct {
        Str type;
        bool is_json;
    } rows[] = {
        {SI("application/json"), true},
        {SI("Application/JSON ; charset=utf8"), true},
        {SI("application/json;"), true},
        {SI("application/jsonx"), false},
        {SI("application/problem+json"), false},
        {SI("text/html; application/json"), false},
        {SI(";"), false},
        {SI(""), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(head_type_is(rows[i].type, S("application/json")), rows[i].is_json);
    }
}

T_MAIN(
    T(test_head_date_s_reads_the_three_forms),
    T(test_head_date_s_reads_a_date_up_to_its_limit),
    T(test_head_retry_after_s_takes_seconds_and_dates_up_to_the_most),
    T(test_head_max_age_s_is_what_is_left), T(test_head_coding_of_knows_gzip_and_chunks),
    T(test_head_type_is_takes_any_parameters))
