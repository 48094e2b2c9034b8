/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_refresh.c - what becomes of a grant and its account, for every answer of a token
 * endpoint (oauth-security 39, 50, 62, 63).
 */
#include "api/testgrant.h"
#include "base/limits.h"
#include "sources/source.h"

/* A refresh as far as its lease. */
static struct refresh *begun(int64_t id)
{
    struct refresh *r = NEW(&t_cx()->mem, struct refresh);
    struct connected now = connected_now(id);
    bool got = false;

    *r = (struct refresh){
        .settings = &bed.settings,
        .worker = &bed.worker,
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

/* The errors of reference pages "Google" §4 and "Microsoft" §3, §4, and of the wire. */
static void test_refusals_and_failures_have_their_end(void **state)
{
    static const struct {
        enum source_id source;
        struct step step;
        enum fail want;
        Str reason; /* empty: it stays connected */
    } rows[] = {
  /* clang-format off */
        {SOURCE_GOOGLE, REFUSED("invalid_grant"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_GOOGLE, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_GOOGLE, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_subtype\":\"invalid_rapt\"}"), FAIL_CONFLICT, SI("grant_revoked")},
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
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70000: x\"}"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: x\"}"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50173: x\"}"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS65001: x\"}"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"interaction_required\",\"error_description\":\"AADSTS50076: x\",\"suberror\":\"basic_action\"}"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, REFUSED("consent_required"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, REFUSED("login_required"), FAIL_CONFLICT, SI("grant_revoked")},
        {SOURCE_MICROSOFT, HTTP("401 No", "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: x\"}"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: x\"}"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, REFUSED("invalid_scope"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, REFUSED("invalid_resource"), FAIL_SOURCE_MISCONFIGURED, SI("")},
        {SOURCE_MICROSOFT, HTTP("400 Bad", "{\"error\":\"temporarily_unavailable\",\"error_description\":\"AADSTS90033: x\"}"), FAIL_SOURCE_UNAVAILABLE, SI("")},
        {SOURCE_MICROSOFT, HTTP("504 Away", ""), FAIL_SOURCE_UNAVAILABLE, SI("")},
  /* clang-format on */
    };

    int64_t timeout_ms = bed.settings.net.timeout_ms;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        int64_t id = connected_new(rows[i].source, S("A1"), 0);
        bool is_final = rows[i].reason.n > 0;
        int64_t began = clock_now_ms();
        struct refresh *r;

        print_message("  %.*s\n", (int)rows[i].step.send.n, rows[i].step.send.p);
        source_scripted(&s, rows[i].source, &rows[i].step, 1);
        bed.settings.net.timeout_ms = rows[i].step.after == THEN_HANG ? 50 : timeout_ms;
        T_FAIL(rows[i].want, refresh_once(id, &r));
        server_stop(&s);
        struct connected now = connected_now(id);

        T_TRUE(!r->is_lost);
        T_INT(now.account.status, is_final ? ACCOUNT_NEEDS_RECONNECT : ACCOUNT_CONNECTED);
        T_STR(now.account.status_reason, rows[i].reason);
        T_TRUE(!is_final || now.account.status_since_ms >= began);
        T_STR(now.grant.refresh_token, S("R1"));
        T_INT(now.record.version, 1);
        T_INT(now.record.leased_until_ms, 0);
        T_INT(now.record.failures, is_final ? 0 : 1);
        T_TRUE(is_final || now.record.retry_ms > began);
        T_TRUE(is_final || r->retry_after_s >= 1);
        disconnected(id);
    }
    bed.settings.net.timeout_ms = timeout_ms;
}

static void test_retry_after_is_honoured(void **state)
{
    static const struct step step = {
        SI("HTTP/1.1 429 Slow\r\nRetry-After: 700\r\nConnection: close\r\n\r\n"),
        THEN_CLOSE};
    static struct server s;
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    int64_t began = clock_now_ms();
    struct refresh *r;

    (void)state;
    source_scripted(&s, SOURCE_GOOGLE, &step, 1);
    T_FAIL(FAIL_SOURCE_RATE_LIMITED, refresh_once(id, &r));
    server_stop(&s);
    T_INT(r->retry_after_s, 700);
    T_TRUE(connected_now(id).record.retry_ms >= began + 700 * 1000);
}

static void test_delay_doubles_with_jitter_up_to_its_limit(void **state)
{
    (void)state;
    for (int64_t failures = 1; failures <= 70; failures++) {
        int64_t whole = LIMIT_REFRESH_MOST_MS;

        if (failures < 10) {
            whole = LIMIT_REFRESH_FIRST_MS << (failures - 1);
            whole = whole < LIMIT_REFRESH_MOST_MS ? whole : LIMIT_REFRESH_MOST_MS;
        }
        int64_t delay = refresh_delay_ms(failures, -1);

        T_TRUE(delay >= whole / 2 && delay <= whole);
    }
    T_INT(refresh_delay_ms(1, 3600), 3600 * 1000);
    T_INT(refresh_delay_ms(1, LIMIT_REFRESH_TOLD_MS / 1000), LIMIT_REFRESH_TOLD_MS);
    T_INT(refresh_delay_ms(1, LIMIT_REFRESH_TOLD_MS / 1000 + 1), LIMIT_REFRESH_TOLD_MS);
    T_INT(refresh_delay_ms(1, INT64_MAX), LIMIT_REFRESH_TOLD_MS);
}

static void test_due_is_a_third_of_a_grants_life(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        int64_t day = 24 * 3600 * 1000;
        int64_t google = refresh_due_ms(source_get(SOURCE_GOOGLE), 0);
        int64_t microsoft = refresh_due_ms(source_get(SOURCE_MICROSOFT), 0);

        T_TRUE(google > 45 * day && google <= 60 * day);
        T_TRUE(microsoft > 22 * day && microsoft <= 30 * day);
    }
}

static void test_success_is_stored_with_the_token_before(void **state)
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

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
        struct refresh *r = begun(id);
        int64_t now_ms = clock_now_ms();

        print_message("  %s\n", rows[i].name);
        r->grant.refresh_token_before = rows[i].before;
        source_scripted(&s, SOURCE_MICROSOFT, rows[i].steps, 2);
        T_OK(refresh_run(t_cx(), r));
        server_stop(&s);
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
        T_TRUE(str_contains(server_request(&s, 0), S("refresh_token=R1&")));
        disconnected(id);
    }
}

static void test_the_token_before_is_tried_once(void **state)
{
    static const struct step steps[] = {
        REFUSED("invalid_grant"), REFUSED("invalid_grant"), TOKENS("")};
    static struct server s;
    int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
    struct refresh *r = begun(id);

    (void)state;
    r->grant.refresh_token_before = S("R0");
    source_scripted(&s, SOURCE_MICROSOFT, steps, COUNT(steps));
    T_FAIL(FAIL_CONFLICT, refresh_run(t_cx(), r));
    server_stop(&s);
    T_INT(s.served, 2);
    T_TRUE(str_contains(server_request(&s, 1), S("refresh_token=R0&")));
    T_STR(connected_now(id).account.status_reason, S("grant_revoked"));
}

/* An answer with an ID token of such claims; its signature plays no part. */
static struct step with_id_token(Str claims)
{
    struct arena *mem = &t_cx()->mem;
    Str head = b64url_encode(mem, S("{\"alg\":\"RS256\"}"));
    Str token = str_cat(
        mem, str_cat(mem, head, S(".")),
        str_cat(mem, b64url_encode(mem, claims), S(".c2ln")));
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

/* oauth-security 50 */
static void test_an_id_token_of_another_drops_the_tokens(void **state)
{
    static const struct {
        enum source_id source;
        Str claims;
        enum fail want;
        Str reason;
    } rows[] = {
  /* clang-format off */
        {SOURCE_GOOGLE, GOOGLE_CLAIMS("client", BED_SUBJECT), FAIL_NONE, SI("")},
        {SOURCE_GOOGLE, GOOGLE_CLAIMS("client", "7"), FAIL_CONFLICT, SI("identity_invalid")},
        {SOURCE_GOOGLE, GOOGLE_CLAIMS("other", BED_SUBJECT), FAIL_CONFLICT, SI("identity_invalid")},
        {SOURCE_GOOGLE, SI("{\"iss\":\"https://evil.example\",\"aud\":\"client\",\"sub\":\"" BED_SUBJECT "\"}"), FAIL_CONFLICT, SI("identity_invalid")},
        {SOURCE_GOOGLE, SI("not claims"), FAIL_SOURCE_ERROR, SI("")},
        {SOURCE_MICROSOFT, MICROSOFT_CLAIMS(BED_TID, BED_OID), FAIL_NONE, SI("")},
        {SOURCE_MICROSOFT, MICROSOFT_CLAIMS(BED_TID, "00000000-0000-0000-66f3-000000000000"), FAIL_CONFLICT, SI("identity_invalid")},
        {SOURCE_MICROSOFT, MICROSOFT_CLAIMS("99999999-2222-3333-4444-555555555555", BED_OID), FAIL_CONFLICT, SI("identity_invalid")},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct server s;
        int64_t id = connected_new(rows[i].source, S("A1"), 0);
        struct step step = with_id_token(rows[i].claims);
        struct refresh *r;

        source_scripted(&s, rows[i].source, &step, 1);
        T_FAIL(rows[i].want, refresh_once(id, &r));
        server_stop(&s);
        struct connected now = connected_now(id);

        T_STR(now.account.status_reason, rows[i].reason);
        T_STR(now.grant.access_token, rows[i].want == FAIL_NONE ? S("A2") : S("A1"));
        disconnected(id);
    }
}

/* oauth-security 39: the newest token is kept, for the revocation to come. */
static void test_a_permission_that_is_gone_ends_the_connection(void **state)
{
    static const struct step step =
        TOKENS(",\"refresh_token\":\"R2\",\"scope\":\"openid B\"");
    static struct server s;
    int64_t id = connected_new(SOURCE_MICROSOFT, S("A1"), 0);
    struct refresh *r;

    (void)state;
    source_scripted(&s, SOURCE_MICROSOFT, &step, 1);
    T_FAIL(FAIL_CONFLICT, refresh_once(id, &r));
    server_stop(&s);
    struct connected now = connected_now(id);

    T_INT(now.account.status, ACCOUNT_NEEDS_RECONNECT);
    T_STR(now.account.status_reason, S("missing_scopes"));
    T_STR(now.grant.refresh_token, S("R2"));
}

/* oauth-security 62 */
static void test_a_lease_is_of_one(void **state)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct refresh *first = begun(id);
    struct refresh second = *first;
    bool got = true;

    (void)state;
    T_OK(refresh_begin(t_cx(), &second, &got));
    T_TRUE(!got);
    T_TRUE(!str_eq(first->owner, second.owner));
}

static void test_what_a_stale_holder_brings_is_thrown_away(void **state)
{
    static const struct step steps[] = {
        TOKENS(",\"refresh_token\":\"R2\""), REFUSED("invalid_grant"),
        HTTP("503 Away", "")};

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        static struct server s;
        int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
        struct refresh *r = begun(id);

        granted_anew(id, S("A9"), 1000);
        source_scripted(&s, SOURCE_GOOGLE, &steps[i], 1);
        T_FAIL(FAIL_CONFLICT, refresh_run(t_cx(), r));
        server_stop(&s);
        T_TRUE(r->is_lost);
        struct connected now = connected_now(id);

        T_STR(now.grant.refresh_token, S("R9"));
        T_INT(now.account.status, ACCOUNT_CONNECTED);
        T_INT(now.record.failures, 0);
        disconnected(id);
    }
}

static void test_give_up_marks_that_version_only(void **state)
{
    int64_t id = connected_new(SOURCE_GOOGLE, S("A1"), 0);
    struct connected seen = connected_now(id);
    struct refresh r = {
        .settings = &bed.settings,
        .worker = &bed.worker,
        .account = seen.account,
        .record = seen.record};

    (void)state;
    granted_anew(id, S("A9"), 1000);
    T_FAIL(FAIL_CONFLICT, refresh_give_up(t_cx(), &r, REASON_UNREADABLE));
    T_TRUE(r.is_lost);
    T_INT(connected_now(id).account.status, ACCOUNT_CONNECTED);
    r.record.version = 2;
    T_FAIL(FAIL_CONFLICT, refresh_give_up(t_cx(), &r, REASON_UNREADABLE));
    T_TRUE(!r.is_lost);
    T_STR(connected_now(id).account.status_reason, S("grant_unreadable"));
}

static void test_due_grants_are_refreshed_some_at_a_time(void **state)
{
    static struct step steps[LIMIT_REFRESH_BATCH];
    static const struct step step = TOKENS("");
    static struct server s;
    int64_t ids[LIMIT_REFRESH_BATCH + 1];
    int refreshed = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        steps[i] = step;
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct connected c = {
            .source = i % 2 == 0 ? SOURCE_GOOGLE : SOURCE_MICROSOFT,
            .subject = str_int(&t_cx()->mem, (int64_t)i),
            .grant = {.refresh_token = S("R1"), .scope = S(BED_SCOPE)}
        };

        T_OK(BED_WRITE(connected_insert, &c));
        ids[i] = c.id;
    }
    source_scripted(&s, SOURCE_GOOGLE, steps, COUNT(steps));
    bed.settings.sources[SOURCE_MICROSOFT - 1].client =
        bed.settings.sources[SOURCE_GOOGLE - 1].client;
    T_OK(refresh_due(t_cx(), &bed.worker, &bed.settings));
    server_stop(&s);
    for (size_t i = 0; i < COUNT(ids); i++) {
        refreshed += str_eq(connected_now(ids[i]).grant.access_token, S("A2"));
    }
    T_INT(refreshed, LIMIT_REFRESH_BATCH);
}

T_MAIN(
    T_BED(test_refusals_and_failures_have_their_end), T_BED(test_retry_after_is_honoured),
    T_BED(test_delay_doubles_with_jitter_up_to_its_limit),
    T_BED(test_due_is_a_third_of_a_grants_life),
    T_BED(test_success_is_stored_with_the_token_before),
    T_BED(test_the_token_before_is_tried_once),
    T_BED(test_an_id_token_of_another_drops_the_tokens),
    T_BED(test_a_permission_that_is_gone_ends_the_connection),
    T_BED(test_a_lease_is_of_one), T_BED(test_what_a_stale_holder_brings_is_thrown_away),
    T_BED(test_give_up_marks_that_version_only),
    T_BED(test_due_grants_are_refreshed_some_at_a_time))
