/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errors.c - the status, code and message of each failure (docs/api.md §4). A failure
 * that a client must never see under its own name is internal_error.
 */
#include "api/errors.h"

#include <stddef.h>

#include "base/limits.h"

/* Messages have these limits as text. */
_Static_assert(LIMIT_BODY_BYTES == 64 * 1024, "\"64 KiB\"");
_Static_assert(LIMIT_HEAD_BYTES == 16 * 1024, "\"16 KiB\"");
_Static_assert(LIMIT_HEAD_FIELDS == 100, "\"100 fields\"");

/* clang-format off */
#define REQUEST    SI("invalid_request_error")
#define CREDENTIAL SI("authentication_error")
#define PERMISSION SI("permission_error")
#define OURS       SI("api_error")
#define INTERNAL   {500, SI("internal_error"), OURS, SI("Something went wrong on our side.")}

static const struct error_row error_rows[FAIL_COUNT] = {
    [FAIL_PARAMETER_INVALID] = {400, SI("parameter_invalid"), REQUEST,
        SI("Some of what was sent is not valid: field_errors says what to change.")},
    [FAIL_PARSE_ERROR] = {400, SI("parse_error"), REQUEST,
        SI("The body cannot be read: it must be whole, in UTF-8, and what its Content-Type says.")},
    [FAIL_PROVIDER_REQUIRED] = {400, SI("provider_required"), REQUEST,
        SI("This credential has several providers: name one in the header TeamUp-Provider-ID.")},
    [FAIL_MODE_REQUIRED] = {400, SI("mode_required"), REQUEST,
        SI("This credential has both modes: name one in the header Teamup-Request-Mode.")},
    [FAIL_MALFORMED_REQUEST] = {400, SI("malformed_request"), REQUEST,
        SI("The request is not well-formed HTTP.")},
    [FAIL_NOT_AUTHENTICATED] = {401, SI("not_authenticated"), CREDENTIAL,
        SI("No credential was sent: use the header Authorization with Token, JWT or Bearer.")},
    [FAIL_AUTHENTICATION_FAILED] = {401, SI("authentication_failed"), CREDENTIAL,
        SI("The credential is not valid.")},
    [FAIL_PROVIDER_INVALID] = {403, SI("provider_invalid"), PERMISSION,
        SI("There is no such provider, or this credential has no access to it.")},
    [FAIL_MODE_NOT_ALLOWED] = {403, SI("mode_not_allowed"), PERMISSION,
        SI("This credential has no access to that mode.")},
    [FAIL_PERMISSION_DENIED] = {403, SI("permission_denied"), PERMISSION,
        SI("This credential has no permission to do that.")},
    [FAIL_FEATURE_NOT_ENABLED] = {403, SI("feature_not_enabled"), PERMISSION,
        SI("The feature external_calendars is not enabled for this provider.")},
    [FAIL_NOT_FOUND] = {404, SI("not_found"), REQUEST,
        SI("There is nothing here, or nothing that this credential may see.")},
    [FAIL_METHOD_NOT_ALLOWED] = {405, SI("method_not_allowed"), REQUEST,
        SI("This method is not allowed here: the header Allow names those that are.")},
    [FAIL_NOT_ACCEPTABLE] = {406, SI("not_acceptable"), REQUEST,
        SI("Answers are JSON or XML: choose by Accept, or by format=json or format=xml.")},
    [FAIL_REQUEST_TIMEOUT] = {408, SI("request_timeout"), REQUEST,
        SI("The request did not arrive whole in time.")},
    [FAIL_CONFLICT] = {409, SI("conflict"), SI("conflict"),
        SI("Something else changed this meanwhile: read it again, then decide.")},
    [FAIL_NEEDS_RECONNECT] = {409, SI("conflict"), SI("conflict"),
        SI("The account has to be connected again by its user: its status_reason says why.")},
    [FAIL_PAYLOAD_TOO_LARGE] = {413, SI("payload_too_large"), REQUEST,
        SI("The body is larger than 64 KiB.")},
    [FAIL_UNSUPPORTED_MEDIA_TYPE] = {415, SI("unsupported_media_type"), REQUEST,
        SI("Bodies are JSON, form or multipart/form-data, in UTF-8: say which by Content-Type.")},
    [FAIL_THROTTLED] = {429, SI("throttled"), SI("rate_limit_error"),
        SI("Too many requests with this credential: wait as long as Retry-After says."), 1},
    [FAIL_HEAD_TOO_LARGE] = {431, SI("head_too_large"), REQUEST,
        SI("The request's head is larger than 16 KiB, or has more than 100 fields.")},
    [FAIL_INTERNAL] = INTERNAL,
    [FAIL_NOT_IMPLEMENTED] = {501, SI("not_implemented"), REQUEST,
        SI("This transfer coding is not implemented: use chunked, or a Content-Length.")},
    [FAIL_SOURCE_ERROR] = {502, SI("calendar_source_error"), OURS,
        SI("The calendar source gave an answer that cannot be used.")},
    [FAIL_UNAVAILABLE] = {503, SI("unavailable"), OURS,
        SI("This cannot be done right now: try again in a moment."), 1},
    [FAIL_SOURCE_TIMEOUT] = {504, SI("calendar_source_timeout"), OURS,
        SI("The calendar source did not answer in time.")},
    [FAIL_HTTP_VERSION] = {505, SI("http_version_not_supported"), REQUEST,
        SI("HTTP/1.1 and HTTP/1.0 are spoken here.")},

    /* Kinds that end a flow, for endpoints of the API that meet them. */
    [FAIL_SOURCE_MISCONFIGURED] = {502, SI("calendar_source_error"), OURS,
        SI("The calendar source refuses this service: its operator has to act.")},
    [FAIL_SOURCE_RATE_LIMITED] = {502, SI("calendar_source_error"), OURS,
        SI("The calendar source wants fewer requests: wait as long as Retry-After says."), 60},
    [FAIL_SOURCE_UNAVAILABLE] = {502, SI("calendar_source_error"), OURS,
        SI("The calendar source cannot be reached, or is failing.")},
    [FAIL_STATE_INVALID] = {400, SI("parameter_invalid"), REQUEST,
        SI("The state is none that can be trusted.")},

    /* Never seen by a client under their own name. */
    [FAIL_ACCESS_DENIED] = INTERNAL,
    [FAIL_MISSING_SCOPES] = INTERNAL,
    [FAIL_NO_REFRESH_TOKEN] = INTERNAL,
    [FAIL_ADMIN_CONSENT_REQUIRED] = INTERNAL,
    [FAIL_ACCOUNT_TYPE_NOT_ALLOWED] = INTERNAL,
    [FAIL_NO_CALENDAR] = INTERNAL,
    [FAIL_ACCOUNT_IN_USE] = INTERNAL,
    [FAIL_WRONG_ACCOUNT] = INTERNAL,
    [FAIL_AUTHORIZATION_WITHDRAWN] = INTERNAL,
    [FAIL_STATE_EXPIRED] = INTERNAL,
    [FAIL_CODE_REJECTED] = INTERNAL,
    [FAIL_IDENTITY_INVALID] = INTERNAL,
    [FAIL_LIMIT] = INTERNAL,
    [FAIL_CONFIG] = INTERNAL,
    [FAIL_GRANT_REFUSED] = INTERNAL,
    [FAIL_TOKEN_REFUSED] = INTERNAL,
    [FAIL_UNREADABLE] = INTERNAL,
};

/* clang-format on */

const struct error_row *error_row(enum fail kind)
{
    bool has_row = kind > FAIL_NONE && kind < FAIL_COUNT && error_rows[kind].status != 0;

    return &error_rows[has_row ? kind : FAIL_INTERNAL];
}
