/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input's first line is a Content-Type, or the word query; what follows is the body
 * or the query. Values that are taken keep the limits of their fields and are the same
 * when they are written as JSON and read again. A failure is an envelope about fields of
 * the shape.
 */
#include "api/body.h"
#include "api/value.h"
#include "base/limits.h"

enum {
    TEXT,
    BYTES,
    BLANK,
    CHOICE,
    NUMBER,
    RANGE,
    TRUTH,
    TIME,
    DAY,
    MOMENT,
    NONE,
    FIELDS
};

/* clang-format off */
static const Str choices[] = {SI("RED"), SI("BLUE")};
static const struct api_field value_fields[FIELDS] = {
    [TEXT] = {.name = SI("text_one"), .most_chars = 4},
    [BYTES] = {.name = SI("bytes"), .most_bytes = 4},
    [BLANK] = {.name = SI("blank"), .may_be_blank = true},
    [CHOICE] = {.name = SI("choice"), .choices = choices, .n_choices = COUNT(choices)},
    [NUMBER] = {.name = SI("number"), .type = VALUE_INT},
    [RANGE] = {.name = SI("range"), .type = VALUE_INT, .least = -3, .most = 300,
        .otherwise = &(const struct api_value){.number = 7}},
    [TRUTH] = {.name = SI("truth"), .type = VALUE_BOOL},
    [TIME] = {.name = SI("time"), .type = VALUE_TIME},
    [DAY] = {.name = SI("day"), .type = VALUE_DATE},
    [MOMENT] = {.name = SI("moment"), .type = VALUE_MOMENT},
    [NONE] = {.name = SI("none"), .type = VALUE_INT, .is_nullable = true},
};
/* clang-format on */

static const struct api_shape value_shape = {SI("Value"), value_fields, FIELDS};

/* At most four code points, none of them cut. */
static bool text_is_short(Str s)
{
    int n = 0;

    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xC0U) != 0x80;
    }
    return n <= 4;
}

/* Nothing is both a time and a date. */
static void moment_check(struct arena *mem, const struct api_value *moment)
{
    struct api_value v = {.is_given = false};
    Str no_time = value_read_moment(mem, moment, VALUE_TIME, &v);
    Str no_date = value_read_moment(mem, moment, VALUE_DATE, &v);

    must_be(no_time.n > 0 || no_date.n > 0);
    must_be(v.is_given == (no_time.n == 0 || no_date.n == 0));
}

static void values_check_limits(const struct api_value *in)
{
    must_be(!in[TEXT].is_given || (in[TEXT].text.n > 0 && text_is_short(in[TEXT].text)));
    must_be(!in[BYTES].is_given || (in[BYTES].text.n > 0 && in[BYTES].text.n <= 4));
    must_be(
        !in[CHOICE].is_given || str_eq(in[CHOICE].text, choices[0])
        || str_eq(in[CHOICE].text, choices[1]));
    must_be(in[RANGE].is_given || in[RANGE].number == 7);
    must_be(in[RANGE].number >= -3 && in[RANGE].number <= 300);
    must_be(in[TIME].time.s >= 0 && in[TIME].time.s <= DATETIME_LAST_S);
    must_be(in[NONE].is_given || in[NONE].is_null);
    for (size_t i = 0; i < FIELDS; i++) {
        must_be(str_is_utf8(in[i].text) && str_trim(in[i].text).n == in[i].text.n);
        must_be(i == NONE || !in[i].is_null);
    }
}

static void value_write(struct writer *w, const struct api_field *f, struct api_value *v)
{
    char text[DATETIME_TEXT_BYTES];

    if (v->is_null) {
        writer_null(w, f->name);
        return;
    }
    switch (f->type) {
    case VALUE_TEXT:
    case VALUE_MOMENT:
        writer_text(w, f->name, v->text);
        break;
    case VALUE_INT:
        writer_int(w, f->name, v->number);
        break;
    case VALUE_BOOL:
        writer_bool(w, f->name, v->truth);
        break;
    case VALUE_TIME:
        writer_text(w, f->name, datetime_write(v->time.s, text));
        break;
    case VALUE_DATE:
        writer_text(w, f->name, datetime_date_write(v->days, text));
        break;
    case VALUE_OBJECT:
    case VALUE_LIST:
        break; /* no request has them */
    }
}

static void values_check_same(const struct api_value *a, const struct api_value *b)
{
    for (size_t i = 0; i < FIELDS; i++) {
        must_be(a[i].is_given == b[i].is_given && a[i].is_null == b[i].is_null);
        must_be(a[i].truth == b[i].truth && a[i].number == b[i].number);
        must_be(a[i].days == b[i].days && a[i].time.s == b[i].time.s);
        must_be(str_eq(a[i].text, b[i].text));
    }
}

static void values_check_again(struct cx *cx, struct api_value *in)
{
    const struct http_header type = {S("Content-Type"), S("application/json")};
    struct http_request req = {.headers = &type, .n_headers = 1, .has_body = true};
    struct writer *w = writer_open(&cx->mem, FORMAT_IS_JSON);
    struct call c = {.cx = cx, .req = &req};
    struct api_value again[FIELDS];

    for (size_t i = 0; i < FIELDS; i++) {
        if (in[i].is_given) {
            value_write(w, &value_fields[i], &in[i]);
        }
    }
    must_be(writer_done(cx, w, &req.body).code == FAIL_NONE);
    must_be(body_values_read(&c, &value_shape, again).code == FAIL_NONE);
    values_check_same(in, again);
}

static void failure_check(struct call *c, enum fail kind)
{
    must_be((kind == FAIL_PARAMETER_INVALID) == (c->n_errors > 0));
    for (size_t i = 0; i < c->n_errors; i++) {
        bool is_known = false;

        for (size_t j = 0; j < FIELDS; j++) {
            is_known = is_known || str_eq(c->errors[i].field, value_fields[j].name);
        }
        must_be(is_known && c->errors[i].message.n > 0);
    }
    must_be(str_is_utf8(c->hint) && c->hint.n < CALL_HINT_BYTES);
    for (int format = FORMAT_IS_JSON; format <= FORMAT_IS_XML; format++) {
        c->format = (enum format)format;
        call_answer_fail(c, kind);
        must_be(c->answer->status >= 400 && c->answer->status < 500);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    Str rest = {(const char *)data, size};
    struct http_answer answer = {0};
    struct http_header type = {S("Content-Type"), S("")};
    struct http_request req = {.headers = &type, .n_headers = 1, .has_body = true};
    struct call c = {.cx = &cx, .req = &req, .answer = &answer};
    struct api_value in[FIELDS];
    struct param *params;
    Res res;

    if (!str_next_part(&rest, '\n', &type.value) || rest.p == NULL) {
        return 0;
    }
    if (str_eq(type.value, S("query"))) {
        url_query_parse_each(&cx.mem, rest, &params, &c.n_params);
        c.params = params;
        res = body_query_read(&c, &value_shape, in);
    } else {
        req.body = rest;
        res = body_values_read(&c, &value_shape, in);
    }
    if (res.code == FAIL_NONE) {
        must_be(c.hint.n == 0);
        values_check_limits(in);
        moment_check(&cx.mem, &in[MOMENT]);
        values_check_again(&cx, in);
    } else {
        failure_check(&c, res.code);
    }
    return 0;
}
