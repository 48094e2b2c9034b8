/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testing.h"
#include "sources/sources_private.h"

TEST(test_defaults_fill_what_is_empty)
{
    struct source_settings s = {
        .issuer = S("http://127.0.0.1:9"), .client = {.scopes = S("x")}};

    source_google.defaults(&t_cx()->mem, S(""), &s);
    T_STR(s.issuer, S("http://127.0.0.1:9"));
    T_STR(s.client.scopes, S("x"));
    T_STR(s.client.authorize_url, S("https://accounts.google.com/o/oauth2/v2/auth"));
    T_STR(s.client.token_url, S("https://oauth2.googleapis.com/token"));
    T_STR(s.client.revoke_url, S("https://oauth2.googleapis.com/revoke"));
    T_STR(s.jwks_url, S("https://www.googleapis.com/oauth2/v3/certs"));
    T_STR(s.api_url, S("https://www.googleapis.com/calendar/v3"));
}

/* SECURITY 21 and 44 */
TEST(test_issuer_fits_takes_google_with_and_without_scheme)
{
    static const struct {
        Str iss;
        Str configured;
        bool in_token;
        bool in_response;
    } rows[] = {
        {SI("https://accounts.google.com"), SI("https://accounts.google.com"), true,
         true},
        {SI("accounts.google.com"), SI("https://accounts.google.com"), true, false},
        {SI("http://accounts.google.com"), SI("https://accounts.google.com"), false,
         false},
        {SI("https://accounts.google.com/"), SI("https://accounts.google.com"), false,
         false},
        {SI("https://Accounts.google.com"), SI("https://accounts.google.com"), false,
         false},
        {SI(""), SI("https://accounts.google.com"), false, false},
        {SI("http://127.0.0.1:9"), SI("http://127.0.0.1:9"), true, true},
        {SI("127.0.0.1:9"), SI("http://127.0.0.1:9"), false, false},
        {SI("accounts.google.com"), SI("http://127.0.0.1:9"), false, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct id_claims claims = {.iss = rows[i].iss};

        T_INT(
            source_google.issuer_fits(&claims, S(""), rows[i].configured),
            rows[i].in_token);
        T_INT(
            source_google.response_issuer_fits(rows[i].iss, rows[i].configured),
            rows[i].in_response);
    }
}

/* SECURITY 52: the key is `sub`, never the e-mail address */
TEST(test_person_is_the_sub)
{
    struct id_claims claims = {
        .sub = S("110169484474386276334"), .email = S("ada@gmail.com")};
    struct person p;

    T_OK(source_google.person(t_cx(), &claims, &p));
    T_STR(p.subject, claims.sub);
    T_STR(p.username, claims.email);
    T_TRUE(!p.is_work);

    claims.hd = S("example.com");
    claims.email = S("");
    T_OK(source_google.person(t_cx(), &claims, &p));
    T_STR(p.username, claims.sub);
    T_TRUE(p.is_work);
}

TEST(test_person_refuses_what_is_no_sub)
{
    static char bytes[LIMIT_SUBJECT_BYTES + 1];
    struct person p = {.subject = S("kept")};
    const Str bad[] = {
        S(""), S("a b"), S("a\x7F"), S("caf\xC3\xA9"), {bytes, sizeof(bytes)}};

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = '7';
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct id_claims claims = {.sub = bad[i]};

        T_FAIL(FAIL_IDENTITY_INVALID, source_google.person(t_cx(), &claims, &p));
        T_STR(p.subject, S("kept"));
    }
    struct id_claims longest = {.sub = {bytes, LIMIT_SUBJECT_BYTES}};

    T_OK(source_google.person(t_cx(), &longest, &p));
}

T_MAIN(
    T(test_defaults_fill_what_is_empty),
    T(test_issuer_fits_takes_google_with_and_without_scheme), T(test_person_is_the_sub),
    T(test_person_refuses_what_is_no_sub))
