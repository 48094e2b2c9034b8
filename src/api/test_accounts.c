/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/account_view.h"
#include "api/accounts.h"
#include "api/endpoints.h"
#include "grants/testbed.h"
#include "store/accounts.h"
#include "store/driver.h"
#include "store/revocations.h"

enum { OTHER_PROVIDER = 8 };

static struct http_answer answer;
static struct http_request req;

static struct call call_new(const struct endpoint *endpoint, Str id, Str query)
{
    struct call c = {
        .cx = t_cx(),
        .req = &req,
        .answer = &answer,
        .work.settings = &bed.settings,
        .work.worker = &bed.worker,
        .endpoint = endpoint,
        .args = {id},
        .who = {.provider = BED_PROVIDER, .mode = MODE_PROVIDER},
    };
    struct param *params;

    answer = (struct http_answer){0};
    bed.settings.public_url = S("https://cal.example");
    T_OK(url_query_parse(t_cx(), query, &params, &c.n_params));
    c.params = params;
    return c;
}

static const struct endpoint list = {
    .path = SI("/api/v2/external_calendars/accounts"), .status = 200};
static const struct endpoint get = {.status = 200};
static const struct endpoint erase = {.status = 204};

/* The accounts' owners, in the order of ids from 1. */
static const struct {
    int64_t provider;
    enum mode mode;
    Str user;
    enum source_id source;
    Str subject;
    enum account_status status;
} owned[] = {
    {BED_PROVIDER, MODE_PROVIDER, SI(""), SOURCE_GOOGLE, SI("g1"), ACCOUNT_CONNECTED},
    {BED_PROVIDER, MODE_PROVIDER, SI("amy"), SOURCE_MICROSOFT, SI("t.o"),
     ACCOUNT_NEEDS_RECONNECT},
    {BED_PROVIDER, MODE_PROVIDER, SI("bob"), SOURCE_GOOGLE, SI("g3"), ACCOUNT_CONNECTED},
    {BED_PROVIDER, MODE_CUSTOMER, SI("amy"), SOURCE_GOOGLE, SI("g4"), ACCOUNT_CONNECTED},
    {OTHER_PROVIDER, MODE_PROVIDER, SI("amy"), SOURCE_GOOGLE, SI("g1"),
     ACCOUNT_CONNECTED},
};

static Res connect_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    TRY(provider_add(
        cx, db, &(struct provider){.id = OTHER_PROVIDER, .name = S("Other")}));
    for (size_t i = 0; i < COUNT(owned); i++) {
        bool is_well = owned[i].status == ACCOUNT_CONNECTED;
        struct account a = {
            .provider = owned[i].provider,
            .mode = owned[i].mode,
            .user = owned[i].user,
            .source = owned[i].source,
            .subject = owned[i].subject,
            .username = S("<ada> & \"co\""),
            .status = owned[i].status,
            .status_reason = is_well ? S("") : S("grant_revoked"),
            .connected_ms = INT64_C(1769850000000),
        };
        int64_t id;

        TRY(account_insert(cx, db, &a, &id));
        T_INT(id, i + 1);
    }
    return OK;
}

static int accounts_open(void **state)
{
    (void)bed_open(state);
    T_OK(BED_WRITE(connect_work, NULL));
    return 0;
}

#define T_ACCOUNTS(name) cmocka_unit_test_setup_teardown(name, accounts_open, bed_close)

TEST(test_accounts_get_run_shows_the_contract_s_fields)
{
    struct call c = call_new(&get, S("1"), S(""));

    T_OK(accounts_get_run(&c));
    T_INT(answer.status, 200);
    T_STR(
        answer.body,
        S("{\"id\":1,\"calendar_source\":\"GOOG\",\"account_id\":\"g1\",\"username\":"
          "\"<ada> & \\\"co\\\"\",\"status\":\"connected\",\"status_reason\":null,"
          "\"connected_at\":\"2026-01-31T09:00:00.000Z\"}"));
    c = call_new(&get, S("2"), S(""));
    c.format = FORMAT_IS_XML;
    T_OK(accounts_get_run(&c));
    T_TRUE(str_contains(
        answer.body,
        S("<root><id>2</id><calendar_source>MSFT</calendar_source><account_id>t.o"
          "</account_id>")));
    T_TRUE(str_contains(
        answer.body, S("<status>needs_reconnect</status><status_reason>grant_revoked"
                       "</status_reason>")));
}

/* The answer has the fields of its shape, in its order. */
TEST(test_account_shape_is_what_is_written)
{
    struct call c = call_new(&get, S("1"), S(""));
    Str rest;

    T_OK(accounts_get_run(&c));
    rest = answer.body;
    for (size_t i = 0; i < account_shape.n; i++) {
        Str key = str_cat(
            &t_cx()->mem, str_cat(&t_cx()->mem, S("\""), account_shape.fields[i].name),
            S("\":"));
        const char *p = memmem(rest.p, rest.n, key.p, key.n);

        T_TRUE(p != NULL && account_shape.fields[i].about.n > 0);
        rest = str_sub(rest, (size_t)(p - rest.p) + key.n, rest.n);
    }
}

static const struct seen {
    const char *name;
    int64_t provider;
    enum mode mode;
    Str user;
    bool sees[COUNT(owned)];
} seen[] = {
    {"the business sees all of its mode",
     BED_PROVIDER,
     MODE_PROVIDER,
     SI(""),
     {true, true, true, false, false}},
    {"a user sees her own",
     BED_PROVIDER,
     MODE_PROVIDER,
     SI("amy"),
     {false, true, false, false, false}},
    {"a customer sees hers in her mode",
     BED_PROVIDER,
     MODE_CUSTOMER,
     SI("amy"),
     {false, false, false, true, false}},
    {"another customer sees none",
     BED_PROVIDER,
     MODE_CUSTOMER,
     SI("bob"),
     {false, false, false, false, false}},
    {"another provider sees its own",
     OTHER_PROVIDER,
     MODE_PROVIDER,
     SI(""),
     {false, false, false, false, true}},
};

static struct identity identity_of(const struct seen *s)
{
    return (struct identity){.provider = s->provider, .mode = s->mode, .user = s->user};
}

/* SECURITY 56: an account of another user is as if it did not exist. */
TEST(test_accounts_get_run_hides_what_is_another_s)
{
    for (size_t i = 0; i < COUNT(seen); i++) {
        print_message("%s\n", seen[i].name);
        for (size_t j = 0; j < COUNT(owned); j++) {
            struct call c = call_new(&get, str_int(&t_cx()->mem, (int64_t)j + 1), S(""));

            c.who = identity_of(&seen[i]);
            T_FAIL(seen[i].sees[j] ? FAIL_NONE : FAIL_NOT_FOUND, accounts_get_run(&c));
        }
    }
}

TEST(test_accounts_list_run_shows_what_is_one_s_own)
{
    for (size_t i = 0; i < COUNT(seen); i++) {
        struct call c = call_new(&list, S(""), S(""));
        size_t n = 0;

        print_message("%s\n", seen[i].name);
        c.who = identity_of(&seen[i]);
        T_OK(accounts_list_run(&c));
        T_INT(answer.status, 200);
        for (size_t j = 0; j < COUNT(owned); j++) {
            Str key = str_cat(
                &t_cx()->mem, S("{\"id\":"),
                str_cat(&t_cx()->mem, str_int(&t_cx()->mem, (int64_t)j + 1), S(",")));

            T_INT(str_contains(answer.body, key), seen[i].sees[j]);
            n += seen[i].sees[j];
        }
        T_TRUE(str_starts(
            answer.body,
            str_cat(
                &t_cx()->mem, S("{\"count\":"),
                str_cat(&t_cx()->mem, str_int(&t_cx()->mem, (int64_t)n), S(",")))));
    }
}

TEST(test_accounts_list_run_goes_page_by_page)
{
    struct call c = call_new(&list, S(""), S("page_size=2"));

    T_OK(accounts_list_run(&c));
    T_TRUE(str_starts(
        answer.body,
        S("{\"count\":3,\"next\":\"https://cal.example/api/v2/external_calendars/"
          "accounts?page=2&page_size=2\",\"previous\":null,\"results\":[{\"id\":1,")));
    c = call_new(&list, S(""), S("page_size=2&page=2"));
    T_OK(accounts_list_run(&c));
    T_TRUE(str_starts(
        answer.body,
        S("{\"count\":3,\"next\":null,\"previous\":\"https://cal.example/api/v2/"
          "external_calendars/accounts?page=1&page_size=2\",\"results\":[{\"id\":3,")));
    c = call_new(&list, S(""), S("page_size=2&page=3"));
    T_FAIL(FAIL_NOT_FOUND, accounts_list_run(&c));
    c = call_new(&list, S(""), S("page=9223372036854775807"));
    T_FAIL(FAIL_NOT_FOUND, accounts_list_run(&c));
    c = call_new(&list, S(""), S("page=x"));
    T_FAIL(FAIL_PARAMETER_INVALID, accounts_list_run(&c));
}

TEST(test_accounts_of_what_is_no_number_are_not_found)
{
    static const Str ids[] = {
        SI("0"),
        SI("-1"),
        SI("+1"),
        SI("01"),
        SI("1.0"),
        SI("1 "),
        SI("one"),
        SI(""),
        SI("99"),
        SI("9223372036854775807"),
        SI("9223372036854775808")};

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct call c = call_new(&get, ids[i], S(""));

        T_FAIL(FAIL_NOT_FOUND, accounts_get_run(&c));
        T_FAIL(FAIL_NOT_FOUND, accounts_delete_run(&c));
    }
}

TEST(test_accounts_delete_run_leaves_nothing)
{
    struct call c = call_new(&erase, S("1"), S(""));

    T_OK(accounts_delete_run(&c));
    T_INT(answer.status, 204);
    T_INT(answer.body.n, 0);
    T_INT(answer.content_type.n, 0);
    c = call_new(&get, S("1"), S(""));
    T_FAIL(FAIL_NOT_FOUND, accounts_get_run(&c));
    c = call_new(&erase, S("1"), S(""));
    T_FAIL(FAIL_NOT_FOUND, accounts_delete_run(&c));
    c = call_new(&list, S(""), S(""));
    T_OK(accounts_list_run(&c));
    T_TRUE(str_starts(answer.body, S("{\"count\":2,")));
}

TEST(test_accounts_delete_run_spares_what_is_another_s)
{
    struct call c = call_new(&erase, S("3"), S(""));

    c.who.user = S("amy");
    T_FAIL(FAIL_NOT_FOUND, accounts_delete_run(&c));
    c = call_new(&get, S("3"), S(""));
    T_OK(accounts_get_run(&c));
}

static Res write_unknown_source(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return db_script(
        cx, db,
        "drop trigger accounts_known_update; update accounts set source = 99 where id = 1");
}

/* A newer node may have stored them. */
TEST(test_accounts_of_an_unknown_source_fail_alone)
{
    struct call c = call_new(&get, S("1"), S(""));

    T_OK(BED_WRITE(write_unknown_source, NULL));
    T_FAIL(FAIL_UNREADABLE, accounts_get_run(&c));
    c = call_new(&erase, S("1"), S(""));
    T_FAIL(FAIL_UNREADABLE, accounts_delete_run(&c));
    c = call_new(&list, S(""), S(""));
    T_OK(accounts_list_run(&c));
    T_TRUE(!str_contains(answer.body, S("\"id\":1,")));
    T_TRUE(str_contains(answer.body, S("\"id\":2,")));
}

T_MAIN(
    T_ACCOUNTS(test_accounts_of_an_unknown_source_fail_alone),
    T_ACCOUNTS(test_accounts_get_run_shows_the_contract_s_fields),
    T_ACCOUNTS(test_account_shape_is_what_is_written),
    T_ACCOUNTS(test_accounts_get_run_hides_what_is_another_s),
    T_ACCOUNTS(test_accounts_list_run_shows_what_is_one_s_own),
    T_ACCOUNTS(test_accounts_list_run_goes_page_by_page),
    T_ACCOUNTS(test_accounts_of_what_is_no_number_are_not_found),
    T_ACCOUNTS(test_accounts_delete_run_leaves_nothing),
    T_ACCOUNTS(test_accounts_delete_run_spares_what_is_another_s))
