/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_staff_settings.c - calendar settings as callers make, see, change and remove them
 * (docs/calendar.md §2).
 */
#include <stdio.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/staff_settings.h"
#include "api/staff_settings_body.h"
#include "api/staff_settings_view.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "grants/testgrant.h"
#include "store/calendar_settings.h"

#define PATH "/api/v2/external_calendars/staff_calendar_settings"

static const struct endpoint list = {
    .path = SI(PATH), .query = &staff_settings_list_query, .status = 200};
static const struct endpoint create = {.body = &staff_settings_create, .status = 201};
static const struct endpoint get = {.status = 200};
static const struct endpoint replace = {.body = &staff_settings_replace, .status = 200};
static const struct endpoint change = {.body = &staff_settings_change, .status = 200};
static const struct endpoint erase = {
    .query = &staff_settings_delete_query, .status = 204};

static struct http_answer answer;
static struct http_request request;
static struct server server;
static int64_t account;

static int settings_open(void **state)
{
    (void)bed_open(state);
    account = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    return 0;
}

#define T_SETTINGS(name) cmocka_unit_test_setup_teardown(name, settings_open, bed_end)

static struct call call_new(const struct endpoint *endpoint, int64_t id, Str query)
{
    struct call c = {
        .cx = t_cx(),
        .req = &request,
        .answer = &answer,
        .work.settings = &bed.settings,
        .work.worker = &bed.worker,
        .endpoint = endpoint,
        .args = {str_int(&t_cx()->mem, id)},
        .who = {.provider = BED_PROVIDER, .mode = MODE_PROVIDER},
    };
    struct param *params;

    answer = (struct http_answer){0};
    bed.settings.public_url = S("https://cal.example");
    T_OK(url_query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

static struct call call_with(const struct endpoint *endpoint, int64_t id, Str body)
{
    static const struct http_header json = {SI("content-type"), SI("application/json")};
    struct call c = call_new(endpoint, id, S(""));

    request = (struct http_request){
        .method = METHOD_POST, .headers = &json, .n_headers = 1, .body = body};
    return c;
}

/* Numbers in texts that are written here: % is the account's. */
static Str with_account(const char *text)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_BODY_BYTES + 64};

    for (; *text != 0; text++) {
        if (*text == '%') {
            buf_add_int(&b, account);
        } else {
            buf_add_char(&b, *text);
        }
    }
    return buf_text(&b);
}

#define OWNER  "{\"id\":\"real@x\",\"accessRole\":\"owner\",\"primary\":true}"
#define READER "{\"id\":\"real@x\",\"accessRole\":\"reader\"}"
#define BUSY   "{\"id\":\"real@x\",\"accessRole\":\"freeBusyReader\"}"
#define FRESH(id, destination, source)                                                   \
    "{\"calendar_source_account\":%,\"calendar_source_calendar_id\":\"" id               \
    "\",\"is_destination_for_teamup_events\":" #destination                              \
    ",\"is_source_for_busy_periods\":" #source "}"

static Res create_with(struct call *c, const struct step *steps, size_t n)
{
    source_scripted(&server, SOURCE_GOOGLE, steps, n);
    Res res = staff_settings_create_run(c);

    testserver_stop(&server);
    return res;
}

/* A setting made behind the API's back. */
struct made {
    struct calendar_setting setting;
    int64_t id;
};

static Res made_insert(struct cx *cx, struct db *db, void *arg)
{
    struct made *m = arg;

    return calendar_settings_insert(cx, db, &m->setting, &m->id);
}

static int64_t setting_made(int64_t of, Str calendar, int switches)
{
    struct made m = {
        .setting = {
            .account = of,
            .calendar_id = calendar,
            .switches = switches,
            .time_zone = S("Europe/Berlin"),
            .created_ms = INT64_C(1769850000999)}};

    T_OK(BED_WRITE(made_insert, &m));
    return m.id;
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

static Res setting_read_work(struct cx *cx, struct db *db, void *arg)
{
    static const struct calendar_settings_filter all = {
        .provider = BED_PROVIDER, .mode = MODE_PROVIDER, .any_user = true};
    struct made *m = arg;

    return calendar_settings_get(cx, db, &all, m->id, &m->setting);
}

static struct calendar_setting setting_now(int64_t id)
{
    struct made m = {.id = id};

    T_OK(store_read(t_cx(), bed.store, setting_read_work, &m));
    return m.setting;
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

TEST(test_create_answers_with_the_contract_s_fields)
{
    static const struct step step = HTTP("200 OK", OWNER);
    struct call c = call_with(&create, 0, with_account(FRESH("primary", true, true)));

    T_OK(create_with(&c, &step, 1));
    T_INT(answer.status, 201);
    T_TRUE(str_starts(
        answer.body,
        with_account(
            "{\"id\":1,\"calendar_source_account\":{\"id\":%,\"calendar_source\":\"GOOG\","
            "\"account_id\":\"" BED_SUBJECT "\",\"username\":\"ada\"},"
            "\"calendar_source_calendar_id\":\"real@x\","
            "\"base64_calendar_source_calendar_id\":\"cmVhbEB4\","
            "\"is_destination_for_teamup_events\":true,\"is_source_for_busy_periods\":true,"
            "\"constrain_only_busy\":true,\"push_only_if_event_has_attendees\":false,"
            "\"set_external_reminders_for_pushed_events\":false,"
            "\"reminder_number_of_minutes_prior\":0,\"time_zone\":null,\"is_active\":true,"
            "\"calendar_ready\":true,\"events_ready\":false,\"inactive_reason\":null,"
            "\"synced_at\":null,\"notifications\":\"polling\",\"created_at\":\"")));
    T_TRUE(c.work.has_due_sync);
    T_TRUE(str_contains(
        testserver_request(&server, 0),
        S("/calendarList/primary?fields=id,accessRole,primary ")));
    struct calendar_setting s = setting_now(1);

    T_STR(s.calendar_id, S("real@x"));
    T_INT(s.sync.state, SYNC_NEW);
    T_TRUE(s.sync.due_ms <= clock_now_ms());
}

TEST(test_create_takes_all_fields)
{
    static const struct step step = HTTP("200 OK", OWNER);
    struct call c = call_with(
        &create, 0,
        with_account("{\"calendar_source_account\":%,"
                     "\"base64_calendar_source_calendar_id\":\"cHJpbWFyeQ==\","
                     "\"calendar_source_calendar_id\":\" primary \","
                     "\"is_destination_for_teamup_events\":false,"
                     "\"is_source_for_busy_periods\":false,\"constrain_only_busy\":false,"
                     "\"push_only_if_event_has_attendees\":true,"
                     "\"set_external_reminders_for_pushed_events\":true,"
                     "\"reminder_number_of_minutes_prior\":4294967295,"
                     "\"time_zone\":\"Asia/Calcutta\"}"));

    T_OK(create_with(&c, &step, 1));
    struct calendar_setting s = setting_now(1);

    T_INT(s.switches, SWITCH_ATTENDEES | SWITCH_REMINDERS);
    T_INT(s.reminder_minutes, UINT32_MAX);
    T_STR(s.time_zone, S("Asia/Calcutta"));
    T_INT(s.sync.due_ms, SYNC_NEVER);
    T_TRUE(!c.work.has_due_sync);
    T_TRUE(str_contains(answer.body, S("\"notifications\":\"off\"")));
    T_TRUE(str_contains(answer.body, S("\"time_zone\":\"Asia/Calcutta\"")));
}

/* The answer has the fields of its shape, in its order. */
TEST(test_shape_is_what_is_written)
{
    struct call c = call_new(&get, setting_made(account, S("c"), 1), S(""));

    T_OK(staff_settings_get_run(&c));
    Str rest = answer.body;

    for (size_t i = 0; i < staff_settings_shape.n; i++) {
        Str name = staff_settings_shape.fields[i].name;
        Str key = str_cat(&t_cx()->mem, S("\""), str_cat(&t_cx()->mem, name, S("\":")));
        const char *p = memmem(rest.p, rest.n, key.p, key.n);

        T_TRUE(p != NULL);
        rest = str_sub(rest, (size_t)(p - rest.p) + key.n, rest.n);
    }
}

#define BOTH                                                                             \
    ",\"is_destination_for_teamup_events\":true,\"is_source_for_busy_periods\":true}"

/* What the body alone can get wrong is said at once, and nobody is asked. */
TEST(test_create_refuses_what_is_no_setting)
{
    static const struct {
        const char *body;
        const char *errors;
    } rows[] = {
        {"{}", "calendar_source_account: This field is required.|"
               "is_destination_for_teamup_events: This field is required.|"
               "is_source_for_busy_periods: This field is required."},
        {"{\"calendar_source_account\":%" BOTH,
         "calendar_source_calendar_id: This field is required."},
        {"{\"calendar_source_account\":\"%\",\"calendar_source_calendar_id\":\"\"" BOTH,
         "calendar_source_account: A valid integer is required.|"
         "calendar_source_calendar_id: This field may not be blank."},
        {"{\"calendar_source_account\":{\"id\":%},\"calendar_source_calendar_id\":\"c\"" BOTH,
         "calendar_source_account: A valid integer is required."},
        {"{\"calendar_source_account\":%,\"calendar_source_calendar_id\":null" BOTH,
         "calendar_source_calendar_id: This field may not be null."},
        {"{\"calendar_source_account\":%,\"calendar_source_calendar_id\":\"a\","
         "\"base64_calendar_source_calendar_id\":\"Yg\"" BOTH,
         "base64_calendar_source_calendar_id: Does not name the same calendar."},
        {"{\"calendar_source_account\":99,\"calendar_source_calendar_id\":\"a\","
         "\"base64_calendar_source_calendar_id\":\"Y\"" BOTH,
         "base64_calendar_source_calendar_id: Enter a valid value."},
        {"{\"calendar_source_account\":99,\"calendar_source_calendar_id\":\"a\"" BOTH,
         "calendar_source_account: Invalid pk \"99\" - object does not exist."},
        {"{\"calendar_source_account\":-1,\"calendar_source_calendar_id\":\"a\"" BOTH,
         "calendar_source_account: Invalid pk \"-1\" - object does not exist."},
        {"{\"calendar_source_account\":99,\"calendar_source_calendar_id\":\"a\","
         "\"is_destination_for_teamup_events\":\"true\",\"is_source_for_busy_periods\":1,"
         "\"constrain_only_busy\":null,\"reminder_number_of_minutes_prior\":-1,"
         "\"time_zone\":\"europe/berlin\"}",
         "is_destination_for_teamup_events: Must be a valid boolean.|"
         "is_source_for_busy_periods: Must be a valid boolean.|"
         "constrain_only_busy: This field may not be null.|"
         "reminder_number_of_minutes_prior: Ensure this value is greater than or equal to "
         "0.|time_zone: \"europe/berlin\" is not a valid time zone."},
        {"{\"calendar_source_account\":99,\"calendar_source_calendar_id\":\"a\","
         "\"reminder_number_of_minutes_prior\":4294967296,\"time_zone\":\"Europe\"" BOTH,
         "reminder_number_of_minutes_prior: Ensure this value is less than or equal to "
         "4294967295.|time_zone: \"Europe\" is not a valid time zone."},
        {"{\"calendar_source_account\":99,\"calendar_source_calendar_id\":\"a\","
         "\"time_zone\":\"\"" BOTH,
         "time_zone: This field may not be blank."},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_with(&create, 0, with_account(rows[i].body));

        T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, NULL, 0));
        T_STR(errors_of(&c), str_from_z(rows[i].errors));
        T_INT(server.served, 0);
    }
    struct call c = call_with(&create, 0, S("{"));

    T_FAIL(FAIL_PARSE_ERROR, create_with(&c, NULL, 0));
}

static Str repeated(Str piece, size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = piece.n * n};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, piece);
    }
    return buf_text(&b);
}

TEST(test_ids_have_512_bytes_at_most)
{
    static const struct step step = HTTP("404 No", "");

    static const struct {
        size_t bytes;
        bool is_base64;
        const char *error;
    } rows[] = {
        {512, false, "calendar_source_calendar_id: There is no such calendar."},
        {513, false,
         "calendar_source_calendar_id: Ensure this field has no more than 512"
         " bytes."},
        {512, true, "base64_calendar_source_calendar_id: There is no such calendar."},
        {513, true,
         "base64_calendar_source_calendar_id: Ensure this field has no more"
         " than 512 bytes."},
        {514, true,
         "base64_calendar_source_calendar_id: Ensure this field has no more"
         " than 684 bytes."},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = {.mem = &t_cx()->mem, .max = 4096};
        Str id = repeated(S("i"), rows[i].bytes);

        buf_add(&b, with_account("{\"calendar_source_account\":%,\""));
        buf_add(&b, rows[i].is_base64 ? S("base64_") : S(""));
        buf_add(&b, S("calendar_source_calendar_id\":\""));
        buf_add(&b, rows[i].is_base64 ? b64url_encode(&t_cx()->mem, id) : id);
        buf_add(&b, S("\"" BOTH));
        struct call c = call_with(&create, 0, buf_text(&b));

        T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, &step, 1));
        T_STR(errors_of(&c), str_from_z(rows[i].error));
    }
}

/* What the source says of the calendar. */
TEST(test_create_looks_at_the_source)
{
    static const struct {
        struct step step;
        const char *body;
        enum fail want;
        const char *errors;
    } rows[] = {
        /* clang-format off */
        {HTTP("200 OK", READER), FRESH("c", true, true), FAIL_PARAMETER_INVALID, "is_destination_for_teamup_events: This calendar can't be written to."},
        {HTTP("200 OK", BUSY), FRESH("c", true, true), FAIL_PARAMETER_INVALID, "is_destination_for_teamup_events: This calendar can't be written to.|calendar_source_calendar_id: The events of this calendar can't be read."},
        {HTTP("404 No", ""), FRESH("c", false, false), FAIL_PARAMETER_INVALID, "calendar_source_calendar_id: There is no such calendar."},
        {HTTP("403 No", "{\"error\":{\"errors\":[{\"reason\":\"forbidden\"}]}}"), FRESH("c", false, true), FAIL_PERMISSION_DENIED, ""},
        {HTTP("503 Away\r\nRetry-After: 7", ""), FRESH("c", false, true), FAIL_SOURCE_UNAVAILABLE, ""},
        {HTTP("200 OK", "<html>"), FRESH("c", false, true), FAIL_SOURCE_ERROR, ""},
        {HTTP("200 OK", BUSY), FRESH("c", false, false), FAIL_NONE, ""},
        {HTTP("200 OK", "{\"id\":\"second@x\",\"accessRole\":\"reader\"}"), FRESH("c", false, true), FAIL_NONE, ""},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_with(&create, 0, with_account(rows[i].body));

        T_FAIL(rows[i].want, create_with(&c, &rows[i].step, 1));
        T_STR(errors_of(&c), str_from_z(rows[i].errors));
        T_INT(c.work.retry_after_s, rows[i].want == FAIL_SOURCE_UNAVAILABLE ? 7 : 0);
        T_INT(server.served, 1);
    }
    struct call c = call_new(&list, 0, S(""));

    T_OK(staff_settings_list_run(&c));
    T_TRUE(str_starts(answer.body, S("{\"count\":2,")));
}

TEST(test_create_refuses_a_calendar_twice)
{
    static const struct step step = HTTP("200 OK", OWNER);

    (void)setting_made(account, S("real@x"), 0);
    struct call c = call_with(&create, 0, with_account(FRESH("primary", false, true)));

    T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, &step, 1));
    T_STR(
        errors_of(&c), S("non_field_errors: The fields calendar_source_account, "
                         "calendar_source_calendar_id must make a unique set."));
}

TEST(test_create_asks_no_source_that_wants_to_be_left_alone)
{
    struct call c = call_with(&create, 0, with_account(FRESH("c", false, true)));

    run_sql("insert into account_work (account, hold_until)"
            " select id, 253402300799999 from accounts");
    T_FAIL(FAIL_SOURCE_RATE_LIMITED, create_with(&c, NULL, 0));
    T_TRUE(c.work.retry_after_s > 1000);
    T_INT(server.served, 0);
    run_sql("update account_work set hold_until = 1");
    static const struct step step = HTTP("200 OK", OWNER);

    T_OK(create_with(&c, &step, 1));
}

TEST(test_create_wants_a_connected_account)
{
    struct call c = call_with(&create, 0, with_account(FRESH("c", false, true)));

    run_sql("update accounts set status = 2");
    T_FAIL(FAIL_NEEDS_RECONNECT, create_with(&c, NULL, 0));
    T_INT(server.served, 0);
}

TEST(test_create_goes_on_where_it_was_parked)
{
    static const struct step step = HTTP("200 OK", OWNER);
    int64_t deadline_ms = t_cx()->deadline_ms;

    disconnected(account);
    account = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct call c = call_with(&create, 0, with_account(FRESH("c", true, false)));

    leased_by_another(account, CLOCK_HOUR_MS);
    T_OK(create_with(&c, NULL, 0));
    T_TRUE(c.work.is_parked);
    T_INT(answer.status, 0);
    T_TRUE(c.cx->deadline_ms <= clock_mono_ms() + LIMIT_LOOK_MS);
    T_TRUE(c.cx->deadline_ms > 0);
    granted_anew(account, S("A9"), CLOCK_HOUR_MS);
    T_OK(create_with(&c, &step, 1));
    T_TRUE(!c.work.is_parked);
    T_INT(answer.status, 201);
    T_INT(c.cx->deadline_ms, deadline_ms); /* as it was */
}

/* Limits. */

static void settings_made(int64_t of, int n, int switches)
{
    for (int i = 0; i < n; i++) {
        Str name = str_int(&t_cx()->mem, i);

        (void)setting_made(of, str_cat(&t_cx()->mem, S("made"), name), switches);
    }
}

TEST(test_limits_have_an_edge)
{
    static const struct step step = HTTP("200 OK", OWNER);
    struct call c = call_with(&create, 0, with_account(FRESH("c", true, true)));

    settings_made(account, LIMIT_ACCOUNT_SETTINGS, 0);
    T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, NULL, 0));
    T_STR(errors_of(&c), S("non_field_errors: An account may have at most 10 settings."));
    run_sql("delete from staff_calendar_settings where id = 1");
    T_OK(create_with(&c, &step, 1));
    run_sql("delete from staff_calendar_settings");

    settings_made(account, LIMIT_OWNER_DESTINATIONS, SWITCH_DESTINATION);
    c = call_with(&create, 0, with_account(FRESH("c", true, true)));
    T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, NULL, 0));
    T_STR(
        errors_of(&c), S("non_field_errors: An owner may have at most 5 destinations."));
    c = call_with(&create, 0, with_account(FRESH("c", false, true)));
    T_OK(create_with(&c, &step, 1));
    run_sql("update staff_calendar_settings set switches = 0 where id = 21");
    run_sql("delete from staff_calendar_settings where calendar_id = 'real@x'");
    c = call_with(&create, 0, with_account(FRESH("c", true, true)));
    T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, NULL, 0));
    run_sql("update staff_calendar_settings set switches = 0"
            " where calendar_id = 'made0'");
    T_OK(create_with(&c, &step, 1));
}

TEST(test_an_owner_has_50_settings_at_most)
{
    static const struct step step = HTTP("200 OK", OWNER);

    for (int i = 0; i < LIMIT_OWNER_SETTINGS / LIMIT_ACCOUNT_SETTINGS; i++) {
        struct connected other = {
            .source = SOURCE_GOOGLE, .subject = str_int(&t_cx()->mem, i)};

        T_OK(BED_WRITE(connected_insert, &other));
        settings_made(other.id, LIMIT_ACCOUNT_SETTINGS, 0);
    }
    struct call c = call_with(&create, 0, with_account(FRESH("c", true, true)));

    T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, NULL, 0));
    T_STR(errors_of(&c), S("non_field_errors: An owner may have at most 50 settings."));
    run_sql("delete from staff_calendar_settings where id = 1");
    T_OK(create_with(&c, &step, 1));
}

TEST(test_a_change_keeps_to_the_limits_too)
{
    static const struct step step = HTTP("200 OK", OWNER);

    settings_made(account, LIMIT_OWNER_DESTINATIONS, SWITCH_DESTINATION);
    int64_t id = setting_made(account, S("c"), 0);
    struct call c =
        call_with(&change, id, S("{\"is_destination_for_teamup_events\":true}"));

    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_change_run(&c));
    T_STR(
        errors_of(&c), S("non_field_errors: An owner may have at most 5 destinations."));
    c = call_with(&change, 1, S("{\"is_destination_for_teamup_events\":true}"));
    T_OK(staff_settings_change_run(&c)); /* it is one already */
    c = call_with(&change, 1, S("{\"is_destination_for_teamup_events\":false}"));
    T_OK(staff_settings_change_run(&c));
    source_scripted(&server, SOURCE_GOOGLE, &step, 1);
    c = call_with(&change, id, S("{\"is_destination_for_teamup_events\":true}"));
    T_OK(staff_settings_change_run(&c));
    testserver_stop(&server);
}

/* Changing. */

TEST(test_patch_changes_what_it_names)
{
    static const struct {
        const char *body;
        int switches;
        int64_t minutes;
        Str zone;
    } rows[] = {
        {"{}", SWITCH_SOURCE | SWITCH_ONLY_BUSY, 7, SI("Europe/Berlin")},
        {"{\"constrain_only_busy\":false}", SWITCH_SOURCE, 7, SI("Europe/Berlin")},
        {"{\"time_zone\":null}", SWITCH_SOURCE | SWITCH_ONLY_BUSY, 7, SI("")},
        {"{\"time_zone\":\"UTC\",\"reminder_number_of_minutes_prior\":0}",
         SWITCH_SOURCE | SWITCH_ONLY_BUSY, 0, SI("UTC")},
        {"{\"is_source_for_busy_periods\":false,"
         "\"set_external_reminders_for_pushed_events\":true,"
         "\"push_only_if_event_has_attendees\":true}",
         SWITCH_ONLY_BUSY | SWITCH_REMINDERS | SWITCH_ATTENDEES, 7, SI("Europe/Berlin")},
        {"{\"calendar_source_account\":%,\"calendar_source_calendar_id\":\"c\","
         "\"base64_calendar_source_calendar_id\":\"Yw\",\"id\":99,\"is_active\":false}",
         SWITCH_SOURCE | SWITCH_ONLY_BUSY, 7, SI("Europe/Berlin")},
        {"{\"calendar_source_account\":{\"id\":%,\"username\":\"x\"}}",
         SWITCH_SOURCE | SWITCH_ONLY_BUSY, 7, SI("Europe/Berlin")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t id = setting_made(account, S("c"), SWITCH_SOURCE | SWITCH_ONLY_BUSY);

        run_sql("update staff_calendar_settings set reminder_minutes = 7");
        struct call c = call_with(&change, id, with_account(rows[i].body));

        T_OK(staff_settings_change_run(&c));
        struct calendar_setting s = setting_now(id);

        T_INT(answer.status, 200);
        T_INT(s.switches, rows[i].switches);
        T_INT(s.reminder_minutes, rows[i].minutes);
        T_STR(s.time_zone, rows[i].zone);
        T_STR(s.calendar_id, S("c"));
        run_sql("delete from staff_calendar_settings");
    }
}

TEST(test_put_sets_the_rest_to_its_default)
{
    int64_t id = setting_made(account, S("c"), SWITCHES_ALL & ~SWITCH_ONLY_BUSY);
    struct call c = call_with(&replace, id, S("{\"time_zone\":\"UTC\"}"));

    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_change_run(&c));
    T_STR(
        errors_of(&c), S("is_destination_for_teamup_events: This field is required.|"
                         "is_source_for_busy_periods: This field is required."));
    run_sql("update staff_calendar_settings set reminder_minutes = 7");
    c = call_with(
        &replace, id,
        S("{\"is_destination_for_teamup_events\":true,\"is_source_for_busy_periods\":"
          "false}"));
    T_OK(staff_settings_change_run(&c));
    struct calendar_setting s = setting_now(id);

    T_INT(s.switches, SWITCH_DESTINATION | SWITCH_ONLY_BUSY);
    T_INT(s.reminder_minutes, 0);
    T_STR(s.time_zone, S(""));
}

TEST(test_what_get_answers_can_be_put)
{
    int64_t id = setting_made(account, S("c"), SWITCHES_ALL);
    struct call c = call_new(&get, id, S(""));

    T_OK(staff_settings_get_run(&c));
    Str shown = answer.body;

    c = call_with(&replace, id, shown);
    T_OK(staff_settings_change_run(&c));
    T_STR(answer.body, shown);
}

TEST(test_account_and_calendar_never_change)
{
    static const struct {
        const char *body;
        const char *errors;
    } rows[] = {
        {"{\"calendar_source_account\":99}",
         "calendar_source_account: This field may not be changed."},
        {"{\"calendar_source_account\":{\"id\":99}}",
         "calendar_source_account: This field may not be changed."},
        {"{\"calendar_source_account\":{\"id\":\"%\"}}",
         "calendar_source_account: A valid integer is required."},
        {"{\"calendar_source_account\":[%]}",
         "calendar_source_account: A valid integer is required."},
        {"{\"calendar_source_account\":null}",
         "calendar_source_account: This field may not be null."},
        {"{\"calendar_source_calendar_id\":\"C\"}",
         "calendar_source_calendar_id: This field may not be changed."},
        {"{\"calendar_source_calendar_id\":\"d\","
         "\"base64_calendar_source_calendar_id\":\"ZA\",\"calendar_source_account\":99}",
         "calendar_source_account: This field may not be changed.|"
         "calendar_source_calendar_id: This field may not be changed.|"
         "base64_calendar_source_calendar_id: This field may not be changed."},
    };

    int64_t id = setting_made(account, S("c"), SWITCH_SOURCE);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_with(&change, id, with_account(rows[i].body));

        T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_change_run(&c));
        T_STR(errors_of(&c), str_from_z(rows[i].errors));
    }
}

TEST(test_switching_a_destination_on_looks_at_the_source)
{
    static const struct step steps[] = {
        HTTP("200 OK", READER), HTTP("404 No", ""), HTTP("200 OK", OWNER)};
    int64_t id = setting_made(account, S("c"), SWITCH_SOURCE);
    const Str body = S("{\"is_destination_for_teamup_events\":true}");

    source_scripted(&server, SOURCE_GOOGLE, steps, COUNT(steps));
    struct call c = call_with(&change, id, body);

    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_change_run(&c));
    T_STR(
        errors_of(&c),
        S("is_destination_for_teamup_events: This calendar can't be written to."));
    c = call_with(&change, id, body);
    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_change_run(&c));
    T_STR(errors_of(&c), S("calendar_source_calendar_id: There is no such calendar."));
    T_INT(setting_now(id).switches, SWITCH_SOURCE);
    c = call_with(&change, id, body);
    T_OK(staff_settings_change_run(&c));
    T_INT(setting_now(id).switches, SWITCHES_SYNC);
    T_STR(setting_now(id).calendar_id, S("c"));
    c = call_with(&change, id, S("{\"is_destination_for_teamup_events\":false}"));
    T_OK(staff_settings_change_run(&c));
    testserver_stop(&server);
    T_INT(server.served, 3);
    run_sql("update accounts set status = 2");
    c = call_with(&change, id, body);
    T_FAIL(FAIL_NEEDS_RECONNECT, staff_settings_change_run(&c));
    c = call_with(&change, id, S("{\"is_source_for_busy_periods\":false}"));
    T_OK(staff_settings_change_run(&c)); /* nobody has to be asked */
}

/* The body comes before the look-up. */
TEST(test_what_is_not_there_is_not_found)
{
    static const Str ids[] = {SI("99"), SI("0"), SI("01"), SI("-1"), SI("x"), SI("")};
    const Str body = S("{\"is_source_for_busy_periods\":true,"
                       "\"is_destination_for_teamup_events\":true}");

    for (size_t i = 0; i < COUNT(ids); i++) {
        const struct endpoint *all[] = {&change, &replace, &get, &erase};

        for (size_t j = 0; j < COUNT(all); j++) {
            struct call c = call_with(all[j], 0, body);

            c.args[0] = ids[i];
            T_FAIL(
                FAIL_NOT_FOUND, j < 2    ? staff_settings_change_run(&c)
                                : j == 2 ? staff_settings_get_run(&c)
                                         : staff_settings_delete_run(&c));
        }
    }
    struct call c = call_with(&change, 99, S("{"));

    T_FAIL(FAIL_PARSE_ERROR, staff_settings_change_run(&c));
    c = call_with(&change, 99, S("{\"constrain_only_busy\":7}"));
    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_change_run(&c));
}

/* Who sees what. */

static const struct identity strangers[] = {
    {.provider = BED_PROVIDER + 1, .mode = MODE_PROVIDER},
    {.provider = BED_PROVIDER, .mode = MODE_CUSTOMER, .user = SI("amy")},
    {.provider = BED_PROVIDER, .mode = MODE_PROVIDER, .user = SI("bob")},
};

TEST(test_a_setting_of_another_does_not_exist)
{
    int64_t id = setting_made(account, S("c"), SWITCH_SOURCE);

    run_sql("update accounts set user_id = 'amy'");
    for (size_t i = 0; i < COUNT(strangers); i++) {
        struct call c = call_new(&get, id, S(""));

        c.who = strangers[i];
        T_FAIL(FAIL_NOT_FOUND, staff_settings_get_run(&c));
        c = call_with(&change, id, S("{}"));
        c.who = strangers[i];
        T_FAIL(FAIL_NOT_FOUND, staff_settings_change_run(&c));
        c = call_new(&erase, id, S(""));
        c.who = strangers[i];
        T_FAIL(FAIL_NOT_FOUND, staff_settings_delete_run(&c));
        c = call_new(&list, 0, S(""));
        c.who = strangers[i];
        T_OK(staff_settings_list_run(&c));
        T_TRUE(str_starts(answer.body, S("{\"count\":0,")));
        c = call_with(&create, 0, with_account(FRESH("d", true, true)));
        c.who = strangers[i];
        T_FAIL(FAIL_PARAMETER_INVALID, create_with(&c, NULL, 0));
        c = call_new(&list, 0, with_account("calendar_source_account=%"));
        c.who = strangers[i];
        T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_list_run(&c));
        T_STR(
            errors_of(&c), with_account("calendar_source_account: Invalid pk \"%\" - "
                                        "object does not exist."));
    }
    struct call c = call_new(&get, id, S(""));

    T_OK(staff_settings_get_run(&c)); /* the business sees all of its mode */
    c.who.user = S("amy");
    T_OK(staff_settings_get_run(&c));
}

/* The list. */

TEST(test_list_goes_page_by_page)
{
    struct connected other = {.source = SOURCE_GOOGLE, .subject = S("other")};

    T_OK(BED_WRITE(connected_insert, &other));
    settings_made(account, 3, SWITCH_SOURCE);
    settings_made(other.id, 1, SWITCH_SOURCE);
    struct call c = call_new(&list, 0, S("page_size=2"));

    T_OK(staff_settings_list_run(&c));
    T_TRUE(str_starts(
        answer.body,
        S("{\"count\":4,\"next\":\"https://cal.example" PATH
          "?page=2&page_size=2\",\"previous\":null,\"results\":[{\"id\":1,")));
    c = call_new(
        &list, 0,
        with_account("page_size=2&page=2&format=json&calendar_source_account=%"));
    T_OK(staff_settings_list_run(&c));
    T_TRUE(str_starts(
        answer.body,
        with_account("{\"count\":3,\"next\":null,\"previous\":\"https://cal.example" PATH
                     "?page=1&page_size=2&format=json&calendar_source_account=%\","
                     "\"results\":[{\"id\":3,")));
    c = call_new(&list, 0, S("page=9223372036854775807"));
    T_FAIL(FAIL_NOT_FOUND, staff_settings_list_run(&c));
    c = call_new(&list, 0, S("page=x&calendar_source_account=y"));
    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_list_run(&c));
    T_INT(c.n_errors, 2);
    c = call_new(&list, 0, S("calendar_source_account=0"));
    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_list_run(&c));
}

TEST(test_list_leaves_out_what_is_unreadable)
{
    settings_made(account, 2, SWITCH_SOURCE);
    run_sql("drop trigger calendar_sync_known_update;"
            "update calendar_sync set state = 9 where settings = 1");
    struct call c = call_new(&list, 0, S(""));

    T_OK(staff_settings_list_run(&c));
    T_TRUE(str_contains(answer.body, S("\"results\":[{\"id\":2,")));
    c = call_new(&get, 1, S(""));
    T_FAIL(FAIL_UNREADABLE, staff_settings_get_run(&c));
}

/* How a setting shows what became of its calendar. */
TEST(test_the_view_tells_how_the_calendar_is)
{
    static const struct {
        const char *name;
        const char *sql;
        bool is_active;
        bool is_ready;
        bool has_events;
        const char *reason;
        const char *notifications;
    } rows[] = {
        /* clang-format off */
        {"as it was made", "update calendar_sync set failures = 1", true, true, false, "null", "polling"},
        {"read", "update calendar_sync set image_version = 1", true, true, true, "null", "polling"},
        {"told", "update calendar_sync set channel_id = 'c', channel_until = 253402300799999", true, true, true, "null", "push"},
        {"not for long", "update calendar_sync set channel_until = (select max(connected_at) + 0 from accounts)", true, true, true, "null", "polling"},
        {"gone", "update calendar_sync set inactive_reason = 2, channel_until = 253402300799999", false, false, true, "\"calendar_gone\"", "off"},
        {"no access", "update calendar_sync set inactive_reason = 3", false, false, true, "\"no_access\"", "off"},
        {"read only", "update calendar_sync set inactive_reason = 4", false, false, true, "\"read_only\"", "off"},
        {"too large", "update calendar_sync set inactive_reason = 5", false, true, true, "\"calendar_too_large\"", "off"},
        {"not connected", "update accounts set status = 2", false, true, true, "\"needs_reconnect\"", "off"},
        {"not connected only", "update calendar_sync set inactive_reason = 0", false, true, true, "\"needs_reconnect\"", "off"},
        {"no source", "update accounts set status = 1; update staff_calendar_settings set switches = 1", true, true, false, "null", "push"},
        {"nothing", "update staff_calendar_settings set switches = 28", true, true, false, "null", "off"},
        /* clang-format on */
    };

    int64_t id = setting_made(account, S("c"), SWITCHES_SYNC);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call c = call_new(&get, id, S(""));
        struct buf want = {.mem = &t_cx()->mem, .max = 1024};

        print_message("  %s\n", rows[i].name);
        run_sql(rows[i].sql);
        T_OK(staff_settings_get_run(&c));
        buf_add(&want, S("\"is_active\":"));
        buf_add(&want, rows[i].is_active ? S("true") : S("false"));
        buf_add(&want, S(",\"calendar_ready\":"));
        buf_add(&want, rows[i].is_ready ? S("true") : S("false"));
        buf_add(&want, S(",\"events_ready\":"));
        buf_add(&want, rows[i].has_events ? S("true") : S("false"));
        buf_add(&want, S(",\"inactive_reason\":"));
        buf_add(&want, str_from_z(rows[i].reason));
        buf_add(&want, S(",\"synced_at\":null,\"notifications\":\""));
        buf_add(&want, str_from_z(rows[i].notifications));
        buf_add(&want, S("\",\"created_at\":\"2026-01-31T09:00:00Z\"}"));
        T_TRUE(str_ends(answer.body, buf_text(&want)));
    }
    run_sql("update calendar_sync set synced_at = 1769850001999");
    struct call c = call_new(&get, id, S(""));

    c.format = FORMAT_IS_XML;
    T_OK(staff_settings_get_run(&c));
    T_TRUE(str_contains(answer.body, S("<synced_at>2026-01-31T09:00:01Z</synced_at>")));
    T_TRUE(str_contains(answer.body, S("<calendar_source_account><id>")));
}

/* A channel counts until an hour before its end. */
TEST(test_a_channel_counts_until_an_hour_before_its_end)
{
    int64_t id = setting_made(account, S("c"), SWITCH_SOURCE);

    for (int is_soon = 0; is_soon < 2; is_soon++) {
        int64_t until = clock_now_ms() + CLOCK_HOUR_MS + (is_soon ? -1000 : 60 * 1000);
        struct call c = call_new(&get, id, S(""));
        char sql[120];

        (void)snprintf(
            sql, sizeof(sql),
            "update calendar_sync set channel_id = 'c', channel_until = %lld",
            (long long)until);
        run_sql(sql);
        T_OK(staff_settings_get_run(&c));
        T_TRUE(str_contains(
            answer.body, is_soon ? S("\"notifications\":\"polling\"")
                                 : S("\"notifications\":\"push\"")));
    }
}

TEST(test_delete_leaves_nothing)
{
    int64_t id = setting_made(account, S("c"), SWITCH_SOURCE);
    struct call c = call_new(&erase, id, S("keep_events=maybe"));

    T_FAIL(FAIL_PARAMETER_INVALID, staff_settings_delete_run(&c));
    T_STR(errors_of(&c), S("keep_events: Must be a valid boolean."));
    run_sql("update calendar_sync set channel_id = 'c'"); /* so that the row stays */
    c = call_new(&erase, id, S("keep_events=True"));
    T_OK(staff_settings_delete_run(&c));
    T_INT(answer.status, 204);
    T_INT(answer.body.n, 0);
    c = call_new(&erase, id, S(""));
    T_FAIL(FAIL_NOT_FOUND, staff_settings_delete_run(&c));
    c = call_new(&get, id, S(""));
    T_FAIL(FAIL_NOT_FOUND, staff_settings_get_run(&c));
    run_sql("create table t (n integer check (n = 1)) strict;"
            "insert into t select keep_events from staff_calendar_settings");
}

T_MAIN(
    T_SETTINGS(test_create_answers_with_the_contract_s_fields),
    T_SETTINGS(test_create_takes_all_fields), T_SETTINGS(test_shape_is_what_is_written),
    T_SETTINGS(test_create_refuses_what_is_no_setting),
    T_SETTINGS(test_ids_have_512_bytes_at_most),
    T_SETTINGS(test_create_looks_at_the_source),
    T_SETTINGS(test_create_refuses_a_calendar_twice),
    T_SETTINGS(test_create_asks_no_source_that_wants_to_be_left_alone),
    T_SETTINGS(test_create_wants_a_connected_account),
    T_SETTINGS(test_create_goes_on_where_it_was_parked),
    T_SETTINGS(test_limits_have_an_edge),
    T_SETTINGS(test_an_owner_has_50_settings_at_most),
    T_SETTINGS(test_a_change_keeps_to_the_limits_too),
    T_SETTINGS(test_patch_changes_what_it_names),
    T_SETTINGS(test_put_sets_the_rest_to_its_default),
    T_SETTINGS(test_what_get_answers_can_be_put),
    T_SETTINGS(test_account_and_calendar_never_change),
    T_SETTINGS(test_switching_a_destination_on_looks_at_the_source),
    T_SETTINGS(test_what_is_not_there_is_not_found),
    T_SETTINGS(test_a_setting_of_another_does_not_exist),
    T_SETTINGS(test_list_goes_page_by_page),
    T_SETTINGS(test_list_leaves_out_what_is_unreadable),
    T_SETTINGS(test_the_view_tells_how_the_calendar_is),
    T_SETTINGS(test_a_channel_counts_until_an_hour_before_its_end),
    T_SETTINGS(test_delete_leaves_nothing))
