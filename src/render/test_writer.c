/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/testing.h"
#include "render/writer.h"

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define GONE     "\xEF\xBF\xBD"

static Str writer_text_done(struct writer *w)
{
    Str text = S("");

    T_OK(writer_done(t_cx(), w, &text));
    return text;
}

static Str text_written(enum format format, Str value)
{
    struct writer *w = writer_open(&t_cx()->mem, format);

    writer_text(w, S("a"), value);
    return writer_text_done(w);
}

static Str json_quoted(Str inside)
{
    Str head = str_cat(&t_cx()->mem, S("{\"a\":\""), inside);

    return str_cat(&t_cx()->mem, head, S("\"}"));
}

static Str xml_tagged(Str inside)
{
    Str head = str_cat(&t_cx()->mem, S(XML_HEAD "<root><a>"), inside);

    return str_cat(&t_cx()->mem, head, S("</a></root>"));
}

TEST(test_writer_writes_the_answer_of_initiate)
{
    static const Str want[] = {
        [FORMAT_IS_JSON] = SI("{\"uri\":\"https://x/?a=1&b=2\",\"timeout_seconds\":600}"),
        [FORMAT_IS_XML] = SI(XML_HEAD "<root><uri>https://x/?a=1&amp;b=2</uri>"
                                      "<timeout_seconds>600</timeout_seconds></root>"),
    };

    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        struct writer *w = writer_open(&t_cx()->mem, (enum format)format);

        writer_text(w, S("uri"), S("https://x/?a=1&b=2"));
        writer_int(w, S("timeout_seconds"), 600);
        T_STR(writer_text_done(w), want[format]);
    }
}

TEST(test_writer_thousandths_has_three_decimals)
{
    static const struct {
        int64_t value;
        Str want;
    } rows[] = {
        {0, SI("{\"n\":0.000}")},          {7, SI("{\"n\":0.007}")},
        {999, SI("{\"n\":0.999}")},        {1000, SI("{\"n\":1.000}")},
        {1234567, SI("{\"n\":1234.567}")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer *w = writer_open(&t_cx()->mem, FORMAT_IS_JSON);

        writer_thousandths(w, S("n"), rows[i].value);
        T_STR(writer_text_done(w), rows[i].want);
    }
}

/* A page of accounts, and an error envelope: every kind of value, nested. */
static void write_everything(struct writer *w)
{
    writer_int(w, S("count"), INT64_MIN);
    writer_null(w, S("next"));
    writer_array(w, S("results"));
    writer_object(w, S(""));
    writer_bool(w, S("is_primary"), true);
    writer_bool(w, S("can_edit"), false);
    writer_end(w);
    writer_text(w, S(""), S("x"));
    writer_null(w, S(""));
    writer_int(w, S(""), -1);
    writer_array(w, S(""));
    writer_end(w);
    writer_end(w);
    writer_object(w, S("field_errors"));
    writer_end(w);
    writer_object(w, S("TeamUp-Provider-ID"));
    writer_text(w, S("a_1"), S(""));
    writer_end(w);
}

TEST(test_writer_nests_every_kind_of_value)
{
    struct writer *w = writer_open(&t_cx()->mem, FORMAT_IS_JSON);

    write_everything(w);
    T_STR(
        writer_text_done(w),
        S("{\"count\":-9223372036854775808,\"next\":null,\"results\":["
          "{\"is_primary\":true,\"can_edit\":false},\"x\",null,-1,[]],"
          "\"field_errors\":{},\"TeamUp-Provider-ID\":{\"a_1\":\"\"}}"));
    w = writer_open(&t_cx()->mem, FORMAT_IS_XML);
    write_everything(w);
    T_STR(
        writer_text_done(w),
        S(XML_HEAD "<root><count>-9223372036854775808</count><next/><results><list-item>"
                   "<is_primary>true</is_primary><can_edit>false</can_edit></list-item>"
                   "<list-item>x</list-item><list-item/><list-item>-1</list-item>"
                   "<list-item/></results><field_errors/>"
                   "<TeamUp-Provider-ID><a_1></a_1></TeamUp-Provider-ID></root>"));
}

TEST(test_writer_open_alone_is_an_empty_object)
{
    T_STR(writer_text_done(writer_open(&t_cx()->mem, FORMAT_IS_JSON)), S("{}"));
    T_STR(
        writer_text_done(writer_open(&t_cx()->mem, FORMAT_IS_XML)),
        S(XML_HEAD "<root/>"));
}

/* clang-format off */
#define ROW(text, json, xml) {SI(text), SI(json), SI(xml)}

/* clang-format on */

TEST(test_writer_text_escapes_what_each_format_must)
{
    static const struct {
        Str text, json, xml;
    } rows[] = {
        ROW("/'\x7F", "/'\x7F", "/'\x7F"),
        ROW("\"\\", "\\\"\\\\", "&quot;\\"),
        ROW("<&>]]>", "<&>]]>", "&lt;&amp;&gt;]]&gt;"),
        ROW("\n\t\r", "\\n\\t\\r", "\n\t&#13;"),
        ROW("\b\f\x01\x1F\0", "\\b\\f\\u0001\\u001f\\u0000", GONE GONE GONE GONE GONE),
        ROW("\xC3\xA9\xF0\x9F\x93\x85", "\xC3\xA9\xF0\x9F\x93\x85",
            "\xC3\xA9\xF0\x9F\x93\x85"),
        ROW("\xE2\x80\xA8\xC2\x85", "\xE2\x80\xA8\xC2\x85", "\xE2\x80\xA8\xC2\x85"),
        ROW("\xEF\xBF\xBE", "\xEF\xBF\xBE", GONE), /* U+FFFE */
        ROW("\xEF\xBF\xBF", "\xEF\xBF\xBF", GONE),
        ROW(GONE, GONE, GONE),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(text_written(FORMAT_IS_JSON, rows[i].text), json_quoted(rows[i].json));
        T_STR(text_written(FORMAT_IS_XML, rows[i].text), xml_tagged(rows[i].xml));
    }
}

/* A character is written alike wherever it stands between others. */
TEST(test_writer_text_escapes_at_every_place)
{
    static const char before[] = "~~~~ !#[]", after[] = "~!#[] ~~~~~~";

    for (int c = 0; c < 256; c++) {
        Str text = {(const char[]){(char)c}, 1};
        Str alone = text_written(FORMAT_IS_JSON, text);
        Str inside = str_sub(alone, strlen("{\"a\":\""), alone.n - strlen("\"}"));

        for (size_t n = 0; n < sizeof(before); n++) {
            Str head = {before, n}, tail = {after, sizeof(before) - n};
            Str got = str_cat(&t_cx()->mem, str_cat(&t_cx()->mem, head, text), tail);
            Str want = str_cat(&t_cx()->mem, str_cat(&t_cx()->mem, head, inside), tail);

            T_STR(text_written(FORMAT_IS_JSON, got), json_quoted(want));
        }
    }
}

TEST(test_writer_text_replaces_each_broken_piece_once)
{
    static const struct {
        Str text, want;
    } rows[] = {
        {SI("a\xFFz"), SI("a" GONE "z")},
        {SI("\xF0\x9F\x93"), SI(GONE)}, /* cut: one piece */
        {SI("\xF0\x9F\x93z"), SI(GONE "z")},
        {SI("\xE2\x82\xE2\x82\xAC"), SI(GONE "\xE2\x82\xAC")},
        {SI("\xC0\xAF"), SI(GONE GONE)},
        {SI("\xED\xA0\x80"), SI(GONE GONE GONE)}, /* a surrogate */
        {SI("\x80"), SI(GONE)},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(text_written(FORMAT_IS_JSON, rows[i].text), json_quoted(rows[i].want));
        T_STR(text_written(FORMAT_IS_XML, rows[i].text), xml_tagged(rows[i].want));
    }
}

/* The largest text that fits, and one byte more, in pieces so that no piece is too large.
 */
TEST(test_writer_done_refuses_what_is_past_the_limit)
{
    static const size_t around[] = {
        [FORMAT_IS_JSON] = sizeof("{\"a\":\"\",\"a\":\"\"}") - 1,
        [FORMAT_IS_XML] = sizeof(XML_HEAD "<root><a></a><a></a></root>") - 1,
    };

    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        size_t room = LIMIT_ANSWER_BYTES - around[format];
        char *much = arena_alloc(&t_cx()->mem, LIMIT_ANSWER_BYTES);

        memset(much, 'x', LIMIT_ANSWER_BYTES);
        for (size_t over = 0; over <= 1; over++) {
            struct writer *w = writer_open(&t_cx()->mem, (enum format)format);
            Str text = S("untouched");

            writer_text(w, S("a"), (Str){much, room / 2});
            writer_text(w, S("a"), (Str){much, room - room / 2 + over});
            T_FAIL(over ? FAIL_LIMIT : FAIL_NONE, writer_done(t_cx(), w, &text));
            T_INT(text.n, over ? strlen("untouched") : LIMIT_ANSWER_BYTES);
        }
    }
}

TEST(test_writer_or_null_writes_null_for_nothing)
{
    struct writer *w = writer_open(&t_cx()->mem, FORMAT_IS_JSON);

    writer_text_or_null(w, S("a"), S(""));
    writer_text_or_null(w, S("b"), S("x"));
    writer_time_or_null(w, S("c"), 0);
    writer_time_or_null(w, S("d"), 1);
    writer_time(w, S("e"), 0);
    T_STR(
        writer_text_done(w), S("{\"a\":null,\"b\":\"x\",\"c\":null,"
                               "\"d\":\"1970-01-01T00:00:00.001Z\","
                               "\"e\":\"1970-01-01T00:00:00.000Z\"}"));
}

TEST(test_writer_stops_taking_text_long_past_the_limit)
{
    char *much = arena_alloc(&t_cx()->mem, LIMIT_ANSWER_BYTES);

    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        struct writer *w = writer_open(&t_cx()->mem, (enum format)format);
        Str text = S("untouched");

        writer_array(w, S("a"));
        for (int i = 0; i < 10; i++) {
            writer_text(w, S(""), (Str){much, LIMIT_ANSWER_BYTES}); /* NULs: they grow */
        }
        writer_end(w);
        T_FAIL(FAIL_LIMIT, writer_done(t_cx(), w, &text));
        T_STR(text, S("untouched"));
    }
}

static void *xml_writing_thread(void *length)
{
    for (int i = 0; i < 100; i++) {
        CLEANUP(cx_done) struct cx cx = {0};
        struct writer *w = writer_open(&cx.mem, FORMAT_IS_XML);
        Str text;

        writer_text(w, S("a"), S("<"));
        must_be(writer_done(&cx, w, &text).code == FAIL_NONE);
        *(size_t *)length += text.n;
    }
    return NULL;
}

TEST(test_writer_done_writes_xml_on_many_threads)
{
    pthread_t threads[4];
    size_t lengths[COUNT(threads)] = {0};

    for (size_t i = 0; i < COUNT(threads); i++) {
        T_INT(pthread_create(&threads[i], NULL, xml_writing_thread, &lengths[i]), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        T_INT(pthread_join(threads[i], NULL), 0);
        T_INT(lengths[i], 100 * strlen(XML_HEAD "<root><a>&lt;</a></root>"));
    }
}

static struct writer *writer_opened(void)
{
    return writer_open(&t_cx()->mem, FORMAT_IS_JSON);
}

static void end_the_outermost(void)
{
    writer_end(writer_opened());
}

static void leave_an_array_open(void)
{
    struct writer *w = writer_opened();
    Str text;

    writer_array(w, S("a"));
    (void)!writer_done(t_cx(), w, &text).code;
}

static void write_after_done(void)
{
    struct writer *w = writer_opened();

    (void)writer_text_done(w);
    writer_null(w, S("a"));
}

static void nest_without_end(void)
{
    struct writer *w = writer_opened();

    for (int i = 0; i < 1000; i++) {
        writer_object(w, S("a"));
    }
}

static void name_with_a_quote(void)
{
    writer_null(writer_opened(), S("a\"b"));
}

static void name_with_a_digit_first(void)
{
    writer_null(writer_opened(), S("1a"));
}

static void name_missing(void)
{
    writer_null(writer_opened(), S(""));
}

TEST(test_writer_aborts_when_its_caller_breaks_a_promise)
{
    T_ABORTS(end_the_outermost);
    T_ABORTS(leave_an_array_open);
    T_ABORTS(write_after_done);
    T_ABORTS(nest_without_end);
    T_ABORTS(name_with_a_quote);
    T_ABORTS(name_with_a_digit_first);
    T_ABORTS(name_missing);
}

/* As much as the longer of both formats. */
TEST(test_writer_text_bytes_is_what_a_text_takes)
{
    static const Str others[] = {SI("\xC3\xA9"),         SI("\xE2\x82\xAC"),
                                 SI("\xF0\x9F\x8E\x89"), SI("\xFF"),
                                 SI("\xE2\x82"),         SI("\xEF\xBF\xBE")};

    for (int c = 1; c < 0x80 + (int)COUNT(others); c++) {
        char ascii = (char)c;
        Str text = c < 0x80 ? (Str){&ascii, 1} : others[c - 0x80];
        size_t json = text_written(FORMAT_IS_JSON, text).n - json_quoted(S("")).n;
        size_t xml = text_written(FORMAT_IS_XML, text).n - xml_tagged(S("")).n;

        T_INT(writer_text_bytes(text), json > xml ? json : xml);
    }
    T_INT(writer_text_bytes(S("")), 0);
    T_INT(writer_text_bytes(S("a\"\xC3\xA9")), 9);
}

TEST(test_writer_text_cut_ends_with_a_character)
{
    static const struct {
        size_t most;
        Str want;
    } rows[] = {
        {0, SI("")},
        {1, SI("a")},
        {6, SI("a")},
        {7, SI("a\"")},
        {8, SI("a\"")},
        {9, SI("a\"\xC3\xA9")},
        {1000, SI("a\"\xC3\xA9")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(writer_text_cut(S("a\"\xC3\xA9"), rows[i].most), rows[i].want);
    }
}

TEST(test_format_content_type_names_the_charset_of_xml)
{
    T_STR(writer_content_type(FORMAT_IS_JSON), S("application/json"));
    T_STR(writer_content_type(FORMAT_IS_XML), S("application/xml; charset=utf-8"));
}

/* The threads come first: they have to find libxml2 as it is when the process starts. */
T_MAIN(
    T(test_writer_done_writes_xml_on_many_threads),
    T(test_writer_thousandths_has_three_decimals),
    T(test_writer_writes_the_answer_of_initiate),
    T(test_writer_nests_every_kind_of_value),
    T(test_writer_open_alone_is_an_empty_object),
    T(test_writer_text_escapes_what_each_format_must),
    T(test_writer_text_escapes_at_every_place),
    T(test_writer_text_replaces_each_broken_piece_once),
    T(test_writer_done_refuses_what_is_past_the_limit),
    T(test_writer_or_null_writes_null_for_nothing),
    T(test_writer_stops_taking_text_long_past_the_limit),
    T(test_writer_aborts_when_its_caller_breaks_a_promise),
    T(test_writer_text_bytes_is_what_a_text_takes),
    T(test_writer_text_cut_ends_with_a_character),
    T(test_format_content_type_names_the_charset_of_xml))
