/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_event_body.c - reads what an event is to be (docs/pushing.md §1).
 *
 * Start and end are times or days, as is_all_day says, which may stand behind them. What
 * sources do with a control character differs, so none reaches them, but for the breaks
 * of lines where a text has lines.
 */
#include "api/pushed_event_body.h"

#include "api/body.h"
#include "api/endpoints.h"
#include "api/value.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/uri.h"

enum {
    IN_TITLE,
    IN_START,
    IN_END,
    IN_ALL_DAY,
    IN_DESCRIPTION,
    IN_LOCATION,
    IN_LINK,
    IN_SHOW_AS,
    IN_VISIBILITY,
    IN_ATTENDEES,
    IN_VERSION,
    IN_FIELDS,
};

const Str pushed_event_body_shows[PUSHED_WORDS] = {SI("busy"), SI("free")};
const Str pushed_event_body_visibilities[PUSHED_WORDS] = {SI("default"), SI("private")};

static const struct api_value is_blank = {.text = SI("")};
static const struct api_value is_busy = {.text = SI("busy")};
static const struct api_value is_default = {.text = SI("default")};

/* clang-format off */
static const struct api_field put_fields[IN_FIELDS] = {
    [IN_TITLE] = {.name = SI("title"), .is_required = true,
        .most_chars = LIMIT_PUSHED_TITLE,
        .example = SI("Massage, Mrs. Lindqvist")},
    [IN_START] = {.name = SI("start"), .type = VALUE_MOMENT, .is_required = true,
        .about = SI("A date-time; of is_all_day a date. At most 400 days ahead."),
        .example = SI("2026-12-01T09:00:00Z")},
    [IN_END] = {.name = SI("end"), .type = VALUE_MOMENT, .is_required = true,
        .about = SI("Exclusive, after the start, and at most 366 days after it."),
        .example = SI("2026-12-01T10:30:00Z")},
    [IN_ALL_DAY] = {.name = SI("is_all_day"), .type = VALUE_BOOL, .otherwise = &value_false},
    [IN_DESCRIPTION] = {.name = SI("description"), .may_be_blank = true,
        .most_chars = LIMIT_PUSHED_DESCRIPTION, .otherwise = &is_blank,
        .about = SI("Plain text.")},
    [IN_LOCATION] = {.name = SI("location"), .may_be_blank = true,
        .most_chars = LIMIT_PUSHED_LOCATION, .otherwise = &is_blank,
        .about = SI("Plain text."),
        .example = SI("Room 2")},
    [IN_LINK] = {.name = SI("link"), .is_nullable = true, .may_be_blank = true,
        .most_chars = LIMIT_PUSHED_LINK,
        .about = SI("An https URL, which is put below the description."),
        .example = SI("https://app.example/bookings/4711")},
    [IN_SHOW_AS] = {.name = SI("show_as"), .choices = pushed_event_body_shows,
        .n_choices = PUSHED_WORDS, .otherwise = &is_busy},
    [IN_VISIBILITY] = {.name = SI("visibility"), .choices = pushed_event_body_visibilities,
        .n_choices = PUSHED_WORDS, .otherwise = &is_default},
    [IN_ATTENDEES] = {.name = SI("has_attendees"), .type = VALUE_BOOL,
        .otherwise = &value_false,
        .about = SI("For calendars that take only events with attendees.")},
    [IN_VERSION] = {.name = SI("version"), .type = VALUE_INT, .is_nullable = true,
        .least = 0, .most = INT64_MAX,
        .about = SI("One that is lower than the stored one is refused; null keeps that."),
        .example = SI("3")},
};

static const struct api_field put_query_fields[] = {
    {.name = SI("restore"), .type = VALUE_BOOL, .otherwise = &value_false,
        .about = SI("Whether copies that the person deleted are made again, and those "
            "that the person moved are put back.")},
};
/* clang-format on */

const struct api_shape pushed_event_body_shape = {
    SI("PushedEventPut"), put_fields, IN_FIELDS};
const struct api_shape pushed_event_body_query = {
    SI("PushedEventPutQuery"), put_query_fields, COUNT(put_query_fields)};

_Static_assert(LIMIT_PUSHED_DAYS == 366, "the messages say so");
_Static_assert(LIMIT_PUSHED_AHEAD_DAYS == 400, "the messages say so");

static void pushed_body_error(struct call *c, size_t field, Str message)
{
    (void)call_field_error(c, put_fields[field].name, message).code;
}

/* Texts. */

static bool char_is_control(Str c)
{
    unsigned char first = (unsigned char)c.p[0];
    bool is_c1 = c.n == 2 && first == 0xC2 && (unsigned char)c.p[1] < 0xA0;

    return first < ' ' || first == 0x7F || is_c1;
}

static bool char_breaks_line(Str c)
{
    return c.p[0] == '\n' || c.p[0] == '\r';
}

/* Control characters become spaces. */
static Str text_clean(struct arena *mem, Str s, bool has_lines)
{
    struct buf b = {.mem = mem, .max = s.n};

    for (Str c; s.n > 0; s = str_sub(s, c.n, s.n)) {
        bool ok;

        c = str_sub(s, 0, str_utf8_step(s, &ok));
        bool is_kept = !char_is_control(c) || (has_lines && char_breaks_line(c));

        buf_add(&b, is_kept ? c : S(" "));
    }
    return str_trim(buf_text(&b));
}

static bool char_is_of_uri(unsigned char c)
{
    size_t at;

    return c > ' ' && c < 0x7F && !str_find(S("\"<>\\^`{|}"), (char)c, &at);
}

/* Nothing that could mean one place to a calendar and another to a browser. */
static bool link_is_valid(Str link)
{
    struct uri u = uri_split(link);

    return str_eq_nocase(u.scheme, S("https")) && uri_host_is_valid(u.host) && !u.has_user
           && (!u.has_port || uri_port_is_valid(u.port))
           && str_is_only(link, char_is_of_uri);
}

static void texts_take(
    struct call *c, const struct api_value *in, struct event_values *ret)
{
    struct arena *mem = &c->cx->mem;

    ret->title = text_clean(mem, in[IN_TITLE].text, false);
    ret->description = text_clean(mem, in[IN_DESCRIPTION].text, true);
    ret->location = text_clean(mem, in[IN_LOCATION].text, true);
    ret->link = in[IN_LINK].text;
    if (in[IN_TITLE].is_given && ret->title.n == 0) {
        pushed_body_error(c, IN_TITLE, S("This field may not be blank."));
    }
    if (ret->link.n > 0 && !link_is_valid(ret->link)) {
        pushed_body_error(c, IN_LINK, S("Enter a valid https URL."));
    }
}

/* Start and end. */

/* false: it has an error, which is noted. */
static bool moment_read(
    struct call *c, const struct api_value *in, size_t field, struct api_value *ret)
{
    enum value_type type = in[IN_ALL_DAY].truth ? VALUE_DATE : VALUE_TIME;

    if (!in[field].is_given) {
        return false;
    }
    Str complaint = value_read_moment(&c->cx->mem, &in[field], type, ret);

    if (complaint.n > 0) {
        pushed_body_error(c, field, complaint);
    }
    return complaint.n == 0;
}

static bool moment_is_after(
    const struct api_value *a, const struct api_value *b, bool is_all_day)
{
    if (is_all_day) {
        return a->days > b->days;
    }
    return a->time.s != b->time.s ? a->time.s > b->time.s : a->time.ns > b->time.ns;
}

static void start_check(struct call *c, const struct event_values *v)
{
    int64_t ahead_s = LIMIT_PUSHED_AHEAD_DAYS * CLOCK_DAY_S;

    if (event_values_start_s(v) > clock_now_s() + ahead_s) {
        pushed_body_error(c, IN_START, S("Must be at most 400 days ahead."));
    }
}

static void length_check(struct call *c, const struct event_values *v)
{
    int64_t length_s = event_values_end_s(v) - event_values_start_s(v);

    if (length_s > LIMIT_PUSHED_DAYS * CLOCK_DAY_S) {
        pushed_body_error(c, IN_END, S("The event may last at most 366 days."));
    }
}

static void times_take(
    struct call *c, const struct api_value *in, struct event_values *ret)
{
    struct api_value start = {.is_given = false};
    struct api_value end = {.is_given = false};
    bool has_start = moment_read(c, in, IN_START, &start);
    bool has_end = moment_read(c, in, IN_END, &end);
    bool is_all_day = in[IN_ALL_DAY].truth;

    ret->is_all_day = is_all_day;
    ret->start = is_all_day ? start.days : datetime_floor_s(&start.time);
    ret->end = is_all_day ? end.days : datetime_ceil_s(&end.time);
    if (has_start) {
        start_check(c, ret);
    }
    if (!has_start || !has_end) {
        return;
    }
    if (moment_is_after(&end, &start, is_all_day)) {
        length_check(c, ret);
    } else {
        pushed_body_error(c, IN_END, S("Must be after start."));
    }
}

/* All. */

static struct event_values values_take(struct call *c, const struct api_value *in)
{
    struct event_values v = {
        .is_free = str_eq(in[IN_SHOW_AS].text, pushed_event_body_shows[PUSHED_SHOW_FREE]),
        .is_private = str_eq(
            in[IN_VISIBILITY].text, pushed_event_body_visibilities[PUSHED_PRIVATE]),
        .has_attendees = in[IN_ATTENDEES].truth,
    };

    texts_take(c, in, &v);
    times_take(c, in, &v);
    return v;
}

Res pushed_event_body_read(struct call *c, struct wanted_event *ret)
{
    struct api_value in[IN_FIELDS];
    struct api_value restore = {.is_given = false};
    Res read = body_values_read(c, &pushed_event_body_shape, in);

    if (read.code != FAIL_NONE && read.code != FAIL_PARAMETER_INVALID) {
        return read;
    }
    (void)body_query_read(c, &pushed_event_body_query, &restore).code;
    ret->values = values_take(c, in);
    ret->version = in[IN_VERSION].is_given && !in[IN_VERSION].is_null
                       ? in[IN_VERSION].number
                       : PUSHED_NO_VERSION;
    ret->restores = restore.truth;
    if (c->n_errors > 0) {
        return (Res){FAIL_PARAMETER_INVALID};
    }
    return OK;
}
