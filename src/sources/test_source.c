/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testing.h"
#include "sources/source.h"
#include "sources/sources_private.h"

TEST(test_source_get_has_a_row_for_each_source)
{
    for (int id = 1; id <= SOURCE_COUNT; id++) {
        const struct source *s = source_get((enum source_id)id);

        T_TRUE(s == source_by_code(s->code));
        T_TRUE(s == source_by_name(s->name));
        T_STR(s->code, source_codes[id - 1]);
    }
    T_STR(source_get(SOURCE_GOOGLE)->code, S("GOOG"));
    T_STR(source_get(SOURCE_MICROSOFT)->code, S("MSFT"));
}

TEST(test_source_by_code_knows_no_other)
{
    static const Str others[] = {
        SI(""), SI("goog"), SI("GOOGLE"), SI("GOOG "), SI("ICLD")};

    for (size_t i = 0; i < COUNT(others); i++) {
        T_TRUE(source_by_code(others[i]) == NULL);
        T_TRUE(source_by_name(others[i]) == NULL);
    }
}

TEST(test_source_scopes_check_wants_every_needed_one)
{
#define G "https://www.googleapis.com/auth/"

    static const struct {
        const char *name;
        enum source_id source;
        Str configured;
        Str granted;
        enum fail want;
    } rows[] = {
        {"all, in another order", SOURCE_GOOGLE, SI("openid email " G "calendar.events"),
         SI(G "calendar.events " G "userinfo.email openid"), FAIL_NONE},
        {"the permission left out", SOURCE_GOOGLE,
         SI("openid email " G "calendar.events"), SI("openid " G "userinfo.email"),
         FAIL_MISSING_SCOPES},
        {"one of two left out", SOURCE_GOOGLE,
         SI(G "calendar.calendarlist.readonly " G "calendar.events"),
         SI(G "calendar.events"), FAIL_MISSING_SCOPES},
        {"identity is not needed", SOURCE_GOOGLE,
         SI("openid email profile offline_access " G "calendar.events"),
         SI(G "calendar.events"), FAIL_NONE},
        {"another case is another scope", SOURCE_GOOGLE, SI(G "calendar.events"),
         SI(G "Calendar.events"), FAIL_MISSING_SCOPES},
        {"a beginning is not the scope", SOURCE_GOOGLE, SI(G "calendar.events"),
         SI(G "calendar.events.readonly"), FAIL_MISSING_SCOPES},
        {"an alias that is needed", SOURCE_GOOGLE, SI(G "userinfo.profile"),
         SI("profile"), FAIL_NONE},
        {"nothing granted", SOURCE_GOOGLE, SI(G "calendar"), SI(""), FAIL_MISSING_SCOPES},
        {"nothing needed", SOURCE_GOOGLE, SI("openid"), SI(""), FAIL_NONE},
        {"more than asked for", SOURCE_MICROSOFT,
         SI("openid profile email offline_access User.Read Calendars.ReadWrite"),
         SI("Mail.Read Calendars.ReadWrite User.Read profile openid email"), FAIL_NONE},
        {"URLs, any case", SOURCE_MICROSOFT, SI("User.Read Calendars.ReadWrite"),
         SI("https://graph.microsoft.com/calendars.readwrite "
            "HTTPS://GRAPH.MICROSOFT.COM/User.Read"),
         FAIL_NONE},
        {"percent-encoded", SOURCE_MICROSOFT, SI("Calendars.ReadWrite"),
         SI("https%3A%2F%2Fgraph.microsoft.com%2FCalendars.ReadWrite"), FAIL_NONE},
        {"configured as a URL", SOURCE_MICROSOFT,
         SI("https://graph.microsoft.com/Calendars.ReadWrite"), SI("Calendars.ReadWrite"),
         FAIL_NONE},
        {"less than needed", SOURCE_MICROSOFT, SI("User.Read Calendars.ReadWrite"),
         SI("User.Read Calendars.Read"), FAIL_MISSING_SCOPES},
        {"of another resource", SOURCE_MICROSOFT, SI("Calendars.ReadWrite"),
         SI("https://outlook.office.com/Calendars.ReadWrite"), FAIL_MISSING_SCOPES},
    };

#undef G

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct source_settings s = {
            .id = rows[i].source, .client = {.scopes = rows[i].configured}};

        print_message("  %s\n", rows[i].name);
        T_FAIL(rows[i].want, source_scopes_check(t_cx(), &s, rows[i].granted));
    }
}

/* SECURITY 39: a scope that the operator added later is not missing. */
TEST(test_source_scopes_kept_misses_what_was_there)
{
    static const struct {
        Str before, granted;
        enum fail want;
    } rows[] = {
        {SI("openid A B"), SI("A B"), FAIL_NONE},
        {SI("openid A B"), SI("openid a b"), FAIL_NONE},
        {SI("openid A B"), SI("A"), FAIL_MISSING_SCOPES},
        {SI("openid A B"), SI("openid"), FAIL_MISSING_SCOPES},
        {SI("openid A"), SI("A"), FAIL_NONE},
        {SI("A B X"), SI("A B"), FAIL_NONE},
    };
    const struct source_settings s = {
        .id = SOURCE_MICROSOFT, .client = {.scopes = S("openid A B")}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_FAIL(
            rows[i].want,
            source_scopes_kept(t_cx(), &s, rows[i].before, rows[i].granted));
    }
}

TEST(test_source_person_check_takes_what_is_configured)
{
    static const struct {
        enum accounts_allowed allowed;
        bool is_work;
        enum fail want;
    } rows[] = {
        {ACCOUNTS_ANY, true, FAIL_NONE},
        {ACCOUNTS_ANY, false, FAIL_NONE},
        {ACCOUNTS_WORK, true, FAIL_NONE},
        {ACCOUNTS_WORK, false, FAIL_ACCOUNT_TYPE_NOT_ALLOWED},
        {ACCOUNTS_PERSONAL, true, FAIL_ACCOUNT_TYPE_NOT_ALLOWED},
        {ACCOUNTS_PERSONAL, false, FAIL_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct source_settings s = {.id = SOURCE_GOOGLE, .accounts = rows[i].allowed};
        struct person p = {.is_work = rows[i].is_work};

        T_FAIL(rows[i].want, source_person_check(t_cx(), &s, &p));
    }
}

TEST(test_source_username_is_one_that_fits)
{
    static char bytes[LIMIT_USERNAME_BYTES + 1];
    Str longest = {bytes, LIMIT_USERNAME_BYTES};
    Str too_long = {bytes, LIMIT_USERNAME_BYTES + 1};

    T_STR(source_username(S("a"), S("b"), S("c")), S("a"));
    T_STR(source_username(S(""), S("b"), S("c")), S("b"));
    T_STR(source_username(S(""), S(""), S("c")), S("c"));
    T_INT(source_username(longest, S("b"), S("c")).n, longest.n);
    T_STR(source_username(too_long, S("b"), S("c")), S("b"));
    T_STR(source_username(S(""), too_long, S("c")), S("c"));
}

TEST(test_source_discovery_url_is_of_the_tenant)
{
    static const struct {
        Str issuer, tenant, want;
    } rows[] = {
        {SI("https://a.example"), SI(""),
         SI("https://a.example/.well-known/openid-configuration")},
        {SI("https://a.example/{tenantid}/v2.0"), SI("common"),
         SI("https://a.example/common/v2.0/.well-known/openid-configuration")},
        {SI("https://a.example/{tenantid}"), SI("contoso.example"),
         SI("https://a.example/contoso.example/.well-known/openid-configuration")},
        {SI("https://a.example/one/v2.0"), SI("common"),
         SI("https://a.example/one/v2.0/.well-known/openid-configuration")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct source_settings s = {
            .issuer = rows[i].issuer, .tenant = rows[i].tenant};

        T_STR(source_discovery_url(&t_cx()->mem, &s), rows[i].want);
    }
}

TEST(test_source_guid_is_valid_wants_the_whole_shape)
{
    static const struct {
        Str text;
        bool want;
    } rows[] = {
        {SI("9188040d-6c67-4c5b-b112-36a304b66dad"), true},
        {SI("9188040D-6C67-4C5B-B112-36A304B66DAD"), true},
        {SI("9188040d-6c67-4c5b-b112-36a304b66da"), false},
        {SI("9188040d-6c67-4c5b-b112-36a304b66dadd"), false},
        {SI("9188040d06c67-4c5b-b112-36a304b66dad"), false},
        {SI("g188040d-6c67-4c5b-b112-36a304b66dad"), false},
        {SI("9188040d-6c67-4c5b-b112-36a304b66d-d"), false},
        {SI("{tenantid}"), false},
        {SI(""), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(source_guid_is_valid(rows[i].text), rows[i].want);
    }
}

T_MAIN(
    T(test_source_get_has_a_row_for_each_source), T(test_source_by_code_knows_no_other),
    T(test_source_scopes_check_wants_every_needed_one),
    T(test_source_scopes_kept_misses_what_was_there),
    T(test_source_person_check_takes_what_is_configured),
    T(test_source_username_is_one_that_fits),
    T(test_source_discovery_url_is_of_the_tenant),
    T(test_source_guid_is_valid_wants_the_whole_shape))
