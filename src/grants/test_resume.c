/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_resume.c - a flow whose node died after the exchange ends as it would have ended
 * (docs/api.md §9).
 */
#include "base/buf.h"
#include "base/limits.h"
#include "grants/ending.h"
#include "grants/flow_tokens.h"
#include "grants/resume.h"
#include "grants/revoke.h"
#include "grants/testgrant.h"
#include "oauth/testjwt.h"
#include "sources/source.h"
#include "store/flows.h"
#include "store/leases.h"

static const Str lost_id = SI("flow id of 24 bytes.....");

/* A flow whose claim was over long ago. */
struct lost {
    struct connect connect;
    Str sealed; /* what it left */
};

static struct lost lost_new(Str id_token)
{
    struct lost l = {
        .connect = {
            .work = &bed.work,
            .flow_id = lost_id,
            .owner = S("the dead"),
            .flow =
                {.credential = CREDENTIAL_TOKEN,
                 .token_id = bed.token,
                 .provider = BED_PROVIDER,
                 .mode = MODE_PROVIDER,
                 .user = S("u1"),
                 .source = SOURCE_GOOGLE,
                 .key_id = keyring_sealing(bed.keyring),
                 .redirect_uri = S(BED_REDIRECT)},
            .tokens =
                {.access_token = S("ya29"),
                 .refresh_token = S("1//fresh"),
                 .id_token = id_token,
                 .scope = S("openid " BED_SCOPE),
                 .expires_in_s = 3599},
            .granted_ms = clock_now_ms(),
        }};

    memcpy(l.connect.flow.id, lost_id.p, FLOW_ID_BYTES);
    l.sealed = flow_tokens_seal(&t_cx()->mem, bed.keyring, &l.connect);
    return l;
}

static Res lost_claim(struct cx *cx, struct db *db, void *arg)
{
    const struct lost *l = arg;
    struct lease lease = {.owner = l->connect.owner, .length_ms = 1000};
    struct flow_tokens tokens = {.sealed = l->sealed, .key_id = l->connect.flow.key_id};
    struct flow_record record;

    db_stop_clock(db, 1000);
    TRY(flow_claim(cx, db, lost_id, &lease, &record));
    T_INT(record.stage, FLOW_WON);
    TRY(flow_keep(cx, db, lost_id, lease.owner, &tokens));
    db_stop_clock(db, 0);
    return OK;
}

static Res record_read(struct cx *cx, struct db *db, void *arg)
{
    return flow_read(cx, db, lost_id, arg);
}

static struct flow_record record_now(void)
{
    struct flow_record record;

    T_OK(store_read(t_cx(), bed.store, record_read, &record));
    return record;
}

static Res revocation_read(struct cx *cx, struct db *db, void *arg)
{
    return db_query_int(cx, db, "select count(*) from revocations", DB_NONE, arg);
}

static int64_t revocations_now(void)
{
    int64_t n;

    T_OK(store_read(t_cx(), bed.store, revocation_read, &n));
    return n;
}

static bool resumed(void)
{
    struct cx cx = {.deadline_ms = clock_mono_ms() + BED_TIMEOUT_MS};
    bool did;

    T_OK(resume_one(&cx, &bed.work, &did));
    cx_done(&cx);
    return did;
}

TEST(test_resume_finds_nothing_where_no_flow_is_lost)
{
    T_TRUE(!resumed());
}

TEST(test_resume_ends_a_flow_whose_tokens_do_not_open)
{
    struct lost l = lost_new(S("e.e.e"));

    l.sealed = S("sealed by nobody");
    T_OK(BED_WRITE(lost_claim, &l));
    T_TRUE(resumed());
    struct flow_record record = record_now();

    T_INT(record.stage, FLOW_DONE);
    T_STR(record.outcome, S("server_error"));
    T_TRUE(!resumed()); /* once */
}

TEST(test_resume_ends_a_flow_whose_source_was_switched_off)
{
    struct lost l = lost_new(S("e.e.e"));

    bed.settings.sources[SOURCE_GOOGLE - 1].is_on = false;
    T_OK(BED_WRITE(lost_claim, &l));
    T_TRUE(resumed());
    T_STR(record_now().outcome, S("source_misconfigured"));
}

/* An ID token for this flow, signed with the key. */
static Str lost_id_token(EVP_PKEY *key, Str sub)
{
    struct arena *mem = &t_cx()->mem;
    struct lost l = lost_new(S(""));
    struct flow_secrets secrets;

    T_OK(state_derive_secrets(t_cx(), bed.keyring, &l.connect.flow, &secrets));
    Str nonce = {secrets.nonce, FLOW_SECRET_TEXT};
    Str now = str_int(mem, clock_now_ms() / 1000);
    Str later = str_int(mem, clock_now_ms() / 1000 + 3600);
    struct buf b = {.mem = mem, .max = 1024};

    buf_add(
        &b, S("{\"iss\":\"https://accounts.google.com\",\"aud\":\"client\",\"sub\":\""));
    buf_add(&b, sub);
    buf_add(&b, S("\",\"nonce\":\""));
    buf_add(&b, nonce);
    buf_add(&b, S("\",\"iat\":"));
    buf_add(&b, now);
    buf_add(&b, S(",\"exp\":"));
    buf_add(&b, later);
    buf_add(&b, S("}"));
    return test_token(mem, key, S("{\"alg\":\"RS256\",\"kid\":\"1\"}"), buf_text(&b));
}

static Str lost_answer(Str body)
{
    struct arena *mem = &t_cx()->mem;

    return str_cat(
        mem,
        S("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"),
        body);
}

static Res person_lease(struct cx *cx, struct db *db, void *arg)
{
    struct lease lease = {.owner = S("another"), .length_ms = 60000};
    Str name = revoke_lease_name(&cx->mem, SOURCE_GOOGLE, S(BED_SUBJECT));

    return lease_take(cx, db, name, &lease, arg);
}

static Res claim_read(struct cx *cx, struct db *db, void *arg)
{
    return db_query_int(cx, db, "select claimed_until from flows", DB_NONE, arg);
}

/* Another works on the same person: the flow waits, and its claim doesn't. */
TEST(test_resume_keeps_no_claim_that_it_cannot_use)
{
    CLEANUP(test_key_done) EVP_PKEY *key = test_rsa(2048);
    struct arena *mem = &t_cx()->mem;
    struct source_settings *own = &bed.settings.sources[SOURCE_GOOGLE - 1];
    struct lost l = lost_new(lost_id_token(key, S(BED_SUBJECT)));
    const struct step steps[] = {
        {lost_answer(test_jwks(mem, test_jwk(mem, key, S(",\"kid\":\"1\"")))),
         THEN_CLOSE},
    };
    static struct server s;
    int64_t until_ms;
    bool got;

    source_scripted(&s, SOURCE_GOOGLE, steps, COUNT(steps));
    own->jwks = jwks_open(testserver_url(mem, &s, "/keys"), &bed.settings.net);
    T_OK(BED_WRITE(lost_claim, &l));
    T_OK(store_write(t_cx(), bed.store, person_lease, &got));
    T_TRUE(got);
    T_TRUE(resumed());
    testserver_stop(&s);
    jwks_unref(&own->jwks);
    T_INT(record_now().stage, FLOW_BUSY);
    T_OK(store_read(t_cx(), bed.store, claim_read, &until_ms));
    T_TRUE(until_ms <= clock_now_ms() + LIMIT_RESUME_AGAIN_MS);
    T_TRUE(!resumed()); /* not at once again */
}

/* The source that the lost flow meets again: its keys, then its calendars. */
static void resumed_with(EVP_PKEY *key, Str sub, Str calendars, struct flow_record *ret)
{
    struct arena *mem = &t_cx()->mem;
    struct source_settings *own = &bed.settings.sources[SOURCE_GOOGLE - 1];
    struct lost l = lost_new(lost_id_token(key, sub));
    const struct step steps[] = {
        {lost_answer(test_jwks(mem, test_jwk(mem, key, S(",\"kid\":\"1\"")))),
         THEN_CLOSE},
        {lost_answer(calendars), THEN_CLOSE},
    };
    static struct server s;

    source_scripted(&s, SOURCE_GOOGLE, steps, COUNT(steps));
    own->jwks = jwks_open(testserver_url(mem, &s, "/keys"), &bed.settings.net);
    T_OK(BED_WRITE(lost_claim, &l));
    T_TRUE(resumed());
    testserver_stop(&s);
    jwks_unref(&own->jwks);
    *ret = record_now();
}

TEST(test_resume_makes_the_account_of_a_lost_flow)
{
    CLEANUP(test_key_done) EVP_PKEY *key = test_rsa(2048);
    struct flow_record record;

    resumed_with(
        key, S(BED_SUBJECT),
        S("{\"items\":[{\"id\":\"ada@gmail.com\",\"accessRole\":\"owner\",\"primary\":true}]}"),
        &record);
    T_STR(record.outcome, S("success"));
    struct connected now = connected_now(record.account);

    T_STR(now.account.subject, S(BED_SUBJECT));
    T_STR(now.account.user, S("u1"));
    T_STR(now.grant.refresh_token, S("1//fresh"));
    T_INT(revocations_now(), 0);
}

/* A grant that is not kept is revoked: it has not been forgotten. */
TEST(test_resume_revokes_what_a_lost_flow_may_not_keep)
{
    CLEANUP(test_key_done) EVP_PKEY *key = test_rsa(2048);
    struct flow_record record;

    resumed_with(key, S(BED_SUBJECT), S("{\"items\":[]}"), &record);
    T_STR(record.outcome, S("no_calendar"));
    T_INT(revocations_now(), 1);
}

/* Another has ended the flow while this worker was at it: what was written stays. */
TEST(test_an_end_under_a_lost_claim_keeps_what_was_written)
{
    struct lost l = lost_new(S(""));
    struct ending e = {.connect = &l.connect};

    l.connect.source = source_get(SOURCE_GOOGLE);
    T_OK(BED_WRITE(lost_claim, &l));
    Res how = fail(t_cx(), FAIL_ACCESS_DENIED, "the user said no");

    T_FAIL(FAIL_ACCESS_DENIED, ending_write(t_cx(), &e, how, t_cx()->deadline_ms));
    T_INT(e.record.stage, FLOW_DONE);
    T_STR(e.record.outcome, S("server_error"));
    T_STR(record_now().outcome, S("server_error"));
}

T_MAIN(
    T_BED(test_resume_finds_nothing_where_no_flow_is_lost),
    T_BED(test_resume_ends_a_flow_whose_tokens_do_not_open),
    T_BED(test_resume_ends_a_flow_whose_source_was_switched_off),
    T_BED(test_resume_keeps_no_claim_that_it_cannot_use),
    T_BED(test_resume_makes_the_account_of_a_lost_flow),
    T_BED(test_resume_revokes_what_a_lost_flow_may_not_keep),
    T_BED(test_an_end_under_a_lost_claim_keeps_what_was_written))
