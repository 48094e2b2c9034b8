/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.c - one table, indexed by enum fail. A failure without a row is server_error.
 */
#include "grants/outcome.h"

#include "base/buf.h"

enum { MEND_BYTES = 256 };

const Str outcome_success = SI("success");
const Str outcome_nowhere = SI("state_invalid");

struct outcome_row {
    Str name;
    enum log_level level;
    const char *
        mend; /* with the source's name in the place of %; NULL: there is nothing to do */
};

static const struct outcome_row outcomes[FAIL_COUNT] = {
    [FAIL_NONE] = {SI("success"), LEVEL_INFO},
    [FAIL_STATE_INVALID] = {SI("state_invalid"), LEVEL_INFO},

    /* the person's doing, or the application's */
    [FAIL_ACCESS_DENIED] = {SI("access_denied"), LEVEL_INFO},
    [FAIL_MISSING_SCOPES] =
        {SI("missing_scopes"), LEVEL_INFO,
         "the person left a permission out, or [%] scopes names one that is not registered "
         "for the client"},
    [FAIL_ACCOUNT_TYPE_NOT_ALLOWED] =
        {SI("account_type_not_allowed"), LEVEL_INFO,
         "[%] accounts and tenant say who may connect"},
    [FAIL_NO_CALENDAR] = {SI("no_calendar"), LEVEL_INFO},
    [FAIL_ACCOUNT_IN_USE] = {SI("account_in_use"), LEVEL_INFO},
    [FAIL_WRONG_ACCOUNT] = {SI("wrong_account"), LEVEL_INFO},
    [FAIL_AUTHORIZATION_WITHDRAWN] = {SI("authorization_withdrawn"), LEVEL_INFO},
    [FAIL_FEATURE_NOT_ENABLED] =
        {SI("feature_not_enabled"), LEVEL_INFO,
         "caldock provider set ID --feature external_calendars=on"},
    [FAIL_STATE_EXPIRED] = {SI("state_expired"), LEVEL_INFO},
    [FAIL_ADMIN_CONSENT_REQUIRED] =
        {SI("admin_consent_required"), LEVEL_INFO,
         "an administrator of the person's organisation has to consent to the client of "
         "[%]"},

    /* the source's */
    [FAIL_SOURCE_ERROR] = {SI("source_error"), LEVEL_WARN},
    [FAIL_SOURCE_TIMEOUT] = {SI("source_unavailable"), LEVEL_WARN},
    [FAIL_SOURCE_UNAVAILABLE] = {SI("source_unavailable"), LEVEL_WARN},
    [FAIL_SOURCE_RATE_LIMITED] = {SI("source_rate_limited"), LEVEL_WARN},
    [FAIL_CODE_REJECTED] = {SI("code_rejected"), LEVEL_WARN},
    [FAIL_NO_REFRESH_TOKEN] =
        {SI("no_refresh_token"), LEVEL_WARN,
         "the person has to remove the client's access at the source, and to connect again"},

    /* the operator's, or ours */
    [FAIL_IDENTITY_INVALID] =
        {SI("identity_invalid"), LEVEL_ERROR,
         "check the clock, and issuer, tenant and URLs of [%]"},
    [FAIL_SOURCE_MISCONFIGURED] =
        {SI("source_misconfigured"), LEVEL_ERROR,
         "check client_id, redirect URI and scopes of [%] against the registered client"},
    [FAIL_INTERNAL] = {SI("server_error"), LEVEL_ERROR},
};

static const struct outcome_row *outcome_row(enum fail kind)
{
    bool has_row = kind >= FAIL_NONE && kind < FAIL_COUNT && outcomes[kind].name.n > 0;

    return &outcomes[has_row ? kind : FAIL_INTERNAL];
}

Str outcome_of(enum fail kind)
{
    return kind == FAIL_NONE || kind == FAIL_STATE_INVALID ? outcomes[FAIL_INTERNAL].name
                                                           : outcome_row(kind)->name;
}

Str outcome_of_end(enum fail kind)
{
    return outcome_row(kind)->name;
}

enum log_level outcome_level(enum fail kind)
{
    return outcome_row(kind)->level;
}

Str outcome_mend(struct arena *mem, enum fail kind, Str source, bool client_refused)
{
    const char *format = client_refused
                             ? "[%] client_secret is refused: it is wrong or has expired"
                             : outcome_row(kind)->mend;
    struct buf b = {.mem = mem, .max = MEND_BYTES};
    size_t at;
    Str rest = format == NULL ? S("") : str_from_z(format);

    if (str_find(rest, '%', &at)) {
        buf_add(&b, str_sub(rest, 0, at));
        buf_add(&b, source);
        rest = str_sub(rest, at + 1, rest.n);
    }
    buf_add(&b, rest);
    return buf_text(&b);
}

bool outcome_is_verdict(enum fail kind)
{
    return outcome_row(kind) != &outcomes[FAIL_INTERNAL];
}
