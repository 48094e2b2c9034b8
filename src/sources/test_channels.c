/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_channels.c - requests about channels as they are sent, and answers as they are
 * understood.
 */
#include "base/limits.h"
#include "sources/channels.h"
#include "sources/testsource.h"

#define ANSWER(status, more, body)                                                       \
    {                                                                                    \
        SI("HTTP/1.1 " status "\r\nContent-Type: application/json\r\n" more              \
           "Connection: close\r\n\r\n" body),                                            \
            THEN_CLOSE                                                                   \
    }

static const struct channel_wish wish = {
    .calendar_id = SI("a@b"),
    .id = SI("cdk-1"),
    .address = SI("https://caldock.example/notify/x"),
    .token = SI("TOKEN"),
    .until_ms = INT64_C(1774656000000), /* 2026-03-28T00:00:00Z */
};

static bool asked(const struct bench *b, size_t i, Str part)
{
    return str_contains(testserver_request(&b->server, i), part);
}

TEST(test_channel_make_asks_google)
{
    static const struct step steps[] = {ANSWER(
        "200 OK", "",
        "{\"id\":\"cdk-1\",\"resourceId\":\"res/1\",\"expiration\":\"1774656000123\"}")};
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    struct channel c;
    enum channel_failure why;

    T_TRUE(!channel_is_renewable(&b->call));
    T_OK(channel_make(t_cx(), &b->call, &wish, &c, &why));
    T_STR(c.id, S("cdk-1"));
    T_STR(c.resource_id, S("res/1"));
    T_INT(c.until_ms, INT64_C(1774656000123));
    bench_close(b);
    T_TRUE(asked(b, 0, S("POST /v1.0/calendars/a%40b/events/watch HTTP/1.1\r\n")));
    T_TRUE(asked(b, 0, S("Authorization: Bearer secret")));
    T_TRUE(asked(
        b, 0,
        S("{\"id\":\"cdk-1\",\"type\":\"web_hook\","
          "\"address\":\"https://caldock.example/notify/x\",\"token\":\"TOKEN\","
          "\"params\":{\"ttl\":\"604800\"}}")));
}

TEST(test_channel_make_asks_microsoft)
{
    static const struct step steps[] = {
        ANSWER(
            "201 Created", "",
            "{\"id\":\"sub\",\"expirationDateTime\":\"2026-03-28T00:00:00.5000000Z\"}"),
        ANSWER(
            "200 OK", "",
            "{\"id\":\"sub\",\"expirationDateTime\":\"2026-03-29T00:00:00Z\"}"),
        ANSWER("204 No Content", "", ""),
    };
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    struct channel c;
    enum channel_failure why;

    T_TRUE(channel_is_renewable(&b->call));
    T_OK(channel_make(t_cx(), &b->call, &wish, &c, &why));
    T_STR(c.id, S("sub"));
    T_STR(c.resource_id, S(""));
    T_INT(c.until_ms, INT64_C(1774656000500));
    T_OK(channel_renew(t_cx(), &b->call, &c, INT64_C(1774742400000), &why));
    T_INT(c.until_ms, INT64_C(1774742400000));
    T_OK(channel_end(t_cx(), &b->call, &c));
    bench_close(b);
    T_TRUE(asked(b, 0, S("POST /v1.0/subscriptions HTTP/1.1\r\n")));
    T_TRUE(asked(
        b, 0,
        S("{\"changeType\":\"created,updated,deleted\","
          "\"resource\":\"/me/calendars/a@b/events\","
          "\"notificationUrl\":\"https://caldock.example/notify/x\","
          "\"lifecycleNotificationUrl\":\"https://caldock.example/notify/x\","
          "\"clientState\":\"TOKEN\",\"expirationDateTime\":\"2026-03-28T00:00:00Z\"}")));
    T_TRUE(asked(b, 1, S("PATCH /v1.0/subscriptions/sub HTTP/1.1\r\n")));
    T_TRUE(asked(b, 1, S("{\"expirationDateTime\":\"2026-03-29T00:00:00Z\"}")));
    T_TRUE(asked(b, 2, S("DELETE /v1.0/subscriptions/sub HTTP/1.1\r\n")));
}

#define GOOGLE_ERROR(reason) "{\"error\":{\"errors\":[{\"reason\":\"" reason "\"}]}}"

TEST(test_channel_make_says_why_google_refuses)
{
    static const struct step steps[] = {
        ANSWER("401 No", "", GOOGLE_ERROR("webhookUrlUnauthorized")),
        ANSWER("401 No", "", GOOGLE_ERROR("push.webhookUrlUnauthorized")),
        ANSWER("400 No", "", GOOGLE_ERROR("push.webhookUrlNotHttps")),
        ANSWER("401 No", "", GOOGLE_ERROR("authError")),
        ANSWER("400 No", "", GOOGLE_ERROR("pushNotSupportedForRequestedResource")),
        ANSWER("403 No", "", GOOGLE_ERROR("rateLimitExceeded")),
        ANSWER("429 No", "Retry-After: 7\r\n", "{}"),
        ANSWER("403 No", "", GOOGLE_ERROR("forbidden")),
        ANSWER("500 No", "", ""),
        ANSWER("503 No", "Retry-After: 7\r\n", ""),
        ANSWER("200 OK", "", "{\"id\":\"cdk-1\",\"resourceId\":\"r\"}"),
        ANSWER("200 OK", "", "{\"id\":\"cdk-1\",\"expiration\":\"1\"}"),
        ANSWER("200 OK", "", "no json"),
    };

    static const struct {
        enum fail kind;
        enum channel_failure why;
    } want[] = {
        {FAIL_SOURCE_MISCONFIGURED, CHANNEL_NOWHERE},
        {FAIL_SOURCE_MISCONFIGURED, CHANNEL_NOWHERE},
        {FAIL_SOURCE_MISCONFIGURED, CHANNEL_NOWHERE},
        {FAIL_TOKEN_REFUSED, CHANNEL_OTHER},
        {FAIL_SOURCE_ERROR, CHANNEL_NOT_HERE},
        {FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
        {FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
        {FAIL_SOURCE_ERROR, CHANNEL_OTHER},
        {FAIL_SOURCE_UNAVAILABLE, CHANNEL_OTHER},
        {FAIL_SOURCE_RATE_LIMITED, CHANNEL_OTHER},
        {FAIL_SOURCE_ERROR, CHANNEL_OTHER},
        {FAIL_SOURCE_ERROR, CHANNEL_OTHER},
        {FAIL_SOURCE_ERROR, CHANNEL_OTHER},
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));

    for (size_t i = 0; i < COUNT(want); i++) {
        struct channel c = {.until_ms = 77};
        enum channel_failure why;

        T_FAIL(want[i].kind, channel_make(t_cx(), &b->call, &wish, &c, &why));
        T_INT(why, want[i].why);
        T_INT(c.until_ms, 77); /* a failed call leaves its result alone */
    }
    bench_close(b);
}

#define MICROSOFT_ERROR(code, message)                                                   \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"
#define IS_DEFAULT(is) "{\"id\":\"a@b\",\"canEdit\":true,\"isDefaultCalendar\":" is "}"

TEST(test_channel_make_tries_the_default_calendar_by_its_other_name)
{
    static const struct step steps[] = {
        ANSWER("400 No", "", MICROSOFT_ERROR("ExtensionError", "Not supported.")),
        ANSWER("200 OK", "", IS_DEFAULT("true")),
        ANSWER(
            "201 Created", "",
            "{\"id\":\"sub\",\"expirationDateTime\":\"2026-03-28T00:00:00Z\"}"),
        ANSWER("403 No", "", MICROSOFT_ERROR("ExtensionError", "Not supported.")),
        ANSWER("200 OK", "", IS_DEFAULT("false")),
        ANSWER("404 No", "", MICROSOFT_ERROR("ExtensionError", "Not supported.")),
        ANSWER("200 OK", "", IS_DEFAULT("true")),
        ANSWER("404 No", "", MICROSOFT_ERROR("ExtensionError", "Not supported.")),
    };
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    struct channel c;
    enum channel_failure why;

    T_OK(channel_make(t_cx(), &b->call, &wish, &c, &why));
    T_FAIL(FAIL_SOURCE_ERROR, channel_make(t_cx(), &b->call, &wish, &c, &why));
    T_INT(why, CHANNEL_NOT_HERE);
    T_FAIL(FAIL_NOT_FOUND, channel_make(t_cx(), &b->call, &wish, &c, &why));
    T_INT(why, CHANNEL_NOT_HERE);
    bench_close(b);
    T_TRUE(asked(b, 2, S("\"resource\":\"/me/events\"")));
}

TEST(test_channels_of_microsoft_fail_in_their_ways)
{
    static const struct step steps[] = {
        ANSWER(
            "400 No", "",
            MICROSOFT_ERROR(
                "ValidationError", "Subscription validation request failed. Be there.")),
        ANSWER("429 No", "Retry-After: 9\r\n", ""),
        ANSWER("404 No", "", MICROSOFT_ERROR("ResourceNotFound", "Gone.")),
        ANSWER("400 No", "", MICROSOFT_ERROR("ValidationError", "Too long.")),
        ANSWER("404 No", "", MICROSOFT_ERROR("ResourceNotFound", "Gone.")),
        ANSWER("500 No", "", ""),
    };
    struct bench *b = bench_open(SOURCE_MICROSOFT, steps, COUNT(steps));
    struct channel c = {.id = S("sub")};
    enum channel_failure why;

    T_FAIL(FAIL_SOURCE_MISCONFIGURED, channel_make(t_cx(), &b->call, &wish, &c, &why));
    T_INT(why, CHANNEL_NOWHERE);
    T_FAIL(FAIL_SOURCE_RATE_LIMITED, channel_make(t_cx(), &b->call, &wish, &c, &why));
    T_INT(b->call.retry_after_s, 9);
    T_FAIL(FAIL_NOT_FOUND, channel_renew(t_cx(), &b->call, &c, wish.until_ms, &why));
    T_INT(why, CHANNEL_GONE);
    T_FAIL(FAIL_SOURCE_ERROR, channel_renew(t_cx(), &b->call, &c, wish.until_ms, &why));
    T_INT(why, CHANNEL_OTHER);
    T_OK(channel_end(t_cx(), &b->call, &c)); /* it had ended */
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, channel_end(t_cx(), &b->call, &c));
    bench_close(b);
}

TEST(test_channel_end_stops_googles)
{
    static const struct step steps[] = {
        ANSWER("204 No Content", "", ""),
        ANSWER("404 No", "", GOOGLE_ERROR("notFound")),
        ANSWER("403 No", "", GOOGLE_ERROR("forbidden")),
    };
    struct bench *b = bench_open(SOURCE_GOOGLE, steps, COUNT(steps));
    const struct channel c = {.id = S("cdk-1"), .resource_id = S("res\"1")};

    T_OK(channel_end(t_cx(), &b->call, &c));
    T_OK(channel_end(t_cx(), &b->call, &c));
    T_FAIL(FAIL_SOURCE_ERROR, channel_end(t_cx(), &b->call, &c));
    bench_close(b);
    T_TRUE(asked(b, 0, S("POST /v1.0/channels/stop HTTP/1.1\r\n")));
    T_TRUE(asked(b, 0, S("{\"id\":\"cdk-1\",\"resourceId\":\"res\\\"1\"}")));
}

TEST(test_channel_make_asks_nobody_about_what_is_no_calendar)
{
    struct bench *b = bench_open(SOURCE_GOOGLE, NULL, 0);
    struct channel_wish odd = wish;
    struct channel c;
    enum channel_failure why;

    odd.calendar_id = S("..");
    T_FAIL(FAIL_SOURCE_ERROR, channel_make(t_cx(), &b->call, &odd, &c, &why));
    bench_close(b);
}

T_MAIN(
    T(test_channel_make_asks_google), T(test_channel_make_asks_microsoft),
    T(test_channel_make_says_why_google_refuses),
    T(test_channel_make_tries_the_default_calendar_by_its_other_name),
    T(test_channels_of_microsoft_fail_in_their_ways), T(test_channel_end_stops_googles),
    T(test_channel_make_asks_nobody_about_what_is_no_calendar))
