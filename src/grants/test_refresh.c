/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_refresh.c - what becomes of a grant and its account, for every answer of a token
 * endpoint (SECURITY 39, 50, 62, 63).
 */
#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "base/testmetric.h"
#include "grants/refusals.h"
#include "grants/schedule.h"
#include "grants/testgrant.h"
#include "oauth/testjwt.h"
#include "sources/source.h"

/* A refresh as far as its lease. */
static struct refresh *begun(int64_t id)
{
    struct refresh *r = NEW(&t_cx()->mem, struct refresh);
    struct connected now = connected_now(id);
    bool got = false;

    *r = (struct refresh){
        .work = &bed.work,
        .account = now.account,
        .record = now.record,
        .grant = now.grant,
    };
    T_OK(refresh_begin(t_cx(), r, &got));
    T_TRUE(got);
    return r;
}

static Res refresh_once(int64_t id, struct refresh **ret)
{
    *ret = begun(id);
    return refresh_run(t_cx(), *ret);
}

/* docs/sources.md G8, M7, M9; and errors of the wire. */
TEST(test_refusals_and_failures_have_their_end)
{
    static const struct {
        enum source_id source;
        struct step step;
        enum fail want;
        Str reason; /* empty: it stays connected */
    } rows[] = {
        /* clang-format off */
        {SOURCE_GOOGLE, REFUSED("invalid_grant"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_GOOGLE, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_GOOGLE, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_subtype\":\"invalid_rapt\"}"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_GOOGLE, HTTP("401 No", "{\"error\":\"invalid_client\",\"error_description\":\"Unauthorized\"}"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_GOOGLE, REFUSED("invalid_request"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_GOOGLE, REFUSED("unsupported_grant_type"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_GOOGLE, REFUSED("admin_policy_enforced"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_GOOGLE, REFUSED("access_denied"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_GOOGLE, REFUSED("something_new"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_GOOGLE, HTTP("429 Slow", "{\"error\":\"invalid_grant\"}"), FAIL_SOURCE_RATE_LIMITED, SI("")},
        {SOURCE_GOOGLE, HTTP("500 Oh", "{\"error\":\"invalid_grant\"}"), FAIL_SOURCE_UNAVAILABLE, SI("")},
        {SOURCE_GOOGLE, HTTP("503 Away", ""), FAIL_SOURCE_UNAVAILABLE, SI("")},
        {SOURCE_GOOGLE, HTTP("200 OK", "<html>"), FAIL_SOURCE_ERROR, SI("")},
        {SOURCE_GOOGLE, HTTP("200 OK", "{}"), FAIL_SOURCE_ERROR, SI("")},
        {SOURCE_GOOGLE, HTTP("404 No", "{}"), FAIL_SOURCE_ERROR, SI("")},
        {SOURCE_GOOGLE, HTTP("302 Go", ""), FAIL_SOURCE_ERROR, SI("")},
        {SOURCE_GOOGLE, {SI(""), THEN_RESET}, FAIL_SOURCE_UNAVAILABLE, SI("")},
        {SOURCE_GOOGLE, {SI("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), THEN_CLOSE}, FAIL_SOURCE_UNAVAILABLE, SI("")},
        {SOURCE_GOOGLE, {SI(""), THEN_HANG}, FAIL_SOURCE_TIMEOUT, SI("")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70000: x\"}"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50196: x\"}"), FAIL_SOURCE_UNAVAILABLE, SI("")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: x\"}"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50173: x\"}"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS65001: x\"}"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"interaction_required\",\"error_description\":\"AADSTS50076: x\",\"suberror\":\"basic_action\"}"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, REFUSED("consent_required"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, REFUSED("login_required"), FAIL_NEEDS_RECONNECT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("401 No", "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: x\"}"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: x\"}"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, REFUSED("invalid_scope"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, REFUSED("invalid_resource"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"temporarily_unavailable\",\"error_description\":\"AADSTS90033: x\"}"), FAIL_SOURCE_UNAVAILABLE, SI("")},
        {SOURCE_MICROSOFT, HTTP("504 Away", ""), FAIL_SOURCE_UNAVAILABLE, SI("")},
        /* clang-format on */
    };

    int64_t timeout_ms = bed.settings.net.timeout_ms;

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        int64_t id = connected_new(rows[i].source, S("A1"), 0);
        bool is_final = rows[i].reason.n > 0;
        int64_t began = clock_now_ms();
        struct refresh *r;

        print_message("  %.*s\n", STR_ARG(rows[i].step.send));
        source_scripted(&s, rows[i].source, &rows[i].step, 1);
        bed.settings.net.timeout_ms = rows[i].step.after == THEN_HANG ? 50 : timeout_ms;
        T_FAIL(rows[i].want, refresh_once(id, &r));
        testserver_stop(&s);
        struct connected now = connected_now(id);

        T_INT(now.account.status, is_final ? ACCOUNT_NEEDS_RECONNECT : ACCOUNT_CONNECTED);
        T_STR(now.account.status_reason, rows[i].reason);
        T_TRUE(!is_final || now.account.status_since_ms >= began);
        T_STR(now.grant.refresh_token, S("R1"));
        T_INT(now.record.version, 1);
        T_INT(now.record.leased_until_ms, 0);
        T_INT(now.record.failures, is_final ? 0 : 1);
        T_TRUE(is_final || now.record.retry_ms > began);
        T_TRUE(is_final || bed.work.retry_after_s >= 1);
        disconnected(id);
    }
    bed.settings.net.timeout_ms = timeout_ms;
}

TEST(test_retry_after_is_honoured)
{
    static const struct step step = {
        SI("HTTP/1.1 429 Slow\r\nRetry-After: 700\r\nConnection: close\r\n\r\n"),
        THEN_CLOSE};
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    int64_t began = clock_now_ms();
    struct refresh *r;

    source_scripted(&s, SOURCE_GOOGLE, &step, 1);
    T_FAIL(FAIL_SOURCE_RATE_LIMITED, refresh_once(id, &r));
    testserver_stop(&s);
    T_INT(bed.work.retry_after_s, 700);
    T_TRUE(connected_now(id).record.retry_ms >= began + 700 * 1000);
}

TEST(test_delay_doubles_with_jitter_up_to_its_limit)
{
    for (int64_t failures = 1; failures <= 70; failures++) {
        int64_t whole = LIMIT_REFRESH_MOST_MS;

        if (failures < 10) {
            whole = LIMIT_REFRESH_FIRST_MS << (failures - 1);
            whole = whole < LIMIT_REFRESH_MOST_MS ? whole : LIMIT_REFRESH_MOST_MS;
        }
        int64_t delay = schedule_refresh_delay_ms(failures, -1);

        T_TRUE(delay >= whole / 2 && delay <= whole);
    }
    T_INT(schedule_refresh_delay_ms(1, 3600), 3600 * 1000);
    T_INT(
        schedule_refresh_delay_ms(1, LIMIT_REFRESH_TOLD_MS / 1000),
        LIMIT_REFRESH_TOLD_MS);
    T_INT(
        schedule_refresh_delay_ms(1, LIMIT_REFRESH_TOLD_MS / 1000 + 1),
        LIMIT_REFRESH_TOLD_MS);
    T_INT(schedule_refresh_delay_ms(1, INT64_MAX), LIMIT_REFRESH_TOLD_MS);
}

TEST(test_due_is_a_third_of_a_grants_life)
{
    for (int i = 0; i < 100; i++) {
        int64_t day = 24 * 3600 * 1000;
        int64_t google = schedule_refresh_due_ms(source_get(SOURCE_GOOGLE), 0);
        int64_t microsoft = schedule_refresh_due_ms(source_get(SOURCE_MICROSOFT), 0);

        T_TRUE(google > 45 * day && google <= 60 * day);
        T_TRUE(microsoft > 22 * day && microsoft <= 30 * day);
    }
}

TEST(test_success_is_stored_with_the_token_before)
{
    static const struct {
        const char *name;
        Str before; /* stored beside R1 */
        struct step steps[2];
        Str refresh_token, refresh_token_before;
    } rows[] = {
        /* clang-format off */
        {"no new one: the old one has worked", SI("R0"), {TOKENS("")}, SI("R1"), SI("")},
        {"a new one", SI(""), {TOKENS(",\"refresh_token\":\"R2\"")}, SI("R2"), SI("R1")},
        {"a new one, and an older one", SI("R0"), {TOKENS(",\"refresh_token\":\"R2\"")}, SI("R2"), SI("R1")},
        {"the same again", SI("R0"), {TOKENS(",\"refresh_token\":\"R1\"")}, SI("R1"), SI("")},
        {"it never came to work", SI("R0"), {REFUSED("invalid_grant"), TOKENS("")}, SI("R0"), SI("")},
        {"it never came to work, and a new one", SI("R0"), {REFUSED("invalid_grant"), TOKENS(",\"refresh_token\":\"R2\"")}, SI("R2"), SI("R0")},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
        struct refresh *r = begun(id);
        int64_t now_ms = clock_now_ms();

        print_message("  %s\n", rows[i].name);
        r->grant.refresh_token_before = rows[i].before;
        source_scripted(&s, SOURCE_MICROSOFT, rows[i].steps, 2);
        T_OK(refresh_run(t_cx(), r));
        testserver_stop(&s);
        struct connected now = connected_now(id);

        T_STR(now.grant.refresh_token, rows[i].refresh_token);
        T_STR(now.grant.refresh_token_before, rows[i].refresh_token_before);
        T_STR(now.grant.access_token, S("A2"));
        T_STR(now.grant.scope, S(BED_SCOPE));
        T_TRUE(now.grant.access_expires_ms >= now_ms + 3599 * 1000);
        T_STR(r->grant.access_token, S("A2"));
        T_INT(now.record.version, 2);
        T_INT(now.record.leased_until_ms, 0);
        T_INT(now.account.status, ACCOUNT_CONNECTED);
        T_TRUE(str_contains(testserver_request(&s, 0), S("refresh_token=R1&")));
        disconnected(id);
    }
}

/* docs/api.md §9: a rotated refresh token is never lost for what is odd beside it. */
TEST(test_an_odd_answer_costs_no_refresh_token)
{
#define ODD(members) HTTP("200 OK", "{\"access_token\":\"A2\"," members "}")

    static const struct {
        const char *name;
        struct step step;
        Str refresh_token, refresh_token_before;
        int64_t version;
    } rows[] = {
        {"lifetime",
         ODD("\"token_type\":\"Bearer\",\"refresh_token\":\"R2\",\"expires_in\":\"soon\""),
         SI("R2"), SI("R1"), 2},
        {"type", ODD("\"refresh_token\":\"R2\""), SI("R2"), SI("R1"), 2},
        {"ID token",
         ODD("\"token_type\":\"Bearer\",\"refresh_token\":\"R2\",\"id_token\":\"a.b.c\""),
         SI("R2"), SI("R1"), 2},
        {"the same one again", ODD("\"refresh_token\":\"R1\""), SI("R1"), SI(""), 1},
        {"none", ODD("\"token_type\":\"mac\""), SI("R1"), SI(""), 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
        int64_t now_ms = clock_now_ms();
        struct refresh *r;

        print_message("  %s\n", rows[i].name);
        source_scripted(&s, SOURCE_MICROSOFT, &rows[i].step, 1);
        T_FAIL(FAIL_SOURCE_ERROR, refresh_once(id, &r));
        testserver_stop(&s);
        struct connected now = connected_now(id);

        T_STR(now.grant.refresh_token, rows[i].refresh_token);
        T_STR(now.grant.refresh_token_before, rows[i].refresh_token_before);
        T_STR(now.grant.access_token, S("A1"));
        T_STR(now.grant.scope, S(BED_SCOPE));
        T_INT(now.record.version, rows[i].version);
        T_INT(now.record.leased_until_ms, 0);
        T_INT(now.record.failures, 1);
        T_TRUE(now.record.retry_ms > now_ms);
        T_TRUE(bed.work.retry_after_s >= 1);
        T_INT(now.account.status, ACCOUNT_CONNECTED);
        disconnected(id);
    }
}

TEST(test_the_token_before_is_tried_once)
{
    static const struct step steps[] = {
        REFUSED("invalid_grant"), REFUSED("invalid_grant"), TOKENS("")};
    static struct server s;
    int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
    struct refresh *r = begun(id);

    r->grant.refresh_token_before = S("R0");
    source_scripted(&s, SOURCE_MICROSOFT, steps, COUNT(steps));
    T_FAIL(FAIL_NEEDS_RECONNECT, refresh_run(t_cx(), r));
    testserver_stop(&s);
    T_INT(s.served, 2);
    T_TRUE(str_contains(testserver_request(&s, 1), S("refresh_token=R0&")));
    T_STR(connected_now(id).account.status_reason, S("grant_revoked"));
}

/* An answer with an ID token of such claims; its signature plays no part. */
static struct step with_id_token(Str claims)
{
    struct arena *mem = &t_cx()->mem;
    Str token = test_forged(mem, S("{\"alg\":\"RS256\"}"), claims);
    Str begin = S("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                  "Connection: close\r\n\r\n{\"token_type\":\"Bearer\","
                  "\"access_token\":\"A2\",\"expires_in\":3599,\"id_token\":\"");

    return (struct step){str_cat(mem, str_cat(mem, begin, token), S("\"}")), THEN_CLOSE};
}

#define GOOGLE_CLAIMS(aud, sub)                                                          \
    SI("{\"iss\":\"https://accounts.google.com\",\"aud\":\"" aud "\",\"sub\":\"" sub     \
       "\"}")
#define MICROSOFT_CLAIMS(tid, oid)                                                       \
    SI("{\"iss\":\"https://login.microsoftonline.com/" tid                               \
       "/v2.0\",\"aud\":\"client\",\"sub\":\"pairwise\",\"tid\":\"" tid                  \
       "\",\"oid\":\"" oid "\"}")

/* SECURITY 50 */
TEST(test_an_id_token_of_another_drops_the_tokens)
{
    static const struct {
        enum source_id source;
        Str claims;
        enum fail want;
        Str reason;
    } rows[] = {
        /* clang-format off */
        {SOURCE_GOOGLE, GOOGLE_CLAIMS("client", BED_SUBJECT), FAIL_NONE, SI("")},
        {SOURCE_GOOGLE, GOOGLE_CLAIMS("client", "7"), FAIL_NEEDS_RECONNECT, SI("identity_invalid")},
        {SOURCE_GOOGLE, GOOGLE_CLAIMS("other", BED_SUBJECT), FAIL_NEEDS_RECONNECT, SI("identity_invalid")},
        {SOURCE_GOOGLE, SI("{\"iss\":\"https://evil.example\",\"aud\":\"client\",\"sub\":\"" BED_SUBJECT "\"}"), FAIL_NEEDS_RECONNECT, SI("identity_invalid")},
        {SOURCE_GOOGLE, SI("not claims"), FAIL_SOURCE_ERROR, SI("")},
        {SOURCE_MICROSOFT, MICROSOFT_CLAIMS(BED_TID, BED_OID), FAIL_NONE, SI("")},
        {SOURCE_MICROSOFT, MICROSOFT_CLAIMS(BED_TID, "00000000-0000-0000-66f3-000000000000"), FAIL_NEEDS_RECONNECT, SI("identity_invalid")},
        {SOURCE_MICROSOFT, MICROSOFT_CLAIMS("99999999-2222-3333-4444-555555555555", BED_OID), FAIL_NEEDS_RECONNECT, SI("identity_invalid")},
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        int64_t id = connected_new(rows[i].source, S("A1"), 0);
        struct step step = with_id_token(rows[i].claims);
        struct refresh *r;

        source_scripted(&s, rows[i].source, &step, 1);
        T_FAIL(rows[i].want, refresh_once(id, &r));
        testserver_stop(&s);
        struct connected now = connected_now(id);

        T_STR(now.account.status_reason, rows[i].reason);
        T_STR(now.grant.access_token, rows[i].want == FAIL_NONE ? S("A2") : S("A1"));
        disconnected(id);
    }
}

/* SECURITY 39: the newest token is kept, for the revocation to come. */
TEST(test_a_permission_that_is_gone_ends_the_connection)
{
    static const struct step step =
        TOKENS(",\"refresh_token\":\"R2\",\"scope\":\"openid B\"");
    static struct server s;
    int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
    struct refresh *r;

    source_scripted(&s, SOURCE_MICROSOFT, &step, 1);
    T_FAIL(FAIL_NEEDS_RECONNECT, refresh_once(id, &r));
    testserver_stop(&s);
    struct connected now = connected_now(id);

    T_INT(now.account.status, ACCOUNT_NEEDS_RECONNECT);
    T_STR(now.account.status_reason, S("missing_scopes"));
    T_STR(now.grant.refresh_token, S("R2"));
}

/* docs/api.md §9, "A grant that was refused". */
TEST(test_refused_delay_is_an_hour_a_day_a_week)
{
    static const int64_t pauses[] = {
        LIMIT_HEAL_FIRST_MS, LIMIT_HEAL_SECOND_MS, LIMIT_HEAL_LAST_MS};

    T_INT(LIMIT_HEAL_FIRST_MS, 3600 * 1000);
    T_INT(LIMIT_HEAL_SECOND_MS, 24 * 3600 * 1000);
    T_INT(LIMIT_HEAL_LAST_MS, 7 * 24 * 3600 * 1000);
    for (size_t i = 0; i < COUNT(pauses); i++) {
        for (int times = 0; times < 100; times++) {
            int64_t delay = schedule_refused_delay_ms((int64_t)i);

            T_TRUE(delay >= pauses[i]);
            T_TRUE(delay < pauses[i] + pauses[i] / LIMIT_HEAL_SPREAD);
        }
    }
    T_TRUE(schedule_refused_delay_ms(3) == GRANT_NEVER);
    T_TRUE(schedule_refused_delay_ms(INT64_MAX) == GRANT_NEVER);
}

static Res due_read(struct cx *cx, struct db *db, void *arg)
{
    struct grant_change *ch = arg;

    return db_query_int(
        cx, db, "select due_at from grants where account = $1", DB_ARGS(db_int(ch->id)),
        &ch->ms);
}

static int64_t due_of(int64_t id)
{
    struct grant_change ch = {.id = id};

    T_OK(store_read(t_cx(), bed.store, due_read, &ch));
    return ch.ms;
}

static Res due_write(struct cx *cx, struct db *db, void *arg)
{
    const struct grant_change *ch = arg;

    return db_exec(
        cx, db, "update grants set due_at = $2, retry_at = 0 where account = $1",
        DB_ARGS(db_int(ch->id), db_int(ch->ms)), NULL);
}

static void due_again(int64_t id)
{
    struct grant_change ch = {.id = id, .ms = 1};

    T_OK(BED_WRITE(due_write, &ch));
}

static const struct due_page all_of_google = {.source = SOURCE_GOOGLE, .parts = 1};

/* The background comes by, with a source that answers so; how many calls that got. */
static size_t background_against(const struct step *step)
{
    static struct server s;

    source_scripted(&s, SOURCE_GOOGLE, step, 1);
    T_OK(refresh_due(t_cx(), &bed.work, &all_of_google));
    testserver_stop(&s);
    return s.served;
}

static const struct step refused = REFUSED("invalid_grant");
static const struct step tokens = TOKENS(",\"refresh_token\":\"R2\"");
static const struct step throttling = HTTP("429 Slow", "");
static const struct step away = HTTP("503 Away", "");

/* An account that its source has refused, on the request's way. */
static int64_t refused_new(void)
{
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *r;

    source_scripted(&s, SOURCE_GOOGLE, &refused, 1);
    T_FAIL(FAIL_NEEDS_RECONNECT, refresh_once(id, &r));
    testserver_stop(&s);
    return id;
}

TEST(test_a_refused_grant_is_tried_after_an_hour_a_day_a_week)
{
    static const int64_t pauses[] = {
        LIMIT_HEAL_FIRST_MS, LIMIT_HEAL_SECOND_MS, LIMIT_HEAL_LAST_MS};
    int64_t before_ms = clock_now_ms();
    int64_t id = refused_new();
    int64_t since_ms = account_now(id).status_since_ms;

    for (size_t i = 0; i < COUNT(pauses); i++) {
        int64_t most_ms = pauses[i] + pauses[i] / LIMIT_HEAL_SPREAD;

        T_TRUE(due_of(id) >= before_ms + pauses[i]);
        T_TRUE(due_of(id) < clock_now_ms() + most_ms);
        T_INT(background_against(&refused), 0); /* not before its time */
        due_again(id);
        before_ms = clock_now_ms();
        T_INT(background_against(&refused), 1);
        T_STR(account_now(id).status_reason, S("grant_revoked"));
        T_INT(account_now(id).status_since_ms, since_ms);
    }
    T_TRUE(due_of(id) == GRANT_NEVER);
}

TEST(test_a_refused_grant_that_works_again_heals_its_account)
{
    int64_t id = refused_new();
    struct connected now;
    int64_t before_ms = clock_now_ms();

    due_again(id);
    T_INT(background_against(&tokens), 1);
    now = connected_now(id);
    T_INT(now.account.status, ACCOUNT_CONNECTED);
    T_STR(now.account.status_reason, S(""));
    T_TRUE(now.account.status_since_ms >= before_ms);
    T_STR(now.grant.refresh_token, S("R2"));
    T_INT(now.record.refusals, 0);
    T_TRUE(due_of(id) > before_ms + LIMIT_HEAL_LAST_MS); /* as any other */
    T_TRUE(due_of(id) < GRANT_NEVER);
}

/* What passes uses up none of the three tries. */
TEST(test_a_source_that_is_away_is_no_further_refusal)
{
    static const struct step odd =
        HTTP("200 OK", "{\"access_token\":\"A2\",\"refresh_token\":\"R2\"}");
    int64_t id = refused_new();

    for (int i = 0; i < 2; i++) {
        due_again(id);
        T_INT(background_against(i == 0 ? &away : &odd), 1);
        T_INT(connected_now(id).record.refusals, 1);
        T_INT(connected_now(id).record.failures, i + 1);
        T_TRUE(due_of(id) <= clock_now_ms() + LIMIT_REFRESH_MOST_MS);
        T_STR(account_now(id).status_reason, S("grant_revoked"));
    }
    due_again(id);
    T_INT(background_against(&tokens), 1);
    T_INT(account_now(id).status, ACCOUNT_CONNECTED);
}

TEST(test_what_was_no_refusal_is_not_tried_again)
{
    static const struct step fewer =
        TOKENS(",\"refresh_token\":\"R2\",\"scope\":\"openid B\"");
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *r;

    source_scripted(&s, SOURCE_GOOGLE, &fewer, 1);
    T_FAIL(FAIL_NEEDS_RECONNECT, refresh_once(id, &r));
    testserver_stop(&s);
    T_TRUE(due_of(id) == GRANT_NEVER);
    due_again(id);
    T_INT(background_against(&tokens), 0);
    T_STR(account_now(id).status_reason, S("missing_scopes"));
    T_TRUE(due_of(id) == GRANT_NEVER); /* or it would be late for ever */
}

/* The user was faster. */
TEST(test_connecting_again_ends_the_tries)
{
    int64_t id = refused_new();

    granted_anew(id, S("A9"), 1000);
    T_INT(connected_now(id).record.refusals, 0);
}

/* SECURITY 62 */
TEST(test_a_lease_is_of_one)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *first = begun(id);
    struct refresh second = *first;
    bool got = true;

    T_OK(refresh_begin(t_cx(), &second, &got));
    T_TRUE(!got);
    T_TRUE(!str_eq(first->owner, second.owner));
}

/* The machine slept, or was moved, between lease and call. */
TEST(test_a_lease_that_would_not_last_is_not_used)
{
    static const struct step step = TOKENS(",\"refresh_token\":\"R2\"");
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *r = begun(id);

    r->lease.local_boot_ms -= LIMIT_LEASE_MS - LIMIT_REFRESH_STORE_MS;
    source_scripted(&s, SOURCE_GOOGLE, &step, 1);
    T_FAIL(FAIL_CONFLICT, refresh_run(t_cx(), r));
    T_INT(s.served, 0);
    testserver_stop(&s);
}

/* The pauses between the tries of a write pass at once; before one of them the store
 * comes back to its place. */
static char away_folder[sizeof(bed.folder) + 8];
static int pauses;
static int pauses_away;

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    pauses++;
    if (pauses == pauses_away) {
        must_be(rename(away_folder, bed.folder) == 0);
    }
    return 0;
}

static void store_goes_away(int for_pauses)
{
    (void)snprintf(away_folder, sizeof(away_folder), "%s.away", bed.folder);
    must_be(rename(bed.folder, away_folder) == 0);
    pauses = 0;
    pauses_away = for_pauses;
}

TEST(test_what_a_stale_holder_brings_is_thrown_away)
{
    static const struct step steps[] = {
        TOKENS(",\"refresh_token\":\"R2\""), REFUSED("invalid_grant"),
        HTTP("503 Away", "")};

    for (size_t i = 0; i < COUNT(steps); i++) {
        static struct server s;
        int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
        struct refresh *r = begun(id);

        granted_anew(id, S("A9"), 1000);
        source_scripted(&s, SOURCE_GOOGLE, &steps[i], 1);
        pauses = 0;
        T_FAIL(FAIL_CONFLICT, refresh_run(t_cx(), r));
        T_INT(pauses, 0); /* a lease that is lost doesn't come back */
        testserver_stop(&s);
        struct connected now = connected_now(id);

        T_STR(now.grant.refresh_token, S("R9"));
        T_INT(now.account.status, ACCOUNT_CONNECTED);
        T_INT(now.record.failures, 0);
        disconnected(id);
    }
}

/* The source may take the new refresh token alone from now on: it would be lost. */
TEST(test_a_new_refresh_token_is_stored_once_the_store_is_back)
{
    static const struct step step = TOKENS(",\"refresh_token\":\"R2\"");
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *r = begun(id);

    source_scripted(&s, SOURCE_GOOGLE, &step, 1);
    store_goes_away(3);
    T_OK(refresh_run(t_cx(), r));
    testserver_stop(&s);
    T_INT(s.served, 1);
    T_INT(pauses, 3);
    struct connected now = connected_now(id);

    T_STR(now.grant.refresh_token, S("R2"));
    T_STR(now.grant.access_token, S("A2"));
    T_INT(now.record.leased_until_ms, 0);
}

TEST(test_a_grant_that_cannot_be_opened_marks_its_account)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct connected seen = connected_now(id);
    struct refresh r = {
        .work = &bed.work, .account = seen.account, .record = seen.record};

    r.record.sealed = S("not a record");
    granted_anew(id, S("A9"), 1000);
    T_FAIL(FAIL_CONFLICT, refresh_open_grant(t_cx(), &r));
    T_INT(connected_now(id).account.status, ACCOUNT_CONNECTED);
    r.record.version = 2;
    T_FAIL(FAIL_NEEDS_RECONNECT, refresh_open_grant(t_cx(), &r));
    T_STR(connected_now(id).account.status_reason, S("grant_unreadable"));
}

/* So many accounts that are due, of both sources in turn. */
static void due_new(int64_t ids[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct connected c = {
            .source = i % 2 == 0 ? SOURCE_GOOGLE : SOURCE_MICROSOFT,
            .subject = str_int(&t_cx()->mem, (int64_t)i),
            .grant = {.refresh_token = S("R1"), .scope = S(BED_SCOPE)}};

        T_OK(BED_WRITE(connected_insert, &c));
        ids[i] = c.id;
    }
}

/* Whoever comes next finds it as it was: due, and free. */
TEST(test_a_refresh_that_a_stop_cuts_short_is_no_attempt)
{
    static const struct step hangs = {SI(""), THEN_HANG};
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *r = begun(id);

    source_scripted(&s, SOURCE_GOOGLE, &hangs, 1);
    bed_stop();
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, refresh_run(t_cx(), r));
    bed_stopped();
    testserver_stop(&s);
    struct connected now = connected_now(id);

    T_INT(now.record.failures, 0);
    T_INT(now.record.retry_ms, 0);
    T_INT(now.record.leased_until_ms, 0);
    T_INT(due_of(id), 1);
    T_INT(now.account.status, ACCOUNT_CONNECTED);
}

/* A refresh for a use with this answer; what was counted before it. */
static int64_t *refresh_counted(const struct step *step)
{
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *r = begun(id);
    int64_t *before = t_metric_now(METRIC_REFRESHES);

    source_scripted(&s, SOURCE_GOOGLE, step, 1);
    (void)refresh_run(t_cx(), r).code;
    testserver_stop(&s);
    disconnected(id);
    return before;
}

TEST(test_refresh_run_counts_each_result)
{
    static const struct step lacking = TOKENS(",\"scope\":\"openid B\"");

    T_COUNTED(
        refresh_counted(&tokens), METRIC_REFRESHES, S("google"), S("use"), S("done"));
    T_COUNTED(
        refresh_counted(&refused), METRIC_REFRESHES, S("google"), S("use"), S("refused"));
    T_COUNTED(
        refresh_counted(&lacking), METRIC_REFRESHES, S("google"), S("use"), S("ended"));
    T_COUNTED(
        refresh_counted(&away), METRIC_REFRESHES, S("google"), S("use"), S("failed"));
}

TEST(test_refresh_run_counts_one_that_a_stop_cuts_short)
{
    static const struct step hangs = {SI(""), THEN_HANG};
    static struct server s;
    int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
    struct refresh *r = begun(id);
    int64_t *before = t_metric_now(METRIC_REFRESHES);

    source_scripted(&s, SOURCE_MICROSOFT, &hangs, 1);
    bed_stop();
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, refresh_run(t_cx(), r));
    bed_stopped();
    testserver_stop(&s);
    T_COUNTED(before, METRIC_REFRESHES, S("microsoft"), S("use"), S("cut"));
}

/* An answer in the same moment counts. */
TEST(test_an_answer_while_the_process_stops_counts)
{
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);

    bed_stop();
    net_end_by(bed.worker.net, clock_mono_ms() + BED_TIMEOUT_MS);
    T_INT(background_against(&away), 0); /* nothing begins */
    struct refresh *r = begun(id);

    source_scripted(&s, SOURCE_GOOGLE, &throttling, 1);
    T_FAIL(FAIL_SOURCE_RATE_LIMITED, refresh_run(t_cx(), r));
    bed_stopped();
    testserver_stop(&s);
    T_INT(connected_now(id).record.failures, 1);
}

static void refused_with(struct refusals *all)
{
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *r;

    bed.worker.refusals = all;
    source_scripted(&s, SOURCE_GOOGLE, &refused, 1);
    T_FAIL(FAIL_NEEDS_RECONNECT, refresh_once(id, &r));
    testserver_stop(&s);
    due_again(id);
    T_INT(background_against(&refused), 1); /* once more, which is no news */
    bed.worker.refusals = NULL;
    disconnected(id);
}

TEST(test_each_account_that_is_refused_is_counted_once)
{
    CLEANUP(refusals_close) struct refusals *all = refusals_open();

    for (int i = 0; i < LIMIT_REFUSALS_TOGETHER - 2; i++) {
        refused_with(all);
    }
    T_INT(refusals_note(all, SOURCE_GOOGLE, clock_mono_ms()), 0);
    T_INT(refusals_note(all, SOURCE_GOOGLE, clock_mono_ms()), LIMIT_REFUSALS_TOGETHER);
}

/* More than a page, of each source. */
enum { DUE_EACH = LIMIT_REFRESH_BATCH + 1, DUE_MANY = 2 * DUE_EACH };

static struct step all_answered[DUE_EACH];

static const struct step *answered_all(void)
{
    static const struct step step = TOKENS("");

    for (size_t i = 0; i < COUNT(all_answered); i++) {
        all_answered[i] = step;
    }
    return all_answered;
}

/* In more than one page, each by its own part, and nothing of another source. */
TEST(test_due_grants_of_one_source_are_refreshed)
{
    static struct server s;
    int64_t ids[DUE_MANY];
    struct due_page which = {.source = SOURCE_GOOGLE, .parts = 2};

    due_new(ids, COUNT(ids));
    source_scripted(&s, SOURCE_GOOGLE, answered_all(), DUE_EACH);
    bed.settings.sources[SOURCE_MICROSOFT - 1].client =
        bed.settings.sources[SOURCE_GOOGLE - 1].client;
    for (which.part = 0; which.part < which.parts; which.part++) {
        T_OK(refresh_due(t_cx(), &bed.work, &which));
    }
    testserver_stop(&s);
    T_INT(s.served, DUE_EACH);
    for (size_t i = 0; i < COUNT(ids); i++) {
        T_INT(str_eq(connected_now(ids[i]).grant.access_token, S("A2")), i % 2 == 0);
    }
}

TEST(test_refresh_due_counts_what_nobody_has_used)
{
    static struct server s;
    int64_t *before = t_metric_now(METRIC_REFRESHES);

    (void)connected_new(SOURCE_GOOGLE, S("A1"), 0);
    source_scripted(&s, SOURCE_GOOGLE, &tokens, 1);
    T_OK(refresh_due(t_cx(), &bed.work, &all_of_google));
    testserver_stop(&s);
    T_COUNTED(before, METRIC_REFRESHES, S("google"), S("disuse"), S("done"));
}

/* A run whose time is over begins nothing more. */
TEST(test_due_grants_wait_for_the_next_run)
{
    static struct server s;
    int64_t ids[DUE_MANY];

    due_new(ids, COUNT(ids));
    source_scripted(&s, SOURCE_GOOGLE, answered_all(), DUE_EACH);
    bed.work.until_ms = clock_mono_ms();
    T_OK(refresh_due(t_cx(), &bed.work, &all_of_google));
    T_INT(s.served, 0);
    bed.work.until_ms = clock_mono_ms() + LIMIT_CHORE_RUN_MS;
    T_OK(refresh_due(t_cx(), &bed.work, &all_of_google));
    bed.work.until_ms = 0;
    testserver_stop(&s);
    T_INT(s.served, DUE_EACH);
}

T_MAIN(
    T_BED(test_refusals_and_failures_have_their_end), T_BED(test_retry_after_is_honoured),
    T_BED(test_delay_doubles_with_jitter_up_to_its_limit),
    T_BED(test_due_is_a_third_of_a_grants_life),
    T_BED(test_success_is_stored_with_the_token_before),
    T_BED(test_an_odd_answer_costs_no_refresh_token),
    T_BED(test_the_token_before_is_tried_once),
    T_BED(test_an_id_token_of_another_drops_the_tokens),
    T_BED(test_a_permission_that_is_gone_ends_the_connection),
    T(test_refused_delay_is_an_hour_a_day_a_week),
    T_BED(test_a_refused_grant_is_tried_after_an_hour_a_day_a_week),
    T_BED(test_a_refused_grant_that_works_again_heals_its_account),
    T_BED(test_a_source_that_is_away_is_no_further_refusal),
    T_BED(test_what_was_no_refusal_is_not_tried_again),
    T_BED(test_connecting_again_ends_the_tries), T_BED(test_a_lease_is_of_one),
    T_BED(test_a_lease_that_would_not_last_is_not_used),
    T_BED(test_what_a_stale_holder_brings_is_thrown_away),
    T_BED(test_a_new_refresh_token_is_stored_once_the_store_is_back),
    T_BED(test_a_grant_that_cannot_be_opened_marks_its_account),
    T_BED(test_due_grants_of_one_source_are_refreshed),
    T_BED(test_a_refresh_that_a_stop_cuts_short_is_no_attempt),
    T_BED(test_refresh_run_counts_each_result),
    T_BED(test_refresh_run_counts_one_that_a_stop_cuts_short),
    T_BED(test_refresh_due_counts_what_nobody_has_used),
    T_BED(test_an_answer_while_the_process_stops_counts),
    T_BED(test_each_account_that_is_refused_is_counted_once),
    T_BED(test_due_grants_wait_for_the_next_run))
