/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.c - one reader for each type of value (docs/api.md §10).
 *
 * A text is trimmed before it is read as any type. In forms and queries an empty text
 * means null where null is allowed.
 */
#include "api/value.h"

#include "base/buf.h"
#include "base/limits.h"

enum { VALUE_COMPLAINT_BYTES = 128 };

const struct api_value value_false = {.truth = false};

static Str text_not_a_choice(struct arena *mem, Str value)
{
    struct buf b = {.mem = mem, .max = LIMIT_BODY_BYTES + VALUE_COMPLAINT_BYTES};

    buf_add_char(&b, '"');
    buf_add(&b, value);
    buf_add(&b, S("\" is not a valid choice."));
    return buf_text(&b);
}

static Str limit_complaint(struct arena *mem, Str before, int64_t limit, Str after)
{
    struct buf b = {.mem = mem, .max = VALUE_COMPLAINT_BYTES};

    buf_add(&b, before);
    buf_add_int(&b, limit);
    buf_add(&b, after);
    return buf_text(&b);
}

static bool text_is_choice(const struct api_field *f, Str value)
{
    for (size_t i = 0; i < f->n_choices; i++) {
        if (str_eq(f->choices[i], value)) {
            return true;
        }
    }
    return false;
}

/* Counts code points; each piece of invalid UTF-8 counts as one. */
static size_t text_chars(Str s)
{
    size_t n = 0;

    for (; s.n > 0; n++) {
        bool ok;

        s = str_sub(s, str_utf8_step(s, &ok), s.n);
    }
    return n;
}

static Str text_length_complaint(struct arena *mem, const struct api_field *f, Str value)
{
    static const Str before = SI("Ensure this field has no more than ");

    if (f->most_bytes > 0 && value.n > f->most_bytes) {
        return limit_complaint(mem, before, (int64_t)f->most_bytes, S(" bytes."));
    }
    if (f->most_chars > 0 && value.n > f->most_chars
        && text_chars(value) > f->most_chars) {
        return limit_complaint(mem, before, (int64_t)f->most_chars, S(" characters."));
    }
    return S("");
}

/* The text of a body was checked when the body was read, that of a query was not. */
static bool text_is_readable(Str s, enum value_from from)
{
    size_t at;

    return from != VALUE_FROM_QUERY || (str_is_utf8(s) && !str_find(s, '\0', &at));
}

static Str value_read_text(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    if (sent->kind != FIELD_TEXT || !text_is_readable(sent->text, from)) {
        return S("Not a valid string.");
    }
    ret->text = str_trim(sent->text);
    if (f->n_choices > 0) {
        return text_is_choice(f, ret->text) ? S("") : text_not_a_choice(mem, ret->text);
    }
    if (ret->text.n == 0 && !f->may_be_blank) {
        return S("This field may not be blank.");
    }
    return text_length_complaint(mem, f, ret->text);
}

/* Reads an optional minus and digits without needless zeros. */
static bool number_parse(Str s, int64_t *ret)
{
    Str digits = str_sub(s, str_starts(s, S("-")) ? 1 : 0, s.n);

    return !(digits.n > 1 && digits.p[0] == '0') && str_to_int(s, ret);
}

static Str value_read_int(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    bool is_fit = sent->kind == (from == VALUE_FROM_JSON ? FIELD_INT : FIELD_TEXT)
                  || (sent->kind == FIELD_ID && f->may_be_object);
    bool has_range = f->least != 0 || f->most != 0;

    if (!is_fit || !number_parse(str_trim(sent->text), &ret->number)) {
        return S("A valid integer is required.");
    }
    if (has_range && ret->number < f->least) {
        return limit_complaint(
            mem, S("Ensure this value is greater than or equal to "), f->least, S("."));
    }
    if (has_range && ret->number > f->most) {
        return limit_complaint(
            mem, S("Ensure this value is less than or equal to "), f->most, S("."));
    }
    return S("");
}

static bool bool_parse(Str s, bool *ret)
{
    *ret = str_eq_nocase(s, S("true")) || str_eq(s, S("1"));
    return *ret || str_eq_nocase(s, S("false")) || str_eq(s, S("0"));
}

static Str value_read_bool(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    bool is_read = sent->kind == FIELD_TRUE || sent->kind == FIELD_FALSE;

    (void)mem;
    (void)f;
    ret->truth = sent->kind == FIELD_TRUE;
    if (from != VALUE_FROM_JSON && sent->kind == FIELD_TEXT) {
        is_read = bool_parse(str_trim(sent->text), &ret->truth);
    }
    return is_read ? S("") : S("Must be a valid boolean.");
}

enum { OFFSET_BYTES = sizeof("+hh:mm") - 1 };

/* Decoding made a space of an offset's plus that the caller did not escape. */
static Str time_with_plus(struct arena *mem, Str s)
{
    Str head = str_sub(s, 0, s.n - OFFSET_BYTES);
    Str offset = str_sub(s, head.n + 1, s.n);

    return str_cat(mem, head, str_cat(mem, S("+"), offset));
}

static Str value_read_time(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    Str text = str_trim(sent->text);

    (void)f;
    if (from == VALUE_FROM_QUERY && text.n > OFFSET_BYTES
        && text.p[text.n - OFFSET_BYTES] == ' ') {
        text = time_with_plus(mem, text);
    }
    if (sent->kind != FIELD_TEXT || !datetime_parse(text, &ret->time)) {
        return S("Datetime has wrong format. Use one of these formats instead: "
                 "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].");
    }
    return S("");
}

static Str value_read_date(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    (void)mem;
    (void)f;
    (void)from;
    if (sent->kind != FIELD_TEXT
        || !datetime_date_parse(str_trim(sent->text), &ret->days)) {
        return S("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.");
    }
    return S("");
}

/* What is no text is an empty one, which is neither a time nor a date. */
static Str value_keep_moment(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    bool is_text = sent->kind == FIELD_TEXT && text_is_readable(sent->text, from);

    (void)mem;
    (void)f;
    ret->text = is_text ? str_trim(sent->text) : S("");
    return S("");
}

typedef Str value_reader(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret);

static value_reader *const value_readers[] = {
    [VALUE_TEXT] = value_read_text, [VALUE_INT] = value_read_int,
    [VALUE_BOOL] = value_read_bool, [VALUE_TIME] = value_read_time,
    [VALUE_DATE] = value_read_date, [VALUE_MOMENT] = value_keep_moment,
};

/* An empty text of a form or a query is null too, where null is allowed. */
static bool value_is_null(
    const struct api_field *f, const struct field *sent, enum value_from from)
{
    return sent->kind == FIELD_NULL
           || (f->is_nullable && from != VALUE_FROM_JSON && sent->kind == FIELD_TEXT
               && str_trim(sent->text).n == 0);
}

Str value_read(
    struct arena *mem, const struct api_field *f, const struct field *sent,
    enum value_from from, struct api_value *ret)
{
    struct api_value value = {.is_given = true};
    Str complaint = S("");

    if (!value_is_null(f, sent, from)) {
        complaint = value_readers[f->type](mem, f, sent, from, &value);
    } else if (f->is_nullable) {
        value.is_null = true;
    } else {
        complaint = S("This field may not be null.");
    }
    if (complaint.n == 0) {
        *ret = value;
    }
    return complaint;
}

Str value_read_moment(
    struct arena *mem, const struct api_value *moment, enum value_type type,
    struct api_value *ret)
{
    const struct api_field f = {.type = type};
    const struct field sent = {.text = moment->text, .kind = FIELD_TEXT};

    return value_read(mem, &f, &sent, VALUE_FROM_JSON, ret);
}

struct api_value value_absent(const struct api_field *f, bool is_partial)
{
    struct api_value value = {0};

    if (is_partial) {
        return value;
    }
    if (f->otherwise != NULL) {
        value = *f->otherwise;
    } else {
        value.is_null = f->is_nullable;
    }
    value.is_given = false;
    return value;
}
