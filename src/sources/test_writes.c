/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_writes.c - requests about copies as they are sent, and answers as they are
 * understood.
 */
#include "base/buf.h"
#include "base/limits.h"
#include "sources/event_page.h"
#include "sources/sources_private.h"
#include "sources/testsource.h"
#include "sources/writes.h"

#define ANSWER(status, more, body)                                                       \
    {                                                                                    \
        SI("HTTP/1.1 " status "\r\nContent-Type: application/json\r\n" more              \
           "Connection: close\r\n\r\n" body),                                            \
            THEN_CLOSE                                                                   \
    }

/* The key 00 01 … 13, as each source has it. */
static const Str key = {
    "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13",
    20};

#define KEY_ID     "cdk000g40o40k30e209185go38e1s8124gj"
#define KEY_DIGITS "000102030405060708090a0b0c0d0e0f10111213"
#define PROPERTY   "String {6d1f0c1e-3c0b-4c53-9a3b-5e1f6a2d7c10} Name caldock"

static const struct write_place place = {.calendar_id = SI("a@b/c"), .id = SI("e/1=")};

static struct write_place keyed(void)
{
    struct write_place with_key = place;

    with_key.key = key;
    return with_key;
}

/* 2026-03-02T09:00:00Z to 10:30:00Z */
static const struct write_wish plain_wish = {
    .title = SI("Cut \"1\""),
    .start = 1772442000,
    .end = 1772447400,
    .reminder_minutes = -1,
};

static const struct write_wish full_wish = {
    .title = SI("Caf\xC3\xA9"),
    .description = SI("two\nlines"),
    .location = SI("Chair 2"),
    .is_all_day = true,
    .start = 20514, /* 2026-03-02 */
    .end = 20516,
    .is_free = true,
    .is_private = true,
    .reminder_minutes = LIMIT_REMINDER_MINUTES,
};

static bool asked(const struct bench *b, size_t i, Str part)
{
    return str_contains(testserver_request(&b->server, i), part);
}

/* Whether a request begins so, and has this body and no more. */
static bool is_request(const struct bench *b, size_t i, Str line, Str body)
{
    Str all = testserver_request(&b->server, i);

    if (!str_starts(all, line)
        || !str_ends(all, str_cat(&t_cx()->mem, S("\r\n\r\n"), body))) {
        print_error("%.*s\n", STR_ARG(all));
        return false;
    }
    return true;
}

static void check_written(
    const struct written *got, bool is_all_day, int64_t start, int64_t end)
{
    T_TRUE(!got->is_cancelled);
    T_INT(got->is_all_day, is_all_day);
    T_INT(got->start, start);
    T_INT(got->end, end);
}

/* Google. */

#define G_TIMES                                                                          \
    "\"start\":{\"dateTime\":\"2026-03-02T10:00:00+01:00\"},"                            \
    "\"end\":{\"dateTime\":\"2026-03-02T10:30:00.25Z\"}"
#define G_DAYS "\"start\":{\"date\":\"2026-03-02\"},\"end\":{\"date\":\"2026-03-04\"}"
#define G_EVENT(more)                                                                    \
    "{\"id\":\"" KEY_ID "\",\"status\":\"confirmed\","                                   \
    "\"htmlLink\":\"https://www.google.com/calendar/event?eid=x\"," more "}"
#define G_GONE   "{\"id\":\"" KEY_ID "\",\"status\":\"cancelled\"}"
#define G_FIELDS "fields=id,status,start,end,htmlLink"

TEST(test_write_create_asks_google)
{
    static const struct step steps[] = {
        ANSWER("200 OK", "", G_EVENT(G_TIMES)), ANSWER("200 OK", "", G_EVENT(G_DAYS))};
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    const struct write_place at = keyed();
    enum write_failure why = WRITE_QUOTA;
    struct written got;

    T_OK(write_create(t_cx(), &b->call, &at, &plain_wish, &got, &why));
    T_STR(got.id, S(KEY_ID));
    T_STR(got.link, S("https://www.google.com/calendar/event?eid=x"));
    check_written(&got, false, 1772442000, 1772447401);
    T_INT(why, WRITE_OTHER);
    T_OK(write_create(t_cx(), &b->call, &at, &full_wish, &got, &why));
    check_written(&got, true, 20514, 20516);
    bench_close(b);
    T_TRUE(is_request(
        b, 0,
        S("POST /v1.0/calendars/a%40b%2Fc/events?sendUpdates=none&" G_FIELDS
          " HTTP/1.1\r\n"),
        S("{\"id\":\"" KEY_ID "\",\"summary\":\"Cut \\\"1\\\"\","
          "\"start\":{\"dateTime\":\"2026-03-02T09:00:00Z\"},"
          "\"end\":{\"dateTime\":\"2026-03-02T10:30:00Z\"},"
          "\"transparency\":\"opaque\",\"visibility\":\"default\","
          "\"extendedProperties\":{\"private\":{\"caldock\":\"1\"}}}")));
    T_TRUE(asked(b, 0, S("\r\nAuthorization: Bearer secret\r\n")));
    T_TRUE(asked(b, 0, S("\r\nContent-Type: application/json\r\n")));
    T_TRUE(!asked(b, 0, S("Prefer:")));
    T_TRUE(is_request(
        b, 1, S("POST /v1.0/calendars/a%40b%2Fc/events?sendUpdates=none&"),
        S("{\"id\":\"" KEY_ID "\",\"summary\":\"Caf\xC3\xA9\","
          "\"description\":\"two\\nlines\",\"location\":\"Chair 2\","
          "\"start\":{\"date\":\"2026-03-02\"},\"end\":{\"date\":\"2026-03-04\"},"
          "\"transparency\":\"transparent\",\"visibility\":\"private\","
          "\"reminders\":{\"useDefault\":false,"
          "\"overrides\":[{\"method\":\"popup\",\"minutes\":40320}]},"
          "\"extendedProperties\":{\"private\":{\"caldock\":\"1\"}}}")));
}

TEST(test_write_update_asks_google)
{
    static const struct step steps[] = {
        ANSWER("200 OK", "", G_EVENT(G_TIMES)), ANSWER("200 OK", "", G_GONE)};
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    enum write_failure why;
    struct written got;

    T_OK(write_update(t_cx(), &b->call, &place, &plain_wish, &got, &why));
    check_written(&got, false, 1772442000, 1772447401);
    T_OK(write_update(t_cx(), &b->call, &place, &full_wish, &got, &why));
    T_TRUE(got.is_cancelled); /* it takes the patch, and stays deleted */
    T_STR(got.id, S(KEY_ID));
    T_STR(got.link, S(""));
    bench_close(b);
    T_TRUE(is_request(
        b, 0,
        S("PATCH /v1.0/calendars/a%40b%2Fc/events/e%2F1%3D?sendUpdates=none&" G_FIELDS
          " HTTP/1.1\r\n"),
        S("{\"summary\":\"Cut \\\"1\\\"\",\"description\":\"\",\"location\":\"\","
          "\"start\":{\"dateTime\":\"2026-03-02T09:00:00Z\",\"date\":null},"
          "\"end\":{\"dateTime\":\"2026-03-02T10:30:00Z\",\"date\":null},"
          "\"transparency\":\"opaque\",\"visibility\":\"default\"}")));
    T_TRUE(is_request(
        b, 1, S("PATCH /v1.0/calendars/a%40b%2Fc/events/e%2F1%3D?"),
        S("{\"summary\":\"Caf\xC3\xA9\",\"description\":\"two\\nlines\","
          "\"location\":\"Chair 2\","
          "\"start\":{\"date\":\"2026-03-02\",\"dateTime\":null},"
          "\"end\":{\"date\":\"2026-03-04\",\"dateTime\":null},"
          "\"transparency\":\"transparent\",\"visibility\":\"private\"}")));
}

TEST(test_write_look_and_find_ask_google_by_the_id)
{
    static const struct step steps[] = {
        ANSWER("200 OK", "", G_EVENT(G_TIMES)), ANSWER("200 OK", "", G_EVENT(G_DAYS)),
        ANSWER("404 No", "", "")};
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    const struct write_place at = keyed();
    enum write_failure why;
    struct written got;

    T_OK(write_look(t_cx(), &b->call, &at, &got, &why));
    T_OK(write_find(t_cx(), &b->call, &at, &got, &why));
    check_written(&got, true, 20514, 20516);
    T_FAIL(FAIL_NOT_FOUND, write_find(t_cx(), &b->call, &at, &got, &why));
    bench_close(b);
    T_TRUE(is_request(
        b, 0,
        S("GET /v1.0/calendars/a%40b%2Fc/events/e%2F1%3D?" G_FIELDS " HTTP/1.1\r\n"),
        S("")));
    T_TRUE(is_request(
        b, 1,
        S("GET /v1.0/calendars/a%40b%2Fc/events/" KEY_ID "?" G_FIELDS " HTTP/1.1\r\n"),
        S("")));
    T_TRUE(!asked(b, 0, S("Content-Type:")));
}

TEST(test_write_remove_asks_google)
{
    static const struct step steps[] = {
        ANSWER("204 No Content", "", ""), ANSWER("200 OK", "", "{}"),
        ANSWER("404 No", "", ""), ANSWER("410 No", "", ""), ANSWER("403 No", "", "")};
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    enum write_failure why;

    for (size_t i = 0; i < 4; i++) {
        T_OK(write_remove(t_cx(), &b->call, &place, &why));
    }
    T_FAIL(FAIL_PERMISSION_DENIED, write_remove(t_cx(), &b->call, &place, &why));
    bench_close(b);
    T_TRUE(is_request(
        b, 0,
        S("DELETE /v1.0/calendars/a%40b%2Fc/events/e%2F1%3D?sendUpdates=none "
          "HTTP/1.1\r\n"),
        S("")));
}

/* Microsoft. */

#define M_EVENT(more)                                                                    \
    "{\"id\":\"AAk=\",\"isAllDay\":false,\"isCancelled\":false,"                         \
    "\"webLink\":\"https://outlook.office365.com/owa/?itemid=x\","                       \
    "\"start\":{\"dateTime\":\"2026-03-02T09:00:00.0000000\",\"timeZone\":\"UTC\"},"     \
    "\"end\":{\"dateTime\":\"2026-03-02T10:30:00.2500000\",\"timeZone\":\"UTC\"}" more   \
    "}"
#define M_DAYS                                                                           \
    "{\"id\":\"AAk=\",\"isAllDay\":true,"                                                \
    "\"start\":{\"dateTime\":\"2026-03-02T00:00:00.0000000\",\"timeZone\":\"UTC\"},"     \
    "\"end\":{\"dateTime\":\"2026-03-04T00:00:00.0000000\",\"timeZone\":\"UTC\"}}"
#define M_SELECT "$select=id,start,end,isAllDay,isCancelled,webLink"

static void check_preferences(const struct bench *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        T_TRUE(asked(b, i, S("\r\nPrefer: IdType=\"ImmutableId\"\r\n")));
        T_TRUE(asked(b, i, S("\r\nPrefer: outlook.timezone=\"UTC\"\r\n")));
        T_TRUE(asked(b, i, S("\r\nAuthorization: Bearer secret\r\n")));
    }
}

TEST(test_write_create_asks_microsoft)
{
    static const struct step steps[] = {
        ANSWER("201 Created", "", M_EVENT("")), ANSWER("201 Created", "", M_DAYS)};
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    const struct write_place at = keyed();
    enum write_failure why;
    struct written got;

    T_OK(write_create(t_cx(), &b->call, &at, &plain_wish, &got, &why));
    T_STR(got.id, S("AAk="));
    T_STR(got.link, S("https://outlook.office365.com/owa/?itemid=x"));
    check_written(&got, false, 1772442000, 1772447401);
    T_OK(write_create(t_cx(), &b->call, &at, &full_wish, &got, &why));
    T_STR(got.link, S(""));
    check_written(&got, true, 20514, 20516);
    bench_close(b);
    check_preferences(b, 2);
    T_TRUE(asked(b, 0, S("\r\nContent-Type: application/json\r\n")));
    T_TRUE(is_request(
        b, 0, S("POST /v1.0/me/calendars/a%40b%2Fc/events HTTP/1.1\r\n"),
        S("{\"subject\":\"Cut \\\"1\\\"\","
          "\"start\":{\"dateTime\":\"2026-03-02T09:00:00\",\"timeZone\":\"UTC\"},"
          "\"end\":{\"dateTime\":\"2026-03-02T10:30:00\",\"timeZone\":\"UTC\"},"
          "\"isAllDay\":false,\"showAs\":\"busy\",\"sensitivity\":\"normal\","
          "\"transactionId\":\"cdk-" KEY_DIGITS "\","
          "\"singleValueExtendedProperties\":[{\"id\":\"" PROPERTY "\","
          "\"value\":\"" KEY_DIGITS "\"}]}")));
    T_TRUE(is_request(
        b, 1, S("POST /v1.0/me/calendars/a%40b%2Fc/events HTTP/1.1\r\n"),
        S("{\"subject\":\"Caf\xC3\xA9\","
          "\"body\":{\"contentType\":\"text\",\"content\":\"two\\nlines\"},"
          "\"location\":{\"displayName\":\"Chair 2\"},"
          "\"start\":{\"dateTime\":\"2026-03-02T00:00:00\",\"timeZone\":\"UTC\"},"
          "\"end\":{\"dateTime\":\"2026-03-04T00:00:00\",\"timeZone\":\"UTC\"},"
          "\"isAllDay\":true,\"showAs\":\"free\",\"sensitivity\":\"private\","
          "\"isReminderOn\":true,\"reminderMinutesBeforeStart\":40320,"
          "\"transactionId\":\"cdk-" KEY_DIGITS "\","
          "\"singleValueExtendedProperties\":[{\"id\":\"" PROPERTY "\","
          "\"value\":\"" KEY_DIGITS "\"}]}")));
}

TEST(test_write_update_asks_microsoft)
{
    static const struct step steps[] = {
        ANSWER("200 OK", "", M_EVENT("")), ANSWER("200 OK", "", M_DAYS)};
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    enum write_failure why;
    struct written got;

    T_OK(write_update(t_cx(), &b->call, &place, &plain_wish, &got, &why));
    T_OK(write_update(t_cx(), &b->call, &place, &full_wish, &got, &why));
    bench_close(b);
    check_preferences(b, 2);
    T_TRUE(is_request(
        b, 0, S("PATCH /v1.0/me/events/e%2F1%3D HTTP/1.1\r\n"),
        S("{\"subject\":\"Cut \\\"1\\\"\","
          "\"body\":{\"contentType\":\"text\",\"content\":\"\"},"
          "\"location\":{\"displayName\":\"\"},"
          "\"start\":{\"dateTime\":\"2026-03-02T09:00:00\",\"timeZone\":\"UTC\"},"
          "\"end\":{\"dateTime\":\"2026-03-02T10:30:00\",\"timeZone\":\"UTC\"},"
          "\"isAllDay\":false,\"showAs\":\"busy\",\"sensitivity\":\"normal\"}")));
    T_TRUE(is_request(
        b, 1, S("PATCH /v1.0/me/events/e%2F1%3D HTTP/1.1\r\n"),
        S("{\"subject\":\"Caf\xC3\xA9\","
          "\"body\":{\"contentType\":\"text\",\"content\":\"two\\nlines\"},"
          "\"location\":{\"displayName\":\"Chair 2\"},"
          "\"start\":{\"dateTime\":\"2026-03-02T00:00:00\",\"timeZone\":\"UTC\"},"
          "\"end\":{\"dateTime\":\"2026-03-04T00:00:00\",\"timeZone\":\"UTC\"},"
          "\"isAllDay\":true,\"showAs\":\"free\",\"sensitivity\":\"private\"}")));
}

TEST(test_write_look_and_remove_ask_microsoft)
{
    static const struct step steps[] = {
        ANSWER("200 OK", "", M_EVENT("")),
        ANSWER("200 OK", "", "{\"id\":\"AAk=\",\"isCancelled\":true}"),
        ANSWER("204 No Content", "", ""),
        ANSWER("404 No", "", "{\"error\":{\"code\":\"ErrorItemNotFound\"}}"),
        ANSWER("500 No", "", ""),
    };
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    enum write_failure why;
    struct written got;

    T_OK(write_look(t_cx(), &b->call, &place, &got, &why));
    check_written(&got, false, 1772442000, 1772447401);
    T_OK(write_look(t_cx(), &b->call, &place, &got, &why));
    T_TRUE(got.is_cancelled);
    T_OK(write_remove(t_cx(), &b->call, &place, &why));
    T_OK(write_remove(t_cx(), &b->call, &place, &why));
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, write_remove(t_cx(), &b->call, &place, &why));
    bench_close(b);
    check_preferences(b, 5);
    T_TRUE(is_request(
        b, 0, S("GET /v1.0/me/events/e%2F1%3D?" M_SELECT " HTTP/1.1\r\n"), S("")));
    T_TRUE(is_request(b, 2, S("DELETE /v1.0/me/events/e%2F1%3D HTTP/1.1\r\n"), S("")));
}

TEST(test_write_find_asks_microsoft_for_the_property)
{
    static const struct step steps[] = {
        ANSWER("200 OK", "", "{\"value\":[" M_EVENT("") "," M_DAYS "]}"),
        ANSWER("200 OK", "", "{\"value\":[]}"),
        ANSWER("200 OK", "", "{\"value\":[],\"@odata.nextLink\":\"https://x/\"}"),
        ANSWER("200 OK", "", "{\"value\":7}"),
        ANSWER("200 OK", "", "{}"),
        ANSWER("200 OK", "", "{\"value\":[7]}"),
        ANSWER("200 OK", "", "no json"),
        ANSWER("404 No", "", ""),
    };

    static const enum fail want[] = {
        FAIL_NOT_FOUND,    FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR,
        FAIL_SOURCE_ERROR, FAIL_SOURCE_ERROR, FAIL_NOT_FOUND};
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    const struct write_place at = keyed();
    enum write_failure why;
    struct written got;

    T_OK(write_find(t_cx(), &b->call, &at, &got, &why));
    check_written(&got, false, 1772442000, 1772447401);
    for (size_t i = 0; i < COUNT(want); i++) {
        got.start = 77;
        T_FAIL(want[i], write_find(t_cx(), &b->call, &at, &got, &why));
        T_INT(why, WRITE_OTHER);
        T_INT(got.start, 77);
    }
    bench_close(b);
    check_preferences(b, 1);
    T_TRUE(is_request(
        b, 0,
        S("GET /v1.0/me/calendars/a%40b%2Fc/events?$filter="
          "singleValueExtendedProperties%2FAny%28ep%3A%20ep%2Fid%20eq%20%27"
          "String%20%7B6d1f0c1e-3c0b-4c53-9a3b-5e1f6a2d7c10%7D%20Name%20caldock"
          "%27%20and%20ep%2Fvalue%20eq%20%27" KEY_DIGITS "%27%29&" M_SELECT
          " HTTP/1.1\r\n"),
        S("")));
}

/* Failures. */

#define GOOGLE_ERROR(reason)  "{\"error\":{\"errors\":[{\"reason\":\"" reason "\"}]}}"
#define MICROSOFT_ERROR(code) "{\"error\":{\"code\":\"" code "\"}}"

struct refusal {
    struct step step;
    enum fail kind;
    enum write_failure why;
    Str scope;
};

/* Each by a creation, which leaves its result alone. */
static void check_refusals(enum source_id source, const struct refusal *rows, size_t n)
{
    const struct write_place at = keyed();

    for (size_t i = 0; i < n; i++) {
        struct bench *b = bench_open(source, &rows[i].step, 1);
        struct written got = {.start = 77};
        enum write_failure why = WRITE_QUOTA;

        print_message("  %.*s\n", STR_ARG(rows[i].step.send));
        b->call.scope = rows[i].scope;
        T_FAIL(
            rows[i].kind, write_create(t_cx(), &b->call, &at, &plain_wish, &got, &why));
        T_INT(why, rows[i].why);
        T_INT(got.start, 77);
        T_INT(
            b->call.retry_after_s,
            str_contains(rows[i].step.send, S("Retry-After: 7")) ? 7 : -1);
        bench_close(b);
    }
}

#define WAIT "Retry-After: 7\r\n"

/* What every source has. */
#define ANY_REFUSALS                                                                     \
    /* clang-format off */                                                               \
    {ANSWER("401 No", "", ""), FAIL_TOKEN_REFUSED, WRITE_OTHER},                         \
    {ANSWER("403 No", "", ""), FAIL_PERMISSION_DENIED, WRITE_OTHER},                     \
    {ANSWER("404 No", "", ""), FAIL_NOT_FOUND, WRITE_OTHER},                             \
    {ANSWER("410 No", "", ""), FAIL_NOT_FOUND, WRITE_OTHER},                             \
    {ANSWER("429 No", WAIT, ""), FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},                 \
    {ANSWER("429 No", "", "no json"), FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},            \
    {ANSWER("400 No", "", ""), FAIL_SOURCE_ERROR, WRITE_REFUSED},                        \
    {ANSWER("409 No", "", ""), FAIL_SOURCE_ERROR, WRITE_REFUSED},                        \
    {ANSWER("413 No", "", ""), FAIL_SOURCE_ERROR, WRITE_REFUSED},                        \
    {ANSWER("422 No", "", ""), FAIL_SOURCE_ERROR, WRITE_REFUSED},                        \
    {ANSWER("499 No", "", ""), FAIL_SOURCE_ERROR, WRITE_REFUSED},                        \
    {ANSWER("302 No", "Location: /\r\n", ""), FAIL_SOURCE_ERROR, WRITE_OTHER},           \
    {ANSWER("500 No", "", ""), FAIL_SOURCE_UNAVAILABLE, WRITE_OTHER},                    \
    {ANSWER("500 No", WAIT, ""), FAIL_SOURCE_UNAVAILABLE, WRITE_OTHER},                  \
    {ANSWER("503 No", "", ""), FAIL_SOURCE_UNAVAILABLE, WRITE_OTHER},                    \
    {ANSWER("200 OK", "", "no json"), FAIL_SOURCE_ERROR, WRITE_OTHER},                   \
    {ANSWER("200 OK", "", ""), FAIL_SOURCE_ERROR, WRITE_OTHER},                          \
    {ANSWER("200 OK", "", "[]"), FAIL_SOURCE_ERROR, WRITE_OTHER},                        \
    {ANSWER("200 OK", "", "{}"), FAIL_SOURCE_ERROR, WRITE_OTHER},                        \
    {ANSWER("200 OK", "", "{\"id\":\"x\"}"), FAIL_SOURCE_ERROR, WRITE_OTHER},            \
    {{SI(""), THEN_CLOSE}, FAIL_SOURCE_UNAVAILABLE, WRITE_OTHER}
/* clang-format on */

#define G_403(reason) ANSWER("403 No", "", GOOGLE_ERROR(reason))

TEST(test_writes_say_why_google_refuses)
{
    static const struct refusal rows[] = {
        ANY_REFUSALS,
        /* clang-format off */
        {G_403("rateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
        {G_403("userRateLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
        {G_403("quotaExceeded"), FAIL_SOURCE_RATE_LIMITED, WRITE_QUOTA},
        {G_403("calendarUsageLimitsExceeded"), FAIL_SOURCE_RATE_LIMITED, WRITE_QUOTA},
        {G_403("dailyLimitExceeded"), FAIL_SOURCE_RATE_LIMITED, WRITE_QUOTA},
        {G_403("insufficientPermissions"), FAIL_MISSING_SCOPES, WRITE_OTHER},
        {G_403("accessNotConfigured"), FAIL_SOURCE_MISCONFIGURED, WRITE_OTHER},
        {G_403("requiredAccessLevel"), FAIL_PERMISSION_DENIED, WRITE_OTHER},
        {G_403("quotaExceeded\\u0000"), FAIL_PERMISSION_DENIED, WRITE_OTHER},
        {ANSWER("400 No", "", GOOGLE_ERROR("quotaExceeded")), FAIL_SOURCE_ERROR, WRITE_REFUSED},
        {ANSWER("401 No", "", GOOGLE_ERROR("authError")), FAIL_TOKEN_REFUSED, WRITE_OTHER},
        {ANSWER("409 No", "", GOOGLE_ERROR("duplicate")), FAIL_CONFLICT, WRITE_EXISTS},
        {ANSWER("409 No", "", GOOGLE_ERROR("conflict")), FAIL_SOURCE_ERROR, WRITE_REFUSED},
        {ANSWER("410 No", "", GOOGLE_ERROR("deleted")), FAIL_NOT_FOUND, WRITE_OTHER},
        {ANSWER("503 No", WAIT, ""), FAIL_SOURCE_UNAVAILABLE, WRITE_OTHER},
        {ANSWER("200 OK", "", "{\"status\":\"cancelled\"}"), FAIL_SOURCE_ERROR, WRITE_OTHER},
        {ANSWER("200 OK", "", "{\"id\":\"..\"," G_TIMES "}"), FAIL_SOURCE_ERROR, WRITE_OTHER},
        {ANSWER("200 OK", "", "{\"id\":\"a\\u0001\"," G_TIMES "}"), FAIL_SOURCE_ERROR, WRITE_OTHER},
        {ANSWER("200 OK", "", "{\"id\":\"a\\ud800\"," G_TIMES "}"), FAIL_SOURCE_ERROR, WRITE_OTHER},
        {ANSWER("200 OK", "", G_EVENT("\"start\":{\"date\":\"2026-03-02\"}")), FAIL_SOURCE_ERROR, WRITE_OTHER},
        {ANSWER("200 OK", "", GOOGLE_ERROR("quotaExceeded")), FAIL_SOURCE_ERROR, WRITE_OTHER},
        /* clang-format on */
    };

    check_refusals(SOURCE_GOOGLE, rows, COUNT(rows));
}

#define M_403 ANSWER("403 No", "", MICROSOFT_ERROR("ErrorAccessDenied"))

TEST(test_writes_say_why_microsoft_refuses)
{
    static const struct refusal rows[] = {
        ANY_REFUSALS,
        /* clang-format off */
        {ANSWER("400 No", WAIT, MICROSOFT_ERROR("ApplicationThrottled")), FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
        {ANSWER("403 No", "", MICROSOFT_ERROR("activityLimitReached")), FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
        {ANSWER("409 No", "", MICROSOFT_ERROR("ErrorDuplicateTransactionId")), FAIL_CONFLICT, WRITE_EXISTS},
        {ANSWER("400 No", "", MICROSOFT_ERROR("ErrorDuplicateTransactionId")), FAIL_CONFLICT, WRITE_EXISTS},
        {ANSWER("409 No", "", MICROSOFT_ERROR("ErrorIrresolvableConflict")), FAIL_SOURCE_ERROR, WRITE_REFUSED},
        {ANSWER("404 No", "", MICROSOFT_ERROR("ErrorItemNotFound")), FAIL_NOT_FOUND, WRITE_OTHER},
        {M_403, FAIL_MISSING_SCOPES, WRITE_OTHER},
        {M_403, FAIL_MISSING_SCOPES, WRITE_OTHER, SI("User.Read Calendars.Read")},
        {M_403, FAIL_PERMISSION_DENIED, WRITE_OTHER, SI("User.Read Calendars.ReadWrite")},
        {M_403, FAIL_PERMISSION_DENIED, WRITE_OTHER, SI("https://graph.microsoft.com/calendars.readwrite.shared")},
        {ANSWER("403 No", "", MICROSOFT_ERROR("accessDenied")), FAIL_MISSING_SCOPES, WRITE_OTHER},
        {ANSWER("403 No", "", MICROSOFT_ERROR("other")), FAIL_PERMISSION_DENIED, WRITE_OTHER},
        {ANSWER("503 No", WAIT, ""), FAIL_SOURCE_RATE_LIMITED, WRITE_OTHER},
        {ANSWER("504 No", WAIT, ""), FAIL_SOURCE_UNAVAILABLE, WRITE_OTHER},
        {ANSWER("201 OK", "", "{\"isCancelled\":true}"), FAIL_SOURCE_ERROR, WRITE_OTHER},
        /* clang-format on */
    };

    check_refusals(SOURCE_MICROSOFT, rows, COUNT(rows));
}

/* Limits. */

static Str text_of(size_t n)
{
    struct buf b = {.mem = &t_cx()->mem, .max = n};

    for (size_t i = 0; i < n; i++) {
        buf_add_char(&b, 'a');
    }
    return buf_text(&b);
}

static struct step answer_with(Str id, Str link)
{
    struct buf b = {.mem = &t_cx()->mem, .max = 16 * 1024};

    buf_add(&b, S("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"id\":\""));
    buf_add(&b, id);
    buf_add(&b, S("\",\"htmlLink\":\""));
    buf_add(&b, link);
    buf_add(&b, S("\"," G_TIMES "}"));
    return (struct step){buf_text(&b), THEN_CLOSE};
}

TEST(test_writes_take_ids_and_links_up_to_their_limits)
{
    const Str https = S("https://h/");
    Str link = text_of(LIMIT_EVENT_LINK_BYTES - https.n);
    const struct step steps[] = {
        answer_with(text_of(LIMIT_EVENT_ID_BYTES), str_cat(&t_cx()->mem, https, link)),
        answer_with(S("b"), str_cat(&t_cx()->mem, https, text_of(link.n + 1))),
        answer_with(S("c"), S("http://h/")),
        answer_with(text_of(LIMIT_EVENT_ID_BYTES + 1), S("")),
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    struct write_place at = {
        .calendar_id = text_of(LIMIT_CALENDAR_ID_BYTES),
        .id = text_of(LIMIT_EVENT_ID_BYTES)};
    enum write_failure why;
    struct written got;

    T_OK(write_look(t_cx(), &b->call, &at, &got, &why));
    T_STR(got.id, at.id);
    T_INT(got.link.n, LIMIT_EVENT_LINK_BYTES);
    T_OK(write_look(t_cx(), &b->call, &at, &got, &why));
    T_STR(got.link, S(""));
    T_OK(write_look(t_cx(), &b->call, &at, &got, &why));
    T_STR(got.link, S(""));
    T_FAIL(FAIL_SOURCE_ERROR, write_look(t_cx(), &b->call, &at, &got, &why));
    bench_close(b);
}

TEST(test_writes_ask_nobody_about_what_no_path_carries)
{
    const struct write_place places[] = {
        {S("c"), key, S("")},
        {S("c"), key, S(".")},
        {S("c"), key, S("..")},
        {S("c"), key, S("a\nb")},
        {S("c"), key, S("\xFF")},
        {S("c"), key, text_of(LIMIT_EVENT_ID_BYTES + 1)},
        {S(""), key, S("e")},
        {S(".."), key, S("e")},
        {text_of(LIMIT_CALENDAR_ID_BYTES + 1), key, S("e")},
    };
    enum write_failure why;
    struct written got;

    for (int id = 1; id <= SOURCE_COUNT; id++) {
        struct bench *b = bench_open((enum source_id)id, NULL, 0);

        for (size_t i = 0; i < COUNT(places); i++) {
            const struct write_place *at = &places[i];

            why = WRITE_QUOTA;
            T_FAIL(FAIL_SOURCE_ERROR, write_look(t_cx(), &b->call, at, &got, &why));
            T_INT(why, WRITE_OTHER);
            T_FAIL(FAIL_SOURCE_ERROR, write_remove(t_cx(), &b->call, at, &why));
            T_FAIL(
                FAIL_SOURCE_ERROR,
                write_update(t_cx(), &b->call, at, &plain_wish, &got, &why));
        }
        for (size_t i = 6; i < COUNT(places); i++) { /* those without a calendar */
            const struct write_place *at = &places[i];

            T_FAIL(FAIL_SOURCE_ERROR, write_find(t_cx(), &b->call, at, &got, &why));
            T_FAIL(
                FAIL_SOURCE_ERROR,
                write_create(t_cx(), &b->call, at, &plain_wish, &got, &why));
        }
        bench_close(b);
    }
}

TEST(test_writes_refuse_what_no_request_can_say)
{
    static const struct write_wish odd[] = {
        {.title = SI("\xFF")},
        {.title = SI("t"), .description = SI("\xC3")},
        {.title = SI("t"), .location = SI("\xED\xA0\x80")},
        {.title = SI("t"), .start = -1},
        {.title = SI("t"), .start = 2, .end = 1},
        {.title = SI("t"), .end = INT64_C(253402300800)},
        {.title = SI("t"), .is_all_day = true, .end = 2932897},
        {.title = SI("t"), .reminder_minutes = LIMIT_REMINDER_MINUTES + 1},
    };
    static const struct write_wish last[] = {
        {.title = SI("t"), .end = INT64_C(253402300799), .reminder_minutes = -1},
        {.title = SI("t"), .is_all_day = true, .end = 2932896},
    };
    static const struct step steps[] = {
        ANSWER("200 OK", "", M_EVENT("")), ANSWER("200 OK", "", M_EVENT(""))};
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    const struct write_place at = keyed();
    enum write_failure why;
    struct written got;

    for (size_t i = 0; i < COUNT(odd); i++) {
        why = WRITE_OTHER;
        T_FAIL(
            FAIL_SOURCE_ERROR, write_create(t_cx(), &b->call, &at, &odd[i], &got, &why));
        T_INT(why, WRITE_REFUSED);
    }
    for (size_t i = 0; i < COUNT(last); i++) {
        T_OK(write_create(t_cx(), &b->call, &at, &last[i], &got, &why));
    }
    bench_close(b);
    T_TRUE(asked(b, 0, S("\"dateTime\":\"9999-12-31T23:59:59\"")));
    T_TRUE(asked(b, 1, S("\"dateTime\":\"9999-12-31T00:00:00\"")));
    T_TRUE(asked(b, 1, S("\"reminderMinutesBeforeStart\":0")));
}

/* Keys. */

static Str key_read(const struct event_words *words, const char *member, Str text)
{
    CLEANUP(j_done)
    json_t *item = json_pack(
        "{ss s{ss} s{ss} ss%}", "id", "x", "start", "date", "2026-03-02", "end", "date",
        "2026-03-03", member, text.p, text.n);
    struct event_zones zones = {.n = 0};
    struct event_item event;

    json_object_set_new(item, "isCancelled", json_true()); /* its times don't matter */
    T_OK(event_item_read(t_cx(), words, &zones, item, &event));
    return event.copy_key;
}

TEST(test_write_id_of_key_is_what_reading_events_knows)
{
    char bytes[EVENT_COPY_KEY_BYTES];
    const Str any = {bytes, sizeof(bytes)};

    T_STR(write_id_of_key(&t_cx()->mem, SOURCE_GOOGLE, key), S(KEY_ID));
    T_STR(write_id_of_key(&t_cx()->mem, SOURCE_MICROSOFT, key), S(""));
    for (unsigned seed = 0; seed < 256; seed++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (char)(seed * (i + 1) + i * (seed & 1));
        }
        Str id = write_id_of_key(&t_cx()->mem, SOURCE_GOOGLE, any);
        Str transaction = microsoft_copy_transaction(&t_cx()->mem, any);

        T_INT(id.n, 35);
        T_INT(transaction.n, 44);
        T_STR(key_read(&google_events.words, "id", id), any);
        T_STR(key_read(&microsoft_events.words, "transactionId", transaction), any);
    }
}

T_MAIN(
    T(test_write_create_asks_google), T(test_write_update_asks_google),
    T(test_write_look_and_find_ask_google_by_the_id), T(test_write_remove_asks_google),
    T(test_write_create_asks_microsoft), T(test_write_update_asks_microsoft),
    T(test_write_look_and_remove_ask_microsoft),
    T(test_write_find_asks_microsoft_for_the_property),
    T(test_writes_say_why_google_refuses), T(test_writes_say_why_microsoft_refuses),
    T(test_writes_take_ids_and_links_up_to_their_limits),
    T(test_writes_ask_nobody_about_what_no_path_carries),
    T(test_writes_refuse_what_no_request_can_say),
    T(test_write_id_of_key_is_what_reading_events_knows))
