/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_token.h - what an API token looks like, and who a user may be.
 */
#pragma once

#include "base/str.h"

struct arena;

enum { AUTH_TOKEN_HASH_BYTES = 32 };

/* A new API token, "cdk_" and 43 characters of base64url (256 bits), and its hash. */
Str api_token_new(struct arena *mem, unsigned char hash[AUTH_TOKEN_HASH_BYTES]);
/* Whether it could be one; says nothing about whether it is. */
bool api_token_is_wellformed(Str token);
void api_token_hash(Str token, unsigned char ret[AUTH_TOKEN_HASH_BYTES]);
/* 1 to LIMIT_USER_BYTES characters of the contract's alphabet. */
bool user_is_valid(Str user);
