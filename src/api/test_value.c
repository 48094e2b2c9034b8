/* SPDX-License-Identifier: Apache-2.0 */
#include "api/value.h"
#include "base/buf.h"
#include "base/testing.h"

#define NO_INT  "A valid integer is required."
#define NO_BOOL "Must be a valid boolean."
#define NO_TEXT "Not a valid string."
#define NO_NULL "This field may not be null."
#define BLANK   "This field may not be blank."
#define NO_TIME                                                                          \
    "Datetime has wrong format. Use one of these formats instead: "                      \
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
#define NO_DATE "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."

static const struct api_value untouched = {.is_given = true, .number = 77};

/* Reads one value. On a complaint the result must be left alone. */
static Str complaint_of(
    const struct api_field *f, enum value_from from, struct field sent,
    struct api_value *ret)
{
    Str complaint;

    sent.text = str_dup(&t_cx()->mem, sent.text); /* so that ASan sees its end */
    *ret = untouched;
    complaint = value_read(&t_cx()->mem, f, &sent, from, ret);
    T_TRUE(complaint.n == 0 || (ret->number == 77 && ret->is_given && !ret->is_null));
    T_TRUE(ret->is_given);
    return complaint;
}

static struct field text_sent(Str text)
{
    return (struct field){.text = text, .kind = FIELD_TEXT};
}

static struct field int_sent(Str digits)
{
    return (struct field){.text = digits, .kind = FIELD_INT};
}

TEST(test_value_read_takes_integers_of_json_by_their_type)
{
    static const struct api_field f = {.type = VALUE_INT};

    static const enum field_kind others[] = {
        FIELD_TEXT, FIELD_TRUE, FIELD_FALSE, FIELD_OTHER};
    struct api_value v;

    T_STR(complaint_of(&f, VALUE_FROM_JSON, int_sent(S("-12")), &v), S(""));
    T_TRUE(v.number == -12);
    T_STR(
        complaint_of(&f, VALUE_FROM_JSON, int_sent(S("9223372036854775807")), &v), S(""));
    T_TRUE(v.number == INT64_MAX);
    for (size_t i = 0; i < COUNT(others); i++) {
        struct field sent = {.text = S("5"), .kind = others[i]};

        T_STR(complaint_of(&f, VALUE_FROM_JSON, sent, &v), S(NO_INT));
    }
}

TEST(test_value_read_takes_the_id_of_an_object_where_it_may)
{
    static const struct api_field f = {
        .type = VALUE_INT, .may_be_object = true, .most = 9};
    static const struct api_field number = {.type = VALUE_INT};
    struct field sent = {.text = S("5"), .kind = FIELD_ID};
    struct api_value v;

    T_STR(complaint_of(&f, VALUE_FROM_JSON, sent, &v), S(""));
    T_INT(v.number, 5);
    T_STR(complaint_of(&f, VALUE_FROM_JSON, int_sent(S("6")), &v), S(""));
    T_INT(v.number, 6);
    T_STR(complaint_of(&number, VALUE_FROM_JSON, sent, &v), S(NO_INT));
    sent.text = S("10");
    T_STR(
        complaint_of(&f, VALUE_FROM_JSON, sent, &v),
        S("Ensure this value is less than or equal to 9."));
}

TEST(test_value_read_takes_integers_of_text_by_their_digits)
{
    static const struct api_field f = {.type = VALUE_INT};

    static const struct {
        Str text;
        bool ok;
        int64_t want;
    } rows[] = {
        {SI("0"), true, 0},
        {SI("-0"), true, 0},
        {SI("7"), true, 7},
        {SI(" 7\t"), true, 7},
        {SI("-7"), true, -7},
        {SI("9223372036854775807"), true, INT64_MAX},
        {SI("-9223372036854775808"), true, INT64_MIN},
        {SI("9223372036854775808"), false, 0},
        {SI("-9223372036854775809"), false, 0},
        {SI("00"), false, 0},
        {SI("07"), false, 0},
        {SI("-07"), false, 0},
        {SI("+7"), false, 0},
        {SI("7.0"), false, 0},
        {SI("7e1"), false, 0},
        {SI("0x7"), false, 0},
        {SI("7 7"), false, 0},
        {SI("seven"), false, 0},
        {SI("true"), false, 0},
        {SI("-"), false, 0},
        {SI(""), false, 0},
        {SI("\xD9\xA7"), false, 0}, /* a digit elsewhere */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int from = VALUE_FROM_FORM; from <= VALUE_FROM_QUERY; from++) {
            struct api_value v;
            Str complaint =
                complaint_of(&f, (enum value_from)from, text_sent(rows[i].text), &v);

            T_STR(complaint, rows[i].ok ? S("") : S(NO_INT));
            T_TRUE(!rows[i].ok || v.number == rows[i].want);
        }
    }
}

TEST(test_value_read_holds_integers_to_their_range)
{
    static const struct api_field f = {
        .type = VALUE_INT, .least = -2, .most = 4294967295};

    static const struct {
        Str text, want;
    } rows[] = {
        {SI("-2"), SI("")},
        {SI("4294967295"), SI("")},
        {SI("-3"), SI("Ensure this value is greater than or equal to -2.")},
        {SI("4294967296"), SI("Ensure this value is less than or equal to 4294967295.")},
    };
    struct api_value v;

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(
            complaint_of(&f, VALUE_FROM_JSON, int_sent(rows[i].text), &v), rows[i].want);
        T_STR(
            complaint_of(&f, VALUE_FROM_FORM, text_sent(rows[i].text), &v), rows[i].want);
    }
}

TEST(test_value_read_takes_booleans)
{
    static const struct api_field f = {.type = VALUE_BOOL};

    static const struct {
        Str text;
        int want; /* -1: none */
    } rows[] = {
        {SI("true"), 1},   {SI("True"), 1},  {SI("TRUE"), 1},  {SI("1"), 1},
        {SI(" true "), 1}, {SI("false"), 0}, {SI("False"), 0}, {SI("0"), 0},
        {SI("yes"), -1},   {SI("on"), -1},   {SI("t"), -1},    {SI("01"), -1},
        {SI("2"), -1},     {SI("null"), -1}, {SI(""), -1},
    };

    static const enum field_kind kinds[] = {
        FIELD_TRUE, FIELD_FALSE, FIELD_TEXT, FIELD_INT, FIELD_OTHER};
    struct api_value v;

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int from = VALUE_FROM_FORM; from <= VALUE_FROM_QUERY; from++) {
            Str complaint =
                complaint_of(&f, (enum value_from)from, text_sent(rows[i].text), &v);

            T_STR(complaint, rows[i].want >= 0 ? S("") : S(NO_BOOL));
            T_TRUE(complaint.n > 0 || v.truth == (rows[i].want == 1));
        }
    }
    for (size_t i = 0; i < COUNT(kinds); i++) { /* in JSON only the two values are */
        struct field sent = {.text = S("1"), .kind = kinds[i]};

        T_STR(complaint_of(&f, VALUE_FROM_JSON, sent, &v), i < 2 ? S("") : S(NO_BOOL));
        T_TRUE(i >= 2 || v.truth == (kinds[i] == FIELD_TRUE));
    }
}

TEST(test_value_read_takes_times)
{
    static const struct api_field f = {.type = VALUE_TIME};

    static const struct {
        Str text;
        bool in_body, in_query;
    } rows[] = {
        {SI("2026-01-01T02:00:00+02:00"), true, true},
        {SI(" 2026-01-01T00:00:00Z "), true, true},
        {SI("2026-01-01T02:00:00 02:00"), false, true}, /* a plus that nobody escaped */
        {SI("2026-01-01T02:00:00.0 02:00"), false, true},
        {SI("2026-01-01T00:00Z"), false, false},
        {SI("2026-01-01"), false, false},
        {SI("2026-01-01 00:00:00Z"), false, false},
        {SI(" 02:00"), false, false},
        {SI("02:00"), false, false},
        {SI(""), false, false},
    };
    struct api_value v;

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int from = VALUE_FROM_JSON; from <= VALUE_FROM_QUERY; from++) {
            bool ok = from == VALUE_FROM_QUERY ? rows[i].in_query : rows[i].in_body;
            Str complaint =
                complaint_of(&f, (enum value_from)from, text_sent(rows[i].text), &v);

            T_STR(complaint, ok ? S("") : S(NO_TIME));
            T_TRUE(!ok || (v.time.s == 1767225600 && v.time.ns == 0));
        }
    }
    T_STR(complaint_of(&f, VALUE_FROM_JSON, int_sent(S("1767225600")), &v), S(NO_TIME));
}

TEST(test_value_read_takes_dates)
{
    static const struct api_field f = {.type = VALUE_DATE};
    struct api_value v;

    T_STR(complaint_of(&f, VALUE_FROM_JSON, text_sent(S(" 1970-01-31")), &v), S(""));
    T_INT(v.days, 30);
    T_STR(complaint_of(&f, VALUE_FROM_QUERY, text_sent(S("31.1.1970")), &v), S(NO_DATE));
    T_STR(complaint_of(&f, VALUE_FROM_FORM, text_sent(S("")), &v), S(NO_DATE));
    T_STR(complaint_of(&f, VALUE_FROM_JSON, int_sent(S("30")), &v), S(NO_DATE));
}

TEST(test_value_read_takes_texts)
{
    static const struct api_field f = {.type = VALUE_TEXT};
    static const struct api_field blank = {.type = VALUE_TEXT, .may_be_blank = true};

    static const enum field_kind others[] = {
        FIELD_INT, FIELD_TRUE, FIELD_FALSE, FIELD_OTHER};
    struct api_value v;

    for (int from = VALUE_FROM_JSON; from <= VALUE_FROM_QUERY; from++) {
        enum value_from f_from = (enum value_from)from;

        T_STR(complaint_of(&f, f_from, text_sent(S(" a b\n")), &v), S(""));
        T_STR(v.text, S("a b"));
        T_STR(complaint_of(&f, f_from, text_sent(S("")), &v), S(BLANK));
        T_STR(complaint_of(&f, f_from, text_sent(S(" \t")), &v), S(BLANK));
        T_STR(complaint_of(&blank, f_from, text_sent(S(" ")), &v), S(""));
        T_STR(v.text, S(""));
        for (size_t i = 0; i < COUNT(others); i++) {
            struct field sent = {.kind = others[i]};

            T_STR(complaint_of(&f, f_from, sent, &v), S(NO_TEXT));
        }
    }
    /* only a query can still hold bytes that are no text */
    T_STR(complaint_of(&f, VALUE_FROM_QUERY, text_sent(S("a\xFF")), &v), S(NO_TEXT));
    T_STR(complaint_of(&f, VALUE_FROM_QUERY, text_sent(S("a\0b")), &v), S(NO_TEXT));
}

TEST(test_value_read_counts_characters_or_bytes)
{
    static const struct api_field chars = {.type = VALUE_TEXT, .most_chars = 4};
    static const struct api_field bytes = {.type = VALUE_TEXT, .most_bytes = 4};

    static const struct {
        Str text;
        bool fits_chars, fits_bytes;
    } rows[] = {
        {SI("abcd"), true, true},
        {SI(" abcd "), true, true}, /* after trimming */
        {SI("abcde"), false, false},
        {SI("\xC3\xA9\xC3\xA9"), true, true},
        {SI("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"), true, false},
        {SI("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"), false, false},
        {SI("\xF0\x9F\x93\x85\xF0\x9F\x93\x85\xF0\x9F\x93\x85\xF0\x9F\x93\x85"), true,
         false},
    };
    struct api_value v;

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(
            complaint_of(&chars, VALUE_FROM_JSON, text_sent(rows[i].text), &v),
            rows[i].fits_chars ? S("")
                               : S("Ensure this field has no more than 4 characters."));
        T_STR(
            complaint_of(&bytes, VALUE_FROM_JSON, text_sent(rows[i].text), &v),
            rows[i].fits_bytes ? S("")
                               : S("Ensure this field has no more than 4 bytes."));
    }
}

TEST(test_value_read_takes_only_the_choices)
{
    static const Str colours[] = {SI("RED"), SI("BLUE")};
    static const struct api_field f = {
        .type = VALUE_TEXT, .choices = colours, .n_choices = COUNT(colours)};
    struct api_value v;

    T_STR(complaint_of(&f, VALUE_FROM_JSON, text_sent(S(" BLUE ")), &v), S(""));
    T_STR(v.text, S("BLUE"));
    T_STR(
        complaint_of(&f, VALUE_FROM_FORM, text_sent(S("red")), &v),
        S("\"red\" is not a valid choice."));
    T_STR(
        complaint_of(&f, VALUE_FROM_FORM, text_sent(S("")), &v),
        S("\"\" is not a valid choice."));
    T_STR(complaint_of(&f, VALUE_FROM_JSON, int_sent(S("1")), &v), S(NO_TEXT));
}

/* Anything is taken first; what it is read as then has the complaints of that type. */
TEST(test_value_read_moment_takes_a_time_or_a_date)
{
    static const struct api_field f = {.type = VALUE_MOMENT};
    static const struct field others[] = {
        {.kind = FIELD_TRUE},
        {.kind = FIELD_OTHER},
        {.kind = FIELD_INT, .text = SI("20260131")},
        {.kind = FIELD_TEXT, .text = SI("")},
        {.kind = FIELD_TEXT, .text = SI("31.1.2026")}};
    struct arena *mem = &t_cx()->mem;
    struct api_value v;
    struct api_value got;

    T_STR(complaint_of(&f, VALUE_FROM_FORM, text_sent(S(" 2026-01-31 ")), &v), S(""));
    T_STR(value_read_moment(mem, &v, VALUE_DATE, &got), S(""));
    T_INT(got.days, 20484);
    T_STR(value_read_moment(mem, &v, VALUE_TIME, &got), S(NO_TIME));
    T_STR(
        complaint_of(&f, VALUE_FROM_JSON, text_sent(S("2026-01-31T09:00:00.5Z")), &v),
        S(""));
    T_STR(value_read_moment(mem, &v, VALUE_TIME, &got), S(""));
    T_TRUE(got.time.s == INT64_C(20484) * 86400 + 9 * 3600);
    T_INT(got.time.ns, 500000000);
    T_STR(value_read_moment(mem, &v, VALUE_DATE, &got), S(NO_DATE));
    for (size_t i = 0; i < COUNT(others); i++) {
        T_STR(complaint_of(&f, VALUE_FROM_JSON, others[i], &v), S(""));
        T_STR(value_read_moment(mem, &v, VALUE_TIME, &got), S(NO_TIME));
        T_STR(value_read_moment(mem, &v, VALUE_DATE, &got), S(NO_DATE));
    }
    T_STR(complaint_of(&f, VALUE_FROM_QUERY, text_sent(S("a\xFF")), &v), S(""));
    T_STR(v.text, S(""));
}

/* Every type can be null; in forms and queries the empty text is null. */
TEST(test_value_read_takes_null_where_it_is_allowed)
{
    const struct field null_sent = {.kind = FIELD_NULL};
    struct api_value v;

    for (int type = VALUE_TEXT; type <= VALUE_DATE; type++) {
        const struct api_field strict = {.type = (enum value_type)type};
        const struct api_field lax = {
            .type = (enum value_type)type, .is_nullable = true, .may_be_blank = true};

        for (int from = VALUE_FROM_JSON; from <= VALUE_FROM_QUERY; from++) {
            enum value_from f_from = (enum value_from)from;
            bool is_json = from == VALUE_FROM_JSON;

            T_STR(complaint_of(&strict, f_from, null_sent, &v), S(NO_NULL));
            T_STR(complaint_of(&lax, f_from, null_sent, &v), S(""));
            T_TRUE(v.is_null && v.text.n == 0 && v.number == 0);
            T_TRUE(complaint_of(&strict, f_from, text_sent(S("")), &v).n > 0);
            Str complaint = complaint_of(&lax, f_from, text_sent(S(" ")), &v);

            T_INT(complaint.n == 0, !is_json || type == VALUE_TEXT);
            T_INT(complaint.n == 0 && v.is_null, !is_json);
        }
    }
}

TEST(test_value_absent_is_the_default)
{
    static const struct api_value seven = {.number = 7, .truth = true, .text = SI("t")};
    static const struct api_field with = {.is_nullable = true, .otherwise = &seven};
    static const struct api_field nullable = {.is_nullable = true};
    static const struct api_field plain = {.name = SI("plain")};
    struct api_value v = value_absent(&with, false);

    T_TRUE(!v.is_given && !v.is_null && v.number == 7 && v.truth);
    T_STR(v.text, S("t"));
    v = value_absent(&nullable, false);
    T_TRUE(!v.is_given && v.is_null);
    v = value_absent(&plain, false);
    T_TRUE(!v.is_given && !v.is_null && v.number == 0 && v.text.n == 0);
    v = value_absent(&with, true); /* of PATCH: neither null nor a default */
    T_TRUE(!v.is_given && !v.is_null && v.number == 0 && !v.truth && v.text.n == 0);
    v = value_absent(&nullable, true);
    T_TRUE(!v.is_given && !v.is_null);
}

T_MAIN(
    T(test_value_read_takes_integers_of_json_by_their_type),
    T(test_value_read_takes_the_id_of_an_object_where_it_may),
    T(test_value_read_takes_integers_of_text_by_their_digits),
    T(test_value_read_holds_integers_to_their_range), T(test_value_read_takes_booleans),
    T(test_value_read_takes_times), T(test_value_read_takes_dates),
    T(test_value_read_takes_texts), T(test_value_read_counts_characters_or_bytes),
    T(test_value_read_takes_only_the_choices),
    T(test_value_read_moment_takes_a_time_or_a_date),
    T(test_value_read_takes_null_where_it_is_allowed),
    T(test_value_absent_is_the_default))
