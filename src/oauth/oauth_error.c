/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth_error.c - OAuth's error codes, and the sources' own, as failures (contract §9).
 *
 * `error` and the subcode decide. Microsoft's number only refines what they leave open:
 * it may change any day, says Microsoft, and stands in a text for people.
 */
#include "oauth/token.h"
#include "oauth/token_answer.h"

static const struct {
    Str error;
    enum fail kind;
} kinds[] = {
    {SI("access_denied"),             FAIL_ACCESS_DENIED         },
    {SI("interaction_required"),      FAIL_ACCESS_DENIED         },
    {SI("login_required"),            FAIL_ACCESS_DENIED         },
    {SI("admin_policy_enforced"),     FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("org_internal"),              FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("unauthorized_client"),       FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("consent_required"),          FAIL_ADMIN_CONSENT_REQUIRED},
    {SI("server_error"),              FAIL_SOURCE_UNAVAILABLE    },
    {SI("temporarily_unavailable"),   FAIL_SOURCE_UNAVAILABLE    },
    {SI("invalid_client"),            FAIL_SOURCE_MISCONFIGURED  },
    {SI("invalid_scope"),             FAIL_SOURCE_MISCONFIGURED  },
    {SI("invalid_resource"),          FAIL_SOURCE_MISCONFIGURED  },
    {SI("invalid_request"),           FAIL_SOURCE_MISCONFIGURED  },
    {SI("unsupported_response_type"), FAIL_SOURCE_MISCONFIGURED  },
    {SI("redirect_uri_mismatch"),     FAIL_SOURCE_MISCONFIGURED  },
};

static enum fail kind_of(Str error, bool at_exchange)
{
    if (at_exchange && str_eq(error, S("invalid_grant"))) {
        return FAIL_CODE_REJECTED;
    }
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (str_eq(kinds[i].error, error)) {
            return kinds[i].kind;
        }
    }
    return at_exchange ? FAIL_SOURCE_MISCONFIGURED : FAIL_SOURCE_ERROR;
}

int64_t aadsts_number(Str description)
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

static bool wants_admin(Str description)
{
    static const int64_t numbers[] = {65001, 90094, 90095, 900941};
    int64_t number = aadsts_number(description);

    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (numbers[i] == number) {
            return true;
        }
    }
    return false;
}

/* What `error` leaves open: the user's no and an unfit grant may both be the wall that an
 * administrator put up. "cancel" is the user's own. */
static bool is_open(Str error, Str subcode)
{
    return !str_eq(subcode, S("cancel"))
           && (str_eq(error, S("access_denied")) || str_eq(error, S("invalid_grant"))
               || str_eq(error, S("interaction_required")));
}

enum fail oauth_error_kind(Str error, Str subcode, Str description, bool at_exchange)
{
    if (is_open(error, subcode) && wants_admin(description)) {
        return FAIL_ADMIN_CONSENT_REQUIRED;
    }
    return kind_of(error, at_exchange);
}
