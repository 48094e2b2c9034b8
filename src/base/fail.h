/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail.h - how a function says that it failed, and why.
 *
 * A failure has a kind (enum fail), which decides what the client sees, and a reason in
 * words with file and line for the log. A reason may also reach people: a command prints
 * it, and redirect.h says where a caller of the API reads it. Two tables turn kinds into
 * answers: the error envelope and the end of a flow, both in api/errors.c.
 */
#pragma once

#define MUST          __attribute__((warn_unused_result))
#define PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define CLEANUP(done) __attribute__((cleanup(done)))
#define NORETURN      __attribute__((noreturn))
/* A large variable that is not set to zero first: its user keeps count of what is set. */
#if __has_attribute(uninitialized)
#    define UNSET __attribute__((uninitialized))
#else
#    define UNSET
#endif

struct cx;

enum fail {
    FAIL_NONE,

    /* Kinds of the error envelope; the names are its codes. */
    FAIL_PARAMETER_INVALID,
    FAIL_PARSE_ERROR,
    FAIL_PROVIDER_REQUIRED,
    FAIL_MODE_REQUIRED,
    FAIL_MALFORMED_REQUEST,
    FAIL_NOT_AUTHENTICATED,
    FAIL_AUTHENTICATION_FAILED,
    FAIL_PROVIDER_INVALID,
    FAIL_MODE_NOT_ALLOWED,
    FAIL_PERMISSION_DENIED,
    FAIL_FEATURE_NOT_ENABLED,
    FAIL_NOT_FOUND,
    FAIL_METHOD_NOT_ALLOWED,
    FAIL_NOT_ACCEPTABLE,
    FAIL_REQUEST_TIMEOUT,
    FAIL_CONFLICT,        /* something else has changed it meanwhile */
    FAIL_NEEDS_RECONNECT, /* the account's user has to connect it again */
    FAIL_PAYLOAD_TOO_LARGE,
    FAIL_UNSUPPORTED_MEDIA_TYPE,
    FAIL_HEAD_TOO_LARGE,
    FAIL_THROTTLED,
    FAIL_INTERNAL,
    FAIL_NOT_IMPLEMENTED,
    FAIL_HTTP_VERSION,
    FAIL_SOURCE_ERROR,   /* a source's answer can't be used */
    FAIL_SOURCE_TIMEOUT, /* a source took too long */
    FAIL_UNAVAILABLE,    /* ours: overloaded, stopping, or the store is away */

    /* Kinds that only the end of a flow can have. */
    FAIL_ACCESS_DENIED,
    FAIL_MISSING_SCOPES,
    FAIL_NO_REFRESH_TOKEN,
    FAIL_ADMIN_CONSENT_REQUIRED,
    FAIL_ACCOUNT_TYPE_NOT_ALLOWED,
    FAIL_NO_CALENDAR,
    FAIL_ACCOUNT_IN_USE,
    FAIL_WRONG_ACCOUNT, /* another person than the one who was to connect again */
    FAIL_AUTHORIZATION_WITHDRAWN,
    FAIL_STATE_EXPIRED,
    FAIL_STATE_INVALID, /* no safe place to redirect to: the page */
    FAIL_CODE_REJECTED,
    FAIL_IDENTITY_INVALID,
    FAIL_SOURCE_MISCONFIGURED,
    FAIL_SOURCE_RATE_LIMITED,
    FAIL_SOURCE_UNAVAILABLE, /* a source is away: refused, DNS, TLS, reset, 5xx */

    /* Kinds that never leave the process under this name. */
    FAIL_LIMIT,         /* something did not fit its named limit */
    FAIL_CONFIG,        /* the operator has to mend something; the reason says what */
    FAIL_GRANT_REFUSED, /* a refresh token is dead for good (invalid_grant) */
    FAIL_TOKEN_REFUSED, /* a source doesn't take an access token (any more) */
    FAIL_UNREADABLE,    /* stored data can't be read: sealed with another key, altered, or
                           of a kind that this binary doesn't know */

    /* A kind that only a call to a URL of a tenant can have. */
    FAIL_ADDRESS_REFUSED, /* it leads where no call may go */

    FAIL_COUNT
};

typedef struct {
    enum fail code;
} Res;

#define OK ((Res){FAIL_NONE})

/* Notes the reason in `cx` and returns the kind. Secrets never go into a reason. */
#define fail(cx, code, ...) fail_at((cx), (code), __FILE__, __LINE__, __VA_ARGS__)
Res fail_at(
    struct cx *cx, enum fail code, const char *file, int line, const char *why, ...)
    PRINTF(5, 6);

/* The one macro with a hidden return. */
#define TRY(call)                                                                        \
    do {                                                                                 \
        Res try_res = (call);                                                            \
        if (try_res.code != FAIL_NONE) /* no braces: they would count as nesting */      \
            return try_res;                                                              \
    } while (0)

/* A broken promise between our own functions is a bug: stop, in production too. */
#define must_be(cond) ((cond) ? (void)0 : fail_panic(__FILE__, __LINE__, #cond))
void fail_panic(const char *file, int line, const char *what) NORETURN;
