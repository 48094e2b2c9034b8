/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "oauth/oauth_error.h"

/* docs/api.md §9 'Callback', and what Microsoft's number adds. */
TEST(test_oauth_error_kind_is_as_documented)
{
    static const struct {
        Str error;
        Str subcode;
        Str description;
        enum fail callback;
        enum fail exchange;
    } rows[] = {
        {SI("access_denied"), SI(""), SI(""), FAIL_ACCESS_DENIED, FAIL_ACCESS_DENIED},
        {SI("interaction_required"), SI(""), SI(""), FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED},
        {SI("login_required"), SI(""), SI(""), FAIL_ACCESS_DENIED, FAIL_ACCESS_DENIED},
        {SI("admin_policy_enforced"), SI(""), SI(""), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("org_internal"), SI(""), SI(""), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("unauthorized_client"), SI(""), SI(""), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("consent_required"), SI(""), SI(""), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("server_error"), SI(""), SI(""), FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE},
        {SI("temporarily_unavailable"), SI(""), SI(""), FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_client"), SI(""), SI(""), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {SI("invalid_scope"), SI(""), SI(""), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {SI("invalid_resource"), SI(""), SI(""), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {SI("invalid_request"), SI(""), SI(""), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {SI("unsupported_response_type"), SI(""), SI(""), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {SI("redirect_uri_mismatch"), SI(""), SI(""), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
        {SI("invalid_grant"), SI(""), SI(""), FAIL_SOURCE_ERROR, FAIL_CODE_REJECTED},
        {SI("something_new"), SI(""), SI(""), FAIL_SOURCE_ERROR,
         FAIL_SOURCE_MISCONFIGURED},
        {SI("Access_Denied"), SI(""), SI(""), FAIL_SOURCE_ERROR,
         FAIL_SOURCE_MISCONFIGURED},
        {SI(""), SI(""), SI(""), FAIL_SOURCE_ERROR, FAIL_SOURCE_MISCONFIGURED},
        /* the number refines what the error leaves open */
        {SI("access_denied"), SI(""), SI("AADSTS65004: declined"), FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED},
        {SI("access_denied"), SI("cancel"), SI("AADSTS65004: declined"),
         FAIL_ACCESS_DENIED, FAIL_ACCESS_DENIED},
        {SI("access_denied"), SI(""), SI("AADSTS90094: x"), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("access_denied"), SI(""), SI("AADSTS90095: x"), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("access_denied"), SI(""), SI("AADSTS900941: x"), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("interaction_required"), SI(""), SI("AADSTS65001: x"),
         FAIL_ADMIN_CONSENT_REQUIRED, FAIL_ADMIN_CONSENT_REQUIRED},
        {SI("invalid_grant"), SI(""), SI("AADSTS65001: x"), FAIL_ADMIN_CONSENT_REQUIRED,
         FAIL_ADMIN_CONSENT_REQUIRED},
        /* and never overrules it */
        {SI("access_denied"), SI("cancel"), SI("AADSTS90094: x"), FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED},
        {SI("access_denied"), SI(""), SI("AADSTS900942: x"), FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED},
        {SI("access_denied"), SI(""), SI("AADSTS9009: 90094"), FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED},
        {SI("access_denied"), SI(""), SI("65001"), FAIL_ACCESS_DENIED,
         FAIL_ACCESS_DENIED},
        {SI("server_error"), SI(""), SI("AADSTS90094: x"), FAIL_SOURCE_UNAVAILABLE,
         FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_client"), SI(""), SI("AADSTS65001: x"), FAIL_SOURCE_MISCONFIGURED,
         FAIL_SOURCE_MISCONFIGURED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            oauth_error_kind(
                rows[i].error, rows[i].subcode, rows[i].description, OAUTH_CALLBACK),
            rows[i].callback);
        T_INT(
            oauth_error_kind(
                rows[i].error, rows[i].subcode, rows[i].description, OAUTH_EXCHANGE),
            rows[i].exchange);
    }
}

/* A refused grant is over, unless the number says that the refusal passes. */
TEST(test_oauth_error_kind_tells_whether_a_grant_is_over)
{
    static const struct {
        Str error;
        Str description;
        enum fail want;
    } rows[] = {
        {SI("invalid_grant"), SI(""), FAIL_GRANT_REFUSED},
        {SI("invalid_grant"), SI("AADSTS70000: x"), FAIL_GRANT_REFUSED},
        {SI("invalid_grant"), SI("AADSTS65001: x"), FAIL_GRANT_REFUSED},
        {SI("invalid_grant"), SI("AADSTS50196: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_grant"), SI("AADSTS501960: x"), FAIL_GRANT_REFUSED},
        {SI("invalid_grant"), SI("AADSTS90024: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_grant"), SI("AADSTS90033: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_grant"), SI("AADSTS90006: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_grant"), SI("AADSTS90090: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_grant"), SI("AADSTS50033: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("invalid_grant"), SI("AADSTS90012: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("interaction_required"), SI("AADSTS50076: x"), FAIL_GRANT_REFUSED},
        {SI("interaction_required"), SI("AADSTS90033: x"), FAIL_SOURCE_UNAVAILABLE},
        {SI("login_required"), SI(""), FAIL_GRANT_REFUSED},
        {SI("consent_required"), SI(""), FAIL_GRANT_REFUSED},
        {SI("invalid_client"), SI("AADSTS50196: x"), FAIL_SOURCE_MISCONFIGURED},
        {SI("temporarily_unavailable"), SI(""), FAIL_SOURCE_UNAVAILABLE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            oauth_error_kind(rows[i].error, S(""), rows[i].description, OAUTH_REFRESH),
            rows[i].want);
    }
    T_INT(/* a code is used up all the same */
          oauth_error_kind(
              S("invalid_grant"), S(""), S("AADSTS50196: x"), OAUTH_EXCHANGE),
          FAIL_CODE_REJECTED);
}

TEST(test_oauth_error_aadsts_finds_the_first)
{
    static const struct {
        Str text;
        int64_t want;
    } rows[] = {
        {SI("AADSTS65001: x"), 65001},
        {SI("x (AADSTS7000222) AADSTS1"), 7000222},
        {SI("AADSTS"), 0},
        {SI("AADSTSx AADSTS5"), 0},
        {SI("AADST"), 0},
        {SI("AADSTS99999999999999999999"), 0},
        {SI(""), 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(oauth_error_aadsts(rows[i].text), rows[i].want);
    }
}

T_MAIN(
    T(test_oauth_error_kind_is_as_documented),
    T(test_oauth_error_kind_tells_whether_a_grant_is_over),
    T(test_oauth_error_aadsts_finds_the_first))
