/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_connect.c - what is written when a person has been identified (docs/api.md §6,
 * §7).
 */
#include "grants/connect.h"
#include "grants/record.h"
#include "grants/revoke.h"
#include "grants/testbed.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/leases.h"
#include "store/revocations.h"

#define SUBJECT "110169484474386276334"

/* A callback that has come as far as its end. */
struct ready {
    struct connect connect;
    int64_t account;
};

static struct ready *ready_new(enum source_id source, enum mode mode, Str user)
{
    struct ready *r = NEW(&t_cx()->mem, struct ready);

    r->account = -1;
    r->connect = (struct connect){
        .work = &bed.work,
        .source = source_get(source),
        .client = settings_source(&bed.settings, source),
        .owner = S("mine"),
        .flow =
            {.credential = CREDENTIAL_TOKEN,
             .token_id = bed.token,
             .provider = BED_PROVIDER,
             .mode = mode,
             .user = user,
             .source = source,
             .redirect_uri = S(BED_REDIRECT)},
        .tokens =
            {.access_token = S("ya29"),
             .refresh_token = S("1//first"),
             .scope = S("openid"),
             .expires_in_s = 3599},
        .granted_ms = 1000,
        .person = {.subject = S(SUBJECT), .username = S("ada@gmail.com")},
    };
    return r;
}

static Res write_work(struct cx *cx, struct db *db, void *arg)
{
    struct ready *r = arg;

    return connect_write(cx, db, &r->connect, &r->account);
}

static Res connect_one(struct ready *r)
{
    return BED_WRITE(write_work, r);
}

struct stored {
    int64_t id;
    struct account account;
    struct grant_record record;
    struct grant grant;
};

static Res read_work(struct cx *cx, struct db *db, void *arg)
{
    struct stored *s = arg;

    TRY(account_get(cx, db, s->id, &s->account));
    TRY(grant_get(cx, db, s->id, &s->record));
    return grant_open(cx, bed.keyring, BED_PROVIDER, s->id, s->record.sealed, &s->grant);
}

static struct stored stored(int64_t id)
{
    struct stored s = {.id = id};

    T_OK(store_read(t_cx(), bed.store, read_work, &s));
    return s;
}

/* SECURITY 58 */
TEST(test_connect_write_keeps_the_account_with_its_grant_sealed)
{
    struct ready *r = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S("u1"));

    T_OK(connect_one(r));
    struct stored s = stored(r->account);

    T_INT(s.account.provider, BED_PROVIDER);
    T_INT(s.account.mode, MODE_PROVIDER);
    T_STR(s.account.user, S("u1"));
    T_INT(s.account.source, SOURCE_GOOGLE);
    T_STR(s.account.subject, S(SUBJECT));
    T_STR(s.account.username, S("ada@gmail.com"));
    T_INT(s.account.status, ACCOUNT_CONNECTED);
    T_INT(s.record.version, 1);
    T_TRUE(!str_contains(s.record.sealed, S("1//first")));
    T_STR(s.grant.refresh_token, S("1//first"));
    T_STR(s.grant.access_token, S("ya29"));
    T_STR(s.grant.scope, S("openid"));
    T_INT(s.grant.access_expires_ms, 1000 + 3599 * 1000);
}

/* The code goes out once, and not when another may have ended the flow by the answer. */
TEST(test_connect_run_sends_no_code_under_a_claim_that_would_not_last)
{
    struct ready *r = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S("u1"));
    struct cx cx = {.deadline_ms = clock_mono_ms() + 20 * 1000};

    r->connect.claim = (struct lease){
        .local_boot_ms = clock_boot_ms() + 19 * 1000,
        .local_now_ms = clock_now_ms() + 60 * 1000};
    T_INT(connect_run(&cx, &r->connect).code, FAIL_INTERNAL);
    T_TRUE(str_contains(str_from_z(cx.why.text), S("would not last")));
    cx_done(&cx);
}

/* docs/api.md §6: its tokens are renewed, its id stays. */
TEST(test_connect_write_renews_what_the_same_owner_has)
{
    struct ready *first = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S(""));
    struct ready *again = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S(""));

    T_OK(connect_one(first));
    again->connect.tokens.refresh_token = S("1//second");
    again->connect.person.username = S("ada@example.com");
    T_OK(connect_one(again));
    T_INT(again->account, first->account);
    struct stored s = stored(again->account);

    T_INT(s.record.version, 2);
    T_STR(s.grant.refresh_token, S("1//second"));
    T_STR(s.account.username, S("ada@example.com"));
}

/* docs/api.md §9: across users and modes, no user being another user; SECURITY 54 */
TEST(test_connect_write_refuses_another_owner)
{
    static const struct {
        enum mode mode;
        Str user;
    } others[] = {
        {MODE_PROVIDER, SI("u2")},
        {MODE_PROVIDER, SI("")},
        {MODE_CUSTOMER, SI("u1")},
        {MODE_PROVIDER, SI("U1")},
    };
    struct ready *first = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S("u1"));

    T_OK(connect_one(first));
    for (size_t i = 0; i < COUNT(others); i++) {
        struct ready *r = ready_new(SOURCE_GOOGLE, others[i].mode, others[i].user);

        r->connect.tokens.refresh_token = S("1//other");
        T_FAIL(FAIL_ACCOUNT_IN_USE, connect_one(r));
        T_INT(r->account, -1);
    }
    T_STR(stored(first->account).grant.refresh_token, S("1//first"));
}

TEST(test_connect_write_tells_sources_apart)
{
    struct ready *google = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S("u1"));
    struct ready *microsoft = ready_new(SOURCE_MICROSOFT, MODE_PROVIDER, S("u2"));

    T_OK(connect_one(google));
    T_OK(connect_one(microsoft));
    T_TRUE(google->account != microsoft->account);
}

static Res feature_off_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return provider_feature_set(cx, db, BED_PROVIDER, S(FEATURE_CALENDARS), false);
}

/* docs/api.md §6: checked again in the transaction that writes. */
TEST(test_connect_write_looks_again_at_what_may_have_changed)
{
    struct ready *r = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S("u1"));

    T_OK(BED_WRITE(feature_off_work, NULL));
    T_FAIL(FAIL_FEATURE_NOT_ENABLED, connect_one(r));
}

static Res leave_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return revoke_store(cx, db, &bed.settings, SOURCE_GOOGLE, S(SUBJECT), S("1//old"));
}

static Res count_work(struct cx *cx, struct db *db, void *arg)
{
    return revocation_count(cx, db, arg);
}

/* docs/api.md §9: a newer grant of that person cancels the task. */
TEST(test_connect_write_cancels_what_was_to_be_revoked)
{
    struct ready *r = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S("u1"));
    int64_t left = -1;

    T_OK(BED_WRITE(leave_work, NULL));
    T_OK(store_read(t_cx(), bed.store, count_work, &left));
    T_INT(left, 1);
    T_OK(connect_one(r));
    T_OK(store_read(t_cx(), bed.store, count_work, &left));
    T_INT(left, 0);
}

static Res lease_work(struct cx *cx, struct db *db, void *arg)
{
    struct lease lease = {.owner = *(Str *)arg, .length_ms = 60 * 1000};
    bool got = false;

    TRY(lease_take(
        cx, db, revoke_lease_name(&cx->mem, SOURCE_GOOGLE, S(SUBJECT)), &lease, &got));
    T_TRUE(got);
    return OK;
}

TEST(test_connect_write_writes_nothing_without_its_lease)
{
    struct ready *r = ready_new(SOURCE_GOOGLE, MODE_PROVIDER, S("u1"));
    Str other = S("another");

    r->connect.has_lease = true;
    T_OK(BED_WRITE(lease_work, &other));
    T_FAIL(FAIL_INTERNAL, connect_one(r));
    T_INT(r->account, -1);
}

T_MAIN(
    T_BED(test_connect_run_sends_no_code_under_a_claim_that_would_not_last),
    T_BED(test_connect_write_keeps_the_account_with_its_grant_sealed),
    T_BED(test_connect_write_renews_what_the_same_owner_has),
    T_BED(test_connect_write_refuses_another_owner),
    T_BED(test_connect_write_tells_sources_apart),
    T_BED(test_connect_write_looks_again_at_what_may_have_changed),
    T_BED(test_connect_write_cancels_what_was_to_be_revoked),
    T_BED(test_connect_write_writes_nothing_without_its_lease))
