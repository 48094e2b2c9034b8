/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_token.c - makes and hashes API tokens, and checks the alphabet of users.
 *
 * A token has 256 random bits and can't be guessed, so a slow hash would add nothing to
 * SHA-256.
 */
#include "auth/api_token.h"

#include "base/limits.h"
#include "seal/seal.h"

enum { RANDOM_BYTES = 32, RANDOM_TEXT = 43 };

static const Str prefix = SI("cdk_");

Str api_token_new(struct arena *mem, unsigned char hash[AUTH_TOKEN_HASH_BYTES])
{
    char random[RANDOM_BYTES];

    seal_random(random, sizeof(random));
    Str token = str_cat(mem, prefix, b64url_encode(mem, (Str){random, sizeof(random)}));

    seal_wipe(random, sizeof(random));
    api_token_hash(token, hash);
    return token;
}

static bool char_is_b64url(unsigned char c)
{
    return char_is_alnum(c) || c == '-' || c == '_';
}

bool api_token_is_wellformed(Str token)
{
    return token.n == prefix.n + RANDOM_TEXT && str_starts(token, prefix)
           && str_is_only(token, char_is_b64url);
}

void api_token_hash(Str token, unsigned char ret[AUTH_TOKEN_HASH_BYTES])
{
    seal_sha256(token, ret);
}

static bool char_is_of_user(unsigned char c)
{
    size_t at;

    return char_is_alnum(c) || str_find(S("._:@|/+=-"), (char)c, &at);
}

bool auth_user_is_valid(Str user)
{
    return user.n >= 1 && user.n <= LIMIT_USER_BYTES
           && str_is_only(user, char_is_of_user);
}
