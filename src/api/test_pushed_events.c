/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pushed_events.c - events as the application pushes, sees and removes them
 * (docs/pushing.md §1, §2).
 */
#include <stdio.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/pushed_event_body.h"
#include "api/pushed_event_view.h"
#include "api/pushed_events.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "calendars/shared.h"
#include "grants/testgrant.h"
#include "sources/events.h"
#include "store/calendar_settings.h"
#include "store/pushed_copies.h"

#define PATH "/api/v2/external_calendars/pushed_events"

static const struct endpoint list = {
    .path = SI(PATH), .query = &pushed_events_list_query, .status = 200};
static const struct endpoint get = {.status = 200};
static const struct endpoint put = {
    .body = &pushed_event_body_shape,
    .query = &pushed_event_body_query,
    .status = 200,
    .status_new = 201};
static const struct endpoint erase = {.status = 204};

static struct http_answer answer;
static struct http_request request;
static Str user;

static int events_open(void **state)
{
    (void)bed_open(state);
    bed.worker.shared = shared_open();
    user = S("");
    return 0;
}

static int events_end(void **state)
{
    shared_close(&bed.worker.shared);
    return bed_end(state);
}

#define T_PUSHED(name) cmocka_unit_test_setup_teardown(name, events_open, events_end)

static struct call call_new(const struct endpoint *endpoint, Str id, Str query)
{
    struct call c = {
        .cx = t_cx(),
        .req = &request,
        .answer = &answer,
        .work.settings = &bed.settings,
        .work.worker = &bed.worker,
        .endpoint = endpoint,
        .args = {id},
        .who = {.provider = BED_PROVIDER, .mode = MODE_PROVIDER, .user = user},
    };
    struct param *params;

    answer = (struct http_answer){0};
    bed.settings.public_url = S("https://cal.example");
    T_OK(url_query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

/* Times in texts that are written here: %3 is the day in three days, as 2026-03-04. */
static Str with_days(const char *text)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_BODY_BYTES + 64};
    int32_t today = (int32_t)(clock_now_s() / CLOCK_DAY_S);
    char day[DATETIME_DATE_BYTES];

    for (; *text != 0; text++) {
        if (*text == '%') {
            char *end;
            int32_t days = (int32_t)strtol(text + 1, &end, 10);

            buf_add(&b, datetime_date_write(today + days, day));
            text = end - 1;
        } else {
            buf_add_char(&b, *text);
        }
    }
    return buf_text(&b);
}

static struct call call_with(Str id, Str query, Str body)
{
    static const struct http_header json = {SI("content-type"), SI("application/json")};
    struct call c = call_new(&put, id, query);

    request = (struct http_request){
        .method = METHOD_PUT, .headers = &json, .n_headers = 1, .body = body};
    return c;
}

static Res put_as(Str id, const char *body)
{
    struct call c = call_with(id, S(""), with_days(body));

    return pushed_events_put_run(&c);
}

#define USUAL "\"start\":\"%3T09:00:00Z\",\"end\":\"%3T10:00:00Z\",\"title\":\"T\""

static void made(const char *id)
{
    T_OK(put_as(str_from_z(id), "{" USUAL "}"));
    T_INT(answer.status, 201);
}

static Res get_as(Str id)
{
    struct call c = call_new(&get, id, S(""));

    return pushed_events_get_run(&c);
}

static Res list_with(struct call *c, Str query)
{
    *c = call_new(&list, S(""), query);
    return pushed_events_list_run(c);
}

static bool answer_has(const char *part)
{
    return str_contains(answer.body, with_days(part));
}

static Res sql_work(struct cx *cx, struct db *db, void *arg)
{
    const char *const *sql = arg;

    return db_script(cx, db, *sql);
}

static void run_sql(const char *sql)
{
    T_OK(BED_WRITE(sql_work, &sql));
}

/* "field: message" of each error, joined by |. */
static Str errors_of(const struct call *c)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_BODY_BYTES};

    for (size_t i = 0; i < c->n_errors; i++) {
        buf_add(&b, i == 0 ? S("") : S("|"));
        buf_add(&b, c->errors[i].field);
        buf_add(&b, S(": "));
        buf_add(&b, c->errors[i].message);
    }
    return buf_text(&b);
}

/* Making and replacing. */

TEST(test_put_answers_with_the_contract_s_fields)
{
    struct call c = call_with(
        S("booking-7_A"), S("restore=true"),
        with_days("{\"title\":\" Hair\\u0007cut \",\"start\":\"%3T09:00:00.9+02:00\","
                  "\"end\":\"%3T10:00:00.1+02:00\",\"description\":\"a\\tb\\nc\","
                  "\"location\":\"x\",\"link\":\"https://app.example/#/7\","
                  "\"show_as\":\"free\",\"visibility\":\"private\","
                  "\"has_attendees\":true,\"version\":9223372036854775807}"));

    T_OK(pushed_events_put_run(&c));
    T_INT(answer.status, 201);
    T_TRUE(c.work.has_due_push);
    T_TRUE(str_starts(
        answer.body, with_days("{\"event_id\":\"booking-7_A\",\"title\":\"Hair cut\","
                               "\"start\":\"%3T07:00:00Z\",\"end\":\"%3T08:00:01Z\","
                               "\"is_all_day\":false,\"description\":\"a b\\nc\","
                               "\"location\":\"x\",\"link\":\"https://app.example/#/7\","
                               "\"show_as\":\"free\",\"visibility\":\"private\","
                               "\"has_attendees\":true,\"version\":9223372036854775807,"
                               "\"created_at\":\"")));
    T_TRUE(str_ends(answer.body, S("\"copies\":[]}")));
    Str first = answer.body;

    T_OK(get_as(S("booking-7_A")));
    T_INT(answer.status, 200);
    T_STR(answer.body, first);
}

TEST(test_put_replaces_the_whole)
{
    T_OK(put_as(
        S("e"), "{" USUAL ",\"description\":\"d\",\"location\":\"l\",\"link\":"
                "\"https://a.example\",\"show_as\":\"free\",\"visibility\":\"private\","
                "\"has_attendees\":true,\"version\":3}"));
    T_OK(put_as(
        S("e"), "{\"title\":\"T\",\"start\":\"%3\",\"end\":\"%4\",\"is_all_day\":true,"
                "\"link\":\"\"}"));
    T_INT(answer.status, 200);
    T_TRUE(answer_has("\"start\":\"%3\",\"end\":\"%4\",\"is_all_day\":true,"
                      "\"description\":\"\",\"location\":\"\",\"link\":null,"
                      "\"show_as\":\"busy\",\"visibility\":\"default\","
                      "\"has_attendees\":false,\"version\":3,"));
}

TEST(test_put_refuses_an_older_version)
{
    made("e");
    T_OK(put_as(S("e"), "{" USUAL ",\"version\":0}"));
    T_OK(put_as(S("e"), "{" USUAL ",\"version\":7}"));
    T_FAIL(FAIL_CONFLICT, put_as(S("e"), "{" USUAL ",\"version\":6,\"location\":\"x\"}"));
    T_OK(get_as(S("e")));
    T_TRUE(answer_has("\"location\":\"\"") && answer_has("\"version\":7,"));
    T_OK(put_as(S("e"), "{" USUAL ",\"version\":7}"));
    T_OK(put_as(S("e"), "{" USUAL ",\"version\":null}"));
    T_TRUE(answer_has("\"version\":7,"));
}

#define NO_TIME                                                                          \
    "Datetime has wrong format. Use one of these formats instead: "                      \
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
#define NO_DATE "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
#define AT(day) "\"start\":\"%" day "T09:00:00Z\",\"end\":\"%"
#define ALL_DAY "\"title\":\"T\",\"is_all_day\":true,"

TEST(test_put_refuses_what_is_no_event)
{
    static const struct {
        const char *body;
        const char *errors;
    } rows[] = {
        /* clang-format off */
        {"{}", "title: This field is required.|start: This field is required.|end: This field is required."},
        {"{" USUAL ",\"title\":null}", NULL}, /* twice */
        {"{\"title\":\"\",\"start\":null,\"end\":\"\"}", "title: This field may not be blank.|start: This field may not be null.|end: " NO_TIME},
        {"{\"title\":\"\\u0001 \\u0085\",\"start\":5,\"end\":{}}", "title: This field may not be blank.|start: " NO_TIME "|end: " NO_TIME},
        {"{\"title\":7,\"start\":\"%3\",\"end\":\"%3T10:00:00\"}", "title: Not a valid string.|start: " NO_TIME "|end: " NO_TIME},
        {"{" ALL_DAY "\"start\":\"%3T00:00:00Z\",\"end\":\"tomorrow\"}", "start: " NO_DATE "|end: " NO_DATE},
        {"{\"title\":\"T\"," AT("3") "3T09:00:00Z\"}", "end: Must be after start."},
        {"{\"title\":\"T\",\"start\":\"%3T09:00:00.5Z\",\"end\":\"%3T09:00:00.4Z\"}", "end: Must be after start."},
        {"{\"title\":\"T\",\"start\":\"%3T09:00:00.4Z\",\"end\":\"%3T09:00:00.5Z\"}", ""},
        {"{" ALL_DAY "\"start\":\"%3\",\"end\":\"%3\"}", "end: Must be after start."},
        {"{" ALL_DAY "\"start\":\"%3\",\"end\":\"%4\"}", ""},
        {"{\"title\":\"T\"," AT("3") "369T09:00:00Z\"}", ""},
        {"{\"title\":\"T\"," AT("3") "369T09:00:00.1Z\"}", "end: The event may last at most 366 days."},
        {"{" ALL_DAY "\"start\":\"%-900\",\"end\":\"%-534\"}", ""},
        {"{" ALL_DAY "\"start\":\"%-900\",\"end\":\"%-533\"}", "end: The event may last at most 366 days."},
        {"{" ALL_DAY "\"start\":\"%400\",\"end\":\"%766\"}", ""},
        {"{" ALL_DAY "\"start\":\"%401\",\"end\":\"%900\"}", "start: Must be at most 400 days ahead.|end: The event may last at most 366 days."},
        {"{" USUAL ",\"is_all_day\":\"true\"}", "is_all_day: Must be a valid boolean."},
        {"{" USUAL ",\"description\":null,\"location\":null,\"has_attendees\":null}", "description: This field may not be null.|location: This field may not be null.|has_attendees: This field may not be null."},
        {"{" USUAL ",\"show_as\":\"Busy\",\"visibility\":\"public\"}", "show_as: \"Busy\" is not a valid choice.|visibility: \"public\" is not a valid choice."},
        {"{" USUAL ",\"show_as\":\"\",\"visibility\":null}", "show_as: \"\" is not a valid choice.|visibility: This field may not be null."},
        {"{" USUAL ",\"version\":-1}", "version: Ensure this value is greater than or equal to 0."},
        {"{" USUAL ",\"version\":9223372036854775808}", "version: A valid integer is required."},
        {"{" USUAL ",\"version\":\"1\"}", "version: A valid integer is required."},
        {"{" USUAL ",\"link\":\"http://a.example\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https:a.example\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://u@a.example\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://a..example\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://a.example:0\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://a.example/a b\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://a.example/<b>\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://a.example/\\u00e9\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"https://a.example/\\\\b\"}", "link: Enter a valid https URL."},
        {"{" USUAL ",\"link\":\"HTTPS://[::1]:8443/a?b=c&d#e\"}", ""},
        {"{" USUAL ",\"link\":null}", ""},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_with(S("e"), S(""), with_days(rows[i].body));
        Res res = pushed_events_put_run(&c);

        print_message("  row %zu\n", i);
        if (rows[i].errors == NULL) {
            T_FAIL(FAIL_PARSE_ERROR, res);
            continue;
        }
        T_STR(errors_of(&c), str_from_z(rows[i].errors));
        T_FAIL(rows[i].errors[0] == 0 ? FAIL_NONE : FAIL_PARAMETER_INVALID, res);
        T_TRUE(c.work.has_due_push == (res.code == FAIL_NONE));
    }
}

static Str repeated(Str piece, size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = piece.n * n};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, piece);
    }
    return buf_text(&b);
}

TEST(test_texts_have_a_length_in_characters)
{
    static const struct {
        Str field;
        Str before;
        size_t most;
        const char *error;
    } rows[] = {
        /* clang-format off */
        {SI("title"), SI(""), 1024, "title: Ensure this field has no more than 1024 characters."},
        {SI("description"), SI(""), 8192, "description: Ensure this field has no more than 8192 characters."},
        {SI("location"), SI(""), 1024, "location: Ensure this field has no more than 1024 characters."},
        {SI("link"), SI("https://a.example/"), 1024, "link: Ensure this field has no more than 1024 characters."},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t more = 0; more < 2; more++) {
            struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_BODY_BYTES};
            bool is_link = rows[i].before.n > 0;

            buf_add(
                &b, with_days("{\"start\":\"%3T09:00:00Z\",\"end\":\"%3T10:00:00Z\""));
            buf_add(&b, i > 0 ? S(",\"title\":\"T\",\"") : S(",\""));
            buf_add(&b, rows[i].field);
            buf_add(&b, S("\":\""));
            buf_add(&b, rows[i].before);
            buf_add(
                &b, repeated(
                        is_link ? S("x") : S("\xC3\xA9"),
                        rows[i].most - rows[i].before.n + more));
            buf_add(&b, S("\"}"));
            struct call c = call_with(S("e"), S(""), buf_text(&b));

            T_FAIL(
                more == 0 ? FAIL_NONE : FAIL_PARAMETER_INVALID,
                pushed_events_put_run(&c));
            T_STR(errors_of(&c), more == 0 ? S("") : str_from_z(rows[i].error));
        }
    }
}

/* Errors of the path, the query and the body are noted together. */
TEST(test_an_id_has_a_shape)
{
    Str good[] = {S("a"), S("-"), S("Z_9-"), repeated(S("x"), LIMIT_PUSHED_ID_BYTES)};
    Str bad[] = {S(""),    S("a b"),      S("a/b"), S("a%20"),
                 S("a.b"), S("\xC3\xA9"), S("a\0"), repeated(S("x"), 65)};

    for (size_t i = 0; i < COUNT(good); i++) {
        T_OK(put_as(good[i], "{" USUAL "}"));
        T_OK(get_as(good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct call c = call_with(bad[i], S("restore=maybe"), S("{\"title\":\"T\"}"));

        T_FAIL(FAIL_PARAMETER_INVALID, pushed_events_put_run(&c));
        T_STR(
            errors_of(&c),
            S("start: This field is required.|end: This field is required.|"
              "restore: Must be a valid boolean.|event_id: Enter a valid value."));
        T_FAIL(FAIL_NOT_FOUND, get_as(bad[i]));
        c = call_new(&erase, bad[i], S(""));
        T_FAIL(FAIL_NOT_FOUND, pushed_events_delete_run(&c));
    }
    struct call c = call_with(S("a b"), S("restore=x"), S("{"));

    T_FAIL(FAIL_PARSE_ERROR, pushed_events_put_run(&c));
    T_INT(c.n_errors, 0);
}

TEST(test_an_owner_has_5000_events_at_most_in_the_future)
{
    struct call c =
        call_with(S("one-more"), S(""), with_days("{" USUAL ",\"version\":1}"));

    made("first");
    run_sql("with recursive n(i) as (select 2 union all select i + 1 from n where i < "
            "5000) insert into pushed_events (provider, mode, user_id, event_id, rev,"
            " version, has_attendees, starts_at, ends_at, key_id, sealed, digest,"
            " created_at, updated_at) select provider, mode, user_id, 'n' || i, rev,"
            " version, has_attendees, starts_at, ends_at, key_id, sealed, digest,"
            " created_at, updated_at from pushed_events, n");
    T_FAIL(FAIL_PARAMETER_INVALID, pushed_events_put_run(&c));
    T_STR(
        errors_of(&c), S("non_field_errors: At most 5000 events may end in the future."));
    T_TRUE(!c.work.has_due_push);
    T_OK(put_as(S("first"), "{" USUAL ",\"location\":\"elsewhere\"}"));
    T_OK(put_as(
        S("past"),
        "{\"title\":\"T\",\"start\":\"%-2T00:00:00Z\",\"end\":\"%-1T00:00:00Z\"}"));
    run_sql("delete from pushed_events where event_id = 'n2'");
    T_OK(put_as(S("one-more"), "{" USUAL "}"));
}

/* Copies. */

struct copy_made {
    struct pushed_copy copy;
    int64_t settings;
};

static Res copy_insert(struct cx *cx, struct db *db, void *arg)
{
    struct copy_made *m = arg;
    const struct pushed_owner owner = {.provider = BED_PROVIDER, .mode = MODE_PROVIDER};
    const struct calendar_setting setting = {
        .account = m->copy.account,
        .calendar_id = str_int(&cx->mem, m->settings),
        .switches = SWITCH_DESTINATION};
    struct pushed_event e;

    TRY(calendar_settings_insert(cx, db, &setting, &m->copy.settings));
    TRY(pushed_event_get(cx, db, &owner, S("e"), &e));
    m->copy.event = e.id;
    return pushed_copy_insert(cx, db, &m->copy);
}

static Str copy_key(int64_t n)
{
    Str number = str_int(&t_cx()->mem, n);

    return str_cat(
        &t_cx()->mem, str_sub(S("kkkkkkkkkkkkkkkkkkkk"), number.n, EVENT_COPY_KEY_BYTES),
        number);
}

/* Another copy of the event "e", in a calendar of its own. */
static void copy_made(int64_t account, struct pushed_copy copy)
{
    static int64_t n = 0;
    struct copy_made m = {.copy = copy, .settings = ++n};

    m.copy.account = account;
    m.copy.source = SOURCE_GOOGLE;
    m.copy.key = copy_key(n);
    m.copy.want = COPY_WANT_WRITTEN;
    m.copy.due_ms = INT64_MAX;
    T_OK(BED_WRITE(copy_insert, &m));
}

TEST(test_copies_say_how_far_they_are)
{
    static const struct {
        enum copy_status status;
        enum copy_reason reason;
        enum sync_inactive inactive;
        const char *want;
    } rows[] = {
        {COPY_PENDING, COPY_REASON_NONE, SYNC_ACTIVE, "\"pending\",\"reason\":null"},
        {COPY_PENDING, COPY_THROTTLED, SYNC_ACTIVE,
         "\"pending\",\"reason\":\"throttled\""},
        {COPY_PENDING, COPY_SOURCE_ERROR, SYNC_TOO_LARGE,
         "\"pending\",\"reason\":\"source_error\""},
        {COPY_PENDING, COPY_THROTTLED, SYNC_READ_ONLY,
         "\"pending\",\"reason\":\"read_only\""},
        {COPY_PENDING, COPY_REASON_NONE, SYNC_CALENDAR_GONE,
         "\"pending\",\"reason\":\"calendar_gone\""},
        {COPY_REMOVING, COPY_REASON_NONE, SYNC_NO_ACCESS,
         "\"removing\",\"reason\":\"no_access\""},
        {COPY_WRITTEN, COPY_REASON_NONE, SYNC_NO_ACCESS, "\"written\",\"reason\":null"},
        {COPY_SKIPPED, COPY_NO_ATTENDEES, SYNC_ACTIVE,
         "\"skipped\",\"reason\":\"no_attendees\""},
        {COPY_SKIPPED, COPY_PAST, SYNC_READ_ONLY, "\"skipped\",\"reason\":\"past\""},
        {COPY_FAILED, COPY_REFUSED, SYNC_ACTIVE, "\"failed\",\"reason\":\"refused\""},
        {COPY_FAILED, COPY_GAVE_UP, SYNC_ACTIVE, "\"failed\",\"reason\":\"gave_up\""},
        {COPY_DELETED_BY_PERSON, COPY_REASON_NONE, SYNC_ACTIVE,
         "\"deleted_by_person\",\"reason\":null"},
    };

    int64_t account = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);

    made("e");
    for (size_t i = 0; i < COUNT(rows); i++) {
        char sql[128];

        copy_made(
            account,
            (struct pushed_copy){.status = rows[i].status, .reason = rows[i].reason});
        (void)snprintf(
            sql, sizeof(sql),
            "update calendar_sync set inactive_reason = %d where settings ="
            " (select max(id) from staff_calendar_settings)",
            (int)rows[i].inactive);
        run_sql(sql);
        T_OK(get_as(S("e")));
        T_TRUE(str_contains(answer.body, str_from_z(rows[i].want)));
        run_sql("delete from pushed_copies");
    }
    copy_made(account, (struct pushed_copy){.status = COPY_PENDING});
    run_sql("update accounts set status = 2");
    T_OK(get_as(S("e")));
    T_TRUE(answer_has("\"pending\",\"reason\":\"needs_reconnect\""));
}

TEST(test_copies_say_where_they_are_and_what_the_person_did)
{
    int64_t account = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);

    made("e");
    copy_made(
        account, (struct pushed_copy){.status = COPY_PENDING, .external_id = S("soon")});
    copy_made(
        account, (struct pushed_copy){
                     .status = COPY_WRITTEN,
                     .external_id = S("x<1>"),
                     .link = S("https://source.example/1"),
                     .written_ms = 1769850000999,
                     .flags = COPY_CHANGED,
                     .start = 1769850000,
                     .end = INT64_MAX});
    copy_made(
        account, (struct pushed_copy){
                     .status = COPY_WRITTEN,
                     .external_id = S("y"),
                     .written_ms = 1,
                     .flags = COPY_CHANGED | COPY_ALL_DAY,
                     .start = -1,
                     .end = 20484});
    T_OK(get_as(S("e")));
    T_TRUE(str_ends(
        answer.body,
        S("\"copies\":[{\"staff_calendar_settings\":1,\"status\":\"pending\","
          "\"reason\":null,\"calendar_source_event_id\":null,\"link\":null,"
          "\"written_at\":null,\"is_changed\":false,\"changed_start\":null,"
          "\"changed_end\":null},{\"staff_calendar_settings\":2,\"status\":\"written\","
          "\"reason\":null,\"calendar_source_event_id\":\"x<1>\","
          "\"link\":\"https://source.example/1\","
          "\"written_at\":\"2026-01-31T09:00:00Z\",\"is_changed\":true,"
          "\"changed_start\":\"2026-01-31T09:00:00Z\","
          "\"changed_end\":\"9999-12-31T23:59:59Z\"},{\"staff_calendar_settings\":3,"
          "\"status\":\"written\",\"reason\":null,\"calendar_source_event_id\":\"y\","
          "\"link\":null,\"written_at\":null,\"is_changed\":true,"
          "\"changed_start\":\"1970-01-01\",\"changed_end\":\"2026-01-31\"}]}")));
    Str one = answer.body;
    struct call c;

    made("a");
    made("z");
    T_OK(list_with(&c, S("page_size=1")));
    T_TRUE(str_contains(answer.body, one));
    T_OK(list_with(&c, S("page_size=2&page=1")));
    T_TRUE(str_contains(answer.body, one));
    T_TRUE(answer_has("\"event_id\":\"a\""));
}

/* The answer has the fields of its shape, in its order. */
TEST(test_shape_is_what_is_written)
{
    made("e");
    Str rest = answer.body;

    for (size_t i = 0; i < pushed_event_shape.n; i++) {
        Str name = pushed_event_shape.fields[i].name;
        Str key = str_cat(&t_cx()->mem, S("\""), str_cat(&t_cx()->mem, name, S("\":")));
        const char *p = memmem(rest.p, rest.n, key.p, key.n);

        T_TRUE(p != NULL);
        rest = str_sub(rest, (size_t)(p - rest.p) + key.n, rest.n);
    }
}

/* Removing. */

TEST(test_delete_forgets_the_event)
{
    struct call c = call_new(&erase, S("e"), S(""));

    T_FAIL(FAIL_NOT_FOUND, pushed_events_delete_run(&c));
    T_TRUE(!c.work.has_due_push);
    made("e");
    c = call_new(&erase, S("e"), S(""));
    T_OK(pushed_events_delete_run(&c));
    T_INT(answer.status, 204);
    T_INT(answer.body.n, 0);
    T_TRUE(c.work.has_due_push);
    T_FAIL(FAIL_NOT_FOUND, get_as(S("e")));
    made("e"); /* a new event */
}

TEST(test_an_event_is_its_owner_s_alone)
{
    struct call c = {0};

    user = S("amy");
    made("e");
    user = S("bob");
    T_FAIL(FAIL_NOT_FOUND, get_as(S("e")));
    T_OK(list_with(&c, S("")));
    T_TRUE(answer_has("{\"count\":0,"));
    user = S(""); /* the business itself, not all users */
    T_FAIL(FAIL_NOT_FOUND, get_as(S("e")));
    T_OK(list_with(&c, S("")));
    T_TRUE(answer_has("{\"count\":0,"));
    made("e");
    c = call_new(&erase, S("e"), S(""));
    T_OK(pushed_events_delete_run(&c));
    user = S("amy");
    T_OK(get_as(S("e")));
    c = call_new(&get, S("e"), S(""));
    c.who.mode = MODE_CUSTOMER;
    T_FAIL(FAIL_NOT_FOUND, pushed_events_get_run(&c));
}

/* What can't be read. */

TEST(test_an_event_that_does_not_open_fails_and_is_left_out)
{
    struct call c;

    made("a");
    made("e");
    made("z");
    run_sql("update pushed_events set sealed = (select sealed from pushed_events where"
            " event_id = 'a') where event_id = 'e'");
    T_FAIL(FAIL_UNREADABLE, get_as(S("e")));
    T_OK(list_with(&c, S("")));
    T_TRUE(answer_has("{\"count\":3,"));
    T_TRUE(answer_has("\"event_id\":\"a\"") && answer_has("\"event_id\":\"z\""));
    T_TRUE(!answer_has("\"event_id\":\"e\""));
    T_OK(put_as(S("e"), "{" USUAL ",\"location\":\"new\"}"));
    T_OK(get_as(S("e")));
}

/* The list. */

static Str ids_listed(Str query)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 1024};
    Str mark = S("\"event_id\":\"");
    struct call c;

    T_OK(list_with(&c, query));
    for (Str rest = answer.body; rest.n > mark.n; rest = str_sub(rest, 1, rest.n)) {
        if (str_starts(rest, mark)) {
            buf_add_char(&b, rest.p[mark.n]);
        }
    }
    return buf_text(&b);
}

TEST(test_list_has_what_overlaps_in_order_of_creation)
{
    static const struct {
        const char *query;
        const char *ids;
    } rows[] = {
        {"", "cab"},
        {"happens_after=%3T10:00:00Z", "ab"},
        {"happens_after=%3T09:59:59.9Z", "cab"},
        {"happens_before=%3T09:00:00Z", "a"},
        {"happens_before=%3T09:00:00.1Z", "ca"},
        {"happens_before=%3T00:00:00Z", ""},
        {"happens_before=%3T00:00:01Z", "a"},
        {"happens_after=%4T00:00:00Z", "b"},
        {"happens_after=%3T23:59:59Z", "ab"},
        {"happens_after=%3T11:00:00Z&happens_before=%3T12:00:00Z", "a"},
        {"happens_after=%3T11:00:00 02:00&happens_before=%3T11:30:00 02:00", "ca"},
    };

    made("c");
    T_OK(put_as(S("a"), "{" ALL_DAY "\"start\":\"%3\",\"end\":\"%4\"}"));
    T_OK(put_as(
        S("b"), "{\"title\":\"T\",\"start\":\"%4T00:00:00Z\",\"end\":\"%5T00:00:00Z\"}"));
    T_OK(put_as(S("c"), "{" USUAL ",\"location\":\"x\"}")); /* its place stays */
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  row %zu\n", i);
        T_STR(ids_listed(with_days(rows[i].query)), str_from_z(rows[i].ids));
    }
    T_STR(ids_listed(S("page_size=2")), S("ca"));
    T_STR(ids_listed(S("page_size=2&page=2")), S("b"));
}

TEST(test_list_says_what_is_wrong_with_a_query)
{
    static const struct {
        const char *query;
        enum fail want;
        const char *errors;
    } rows[] = {
        {"happens_after=%3T09:00:00Z&happens_before=%3T09:00:00Z", FAIL_PARAMETER_INVALID,
         "happens_before: Must be after happens_after."},
        {"happens_after=%4T09:00:00Z&happens_before=%3T09:00:00Z", FAIL_PARAMETER_INVALID,
         "happens_before: Must be after happens_after."},
        {"happens_after=%3T09:00:00Z&happens_before=%3T09:00:01Z", FAIL_NONE, ""},
        {"happens_after=%3&happens_before=", FAIL_PARAMETER_INVALID,
         "happens_after: " NO_TIME "|happens_before: " NO_TIME},
        {"happens_after=%3T09:00:00Z&happens_after=%3T09:00:00Z", FAIL_PARAMETER_INVALID,
         "happens_after: This parameter may be given only once."},
        {"page=0&page_size=101", FAIL_PARAMETER_INVALID,
         "page: Ensure this value is greater than or equal to 1.|"
         "page_size: Ensure this value is less than or equal to 100."},
        {"page=2", FAIL_NOT_FOUND, ""},
        {"page=9223372036854775807", FAIL_NOT_FOUND, ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c;

        print_message("  row %zu\n", i);
        T_FAIL(rows[i].want, list_with(&c, with_days(rows[i].query)));
        T_STR(errors_of(&c), str_from_z(rows[i].errors));
    }
}

T_MAIN(
    T_PUSHED(test_put_answers_with_the_contract_s_fields),
    T_PUSHED(test_put_replaces_the_whole), T_PUSHED(test_put_refuses_an_older_version),
    T_PUSHED(test_put_refuses_what_is_no_event),
    T_PUSHED(test_texts_have_a_length_in_characters), T_PUSHED(test_an_id_has_a_shape),
    T_PUSHED(test_an_owner_has_5000_events_at_most_in_the_future),
    T_PUSHED(test_copies_say_how_far_they_are),
    T_PUSHED(test_copies_say_where_they_are_and_what_the_person_did),
    T_PUSHED(test_shape_is_what_is_written), T_PUSHED(test_delete_forgets_the_event),
    T_PUSHED(test_an_event_is_its_owner_s_alone),
    T_PUSHED(test_an_event_that_does_not_open_fails_and_is_left_out),
    T_PUSHED(test_list_has_what_overlaps_in_order_of_creation),
    T_PUSHED(test_list_says_what_is_wrong_with_a_query))
