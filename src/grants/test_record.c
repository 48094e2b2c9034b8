/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "grants/record.h"
#include "oauth/testring.h"

static const struct grant sample = {
    .refresh_token = SI("1//refresh"),
    .refresh_token_before = SI("1//before"),
    .access_token = SI("ya29.access"),
    .access_expires_ms = 1800000000000,
    .scope = SI("openid email"),
};

TEST(test_grant_open_gives_back_what_was_sealed)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct grant got;
    const struct grant empty = {.access_expires_ms = 0};

    Str record = grant_seal(&t_cx()->mem, k, 3, 4, &sample);

    T_OK(grant_open(t_cx(), k, 3, 4, record, &got));
    T_STR(got.refresh_token, sample.refresh_token);
    T_STR(got.refresh_token_before, sample.refresh_token_before);
    T_STR(got.access_token, sample.access_token);
    T_INT(got.access_expires_ms, sample.access_expires_ms);
    T_STR(got.scope, sample.scope);
    T_OK(grant_open(t_cx(), k, 3, 4, grant_seal(&t_cx()->mem, k, 3, 4, &empty), &got));
    T_STR(got.refresh_token, S(""));
}

TEST(test_grant_seal_fits_the_longest_tokens)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    static char x[LIMIT_ACCESS_TOKEN_BYTES];
    struct grant got;
    const struct grant longest = {
        .refresh_token = {x, LIMIT_REFRESH_TOKEN_BYTES},
        .refresh_token_before = {x, LIMIT_REFRESH_TOKEN_BYTES},
        .access_token = {x, LIMIT_ACCESS_TOKEN_BYTES},
        .access_expires_ms = INT64_MAX,
        .scope = {x, LIMIT_SCOPE_BYTES},
    };

    memset(x, 'x', sizeof(x));
    T_OK(grant_open(t_cx(), k, 1, 1, grant_seal(&t_cx()->mem, k, 1, 1, &longest), &got));
    T_INT(got.scope.n, LIMIT_SCOPE_BYTES);
}

/* SECURITY 58: no token is readable in the record; one that was copied to another
 * tenant or connection does not open, nor does one as something else. */
TEST(test_grant_open_refuses_a_record_that_was_moved)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct grant got = {.access_expires_ms = 77};
    Str token = S("untouched");

    Str record = grant_seal(&t_cx()->mem, k, 3, 4, &sample);

    T_TRUE(!str_contains(record, S("refresh")) && !str_contains(record, S("access")));
    T_FAIL(FAIL_UNREADABLE, grant_open(t_cx(), k, 4, 4, record, &got));
    T_FAIL(FAIL_UNREADABLE, grant_open(t_cx(), k, 3, 5, record, &got));
    T_FAIL(FAIL_UNREADABLE, grant_open(t_cx(), k, 4, 3, record, &got));
    T_FAIL(FAIL_UNREADABLE, record_revocation_open(t_cx(), k, 3, S("4"), record, &token));
    T_INT(got.access_expires_ms, 77);
    T_STR(token, S("untouched"));
}

TEST(test_grant_open_refuses_every_altered_record)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct grant got;
    char text[512];

    Str record = grant_seal(&t_cx()->mem, k, 3, 4, &sample);

    for (size_t i = 0; i < record.n; i++) {
        bool is_id = i >= 1 && i < 1 + KEY_ID_BYTES; /* of a key that isn't here */

        memcpy(text, record.p, record.n);
        text[i] = (char)(text[i] ^ 1);
        T_FAIL(
            is_id ? FAIL_UNAVAILABLE : FAIL_UNREADABLE,
            grant_open(t_cx(), k, 3, 4, (Str){text, record.n}, &got));
        T_FAIL(FAIL_UNREADABLE, grant_open(t_cx(), k, 3, 4, (Str){record.p, i}, &got));
    }
}

/* SECURITY 59: given key rotation, old records still open; with the old key removed
 * they fail closed. */
TEST(test_grant_open_outlives_a_rotation)
{
    CLEANUP(keyring_close)
    struct keyring *both = ring_of(t_cx(), S(RING_KEY_1 RING_KEY_2));
    CLEANUP(keyring_close) struct keyring *second = ring_of(t_cx(), S(RING_KEY_2));
    struct grant got;

    Str record = grant_seal(&t_cx()->mem, both, 3, 4, &sample);

    T_TRUE(keyring_set_sealing(both, 2));
    T_OK(grant_open(t_cx(), both, 3, 4, record, &got));
    T_FAIL(FAIL_UNAVAILABLE, grant_open(t_cx(), second, 3, 4, record, &got));
    record = grant_seal(&t_cx()->mem, both, 3, 4, &got);
    T_OK(grant_open(t_cx(), second, 3, 4, record, &got));
    T_STR(got.refresh_token, sample.refresh_token);
}

/* The record is genuine, sealed with the right key and binding, but of another version.
 */
TEST(test_grant_open_refuses_what_is_inside_of_another_version)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    static const Str bound = SI("\x05grant\x03\x01"
                                "4");

    static const struct {
        Str inside;
        enum fail want;
    } rows[] = {
        {SI("\x01\x01"
            "a\0\0\0\0"),
         FAIL_NONE},
        {SI("\x02\x01"
            "a\0\0\0\0"),
         FAIL_UNREADABLE},
        {SI("\x01\x01"
            "a\0\0\0\0x"),
         FAIL_UNREADABLE},
        {SI("\x01\x01"
            "a\0\0\0"),
         FAIL_UNREADABLE},
        {SI(""), FAIL_UNREADABLE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct grant got;
        Str record = keyring_seal(&t_cx()->mem, k, KEY_GRANT, rows[i].inside, bound);

        T_FAIL(rows[i].want, grant_open(t_cx(), k, 3, 4, record, &got));
    }
}

TEST(test_revocation_open_wants_its_source_and_subject)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(t_cx(), S(RING_KEY_1));
    struct grant grant;
    Str got = S("");

    Str record = record_revocation_seal(&t_cx()->mem, k, 1, S("sub"), S("1//refresh"));

    T_OK(record_revocation_open(t_cx(), k, 1, S("sub"), record, &got));
    T_STR(got, S("1//refresh"));
    T_FAIL(FAIL_UNREADABLE, record_revocation_open(t_cx(), k, 2, S("sub"), record, &got));
    T_FAIL(FAIL_UNREADABLE, record_revocation_open(t_cx(), k, 1, S("su"), record, &got));
    T_FAIL(
        FAIL_UNREADABLE, record_revocation_open(t_cx(), k, 1, S("subx"), record, &got));
    T_FAIL(FAIL_UNREADABLE, grant_open(t_cx(), k, 1, 1, record, &grant));
}

T_MAIN(
    T(test_grant_open_gives_back_what_was_sealed),
    T(test_grant_seal_fits_the_longest_tokens),
    T(test_grant_open_refuses_a_record_that_was_moved),
    T(test_grant_open_refuses_every_altered_record),
    T(test_grant_open_outlives_a_rotation),
    T(test_grant_open_refuses_what_is_inside_of_another_version),
    T(test_revocation_open_wants_its_source_and_subject))
