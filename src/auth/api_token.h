/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_token.h - the form of an API token, and the alphabet of users (docs/api.md §2).
 */
#pragma once

#include "base/str.h"

struct arena;

enum { AUTH_TOKEN_HASH_BYTES = 32 };

/* A new API token, "cdk_" and 43 characters of base64url (256 bits), and its hash. */
Str api_token_new(struct arena *mem, unsigned char hash[AUTH_TOKEN_HASH_BYTES]);
/* Whether the text has the form of a token, valid or not. */
bool api_token_is_wellformed(Str token);
void api_token_hash(Str token, unsigned char ret[AUTH_TOKEN_HASH_BYTES]);
/* 1 to LIMIT_USER_BYTES characters of the alphabet of Caldock-User. */
bool auth_user_is_valid(Str user);
