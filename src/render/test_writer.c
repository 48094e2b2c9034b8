/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/testing.h"
#include "render/writer.h"

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define GONE     "\xEF\xBF\xBD"

static Str done(struct writer *w)
{
    Str text = S("");

    T_OK(writer_done(t_cx(), w, &text));
    return text;
}

static Str one_text(enum format format, Str value)
{
    struct writer *w = writer_open(&t_cx()->mem, format);

    writer_text(w, S("a"), value);
    return done(w);
}

static Str quoted(Str inside)
{
    Str head = str_cat(&t_cx()->mem, S("{\"a\":\""), inside);

    return str_cat(&t_cx()->mem, head, S("\"}"));
}

static Str tagged(Str inside)
{
    Str head = str_cat(&t_cx()->mem, S(XML_HEAD "<root><a>"), inside);

    return str_cat(&t_cx()->mem, head, S("</a></root>"));
}

static void test_writer_writes_the_answer_of_initiate(void **state)
{
    static const Str want[] = {
        [FORMAT_IS_JSON] = SI("{\"uri\":\"https://x/?a=1&b=2\",\"timeout_seconds\":600}"),
        [FORMAT_IS_XML] = SI(XML_HEAD "<root><uri>https://x/?a=1&amp;b=2</uri>"
                                      "<timeout_seconds>600</timeout_seconds></root>"),
    };

    (void)state;
    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        struct writer *w = writer_open(&t_cx()->mem, (enum format)format);

        writer_text(w, S("uri"), S("https://x/?a=1&b=2"));
        writer_int(w, S("timeout_seconds"), 600);
        T_STR(done(w), want[format]);
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

static void test_writer_nests_every_kind_of_value(void **state)
{
    struct writer *w = writer_open(&t_cx()->mem, FORMAT_IS_JSON);

    (void)state;
    write_everything(w);
    T_STR(
        done(w), S("{\"count\":-9223372036854775808,\"next\":null,\"results\":["
                   "{\"is_primary\":true,\"can_edit\":false},\"x\",null,-1,[]],"
                   "\"field_errors\":{},\"TeamUp-Provider-ID\":{\"a_1\":\"\"}}"));
    w = writer_open(&t_cx()->mem, FORMAT_IS_XML);
    write_everything(w);
    T_STR(
        done(w),
        S(XML_HEAD "<root><count>-9223372036854775808</count><next/><results><list-item>"
                   "<is_primary>true</is_primary><can_edit>false</can_edit></list-item>"
                   "<list-item>x</list-item><list-item/><list-item>-1</list-item>"
                   "<list-item/></results><field_errors/>"
                   "<TeamUp-Provider-ID><a_1></a_1></TeamUp-Provider-ID></root>"));
}

static void test_writer_open_alone_is_an_empty_object(void **state)
{
    (void)state;
    T_STR(done(writer_open(&t_cx()->mem, FORMAT_IS_JSON)), S("{}"));
    T_STR(done(writer_open(&t_cx()->mem, FORMAT_IS_XML)), S(XML_HEAD "<root/>"));
}

/* clang-format off */
#define ROW(text, json, xml) {SI(text), SI(json), SI(xml)}

/* clang-format on */

static void test_writer_text_escapes_what_each_format_must(void **state)
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

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(one_text(FORMAT_IS_JSON, rows[i].text), quoted(rows[i].json));
        T_STR(one_text(FORMAT_IS_XML, rows[i].text), tagged(rows[i].xml));
    }
}

/* A character is written alike wherever it stands between others. */
static void test_writer_text_escapes_at_every_place(void **state)
{
    static const char before[] = "~~~~ !#[]", after[] = "~!#[] ~~~~~~";

    (void)state;
    for (int c = 0; c < 256; c++) {
        Str text = {(const char[]){(char)c}, 1};
        Str alone = one_text(FORMAT_IS_JSON, text);
        Str inside = str_sub(alone, strlen("{\"a\":\""), alone.n - strlen("\"}"));

        for (size_t n = 0; n < sizeof(before); n++) {
            Str head = {before, n}, tail = {after, sizeof(before) - n};
            Str got = str_cat(&t_cx()->mem, str_cat(&t_cx()->mem, head, text), tail);
            Str want = str_cat(&t_cx()->mem, str_cat(&t_cx()->mem, head, inside), tail);

            T_STR(one_text(FORMAT_IS_JSON, got), quoted(want));
        }
    }
}

static void test_writer_text_replaces_each_broken_piece_once(void **state)
{
    static const struct {
        Str text, want;
    } rows[] = {
        {SI("a\xFFz"),               SI("a" GONE "z")       },
        {SI("\xF0\x9F\x93"),         SI(GONE)               }, /* cut: one piece */
        {SI("\xF0\x9F\x93z"),        SI(GONE "z")           },
        {SI("\xE2\x82\xE2\x82\xAC"), SI(GONE "\xE2\x82\xAC")},
        {SI("\xC0\xAF"),             SI(GONE GONE)          },
        {SI("\xED\xA0\x80"),         SI(GONE GONE GONE)     }, /* a surrogate */
        {SI("\x80"),                 SI(GONE)               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(one_text(FORMAT_IS_JSON, rows[i].text), quoted(rows[i].want));
        T_STR(one_text(FORMAT_IS_XML, rows[i].text), tagged(rows[i].want));
    }
}

/* The largest text that fits, and one byte more, in pieces so that no piece is too large.
 */
static void test_writer_done_refuses_what_is_past_the_limit(void **state)
{
    static const size_t around[] = {
        [FORMAT_IS_JSON] = sizeof("{\"a\":\"\",\"a\":\"\"}") - 1,
        [FORMAT_IS_XML] = sizeof(XML_HEAD "<root><a></a><a></a></root>") - 1,
    };

    (void)state;
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

static void test_writer_stops_taking_text_long_past_the_limit(void **state)
{
    char *much = arena_alloc(&t_cx()->mem, LIMIT_ANSWER_BYTES);

    (void)state;
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

static void *write_xml(void *length)
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

static void test_writer_done_writes_xml_on_many_threads(void **state)
{
    pthread_t threads[4];
    size_t lengths[COUNT(threads)] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++) {
        T_INT(pthread_create(&threads[i], NULL, write_xml, &lengths[i]), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        T_INT(pthread_join(threads[i], NULL), 0);
        T_INT(lengths[i], 100 * strlen(XML_HEAD "<root><a>&lt;</a></root>"));
    }
}

static struct writer *opened(void)
{
    return writer_open(&t_cx()->mem, FORMAT_IS_JSON);
}

static void end_the_outermost(void)
{
    writer_end(opened());
}

static void leave_an_array_open(void)
{
    struct writer *w = opened();
    Str text;

    writer_array(w, S("a"));
    (void)!writer_done(t_cx(), w, &text).code;
}

static void write_after_done(void)
{
    struct writer *w = opened();

    (void)done(w);
    writer_null(w, S("a"));
}

static void nest_without_end(void)
{
    struct writer *w = opened();

    for (int i = 0; i < 1000; i++) {
        writer_object(w, S("a"));
    }
}

static void name_with_a_quote(void)
{
    writer_null(opened(), S("a\"b"));
}

static void name_with_a_digit_first(void)
{
    writer_null(opened(), S("1a"));
}

static void name_missing(void)
{
    writer_null(opened(), S(""));
}

static void test_writer_aborts_when_its_caller_breaks_a_promise(void **state)
{
    (void)state;
    T_ABORTS(end_the_outermost);
    T_ABORTS(leave_an_array_open);
    T_ABORTS(write_after_done);
    T_ABORTS(nest_without_end);
    T_ABORTS(name_with_a_quote);
    T_ABORTS(name_with_a_digit_first);
    T_ABORTS(name_missing);
}

static void test_format_content_type_names_the_charset_of_xml(void **state)
{
    (void)state;
    T_STR(format_content_type(FORMAT_IS_JSON), S("application/json"));
    T_STR(format_content_type(FORMAT_IS_XML), S("application/xml; charset=utf-8"));
}

/* The threads come first: they have to find libxml2 as it is when the process starts. */
T_MAIN(
    T(test_writer_done_writes_xml_on_many_threads),
    T(test_writer_writes_the_answer_of_initiate),
    T(test_writer_nests_every_kind_of_value),
    T(test_writer_open_alone_is_an_empty_object),
    T(test_writer_text_escapes_what_each_format_must),
    T(test_writer_text_escapes_at_every_place),
    T(test_writer_text_replaces_each_broken_piece_once),
    T(test_writer_done_refuses_what_is_past_the_limit),
    T(test_writer_stops_taking_text_long_past_the_limit),
    T(test_writer_aborts_when_its_caller_breaks_a_promise),
    T(test_format_content_type_names_the_charset_of_xml))
