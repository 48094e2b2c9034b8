/* SPDX-License-Identifier: Apache-2.0 */
#include "api/account_view.h"
#include "base/testing.h"

static Str account_text(const struct account *a, enum account_reader reader)
{
    struct writer *w = writer_open(&t_cx()->mem, FORMAT_IS_JSON);
    Str text = S("");

    account_view_write(w, a, reader);
    T_OK(writer_done(t_cx(), w, &text));
    return text;
}

static const struct account fresh = {
    .id = 1,
    .provider = 7,
    .mode = MODE_PROVIDER,
    .source = SOURCE_GOOGLE,
    .subject = SI("g1"),
    .username = SI("amy@example.com"),
    .status = ACCOUNT_CONNECTED,
    .status_since_ms = 1700000000000,
    .connected_ms = 1700000000000,
};

static const struct account lost = {
    .id = 2,
    .provider = 7,
    .mode = MODE_CUSTOMER,
    .user = SI("bob"),
    .source = SOURCE_MICROSOFT,
    .subject = SI("t.o"),
    .username = SI("bob@example.com"),
    .status = ACCOUNT_NEEDS_RECONNECT,
    .status_reason = SI("grant_revoked"),
    .status_since_ms = 1700000000001,
    .connected_ms = 1700000000000,
};

TEST(test_account_view_write_shows_clients_what_is_theirs)
{
    T_STR(
        account_text(&fresh, ACCOUNT_FOR_CLIENT),
        S("{\"id\":1,\"calendar_source\":\"GOOG\",\"account_id\":\"g1\","
          "\"username\":\"amy@example.com\",\"status\":\"connected\","
          "\"status_reason\":null,\"connected_at\":\"2023-11-14T22:13:20.000Z\"}"));
    T_STR(
        account_text(&lost, ACCOUNT_FOR_CLIENT),
        S("{\"id\":2,\"calendar_source\":\"MSFT\",\"account_id\":\"t.o\","
          "\"username\":\"bob@example.com\",\"status\":\"needs_reconnect\","
          "\"status_reason\":\"grant_revoked\","
          "\"connected_at\":\"2023-11-14T22:13:20.000Z\"}"));
}

TEST(test_account_view_write_shows_operators_whose_account_it_is)
{
    T_STR(
        account_text(&fresh, ACCOUNT_FOR_OPERATOR),
        S("{\"id\":1,\"name\":\"amy@example.com\",\"provider\":7,\"mode\":\"provider\","
          "\"user\":null,\"calendar_source\":\"GOOG\",\"account_id\":\"g1\","
          "\"username\":\"amy@example.com\",\"status\":\"connected\","
          "\"status_reason\":null,\"status_since\":\"2023-11-14T22:13:20.000Z\","
          "\"connected_at\":\"2023-11-14T22:13:20.000Z\"}"));
    T_STR(
        account_text(&lost, ACCOUNT_FOR_OPERATOR),
        S("{\"id\":2,\"name\":\"bob@example.com\",\"provider\":7,\"mode\":\"customer\","
          "\"user\":\"bob\",\"calendar_source\":\"MSFT\",\"account_id\":\"t.o\","
          "\"username\":\"bob@example.com\",\"status\":\"needs_reconnect\","
          "\"status_reason\":\"grant_revoked\","
          "\"status_since\":\"2023-11-14T22:13:20.001Z\","
          "\"connected_at\":\"2023-11-14T22:13:20.000Z\"}"));
}

T_MAIN(
    T(test_account_view_write_shows_clients_what_is_theirs),
    T(test_account_view_write_shows_operators_whose_account_it_is))
