/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>

#include "base/json.h"
#include "base/testing.h"

TEST(test_j_parse_counts_depth_and_refuses_duplicates)
{
    static const struct {
        Str text;
        enum fail want;
    } rows[] = {
        {SI("{\"a\":[{\"b\":1}]}"), FAIL_NONE},         /* depth 3: the edge */
        {SI("{\"a\":[{\"b\":[]}]}"), FAIL_PARSE_ERROR}, /* one past it */
        {SI("{\"a\":\"[[[[[[\"}"), FAIL_NONE},
        {SI("{\"a\":\"\\\"[[[[[\"}"), FAIL_NONE},
        {SI("{\"a\":1,\"a\":2}"), FAIL_PARSE_ERROR},
        {SI("{\"a\":1} x"), FAIL_PARSE_ERROR},
        {SI("\xEF\xBB\xBF{}"), FAIL_PARSE_ERROR},
        {SI("{\"a\":\"\xFF\"}"), FAIL_PARSE_ERROR},
        {SI("{\"a\":\"\\u0000\"}"), FAIL_PARSE_ERROR},
        {SI("{\"a\":1e999}"), FAIL_PARSE_ERROR},
        {SI("{\"a\":18446744073709551616}"), FAIL_NONE},
        {SI(""), FAIL_PARSE_ERROR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(j_done) json_t *j = NULL;

        T_FAIL(rows[i].want, j_parse(t_cx(), rows[i].text, 3, &j));
        T_INT(j != NULL, rows[i].want == FAIL_NONE);
    }
}

TEST(test_j_parse_keeps_integers_beside_one_past_64_bits)
{
    CLEANUP(j_done) json_t *j = NULL;
    int64_t v = 77;

    T_OK(j_parse(
        t_cx(),
        S("{\"a\":18446744073709551616,\"b\":9007199254740993,"
          "\"c\":-9223372036854775809,\"d\":\"\\\"9223372036854775808\"}"),
        3, &j));
    T_TRUE(!j_int(j, "a", &v) && !j_int(j, "c", &v));
    T_INT(v, 77);
    T_TRUE(j_int(j, "b", &v));
    T_TRUE(v == 9007199254740993);
}

/* The text of the member "a". */
struct kind_row {
    const char *name;
    Str text;
    Str want;
};

TEST(test_j_parse_kindly_costs_only_the_text_that_is_odd)
{
    static const struct kind_row rows[] = {
        {"plain", SI("{\"a\":\"b\"}"), SI("b")},
        {"a byte order mark", SI("\xEF\xBB\xBF{\"a\":\"b\"}"), SI("b")},
        {"a pair", SI("{\"a\":\"\\uD83D\\uDE00\"}"), SI("\xF0\x9F\x98\x80")},
        {"a NUL", SI("{\"a\":\"x\\u0000y\"}"), SI("x\xEF\xBF\xBDy")},
        {"a NUL elsewhere", SI("{\"b\":\"\\u0000\",\"a\":\"b\"}"), SI("b")},
        {"a high half", SI("{\"a\":\"x\\uD83Dy\"}"), SI("x\xEF\xBF\xBDy")},
        {"a high half at the end", SI("{\"a\":\"\\uD83D\"}"), SI("\xEF\xBF\xBD")},
        {"a low half", SI("{\"a\":\"\\uDE00!\"}"), SI("\xEF\xBF\xBD!")},
        {"two high halves and a low one", SI("{\"a\":\"\\uD83D\\uD83D\\uDE00\"}"),
         SI("\xEF\xBF\xBD\xF0\x9F\x98\x80")},
        {"a half before another escape", SI("{\"a\":\"\\uD83D\\n\"}"),
         SI("\xEF\xBF\xBD\n")},
        {"an escaped backslash before u0000",
         SI("{\"b\":\"\\u0000\",\"a\":\"\\\\u0000\"}"), SI("\\u0000")},
        {"Latin-1", SI("{\"a\":\"caf\xE9\"}"), SI("caf\xEF\xBF\xBD")},
        {"a raw line break", SI("{\"a\":\"x\ny\"}"), SI("x\ny")},
        {"a raw NUL", SI("{\"a\":\"x\0y\"}"), SI("x\xEF\xBF\xBDy")},
        {"a NUL in a name", SI("{\"x\\u0000\":1,\"a\":\"b\"}"), SI("b")},
        {"an integer past 64 bits", SI("{\"b\":99999999999999999999,\"a\":\"b\"}"),
         SI("b")},
        {"a real past the largest", SI("{\"b\":[1e999,-1E+999],\"a\":\"b\"}"), SI("b")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(j_done) json_t *j = NULL;
        Str text = S("");

        print_message("%s\n", rows[i].name);
        T_OK(j_parse_kindly(t_cx(), rows[i].text, 3, &j));
        T_TRUE(j_text(j, "a", &text));
        T_STR(text, rows[i].want);
    }
}

TEST(test_j_parse_kindly_takes_an_integer_of_any_length)
{
    static char text[1200] = "{\"a\":7,\"b\":";
    CLEANUP(j_done) json_t *j = NULL;
    size_t n = strlen(text);
    int64_t v = 0;

    memset(text + n, '9', sizeof(text) - n - 1);
    text[sizeof(text) - 1] = '}';
    T_OK(j_parse_kindly(t_cx(), (Str){text, sizeof(text)}, 3, &j));
    T_TRUE(j_int(j, "a", &v) && v == 7);
    T_TRUE(!j_int(j, "b", &v) && !j_is_absent(j, "b"));
}

TEST(test_j_parse_kindly_refuses_what_is_no_json)
{
    static const Str texts[] = {
        SI(""),
        SI("\xEF\xBB\xBF"),
        SI("\xEF\xBB\xBF\xEF\xBB\xBF{}"),
        SI("\xFF\xFE{\0}\0"),
        SI("{\"a\":1"),
        SI("{\"a\":\"\\u0000"),
        SI("{\"a\":\"\\x\"}"),
        SI("{\"a\":01}"),
        SI("{\"a\":-}"),
        SI("{\"a\":1}}"),
        SI("{\"a\":1,\"a\":2}"),
        SI("[[[[]]]]"), /* one deeper than it may be */
        SI("{\"a\":1\xFF}"),
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        json_t *j = NULL;

        T_FAIL(FAIL_PARSE_ERROR, j_parse_kindly(t_cx(), texts[i], 3, &j));
        T_TRUE(j == NULL);
    }
}

/* Odd bytes grow: past twice the text they are not mended. */
TEST(test_j_parse_kindly_mends_no_text_that_is_all_odd)
{
    static char text[4096];
    json_t *j = NULL;

    memset(text, 0xFF, sizeof(text));
    text[0] = '"';
    text[sizeof(text) - 1] = '"';
    T_FAIL(FAIL_PARSE_ERROR, j_parse_kindly(t_cx(), (Str){text, sizeof(text)}, 3, &j));
    memset(text + 1, 'x', sizeof(text) / 2);
    T_OK(j_parse_kindly(t_cx(), (Str){text, sizeof(text)}, 3, &j));
    j_done(&j);
}

/* The member "a", by j_int and by j_number; NONE: not read. */
#define NONE INT64_MIN

TEST(test_j_number_reads_what_other_services_write)
{
    static const struct {
        Str text;
        int64_t as_int;
        int64_t as_number;
    } rows[] = {
        {SI("3599"), 3599, 3599},
        {SI("0"), 0, 0},
        {SI("-1"), -1, -1},
        {SI("3599.0"), 3599, 3599},
        {SI("3.599e3"), 3599, 3599},
        {SI("3599.5"), NONE, 3599},
        {SI("-0.5"), NONE, -1},
        {SI("\"3599\""), NONE, 3599},
        {SI("\"3599.5\""), NONE, 3599},
        {SI("\"3.599e3\""), NONE, 3599},
        {SI("\"-7\""), NONE, -7},
        {SI("9007199254740992"), 9007199254740992, 9007199254740992}, /* the edge */
        {SI("9007199254740993"), 9007199254740993, NONE},
        {SI("-9007199254740993"), -9007199254740993, NONE},
        {SI("9007199254740992.0"), 9007199254740992, 9007199254740992},
        {SI("9007199254740994.0"), NONE, NONE},
        {SI("-9007199254740994.0"), NONE, NONE},
        {SI("9223372036854775807"), INT64_MAX, NONE},
        {SI("1e300"), NONE, NONE},
        {SI("99999999999999999999"), NONE, NONE},
        {SI("\"9007199254740993\""), NONE, NONE},
        {SI("\"99999999999999999999\""), NONE, NONE},
        {SI("\"00000000000000000000000000000007\""), NONE, NONE}, /* no JSON number */
        {SI("\"1000000000000000000000000000e-27\""), NONE, 1},    /* 32 bytes */
        {SI("\"10000000000000000000000000000e-28\""), NONE, NONE},
        {SI("\"\""), NONE, NONE},
        {SI("\" 1\""), NONE, NONE},
        {SI("\"1 \""), NONE, NONE},
        {SI("\"+1\""), NONE, NONE},
        {SI("\"-\""), NONE, NONE},
        {SI("\"0x10\""), NONE, NONE},
        {SI("\"nan\""), NONE, NONE},
        {SI("\"inf\""), NONE, NONE},
        {SI("\"1\\u00002\""), NONE, NONE},
        {SI("null"), NONE, NONE},
        {SI("true"), NONE, NONE},
        {SI("[1]"), NONE, NONE},
        {SI("{}"), NONE, NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(j_done) json_t *j = NULL;
        int64_t as_int = NONE, as_number = NONE;
        Str text = str_cat(&t_cx()->mem, S("{\"a\":"), rows[i].text);

        print_message("%.*s\n", STR_ARG(rows[i].text));
        T_OK(j_parse_kindly(t_cx(), str_cat(&t_cx()->mem, text, S("}")), 3, &j));
        T_INT(j_int(j, "a", &as_int), rows[i].as_int != NONE);
        T_INT(j_number(j, "a", &as_number), rows[i].as_number != NONE);
        T_TRUE(as_int == rows[i].as_int && as_number == rows[i].as_number);
    }
}

TEST(test_j_get_takes_null_for_absent)
{
    CLEANUP(j_done) json_t *j = NULL;
    Str text = S("untouched");
    int64_t v = 77;

    T_OK(j_parse(t_cx(), S("{\"null\":null,\"false\":false,\"empty\":\"\"}"), 3, &j));
    T_TRUE(j_is_absent(j, "null") && j_is_absent(j, "nowhere"));
    T_TRUE(!j_is_absent(j, "false") && !j_is_absent(j, "empty"));
    T_TRUE(
        !j_text(j, "null", &text) && !j_int(j, "null", &v) && !j_number(j, "null", &v));
    T_STR(text, S("untouched"));
    T_INT(v, 77);
    T_TRUE(j_is_absent(NULL, "a") && !j_text(NULL, "a", &text));
}

/* The bytes behind the size that was asked for belong to the allocator, but are ours
 * until the block is freed. */
TEST(test_j_start_lets_freed_texts_be_wiped)
{
    json_malloc_t allocate;
    json_free_t release;

    (void)mallopt(M_PERTURB, 0); /* else the allocator itself writes into what is freed */
    j_start();
    json_get_alloc_funcs(&allocate, &release);
    char *p = allocate(4000);

    memset(p, 'x', 4000);
    release(p);
    char *again = allocate(4000); /* the block that was freed last */

    T_TRUE(again != p || (again[100] == 0 && again[3999] == 0));
    release(again);
    release(NULL);
}

T_MAIN(
    T(test_j_parse_counts_depth_and_refuses_duplicates),
    T(test_j_parse_keeps_integers_beside_one_past_64_bits),
    T(test_j_parse_kindly_costs_only_the_text_that_is_odd),
    T(test_j_parse_kindly_takes_an_integer_of_any_length),
    T(test_j_parse_kindly_refuses_what_is_no_json),
    T(test_j_parse_kindly_mends_no_text_that_is_all_odd),
    T(test_j_number_reads_what_other_services_write), T(test_j_get_takes_null_for_absent),
    T(test_j_start_lets_freed_texts_be_wiped))
