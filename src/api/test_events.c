/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_events.c - GET /external_calendars/events against scripted sources: what is asked,
 * and what is not (docs/calendar.md §5).
 */
#include "api/endpoints.h"
#include "api/event_view.h"
#include "api/events.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "calendars/changes.h"
#include "calendars/shared.h"
#include "grants/testgrant.h"
#include "store/calendar_reads.h"
#include "store/calendar_settings.h"
#include "store/pushed_copies.h"

#define PATH "/api/v2/external_calendars/events"

static const struct endpoint list = {
    .path = SI(PATH),
    .query = &events_query_shape,
    .answer = &event_shape,
    .status = 200};

static struct http_answer answer;
static struct server server;
static int64_t account;

static int events_begin(void **state)
{
    (void)bed_open(state);
    account = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS);
    bed.settings.sync.default_time_zone = S("UTC");
    return 0;
}

#define T_EVENTS(name) cmocka_unit_test_setup_teardown(name, events_begin, bed_end)

static struct call call_with(Str query)
{
    struct call c = {
        .cx = t_cx(),
        .answer = &answer,
        .work.settings = &bed.settings,
        .work.worker = &bed.worker,
        .endpoint = &list,
        .who = {.provider = BED_PROVIDER, .mode = MODE_PROVIDER},
    };
    struct param *params;

    answer = (struct http_answer){0};
    t_cx()->deadline_ms = 0;
    bed.settings.public_url = S("https://cal.example");
    T_OK(url_query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

struct made {
    struct calendar_setting setting;
    int64_t id;
};

static Res made_insert(struct cx *cx, struct db *db, void *arg)
{
    struct made *m = arg;

    return calendar_settings_insert(cx, db, &m->setting, &m->id);
}

static int64_t setting_made(Str calendar, int switches)
{
    struct made m = {
        .setting = {.account = account, .calendar_id = calendar, .switches = switches}};

    T_OK(BED_WRITE(made_insert, &m));
    return m.id;
}

/* An event from tomorrow on for an hour. */
static Str event_json(Str id)
{
    struct arena *mem = &t_cx()->mem;
    struct buf b = {.mem = mem, .max = 1024};
    char text[DATETIME_TEXT_BYTES];
    int64_t start_s = (clock_now_ms() + CLOCK_DAY_MS) / 1000;

    buf_add(&b, S("{\"id\":\""));
    buf_add(&b, id);
    buf_add(&b, S("\",\"summary\":\"T\",\"start\":{\"dateTime\":\""));
    buf_add(&b, datetime_write(start_s, text));
    buf_add(&b, S("\"},\"end\":{\"dateTime\":\""));
    buf_add(&b, datetime_write(start_s + 3600, text));
    buf_add(&b, S("\"}}"));
    return buf_text(&b);
}

static struct step step_of(Str body)
{
    Str head = S("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: "
                 "close\r\n\r\n");

    return (struct step){str_cat(&t_cx()->mem, head, body), THEN_CLOSE};
}

static struct step page_of(Str items, Str more)
{
    struct arena *mem = &t_cx()->mem;
    Str body = str_cat(mem, S("{\"items\":["), str_cat(mem, items, S("]")));

    return step_of(str_cat(mem, body, str_cat(mem, more, S("}"))));
}

#define CALENDAR                                                                         \
    HTTP(                                                                                \
        "200 OK", "{\"id\":\"c\",\"summary\":\"N\",\"summaryOverride\":\"O\","           \
                  "\"primary\":true,\"timeZone\":\"Europe/Berlin\"}")

static Res run(struct call *c, const struct step *steps, size_t n)
{
    source_scripted(&server, SOURCE_GOOGLE, steps, n);
    Res res = events_list_run(c);

    testserver_stop(&server);
    return res;
}

static bool answer_has(Str part)
{
    return str_contains(answer.body, part);
}

TEST(test_events_are_asked_for_page_by_page)
{
    const struct step steps[] = {
        page_of(event_json(S("e1")), S(",\"nextPageToken\":\"P 2\"")),
        page_of(event_json(S("e2")), S("")), CALENDAR};
    struct call c = call_with(S(""));

    (void)setting_made(S("c"), SWITCH_SOURCE);
    T_OK(run(&c, steps, COUNT(steps)));
    T_INT(answer.status, 200);
    T_TRUE(str_starts(
        answer.body, S("{\"count\":2,\"next\":null,\"previous\":null,\"results\":[")));
    T_TRUE(answer_has(S("\"calendar_name\":\"O\",\"calendar_is_primary\":true,"
                        "\"calendar_timezone\":\"Europe/Berlin\"")));
    T_TRUE(str_contains(testserver_request(&server, 0), S("/calendars/c/events?")));
    T_TRUE(str_contains(testserver_request(&server, 0), S("summary")));
    T_TRUE(str_contains(testserver_request(&server, 1), S("&pageToken=P%202")));
    T_TRUE(str_contains(testserver_request(&server, 2), S("/calendarList/c?")));
}

/* A copy of the event "booking-7" with this key, which belongs to `user`. */
struct copy_kept {
    Str user;
    Str key;
    int64_t setting;
};

static Res copy_keep(struct cx *cx, struct db *db, void *arg)
{
    const struct copy_kept *kept = arg;
    const struct pushed_event e = {
        .owner = {BED_PROVIDER, MODE_PROVIDER, kept->user},
        .event_id = S("booking-7"),
        .rev = 1};
    struct pushed_copy copy = {
        .settings = kept->setting,
        .account = account,
        .source = SOURCE_GOOGLE,
        .key = kept->key,
        .want = COPY_WANT_WRITTEN,
        .status = COPY_WRITTEN};

    TRY(pushed_event_insert(cx, db, &e, &copy.event));
    return pushed_copy_insert(cx, db, &copy);
}

static Res owner_change(struct cx *cx, struct db *db, void *arg)
{
    const char *const *sql = arg;

    return db_script(cx, db, *sql);
}

/* A copy that was written for this owner is not busy, and says of which event it is; for
 * anybody else it is an event like all others. */
TEST(test_events_know_the_owner_s_copies)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    unsigned char key[EVENT_COPY_KEY_BYTES] = {0};
    const struct instance_keys *keys;
    struct buf id = {.mem = &t_cx()->mem, .max = 64};

    bed.worker.shared = shared_open();
    T_OK(shared_keys(t_cx(), bed.worker.shared, bed.store, bed.keyring, &keys));
    changes_owner_tag(keys, BED_PROVIDER, MODE_PROVIDER, S(""), key);
    buf_add(&id, S("cdk"));
    for (size_t bit = 0; bit < 8 * sizeof(key); bit += 5) {
        unsigned v = (unsigned)key[bit / 8] << 8
                     | (bit / 8 + 1 < sizeof(key) ? key[bit / 8 + 1] : 0);

        buf_add_char(&id, digits[v >> (11 - bit % 8) & 31]);
    }
    Str own = buf_text(&id);
    Str other = str_cat(&t_cx()->mem, S("cdk0"), str_sub(own, 4, own.n));
    Str both = str_cat(&t_cx()->mem, event_json(own), S(","));
    const struct step steps[] = {
        page_of(str_cat(&t_cx()->mem, both, event_json(other)), S("")), CALENDAR};
    struct call c = call_with(S(""));

    struct copy_kept kept = {
        .key = {(const char *)key, sizeof(key)},
        .setting = setting_made(S("c"), SWITCH_DESTINATION)};
    const char *another = "update pushed_events set user_id = 'amy'";

    T_OK(run(&c, steps, COUNT(steps)));
    T_TRUE(answer_has(S("\"count\":2,")));
    T_TRUE(answer_has(S("\"is_busy\":false")));
    T_TRUE(answer_has(S("\"is_busy\":true")) == !str_eq(own, other));
    T_TRUE(!answer_has(S("\"pushed_event_id\":\""))); /* nothing is known of it */
    T_OK(BED_WRITE(copy_keep, &kept));
    c = call_with(S(""));
    T_OK(run(&c, steps, COUNT(steps)));
    T_TRUE(answer_has(S("\"pushed_event_id\":\"booking-7\"")));
    T_TRUE(answer_has(S("\"pushed_event_id\":null")) == !str_eq(own, other));
    T_OK(BED_WRITE(owner_change, &another));
    c = call_with(S(""));
    T_OK(run(&c, steps, COUNT(steps)));
    T_TRUE(!answer_has(S("\"pushed_event_id\":\"")));
    shared_close(&bed.worker.shared);
}

TEST(test_events_of_no_calendar)
{
    struct call c = call_with(S(""));

    (void)setting_made(S("off"), SWITCH_ONLY_BUSY);
    T_OK(run(&c, NULL, 0));
    T_STR(answer.body, S("{\"count\":0,\"next\":null,\"previous\":null,\"results\":[]}"));
    T_INT(server.served, 0);
}

static Res hold_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return calendar_reads_hold(cx, db, account, clock_now_ms() + CLOCK_HOUR_MS, 1);
}

TEST(test_events_of_a_held_account_are_not_asked_for)
{
    struct call c = call_with(S(""));
    int64_t id = setting_made(S("c"), SWITCH_SOURCE);

    T_OK(BED_WRITE(hold_work, NULL));
    T_FAIL(FAIL_SOURCE_RATE_LIMITED, run(&c, NULL, 0));
    T_INT(server.served, 0);
    T_TRUE(c.work.retry_after_s > 3500 && c.work.retry_after_s <= 3600);
    T_TRUE(str_contains(c.hint, str_int(&t_cx()->mem, id)));
}

static Res held_work(struct cx *cx, struct db *db, void *arg)
{
    return calendar_reads_held_until(cx, db, account, arg);
}

static Res unhold_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_exec(cx, db, "update account_work set hold_until = 0", DB_NONE, NULL);
}

/* What is wrong with a calendar, by what its source says. Who is to leave an account
 * alone does so in the background, too. */
TEST(test_events_fail_as_their_source_does)
{
    static const struct {
        struct step first, second;
        int n;
        enum fail want;
    } rows[] = {
        /* clang-format off */
        {HTTP("404 No", "{}"), HTTP("404 No", "{}"), 2, FAIL_NOT_FOUND},
        {HTTP("404 No", "{}"), CALENDAR, 2, FAIL_SOURCE_ERROR},
        {HTTP("404 No", "{}"), HTTP("500 Oh", "{}"), 2, FAIL_SOURCE_UNAVAILABLE},
        {HTTP("410 Gone", "{}"), HTTP("410 Gone", "{}"), 2, FAIL_NOT_FOUND},
        {HTTP("200 OK", "{}"), HTTP("404 No", "{}"), 2, FAIL_NOT_FOUND},
        {HTTP("403 No", "{}"), HTTP("403 No", "{}"), 1, FAIL_PERMISSION_DENIED},
        {HTTP("429 Slow", "{}"), HTTP("429 Slow", "{}"), 1, FAIL_SOURCE_RATE_LIMITED},
        {HTTP("200 OK", "{\"items\":[{}]}"), CALENDAR, 1, FAIL_SOURCE_ERROR},
        {HTTP("403 No", "{\"error\":{\"errors\":[{\"reason\":\"insufficientPermissions\"}]}}"), CALENDAR, 1, FAIL_NEEDS_RECONNECT},
        /* last: the account isn't asked any more */
        {CALENDAR, CALENDAR, 0, FAIL_NEEDS_RECONNECT},
        /* clang-format on */
    };

    int64_t id = setting_made(S("c"), SWITCH_SOURCE);

    bed.worker.shared = shared_open();
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct step steps[] = {rows[i].first, rows[i].second};
        struct call c = call_with(S(""));

        print_message("  row %zu\n", i);
        T_FAIL(rows[i].want, run(&c, steps, COUNT(steps)));
        T_INT(server.served, rows[i].n);
        T_TRUE(str_contains(c.hint, str_int(&t_cx()->mem, id)));
        c.at_end(&c);
        T_INT(shared_events_room(bed.worker.shared)->taken, 0);
        int64_t held_ms = 0;

        T_OK(store_read(t_cx(), bed.store, held_work, &held_ms));
        T_INT(held_ms > 0, rows[i].want == FAIL_SOURCE_RATE_LIMITED);
        T_OK(BED_WRITE(unhold_work, NULL));
    }
    T_INT(account_now(account).status, ACCOUNT_NEEDS_RECONNECT);
    T_STR(account_now(account).status_reason, S("missing_scopes"));
    shared_close(&bed.worker.shared);
}

/* With so many bytes left of what all answers may take: how it ends, and what it has at
 * its end, which it gives back. */
static Res run_with_room(struct room_part *others, size_t left, size_t *taken)
{
    const struct step steps[] = {
        page_of(event_json(S("e1")), S(",\"nextPageToken\":\"P\"")),
        page_of(event_json(S("e2")), S("")), CALENDAR};
    struct call c = call_with(S(""));
    struct room *room = shared_events_room(bed.worker.shared);

    room_give(others, others->taken);
    T_TRUE(room_take(others, LIMIT_EVENTS_ALL_BYTES - left));
    Res res = run(&c, steps, COUNT(steps));

    T_TRUE(res.code == FAIL_NONE || c.hint.n == 0); /* no calendar is to blame */
    *taken = room->taken - others->taken;
    c.at_end(&c);
    T_INT(room->taken, others->taken);
    return res;
}

/* What all answers keep together, with the pages that are read for them, has an end:
 * before it the answer is whole, past it there is none. */
TEST(test_events_share_their_room)
{
    size_t least = 0;
    size_t most = LIMIT_EVENTS_BYTES;
    size_t kept;
    size_t taken;

    bed.worker.shared = shared_open();
    struct room_part others = {.room = shared_events_room(bed.worker.shared)};

    (void)setting_made(S("c"), SWITCH_SOURCE);
    T_OK(run_with_room(&others, most, &kept));
    T_TRUE(kept > 0);
    T_FAIL(FAIL_UNAVAILABLE, run_with_room(&others, least, &taken));
    T_INT(taken, 0);
    while (most - least > 1) { /* until the edge is between them */
        size_t left = least + (most - least) / 2;
        Res res = run_with_room(&others, left, &taken);

        T_TRUE(taken <= left);
        if (res.code == FAIL_NONE) {
            T_INT(taken, kept); /* the pages are gone */
            most = left;
        } else {
            T_INT(res.code, FAIL_UNAVAILABLE);
            least = left;
        }
    }
    T_TRUE(most > kept); /* a page counts while it is read */
    room_give(&others, others.taken);
    shared_close(&bed.worker.shared);
}

T_MAIN(
    T_EVENTS(test_events_are_asked_for_page_by_page),
    T_EVENTS(test_events_know_the_owner_s_copies), T_EVENTS(test_events_of_no_calendar),
    T_EVENTS(test_events_of_a_held_account_are_not_asked_for),
    T_EVENTS(test_events_fail_as_their_source_does),
    T_EVENTS(test_events_share_their_room))
