/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.c - seconds, dates and media types of an answer's head.
 */
#include "net/head.h"

#include <curl/curl.h>

/* Digits alone, at most `most`, also where they are past 64 bits; -1: anything else. */
static int64_t head_seconds(Str value, int64_t most)
{
    int64_t seconds = 0;

    if (value.n == 0 || !str_is_only(value, char_is_digit)) {
        return -1;
    }
    return str_to_int(value, &seconds) && seconds < most ? seconds : most;
}

int64_t head_date_s(Str date)
{
    char z[HEAD_DATE_BYTES + 1];

    if (date.n == 0 || date.n > HEAD_DATE_BYTES) {
        return -1;
    }
    memcpy(z, date.p, date.n);
    z[date.n] = 0;
    int64_t at = curl_getdate(z, NULL);

    return at < 0 ? -1 : at;
}

int64_t head_retry_after_s(Str retry_after, int64_t now_s, int64_t most_s)
{
    int64_t seconds = head_seconds(retry_after, most_s);
    int64_t at = seconds < 0 ? head_date_s(retry_after) : -1;

    if (at < 0) {
        return seconds;
    }
    if (at <= now_s) {
        return 0;
    }
    return at - now_s < most_s ? at - now_s : most_s;
}

static Str head_unquoted(Str value)
{
    bool is_quoted =
        value.n >= 2 && str_starts(value, S("\"")) && str_ends(value, S("\""));

    return is_quoted ? str_sub(value, 1, value.n - 1) : value;
}

int64_t head_max_age_s(Str cache_control, Str age)
{
    int64_t fresh = -1;
    int64_t spent = head_seconds(age, HEAD_SECONDS);
    Str word;

    while (str_next_word(&cache_control, S(", \t"), &word)) {
        if (str_eq_nocase(word, S("no-store")) || str_eq_nocase(word, S("no-cache"))) {
            return 0;
        }
        if (str_eq_nocase(str_sub(word, 0, 8), S("max-age="))) {
            fresh = head_seconds(head_unquoted(str_sub(word, 8, word.n)), HEAD_SECONDS);
        }
    }
    if (fresh < 0 || spent < 0) {
        return fresh;
    }
    return fresh > spent ? fresh - spent : 0;
}

enum head_coding head_coding_of(Str line)
{
    static const struct {
        Str name;
        Str value;
        enum head_coding coding;
    } rows[] = {
        {SI("Content-Encoding"), SI("gzip"), HEAD_GZIP},
        {SI("Content-Encoding"), SI("x-gzip"), HEAD_GZIP},
        {SI("Content-Encoding"), SI("identity"), HEAD_NO_CODING},
        {SI("Content-Encoding"), SI(""), HEAD_NO_CODING},
        {SI("Content-Encoding"), {NULL}, HEAD_OTHER_CONTENT},
        {SI("Transfer-Encoding"), SI("chunked"), HEAD_CHUNKED},
        {SI("Transfer-Encoding"), {NULL}, HEAD_OTHER_TRANSFER},
    };

    size_t colon = line.n;

    (void)str_find(line, ':', &colon);
    Str name = str_sub(line, 0, colon);
    Str value = str_trim(str_sub(line, colon + 1, line.n));

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (str_eq_nocase(name, rows[i].name)
            && (rows[i].value.p == NULL || str_eq_nocase(value, rows[i].value))) {
            return rows[i].coding;
        }
    }
    return HEAD_NO_CODING;
}

bool head_type_is(Str content_type, Str type)
{
    Str media;

    return str_next_part(&content_type, ';', &media)
           && str_eq_nocase(str_trim(media), type);
}
