/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_source_errors.c - each error that Google and Microsoft are known for, as it comes,
 * and what it is for those who meet it: the user of a flow, who is told an outcome
 * (docs/api.md §6, §9), the caller of the API, who gets a status (docs/api.md §4, §8),
 * and the account.
 *
 * What happens on the wire instead of an answer is in test_refresh.c and
 * test_calendars.c.
 */
#include "api/calendars.h"
#include "api/endpoints.h"
#include "api/errors.h"
#include "api/response.h"
#include "base/clock.h"
#include "grants/outcome.h"
#include "grants/testgrant.h"
#include "sources/calendars.h"

static struct server server;

/* Names the row, for the reader of a failed test. */
static void show(const struct step *step)
{
    print_message("  %.*s\n", STR_ARG(step->send));
}

/* Returns the status of a request for the account's calendars, or for one of them. */
static int calendars_status(int64_t id, bool one, const struct step *steps, size_t n)
{
    static const struct endpoint endpoint = {.path = SI("/x"), .status = 200};
    struct account account = account_now(id);
    struct http_answer answer = {0};
    struct call c = {
        .cx = t_cx(),
        .answer = &answer,
        .work.settings = &bed.settings,
        .work.worker = &bed.worker,
        .endpoint = &endpoint,
        .args = {str_int(&t_cx()->mem, id), S("YQ")},
        .who = {.provider = BED_PROVIDER, .mode = MODE_PROVIDER},
    };

    source_scripted(&server, account.source, steps, n);
    Res res = one ? calendars_get_run(&c) : calendars_list_run(&c);

    testserver_stop(&server);
    return error_row(res.code)->status;
}

/* The authorization endpoint, in the query of the callback. */

static const struct {
    enum source_id source;
    Str query;
    Str outcome;
} authorization_rows[] = {
    /* clang-format off */
    {SOURCE_GOOGLE, SI("error=access_denied"), SI("access_denied")},
    {SOURCE_GOOGLE, SI("error=admin_policy_enforced"), SI("admin_consent_required")},
    {SOURCE_GOOGLE, SI("error=org_internal"), SI("admin_consent_required")},
    {SOURCE_GOOGLE, SI("error=invalid_client"), SI("source_misconfigured")},
    {SOURCE_GOOGLE, SI("error=redirect_uri_mismatch"), SI("source_misconfigured")},
    {SOURCE_GOOGLE, SI("error=invalid_request"), SI("source_misconfigured")},
    {SOURCE_GOOGLE, SI("error=invalid_scope"), SI("source_misconfigured")},
    {SOURCE_GOOGLE, SI("error=access_not_configured"), SI("source_error")},
    {SOURCE_GOOGLE, SI("error=deleted_client"), SI("source_error")},
    {SOURCE_GOOGLE, SI("error=disallowed_useragent"), SI("source_error")},
    {SOURCE_GOOGLE, SI("error=invalid_grant"), SI("source_error")},
    {SOURCE_GOOGLE, SI("error=rate_limit_exceeded"), SI("source_error")},
    {SOURCE_MICROSOFT, SI("error=access_denied"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_subcode=cancel"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_subcode=cancel&error_description=AADSTS65004:+x"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_description=AADSTS65004:+x"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_description=AADSTS50105:+x"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_description=AADSTS53003:+x"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_description=AADSTS500021:+x"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_description=AADSTS90094:+x"), SI("admin_consent_required")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_description=AADSTS90095:+x"), SI("admin_consent_required")},
    {SOURCE_MICROSOFT, SI("error=access_denied&error_description=AADSTS900941:+x"), SI("admin_consent_required")},
    {SOURCE_MICROSOFT, SI("error=consent_required&error_description=AADSTS65004:+x"), SI("admin_consent_required")},
    {SOURCE_MICROSOFT, SI("error=interaction_required&error_description=AADSTS65001:+x"), SI("admin_consent_required")},
    {SOURCE_MICROSOFT, SI("error=interaction_required&error_description=AADSTS16000:+x"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=login_required&error_description=AADSTS50020:+x"), SI("access_denied")},
    {SOURCE_MICROSOFT, SI("error=unauthorized_client&error_description=AADSTS700016:+x"), SI("admin_consent_required")},
    {SOURCE_MICROSOFT, SI("error=invalid_request&error_description=AADSTS50194:+x"), SI("source_misconfigured")},
    {SOURCE_MICROSOFT, SI("error=invalid_client&error_description=AADSTS650052:+x"), SI("source_misconfigured")},
    {SOURCE_MICROSOFT, SI("error=invalid_resource&error_description=AADSTS65005:+x"), SI("source_misconfigured")},
    {SOURCE_MICROSOFT, SI("error=invalid_scope&error_description=AADSTS70011:+x"), SI("source_misconfigured")},
    {SOURCE_MICROSOFT, SI("error=unsupported_response_type"), SI("source_misconfigured")},
    {SOURCE_MICROSOFT, SI("error=server_error&error_description=AADSTS90033:+x"), SI("source_unavailable")},
    {SOURCE_MICROSOFT, SI("error=temporarily_unavailable"), SI("source_unavailable")},
    /* clang-format on */
};

TEST(test_errors_of_the_authorization_endpoint)
{
    for (size_t i = 0; i < COUNT(authorization_rows); i++) {
        const struct source_settings *own =
            settings_source(&bed.settings, authorization_rows[i].source);
        struct param *params = NULL;
        size_t n = 0;
        Str code = S("kept");

        print_message("  %.*s\n", STR_ARG(authorization_rows[i].query));
        T_OK(url_query_parse(t_cx(), authorization_rows[i].query, &params, &n));
        T_STR(
            outcome_of(response_read(t_cx(), params, n, own, &code).code),
            authorization_rows[i].outcome);
        T_STR(code, S("kept"));
    }
}

/* The token endpoint. */

#define GOOGLE_NO(status, error, description)                                            \
    HTTP(status, "{\"error\":\"" error "\",\"error_description\":\"" description "\"}")
#define MICROSOFT_NO(status, error, number)                                              \
    HTTP(                                                                                \
        status, "{\"error\":\"" error "\",\"error_description\":\"AADSTS" number         \
                ": Some text. Trace ID: 7 Correlation ID: 8\",\"error_codes\":[" number  \
                "],\"timestamp\":\"2026-11-01 10:00:00Z\",\"trace_id\":\"7\","           \
                "\"correlation_id\":\"8\",\"error_uri\":\"https://login."                \
                "microsoftonline.com/error?code=" number "\"}")

static Res exchange(enum source_id source, const struct step *step)
{
    struct token_code code = {S("4/0A"), S("verifier")};
    struct tokens tokens;

    source_scripted(&server, source, step, 1);
    Res res = token_exchange(
        t_cx(), &(struct net_via){bed.worker.net, &bed.settings.net},
        &settings_source(&bed.settings, source)->client, &code, &tokens);

    testserver_stop(&server);
    return res;
}

static const struct {
    enum source_id source;
    struct step step;
    Str outcome; /* of a flow that sent its code */
    int status;  /* 409: a refresh that got this ends the connection */
} token_rows[] = {
    /* clang-format off */
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_grant", "Malformed auth code."), SI("code_rejected"), 409},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_grant", "Bad Request"), SI("code_rejected"), 409},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_grant", "Missing code verifier."), SI("code_rejected"), 409},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_grant", "Invalid code verifier."), SI("code_rejected"), 409},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_grant", "Token has been expired or revoked."), SI("code_rejected"), 409},
    {SOURCE_GOOGLE, HTTP("400 Bad", "{\"error\":\"invalid_grant\",\"error_description\":\"reauth related error (invalid_rapt)\",\"error_uri\":\"https://x\",\"error_subtype\":\"invalid_rapt\"}"), SI("code_rejected"), 409},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "redirect_uri_mismatch", "Bad Request"), SI("source_misconfigured"), 502},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_request", "Missing required parameter: code"), SI("source_misconfigured"), 502},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_request", "client_secret is missing."), SI("source_misconfigured"), 502},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "invalid_request", "Could not determine client ID from request."), SI("source_misconfigured"), 502},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "unsupported_grant_type", "Invalid grant_type: x"), SI("source_misconfigured"), 502},
    {SOURCE_GOOGLE, GOOGLE_NO("401 No", "invalid_client", "The OAuth client was not found."), SI("source_misconfigured"), 502},
    {SOURCE_GOOGLE, GOOGLE_NO("401 No", "invalid_client", "Unauthorized"), SI("source_misconfigured"), 502},
    {SOURCE_GOOGLE, GOOGLE_NO("400 Bad", "admin_policy_enforced", "Access to the service is restricted."), SI("admin_consent_required"), 502},
    {SOURCE_GOOGLE, HTTP("405 No", ""), SI("source_error"), 502},
    {SOURCE_GOOGLE, HTTP("429 Slow", ""), SI("source_rate_limited"), 502},
    {SOURCE_GOOGLE, HTTP("429 Slow", "{\"error\":\"invalid_grant\"}"), SI("source_rate_limited"), 502},
    {SOURCE_GOOGLE, HTTP("500 Oh", "{\"error\":\"internal_failure\"}"), SI("source_unavailable"), 502},
    {SOURCE_GOOGLE, HTTP("503 Away", "<html>"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "70000"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "70008"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "700082"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "700084"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "70043"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "50173"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "50057"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "54005"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "700005"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "50148"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "501481"), SI("code_rejected"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_request", "50147"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_request", "50149"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_grant", "65001"), SI("admin_consent_required"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "50074"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "50076"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "50078"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "50079"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "53000"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "53001"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "53002"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "53003"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "interaction_required", "530032"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "login_required", "50058"), SI("access_denied"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "consent_required", "65001"), SI("admin_consent_required"), 409},
    {SOURCE_MICROSOFT, MICROSOFT_NO("401 No", "invalid_client", "70002"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("401 No", "invalid_client", "7000215"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("401 No", "invalid_client", "7000222"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("401 No", "invalid_client", "7000218"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("401 No", "invalid_client", "700027"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("401 No", "invalid_client", "50012"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("401 No", "invalid_client", "50013"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "unauthorized_client", "700016"), SI("admin_consent_required"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "unauthorized_client", "700011"), SI("admin_consent_required"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "unauthorized_client", "70001"), SI("admin_consent_required"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "unauthorized_client", "7000112"), SI("admin_consent_required"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_scope", "70011"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_scope", "28002"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_scope", "28003"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_resource", "700022"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_request", "900144"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_request", "9002313"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_request", "90014"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_request", "900561"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "invalid_request", "50196"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "unsupported_grant_type", "70003"), SI("source_misconfigured"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "temporarily_unavailable", "90006"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "temporarily_unavailable", "90012"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "temporarily_unavailable", "90024"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "temporarily_unavailable", "90033"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("400 Bad", "temporarily_unavailable", "90090"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, MICROSOFT_NO("503 Away", "temporarily_unavailable", "50033"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, HTTP("429 Slow", ""), SI("source_rate_limited"), 502},
    {SOURCE_MICROSOFT, HTTP("500 Oh", "<html>"), SI("source_unavailable"), 502},
    {SOURCE_MICROSOFT, HTTP("504 Away", ""), SI("source_unavailable"), 502},
    /* clang-format on */
};

TEST(test_errors_of_the_token_endpoint)
{
    for (size_t i = 0; i < COUNT(token_rows); i++) {
        const struct step *step = &token_rows[i].step;
        bool is_final = token_rows[i].status == 409;
        int64_t id = connected_new(token_rows[i].source, S("A1"), 0);

        show(step);
        T_STR(
            outcome_of(exchange(token_rows[i].source, step).code), token_rows[i].outcome);
        T_INT(calendars_status(id, false, step, 1), token_rows[i].status);
        struct account now = account_now(id);

        T_INT(now.status, is_final ? ACCOUNT_NEEDS_RECONNECT : ACCOUNT_CONNECTED);
        T_STR(now.status_reason, is_final ? S("grant_revoked") : S(""));
        disconnected(id);
    }
}

/* The calendars. */

#define GOOGLE_API(status, domain, reason)                                               \
    HTTP(                                                                                \
        status,                                                                          \
        "{\"error\":{\"errors\":[{\"domain\":\"" domain "\",\"reason\":\"" reason        \
        "\",\"message\":\"Some text.\"}],\"code\":400,\"message\":"                      \
        "\"Some text.\",\"status\":\"SOME_STATUS\",\"details\":[{}]}}")
#define GRAPH(status, code)                                                              \
    HTTP(                                                                                \
        status, "{\"error\":{\"code\":\"" code "\",\"message\":\"Some text.\","          \
                "\"innerError\":{\"date\":\"2026-11-01T10:00:00\",\"request-id\":\"7\"," \
                "\"client-request-id\":\"7\"}}}")

/* At the end of a flow. */
static Res look(enum source_id source, const struct step *step)
{
    struct source_call call = {
        .via = work_via(&bed.work),
        .settings = settings_source(&bed.settings, source),
        .access_token = S("A1"),
    };

    source_scripted(&server, source, step, 1);
    Res res = calendars_peek(t_cx(), &call);

    testserver_stop(&server);
    return res;
}

static const struct {
    enum source_id source;
    struct step step;
    Str outcome; /* of a flow */
    int list, one;
} calendar_rows[] = {
    /* clang-format off */
    {SOURCE_GOOGLE, GOOGLE_API("400 Bad", "global", "badRequest"), SI("source_error"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("400 Bad", "global", "invalid"), SI("source_error"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("400 Bad", "calendar", "timeRangeEmpty"), SI("source_error"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("401 No", "global", "authError"), SI("source_error"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "usageLimits", "rateLimitExceeded"), SI("source_rate_limited"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "usageLimits", "userRateLimitExceeded"), SI("source_rate_limited"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "usageLimits", "quotaExceeded"), SI("source_rate_limited"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "usageLimits", "accessNotConfigured"), SI("source_misconfigured"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "global", "insufficientPermissions"), SI("missing_scopes"), 403, 403},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "calendar", "notACalendarUser"), SI("no_calendar"), 403, 403},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "calendar", "forbiddenForNonOrganizer"), SI("source_error"), 403, 403},
    {SOURCE_GOOGLE, GOOGLE_API("403 No", "global", "forbidden"), SI("source_error"), 403, 403},
    {SOURCE_GOOGLE, GOOGLE_API("404 No", "global", "notFound"), SI("no_calendar"), 502, 404},
    {SOURCE_GOOGLE, GOOGLE_API("409 No", "global", "duplicate"), SI("source_error"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("409 No", "global", "conflict"), SI("source_error"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("410 Gone", "global", "deleted"), SI("source_error"), 502, 404},
    {SOURCE_GOOGLE, GOOGLE_API("410 Gone", "calendar", "fullSyncRequired"), SI("source_error"), 502, 404},
    {SOURCE_GOOGLE, GOOGLE_API("410 Gone", "calendar", "updatedMinTooLongAgo"), SI("source_error"), 502, 404},
    {SOURCE_GOOGLE, GOOGLE_API("412 No", "global", "conditionNotMet"), SI("source_error"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("429 Slow", "usageLimits", "rateLimitExceeded"), SI("source_rate_limited"), 502, 502},
    {SOURCE_GOOGLE, GOOGLE_API("500 Oh", "global", "backendError"), SI("source_unavailable"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("400 Bad", "BadRequest"), SI("source_error"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("400 Bad", "ErrorInvalidIdMalformed"), SI("source_error"), 502, 404},
    {SOURCE_MICROSOFT, GRAPH("400 Bad", "ErrorOccurrenceCrossingBoundary"), SI("source_error"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("400 Bad", "extensionError"), SI("no_calendar"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("401 No", "InvalidAuthenticationToken"), SI("source_error"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("403 No", "ErrorAccessDenied"), SI("source_error"), 403, 403},
    {SOURCE_MICROSOFT, GRAPH("403 No", "accessDenied"), SI("source_error"), 403, 403},
    {SOURCE_MICROSOFT, GRAPH("403 No", "insufficient_claims"), SI("source_error"), 403, 403},
    {SOURCE_MICROSOFT, GRAPH("403 No", "MailboxNotEnabledForRESTAPI"), SI("no_calendar"), 403, 403},
    {SOURCE_MICROSOFT, GRAPH("404 No", "MailboxNotEnabledForRESTAPI"), SI("no_calendar"), 502, 404},
    {SOURCE_MICROSOFT, GRAPH("404 No", "ErrorItemNotFound"), SI("no_calendar"), 502, 404},
    {SOURCE_MICROSOFT, GRAPH("404 No", "itemNotFound"), SI("no_calendar"), 502, 404},
    {SOURCE_MICROSOFT, GRAPH("410 Gone", "syncStateNotFound"), SI("source_error"), 502, 404},
    {SOURCE_MICROSOFT, GRAPH("410 Gone", "resyncRequired"), SI("source_error"), 502, 404},
    {SOURCE_MICROSOFT, GRAPH("412 No", "resourceModified"), SI("source_error"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("429 Slow", "activityLimitReached"), SI("source_rate_limited"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("429 Slow", "ApplicationThrottled"), SI("source_rate_limited"), 502, 502},
    {SOURCE_MICROSOFT, GRAPH("503 Away", "serviceNotAvailable"), SI("source_unavailable"), 502, 502},
    {SOURCE_MICROSOFT, HTTP("504 Away", ""), SI("source_unavailable"), 502, 502},
    {SOURCE_MICROSOFT, HTTP("509 Much", ""), SI("source_unavailable"), 502, 502},
    /* clang-format on */
};

/* After a 401 the token is refreshed, and the second 401 is an error: no row here ends a
 * connection. */
TEST(test_errors_of_the_calendars)
{
    int64_t ids[] = {
        [SOURCE_GOOGLE] = connected_new(SOURCE_GOOGLE, S("A1"), CLOCK_HOUR_MS),
        [SOURCE_MICROSOFT] = connected_new(SOURCE_MICROSOFT, S("A1"), CLOCK_HOUR_MS),
    };

    for (size_t i = 0; i < COUNT(calendar_rows); i++) {
        const struct step *step = &calendar_rows[i].step;
        const struct step steps[] = {*step, TOKENS(""), *step};
        int64_t id = ids[calendar_rows[i].source];

        show(step);
        T_STR(
            outcome_of(look(calendar_rows[i].source, step).code),
            calendar_rows[i].outcome);
        T_INT(calendars_status(id, false, steps, COUNT(steps)), calendar_rows[i].list);
        T_INT(calendars_status(id, true, steps, COUNT(steps)), calendar_rows[i].one);
        T_INT(account_now(id).status, ACCOUNT_CONNECTED);
    }
}

/* The revocation endpoint is Google's alone: test_token.c, test_revoke.c. */

T_MAIN(
    T_BED(test_errors_of_the_authorization_endpoint),
    T_BED(test_errors_of_the_token_endpoint), T_BED(test_errors_of_the_calendars))
