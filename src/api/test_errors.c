/* SPDX-License-Identifier: Apache-2.0 */
#include "api/errors.h"
#include "base/metric.h"
#include "base/testing.h"
#include "grants/outcome.h"
#include "http/out.h"

/* docs/api.md §3 and §4, row by row. */
TEST(test_error_row_is_the_contract_s)
{
    static const struct {
        enum fail kind;
        int status;
        Str code, type;
        bool retries;
    } rows[] = {
        {FAIL_PARAMETER_INVALID, 400, SI("parameter_invalid"),
         SI("invalid_request_error"), false},
        {FAIL_PARSE_ERROR, 400, SI("parse_error"), SI("invalid_request_error"), false},
        {FAIL_PROVIDER_REQUIRED, 400, SI("provider_required"),
         SI("invalid_request_error"), false},
        {FAIL_MODE_REQUIRED, 400, SI("mode_required"), SI("invalid_request_error"),
         false},
        {FAIL_MALFORMED_REQUEST, 400, SI("malformed_request"),
         SI("invalid_request_error"), false},
        {FAIL_NOT_AUTHENTICATED, 401, SI("not_authenticated"), SI("authentication_error"),
         false},
        {FAIL_AUTHENTICATION_FAILED, 401, SI("authentication_failed"),
         SI("authentication_error"), false},
        {FAIL_PROVIDER_INVALID, 403, SI("provider_invalid"), SI("permission_error"),
         false},
        {FAIL_MODE_NOT_ALLOWED, 403, SI("mode_not_allowed"), SI("permission_error"),
         false},
        {FAIL_PERMISSION_DENIED, 403, SI("permission_denied"), SI("permission_error"),
         false},
        {FAIL_FEATURE_NOT_ENABLED, 403, SI("feature_not_enabled"), SI("permission_error"),
         false},
        {FAIL_NOT_FOUND, 404, SI("not_found"), SI("invalid_request_error"), false},
        {FAIL_METHOD_NOT_ALLOWED, 405, SI("method_not_allowed"),
         SI("invalid_request_error"), false},
        {FAIL_NOT_ACCEPTABLE, 406, SI("not_acceptable"), SI("invalid_request_error"),
         false},
        {FAIL_REQUEST_TIMEOUT, 408, SI("request_timeout"), SI("invalid_request_error"),
         false},
        {FAIL_CONFLICT, 409, SI("conflict"), SI("conflict"), false},
        {FAIL_NEEDS_RECONNECT, 409, SI("conflict"), SI("conflict"), false},
        {FAIL_PAYLOAD_TOO_LARGE, 413, SI("payload_too_large"),
         SI("invalid_request_error"), false},
        {FAIL_UNSUPPORTED_MEDIA_TYPE, 415, SI("unsupported_media_type"),
         SI("invalid_request_error"), false},
        {FAIL_THROTTLED, 429, SI("throttled"), SI("rate_limit_error"), true},
        {FAIL_HEAD_TOO_LARGE, 431, SI("head_too_large"), SI("invalid_request_error"),
         false},
        {FAIL_INTERNAL, 500, SI("internal_error"), SI("api_error"), false},
        {FAIL_NOT_IMPLEMENTED, 501, SI("not_implemented"), SI("invalid_request_error"),
         false},
        {FAIL_SOURCE_ERROR, 502, SI("calendar_source_error"), SI("api_error"), false},
        {FAIL_SOURCE_RATE_LIMITED, 502, SI("calendar_source_error"), SI("api_error"),
         true},
        {FAIL_UNAVAILABLE, 503, SI("unavailable"), SI("api_error"), true},
        {FAIL_SOURCE_TIMEOUT, 504, SI("calendar_source_timeout"), SI("api_error"), false},
        {FAIL_HTTP_VERSION, 505, SI("http_version_not_supported"),
         SI("invalid_request_error"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct error_row *row = error_row(rows[i].kind);

        T_INT(row->status, rows[i].status);
        T_STR(row->code, rows[i].code);
        T_STR(row->type, rows[i].type);
        T_INT(row->retry_after_s > 0, rows[i].retries);
    }
}

/* Both are 409 with one code; only one of them tells a user to connect again. */
TEST(test_error_row_tells_a_conflict_from_a_reconnect)
{
    T_TRUE(str_contains(error_row(FAIL_NEEDS_RECONNECT)->message, S("connected again")));
    T_TRUE(!str_contains(error_row(FAIL_CONFLICT)->message, S("connected again")));
}

TEST(test_error_row_is_total)
{
    for (int kind = FAIL_NONE; kind <= FAIL_COUNT + 1; kind++) {
        const struct error_row *row = error_row((enum fail)kind);

        T_TRUE(row->status >= 400 && row->status < 600);
        T_TRUE(row->code.n > 0 && row->type.n > 0);
        T_TRUE(row->message.n > 10 && str_ends(row->message, S(".")));
    }
}

/* A status that http/out.c doesn't know has an empty phrase there. */
TEST(test_error_row_has_a_status_with_a_phrase)
{
    for (int kind = FAIL_NONE; kind <= FAIL_COUNT; kind++) {
        struct out_date date = {0};
        struct out out = {0};
        int status = error_row((enum fail)kind)->status;
        Str line = str_cat(&t_cx()->mem, S("HTTP/1.1 "), str_int(&t_cx()->mem, status));

        out_begin(&out);
        T_TRUE(out_add_answer(
            &out, &(struct http_answer){.status = status},
            &(struct out_frame){.date = &date}));
        T_TRUE(str_starts(buf_text(&out.text), line));
        T_TRUE(!str_starts(buf_text(&out.text), str_cat(&t_cx()->mem, line, S(" \r\n"))));
        arena_done(&out.mem);
    }
}

/* An internal kind tells the client nothing about itself. */
TEST(test_error_row_hides_what_is_inside)
{
    static const enum fail hidden[] = {FAIL_NONE,          FAIL_LIMIT,      FAIL_CONFIG,
                                       FAIL_GRANT_REFUSED, FAIL_UNREADABLE, FAIL_COUNT};

    for (size_t i = 0; i < COUNT(hidden); i++) {
        T_STR(error_row(hidden[i])->code, S("internal_error"));
    }
}

/* docs/api.md §6, row by row. */
TEST(test_outcome_of_is_the_contract_s)
{
    static const struct {
        enum fail kind;
        Str want;
    } rows[] = {
        {FAIL_ACCESS_DENIED, SI("access_denied")},
        {FAIL_MISSING_SCOPES, SI("missing_scopes")},
        {FAIL_NO_REFRESH_TOKEN, SI("no_refresh_token")},
        {FAIL_ADMIN_CONSENT_REQUIRED, SI("admin_consent_required")},
        {FAIL_ACCOUNT_TYPE_NOT_ALLOWED, SI("account_type_not_allowed")},
        {FAIL_NO_CALENDAR, SI("no_calendar")},
        {FAIL_ACCOUNT_IN_USE, SI("account_in_use")},
        {FAIL_WRONG_ACCOUNT, SI("wrong_account")},
        {FAIL_FEATURE_NOT_ENABLED, SI("feature_not_enabled")},
        {FAIL_AUTHORIZATION_WITHDRAWN, SI("authorization_withdrawn")},
        {FAIL_STATE_EXPIRED, SI("state_expired")},
        {FAIL_CODE_REJECTED, SI("code_rejected")},
        {FAIL_IDENTITY_INVALID, SI("identity_invalid")},
        {FAIL_SOURCE_MISCONFIGURED, SI("source_misconfigured")},
        {FAIL_SOURCE_RATE_LIMITED, SI("source_rate_limited")},
        {FAIL_SOURCE_UNAVAILABLE, SI("source_unavailable")},
        {FAIL_SOURCE_TIMEOUT, SI("source_unavailable")},
        {FAIL_SOURCE_ERROR, SI("source_error")},
        {FAIL_INTERNAL, SI("server_error")},
    };

    size_t others = 0;

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(outcome_of(rows[i].kind), rows[i].want);
    }
    for (int kind = FAIL_NONE; kind <= FAIL_COUNT + 1; kind++) {
        others += str_eq(outcome_of((enum fail)kind), S("server_error"));
    }
    T_INT(others, FAIL_COUNT + 2 - (COUNT(rows) - 1)); /* and nothing else has one */
}

/* The metrics count by code. */
TEST(test_error_row_codes_are_the_values_of_a_label)
{
    const struct metric_label *codes = metric_families[METRIC_ERRORS].labels[0];
    bool is_used[FAIL_COUNT] = {false};

    for (int kind = FAIL_NONE + 1; kind < FAIL_COUNT; kind++) {
        Str code = error_row((enum fail)kind)->code;
        size_t at = metric_value_of(codes, code);

        T_STR(codes->values[at], code);
        is_used[at] = true;
    }
    for (size_t i = 0; i < codes->n; i++) {
        T_TRUE(is_used[i]);
    }
}

TEST(test_outcomes_are_the_values_of_a_label)
{
    const struct metric_label *outcomes = metric_families[METRIC_FLOWS_ENDED].labels[1];
    bool is_used[FAIL_COUNT] = {false};

    for (int kind = FAIL_NONE; kind < FAIL_COUNT; kind++) {
        Str outcome = outcome_of_end((enum fail)kind);
        size_t at = metric_value_of(outcomes, outcome);

        T_STR(outcomes->values[at], outcome);
        is_used[at] = true;
    }
    for (size_t i = 0; i < outcomes->n; i++) {
        T_TRUE(is_used[i]);
    }
}

T_MAIN(
    T(test_outcomes_are_the_values_of_a_label),
    T(test_error_row_codes_are_the_values_of_a_label),
    T(test_error_row_is_the_contract_s),
    T(test_error_row_tells_a_conflict_from_a_reconnect), T(test_error_row_is_total),
    T(test_error_row_has_a_status_with_a_phrase), T(test_error_row_hides_what_is_inside),
    T(test_outcome_of_is_the_contract_s))
