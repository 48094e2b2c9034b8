/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth/headers.h"
#include "base/limits.h"
#include "base/testing.h"
#include "seal/seal.h"

#define TOKEN "cdk_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"

static struct http_request t_header_request(const struct http_header *headers, size_t n)
{
    return (struct http_request){.headers = headers, .n_headers = n};
}

TEST(test_credential_read_knows_three_schemes)
{
    static const struct {
        Str value;
        enum fail want;
        enum credential_kind kind;
        Str text;
    } rows[] = {
        {SI("Token " TOKEN), FAIL_NONE, CREDENTIAL_TOKEN, SI(TOKEN)},
        {SI("tOKEN " TOKEN), FAIL_NONE, CREDENTIAL_TOKEN, SI(TOKEN)},
        {SI("Bearer " TOKEN), FAIL_NONE, CREDENTIAL_TOKEN, SI(TOKEN)},
        {SI("BEARER   " TOKEN), FAIL_NONE, CREDENTIAL_TOKEN, SI(TOKEN)},
        {SI("Bearer a.b.c"), FAIL_NONE, CREDENTIAL_JWT, SI("a.b.c")},
        {SI("JWT a.b.c"), FAIL_NONE, CREDENTIAL_JWT, SI("a.b.c")},
        {SI("jwt a-_Z9.b.c"), FAIL_NONE, CREDENTIAL_JWT, SI("a-_Z9.b.c")},
        {SI(""), FAIL_NOT_AUTHENTICATED, 0, SI("")},
        {SI("Token a.b.c"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("JWT " TOKEN), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("JWT a.b"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("JWT a.b.c.d"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Bearer a.b.c.d.e"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("JWT a..c"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("JWT a.b."), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("JWT a.b.c="), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("JWT a.b.c d"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token" TOKEN), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token\t" TOKEN), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI(TOKEN), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Basic YTpi"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token " TOKEN "x"), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token cdk_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcd"),
         FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token CDK_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"),
         FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token cdk_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/abcde"),
         FAIL_AUTHENTICATION_FAILED, 0, SI("")},
        {SI("Token token=" TOKEN), FAIL_AUTHENTICATION_FAILED, 0, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_header h[] = {{S("authorization"), rows[i].value}};
        struct http_request req = t_header_request(h, 1);
        struct credential c = {.kind = 0};
        unsigned char hash[SEAL_HASH_BYTES];

        T_FAIL(rows[i].want, header_read_credential(t_cx(), &req, &c));
        T_INT(c.kind, rows[i].kind);
        T_STR(c.text, rows[i].text);
        if (rows[i].want == FAIL_NONE) {
            seal_sha256(rows[i].text, hash);
            assert_memory_equal(c.hash, hash, sizeof(hash));
        }
    }
}

static Str credential_hint_for(Str value)
{
    const struct http_header h = {S("Authorization"), value};
    struct http_request req = t_header_request(&h, 1);

    return header_credential_hint(&req);
}

/* About its form, and without any of its text. */
TEST(test_credential_hint_says_what_is_wrong_with_the_form)
{
    T_STR(credential_hint_for(S("Token " TOKEN)), S(""));
    T_STR(credential_hint_for(S("Bearer a.b.c")), S(""));
    T_STR(credential_hint_for(S("Token something")), S(""));
    T_STR(credential_hint_for(S("")), S(""));
    T_STR(
        credential_hint_for(S(TOKEN)),
        S("Authorization has no scheme: write Token before an API token."));
    T_STR(
        credential_hint_for(S("a.b.c")),
        S("Authorization has no scheme: write JWT before a JSON Web Token."));
    T_STR(
        credential_hint_for(S("basic YTpi")),
        S("Basic isn't taken: use Token, JWT or Bearer."));
    T_STR(
        credential_hint_for(S("Secret x")),
        S("The scheme of Authorization must be Token, JWT or Bearer."));
    T_STR(
        credential_hint_for(S("Token")),
        S("Authorization has a scheme and no credential."));
    T_STR(
        credential_hint_for(S("JWT " TOKEN)),
        S("This is an API token: its scheme is Token or Bearer."));
    T_STR(
        credential_hint_for(S("Token a.b.c")),
        S("This is a JSON Web Token: its scheme is JWT or Bearer."));
}

TEST(test_credential_hint_wants_one_header)
{
    const struct http_header twice[] = {
        {S("Authorization"), S("Token " TOKEN)},
        {S("authorization"), S("Token " TOKEN)},
    };
    struct http_request req = t_header_request(twice, COUNT(twice));

    T_STR(header_credential_hint(&req), S("Authorization may be given only once."));
}

TEST(test_credential_read_wants_one_header)
{
    static const struct http_header twice[] = {
        {SI("Authorization"), SI("Token " TOKEN)},
        {SI("authorization"), SI("Token " TOKEN)},
    };
    static const struct http_header beside_an_empty_one[] = {
        {SI("Authorization"), SI("")},
        {SI("authorization"), SI("Token " TOKEN)},
    };
    struct credential c;
    struct http_request req = t_header_request(twice, 2);

    T_FAIL(FAIL_AUTHENTICATION_FAILED, header_read_credential(t_cx(), &req, &c));
    req = t_header_request(beside_an_empty_one, 2);
    T_OK(header_read_credential(t_cx(), &req, &c));
    req = t_header_request(twice, 0);
    T_FAIL(FAIL_NOT_AUTHENTICATED, header_read_credential(t_cx(), &req, &c));
}

TEST(test_credential_read_stops_at_its_limit)
{
    static char text[4 + LIMIT_CREDENTIAL_BYTES + 1] = "JWT a.b.";
    struct credential c;

    memset(text + 8, 'c', sizeof(text) - 8);
    for (size_t n = LIMIT_CREDENTIAL_BYTES; n <= LIMIT_CREDENTIAL_BYTES + 1; n++) {
        struct http_header h[] = {{S("Authorization"), {text, 4 + n}}};
        struct http_request req = t_header_request(h, 1);

        T_FAIL(
            n > LIMIT_CREDENTIAL_BYTES ? FAIL_AUTHENTICATION_FAILED : FAIL_NONE,
            header_read_credential(t_cx(), &req, &c));
    }
}

TEST(test_provider_read_takes_a_positive_integer)
{
    static const struct {
        Str value;
        enum fail want;
        int64_t id;
    } rows[] = {
        {SI("1"), FAIL_NONE, 1},
        {SI("9223372036854775807"), FAIL_NONE, INT64_MAX},
        {SI(""), FAIL_NONE, 0}, /* as if it were absent */
        {SI("0"), FAIL_PARAMETER_INVALID, 77},
        {SI("-1"), FAIL_PARAMETER_INVALID, 77},
        {SI("+1"), FAIL_PARAMETER_INVALID, 77},
        {SI("1.0"), FAIL_PARAMETER_INVALID, 77},
        {SI("1, 2"), FAIL_PARAMETER_INVALID, 77},
        {SI("one"), FAIL_PARAMETER_INVALID, 77},
        {SI("9223372036854775808"), FAIL_PARAMETER_INVALID, 77},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_header h[] = {{S("teamup-provider-id"), rows[i].value}};
        struct http_request req = t_header_request(h, 1);
        struct auth_error error = {0};
        int64_t id = 77;

        T_FAIL(rows[i].want, header_read_provider(t_cx(), &req, &id, &error));
        T_TRUE(id == rows[i].id);
        T_STR(error.field, rows[i].want == FAIL_NONE ? S("") : S("TeamUp-Provider-ID"));
        T_INT(header_peek_provider(&req), rows[i].want == FAIL_NONE ? rows[i].id : 0);
    }
}

TEST(test_mode_read_takes_two_words)
{
    static const struct {
        Str value;
        enum fail want;
        enum mode mode;
        Str message;
    } rows[] = {
        {SI("customer"), FAIL_NONE, MODE_CUSTOMER, SI("")},
        {SI("provider"), FAIL_NONE, MODE_PROVIDER, SI("")},
        {SI(""), FAIL_NONE, MODE_NONE, SI("")},
        {SI("Provider"), FAIL_PARAMETER_INVALID, 77,
         SI("\"Provider\" is not a valid choice.")},
        {SI("staff"), FAIL_PARAMETER_INVALID, 77, SI("\"staff\" is not a valid choice.")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_header h[] = {{S("TEAMUP-REQUEST-MODE"), rows[i].value}};
        struct http_request req = t_header_request(h, 1);
        struct auth_error error = {0};
        enum mode mode = 77;

        T_FAIL(rows[i].want, header_read_mode(t_cx(), &req, &mode, &error));
        T_INT(mode, rows[i].mode);
        T_STR(error.message, rows[i].message);
        T_STR(error.field, rows[i].want == FAIL_NONE ? S("") : S("Teamup-Request-Mode"));
    }
}

TEST(test_user_read_knows_the_alphabet)
{
    static char longest[LIMIT_USER_BYTES + 1];

    const struct {
        Str value;
        enum fail want;
    } rows[] = {
        {S("a"), FAIL_NONE},
        {S("AZaz09._:@|/+=-"), FAIL_NONE},
        {S(""), FAIL_NONE},
        {{longest, LIMIT_USER_BYTES}, FAIL_NONE},
        {{longest, LIMIT_USER_BYTES + 1}, FAIL_PARAMETER_INVALID},
        {S("a b"), FAIL_PARAMETER_INVALID},
        {S("a,b"), FAIL_PARAMETER_INVALID},
        {S("caf\xC3\xA9"), FAIL_PARAMETER_INVALID},
        {S("a%40b"), FAIL_PARAMETER_INVALID},
    };

    memset(longest, 'u', sizeof(longest));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_header h[] = {{S("caldock-user"), rows[i].value}};
        struct http_request req = t_header_request(h, 1);
        struct auth_error error = {0};
        Str user = S("untouched");

        T_FAIL(rows[i].want, header_read_user(t_cx(), &req, &user, &error));
        T_STR(user, rows[i].want == FAIL_NONE ? rows[i].value : S("untouched"));
        T_STR(error.field, rows[i].want == FAIL_NONE ? S("") : S("Caldock-User"));
    }
}

TEST(test_headers_of_ours_are_single)
{
    static const Str names[] = {
        SI("TeamUp-Provider-ID"), SI("Teamup-Request-Mode"), SI("Caldock-User")};

    for (size_t i = 0; i < COUNT(names); i++) {
        struct http_header h[] = {{names[i], S("1")}, {names[i], S("1")}};
        struct http_request req = t_header_request(h, 2);
        struct auth_error error = {0};
        int64_t id;
        enum mode mode;
        Str user;
        Res got[] = {
            header_read_provider(t_cx(), &req, &id, &error),
            header_read_mode(t_cx(), &req, &mode, &error),
            header_read_user(t_cx(), &req, &user, &error),
        };

        for (size_t j = 0; j < COUNT(got); j++) {
            T_FAIL(i == j ? FAIL_PARAMETER_INVALID : FAIL_NONE, got[j]);
        }
        T_STR(error.field, names[i]);
        T_STR(error.message, S("This header may be given only once."));
    }
}

TEST(test_api_token_new_is_fresh_and_hashed)
{
    unsigned char hash[AUTH_TOKEN_HASH_BYTES], again[AUTH_TOKEN_HASH_BYTES];

    T_TRUE(seal_start());
    Str a = api_token_new(&t_cx()->mem, hash);
    Str b = api_token_new(&t_cx()->mem, again);

    T_TRUE(a.n == 47 && api_token_is_wellformed(a) && api_token_is_wellformed(b));
    T_TRUE(!str_eq(a, b));
    api_token_hash(a, again);
    assert_memory_equal(hash, again, sizeof(hash));
}

T_MAIN(
    T(test_credential_read_knows_three_schemes), T(test_credential_read_wants_one_header),
    T(test_credential_hint_says_what_is_wrong_with_the_form),
    T(test_credential_hint_wants_one_header), T(test_credential_read_stops_at_its_limit),
    T(test_provider_read_takes_a_positive_integer), T(test_mode_read_takes_two_words),
    T(test_user_read_knows_the_alphabet), T(test_headers_of_ours_are_single),
    T(test_api_token_new_is_fresh_and_hashed))
