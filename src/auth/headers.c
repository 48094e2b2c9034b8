/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.c - reads Authorization in its three schemes, TeamUp-Provider-ID,
 * Teamup-Request-Mode and Caldock-User.
 *
 * RFC 9110 §11.4 gives the form of a credential. Whether a credential is valid is not
 * judged here.
 */
#include "auth/headers.h"

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "seal/seal.h"

static const Str header_provider = SI("TeamUp-Provider-ID");
static const Str header_mode = SI("Teamup-Request-Mode");
const Str header_user = SI("Caldock-User");

static const struct credential_scheme {
    Str name;
    bool takes_token;
    bool takes_jwt;
} schemes[] = {
    {SI("Token"), true, false},
    {SI("JWT"), false, true},
    {SI("Bearer"), true, true},
};

static const struct credential_scheme *scheme_find(Str name)
{
    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (str_eq_nocase(name, schemes[i].name)) {
            return &schemes[i];
        }
    }
    return NULL;
}

static bool char_is_of_jwt(unsigned char c)
{
    return char_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* Three parts, none of them empty; jws_parse judges the rest. */
static bool jwt_is_wellformed(Str text)
{
    Str part;
    int parts = 0;

    if (!str_is_only(text, char_is_of_jwt)) {
        return false;
    }
    while (str_next_part(&text, '.', &part)) {
        parts += part.n > 0 ? 1 : 4;
    }
    return parts == 3;
}

Res header_read_credential(
    struct cx *cx, const struct http_request *req, struct credential *ret)
{
    Str rest, name, text;
    size_t n = http_header(req, S("Authorization"), &rest);

    if (n == 0) {
        return fail(cx, FAIL_NOT_AUTHENTICATED, "no Authorization");
    }
    if (n > 1 || !str_next_word(&rest, S(" "), &name)) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "Authorization %zu times", n);
    }
    const struct credential_scheme *scheme = scheme_find(name);

    text = str_trim(rest);
    if (scheme == NULL || text.n > LIMIT_CREDENTIAL_BYTES) {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "unknown scheme, or too long");
    }
    if (scheme->takes_token && api_token_is_wellformed(text)) {
        ret->kind = CREDENTIAL_TOKEN;
    } else if (scheme->takes_jwt && jwt_is_wellformed(text)) {
        ret->kind = CREDENTIAL_JWT;
    } else {
        return fail(cx, FAIL_AUTHENTICATION_FAILED, "no credential of that scheme");
    }
    ret->text = text;
    seal_sha256(text, ret->hash);
    return OK;
}

/* Text in place of a scheme, or behind the wrong one. It may be a secret: none of it is
 * repeated. */
static Str credential_hint_of(Str name, Str text)
{
    const struct credential_scheme *scheme = scheme_find(name);

    if (api_token_is_wellformed(name)) {
        return S("Authorization has no scheme: write Token before an API token.");
    }
    if (jwt_is_wellformed(name)) {
        return S("Authorization has no scheme: write JWT before a JSON Web Token.");
    }
    if (str_eq_nocase(name, S("Basic"))) {
        return S("Basic isn't taken: use Token, JWT or Bearer.");
    }
    if (scheme == NULL) {
        return S("The scheme of Authorization must be Token, JWT or Bearer.");
    }
    if (text.n == 0) {
        return S("Authorization has a scheme and no credential.");
    }
    if (!scheme->takes_token && api_token_is_wellformed(text)) {
        return S("This is an API token: its scheme is Token or Bearer.");
    }
    if (!scheme->takes_jwt && jwt_is_wellformed(text)) {
        return S("This is a JSON Web Token: its scheme is JWT or Bearer.");
    }
    return S("");
}

Str header_credential_hint(const struct http_request *req)
{
    Str rest, name;
    size_t n = http_header(req, S("Authorization"), &rest);

    if (n > 1) {
        return S("Authorization may be given only once.");
    }
    if (n == 0 || !str_next_word(&rest, S(" "), &name)) {
        return S("");
    }
    return credential_hint_of(name, str_trim(rest));
}

Res header_invalid(struct cx *cx, struct auth_error *error, Str header, Str message)
{
    error->field = header;
    error->message = message;
    return fail(cx, FAIL_PARAMETER_INVALID, "header %.*s is not valid", STR_ARG(header));
}

/* Gives the header's value, empty when absent; refuses the header twice. */
static Res header_single(
    struct cx *cx, const struct http_request *req, Str header, Str *ret,
    struct auth_error *error)
{
    if (http_header(req, header, ret) > 1) {
        return header_invalid(
            cx, error, header, S("This header may be given only once."));
    }
    return OK;
}

int64_t header_peek_provider(const struct http_request *req)
{
    Str value;
    int64_t id;

    if (http_header(req, header_provider, &value) != 1 || !str_to_int(value, &id)
        || id < 1) {
        return 0;
    }
    return id;
}

Res header_read_provider(
    struct cx *cx, const struct http_request *req, int64_t *ret, struct auth_error *error)
{
    Str value;

    TRY(header_single(cx, req, header_provider, &value, error));
    int64_t id = header_peek_provider(req);

    if (value.n > 0 && id == 0) {
        return header_invalid(
            cx, error, header_provider, S("A positive integer is required."));
    }
    *ret = id;
    return OK;
}

Res header_read_mode(
    struct cx *cx, const struct http_request *req, enum mode *ret,
    struct auth_error *error)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_HEAD_BYTES};
    Str value;

    TRY(header_single(cx, req, header_mode, &value, error));
    if (value.n == 0) {
        *ret = MODE_NONE;
    } else if (str_eq(value, S("customer"))) {
        *ret = MODE_CUSTOMER;
    } else if (str_eq(value, S("provider"))) {
        *ret = MODE_PROVIDER;
    } else {
        buf_add_char(&b, '"');
        buf_add(&b, value);
        buf_add(&b, S("\" is not a valid choice."));
        error->hint = S("Teamup-Request-Mode: choose customer or provider.");
        return header_invalid(cx, error, header_mode, buf_text(&b));
    }
    return OK;
}

Res header_read_user(
    struct cx *cx, const struct http_request *req, Str *ret, struct auth_error *error)
{
    Str value;

    TRY(header_single(cx, req, header_user, &value, error));
    if (value.n > 0 && !auth_user_is_valid(value)) {
        return header_invalid(
            cx, error, header_user,
            S("Ensure this value has 1 to 128 characters of A-Z a-z 0-9 . _ : @ | / + = "
              "-"));
    }
    *ret = value;
    return OK;
}
