/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth_error.c - the table of error codes.
 *
 * `error` and the subcode decide. Microsoft's number only refines what they leave open:
 * it stands in a text for people, and Microsoft may change it at any time.
 */
#include "oauth/oauth_error.h"

static const struct {
    Str error;
    enum fail kind;
} kinds[] = {
    {SI("access_denied"), FAIL_ACCESS_DENIED},
    {SI("interaction_required"), FAIL_ACCESS_DENIED},
    {SI("login_required"), FAIL_ACCESS_DENIED},
    {SI("admin_policy_enforced"), FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("org_internal"), FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("unauthorized_client"), FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("consent_required"), FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("server_error"), FAIL_SOURCE_UNAVAILABLE},
    {SI("temporarily_unavailable"), FAIL_SOURCE_UNAVAILABLE},
    {SI("invalid_client"), FAIL_SOURCE_MISCONFIGURED},
    {SI("invalid_scope"), FAIL_SOURCE_MISCONFIGURED},
    {SI("invalid_resource"), FAIL_SOURCE_MISCONFIGURED},
    {SI("invalid_request"), FAIL_SOURCE_MISCONFIGURED},
    {SI("unsupported_response_type"), FAIL_SOURCE_MISCONFIGURED},
    {SI("redirect_uri_mismatch"), FAIL_SOURCE_MISCONFIGURED},
};

static enum fail oauth_error_by_name(Str error, enum oauth_leg leg)
{
    if (leg != OAUTH_CALLBACK && str_eq(error, S("invalid_grant"))) {
        return FAIL_CODE_REJECTED;
    }
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (str_eq(kinds[i].error, error)) {
            return kinds[i].kind;
        }
    }
    return leg == OAUTH_CALLBACK ? FAIL_SOURCE_ERROR : FAIL_SOURCE_MISCONFIGURED;
}

int64_t oauth_error_aadsts(Str description)
{
    static const Str mark = SI("AADSTS");
    int64_t number = 0;

    while (description.n > mark.n && !str_starts(description, mark)) {
        description = str_sub(description, 1, description.n);
    }
    Str digits = str_sub(description, mark.n, description.n);
    size_t n = 0;

    while (n < digits.n && char_is_digit((unsigned char)digits.p[n])) {
        n++;
    }
    return str_to_int(str_sub(digits, 0, n), &number) ? number : 0;
}

static bool aadsts_is_among(Str description, const int64_t *numbers, size_t n)
{
    int64_t number = oauth_error_aadsts(description);

    for (size_t i = 0; i < n; i++) {
        if (numbers[i] == number) {
            return true;
        }
    }
    return false;
}

static bool aadsts_wants_admin(Str description)
{
    static const int64_t numbers[] = {65001, 90094, 90095, 900941};

    return aadsts_is_among(description, numbers, COUNT(numbers));
}

/* Microsoft is busy, or was asked the same too often (50196): the grant still lives. */
static bool aadsts_passes(Str description)
{
    static const int64_t numbers[] = {50196, 90024, 90033, 90006, 90090, 50033, 90012};

    return aadsts_is_among(description, numbers, COUNT(numbers));
}

/* access_denied, invalid_grant and interaction_required can all mean that an
 * administrator must consent. The subcode "cancel" is the user's own decision. */
static bool oauth_error_is_vague(Str error, Str subcode)
{
    return !str_eq(subcode, S("cancel"))
           && (str_eq(error, S("access_denied")) || str_eq(error, S("invalid_grant"))
               || str_eq(error, S("interaction_required")));
}

/* The errors that say that a refresh token will never work again. */
static bool oauth_error_ends_grant(Str error)
{
    static const Str errors[] = {
        SI("invalid_grant"), SI("interaction_required"), SI("login_required"),
        SI("consent_required")};

    for (size_t i = 0; i < COUNT(errors); i++) {
        if (str_eq(errors[i], error)) {
            return true;
        }
    }
    return false;
}

enum fail oauth_error_kind(Str error, Str subcode, Str description, enum oauth_leg leg)
{
    if (leg == OAUTH_REFRESH && oauth_error_ends_grant(error)) {
        return aadsts_passes(description) ? FAIL_SOURCE_UNAVAILABLE : FAIL_GRANT_REFUSED;
    }
    if (oauth_error_is_vague(error, subcode) && aadsts_wants_admin(description)) {
        return FAIL_ADMIN_CONSENT_REQUIRED;
    }
    return oauth_error_by_name(error, leg);
}
