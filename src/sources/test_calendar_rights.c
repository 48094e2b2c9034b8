/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "net/testserver.h"
#include "sources/calendar_rights.h"
#include "sources/source.h"

#define HTTP(status, body)                                                               \
    {                                                                                    \
        SI("HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: "       \
           "close\r\n\r\n" body),                                                        \
            THEN_CLOSE                                                                   \
    }

static struct server server;

/* Asks a source whose answer is this. */
static Res ask_rights(
    enum source_id source, const struct step *step, Str id, struct calendar_rights *ret)
{
    static const struct net_options options = {
        .connect_timeout_ms = 60000, .timeout_ms = 60000};
    struct source_settings settings = {.id = source};
    struct source_call call = {
        .via = {net_open(), &options},
        .settings = &settings,
        .access_token = S("secret")};

    testserver_start(&server, step, 1);
    settings.api_url = testserver_url(&t_cx()->mem, &server, "/v1.0");
    Res res = calendar_rights_get(t_cx(), &call, id, ret);

    net_close(&call.via.net);
    testserver_stop(&server);
    return res;
}

TEST(test_rights_of_each_source)
{
    static const struct {
        enum source_id source;
        struct step step;
        bool can_write;
        bool can_read;
        bool is_primary;
    } rows[] = {
        /* clang-format off */
        {SOURCE_GOOGLE, HTTP("200 OK", "{\"id\":\"a@b\",\"accessRole\":\"owner\",\"primary\":true}"), true, true, true},
        {SOURCE_GOOGLE, HTTP("200 OK", "{\"id\":\"a@b\",\"accessRole\":\"writer\"}"), true, true, false},
        {SOURCE_GOOGLE, HTTP("200 OK", "{\"id\":\"a@b\",\"accessRole\":\"reader\",\"primary\":false}"), false, true, false},
        {SOURCE_GOOGLE, HTTP("200 OK", "{\"id\":\"a@b\",\"accessRole\":\"freeBusyReader\"}"), false, false, false},
        {SOURCE_GOOGLE, HTTP("200 OK", "{\"id\":\"a@b\",\"accessRole\":\"something new\"}"), false, true, false},
        {SOURCE_GOOGLE, HTTP("200 OK", "{\"id\":\"a@b\"}"), false, true, false},
        {SOURCE_MICROSOFT, HTTP("200 OK", "{\"id\":\"a@b\",\"canEdit\":true,\"isDefaultCalendar\":true}"), true, true, true},
        {SOURCE_MICROSOFT, HTTP("200 OK", "{\"id\":\"a@b\",\"canEdit\":false,\"isDefaultCalendar\":false}"), false, true, false},
        {SOURCE_MICROSOFT, HTTP("200 OK", "{\"id\":\"a@b\",\"canEdit\":\"yes\"}"), false, true, false},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct calendar_rights got;

        T_OK(ask_rights(rows[i].source, &rows[i].step, S("primary"), &got));
        T_STR(got.id, S("a@b")); /* not what was asked for */
        T_INT(got.can_write, rows[i].can_write);
        T_INT(got.can_read, rows[i].can_read);
        T_INT(got.is_primary, rows[i].is_primary);
    }
}

TEST(test_rights_ask_for_no_more_than_the_rights)
{
    static const struct step step = HTTP("200 OK", "{\"id\":\"a\"}");
    struct calendar_rights got;

    T_OK(ask_rights(SOURCE_GOOGLE, &step, S("a/b#"), &got));
    T_TRUE(str_contains(
        testserver_request(&server, 0),
        S("GET /v1.0/users/me/calendarList/a%2Fb%23?fields=id,accessRole,primary ")));
    T_OK(ask_rights(SOURCE_MICROSOFT, &step, S("AQMk="), &got));
    T_TRUE(str_contains(
        testserver_request(&server, 0),
        S("GET /v1.0/me/calendars/AQMk%3D?$select=id,canEdit,isDefaultCalendar ")));
}

TEST(test_rights_of_none_fail_as_calendars_do)
{
    static const struct {
        struct step step;
        Str id;
        enum fail want;
        bool is_asked;
    } rows[] = {
        /* clang-format off */
        {HTTP("404 No", ""), SI("a"), FAIL_NOT_FOUND, true},
        {HTTP("401 No", ""), SI("a"), FAIL_TOKEN_REFUSED, true},
        {HTTP("403 No", ""), SI("a"), FAIL_PERMISSION_DENIED, true},
        {HTTP("503 Away", ""), SI("a"), FAIL_SOURCE_UNAVAILABLE, true},
        {HTTP("200 OK", "[]"), SI("a"), FAIL_SOURCE_ERROR, true},
        {HTTP("200 OK", "{\"accessRole\":\"owner\"}"), SI("a"), FAIL_SOURCE_ERROR, true},
        {HTTP("200 OK", "{\"id\":\"\"}"), SI("a"), FAIL_SOURCE_ERROR, true},
        {HTTP("200 OK", "{\"id\":\"a\"}"), SI(".."), FAIL_NOT_FOUND, false},
        {HTTP("200 OK", "{\"id\":\"a\"}"), SI("a\nb"), FAIL_NOT_FOUND, false},
        {HTTP("200 OK", "{\"id\":\"a\"}"), SI("\xff"), FAIL_NOT_FOUND, false},
        {HTTP("200 OK", "{\"id\":\"a\"}"), SI(""), FAIL_NOT_FOUND, false},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct calendar_rights got = {.is_primary = true};

        T_FAIL(rows[i].want, ask_rights(SOURCE_GOOGLE, &rows[i].step, rows[i].id, &got));
        T_INT(server.served, rows[i].is_asked);
        T_TRUE(got.is_primary); /* a failed call leaves its result alone */
    }
}

T_MAIN(
    T(test_rights_of_each_source), T(test_rights_ask_for_no_more_than_the_rights),
    T(test_rights_of_none_fail_as_calendars_do))
