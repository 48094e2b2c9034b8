/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth_error.h - OAuth's error codes, and the sources' own, as failures.
 *
 * RFC 6749 §4.1.2.1 and §5.2, docs/api.md §9.
 */
#pragma once

#include "base/str.h"

/* The endpoint that gave an error: the same code means different things at each. */
enum oauth_leg { OAUTH_CALLBACK, OAUTH_EXCHANGE, OAUTH_REFRESH };

/* The failure that an error code stands for. `subcode` and `description` may be empty. At
 * a refresh, FAIL_GRANT_REFUSED stands for the errors that end a grant, unless
 * Microsoft's number says that the refusal passes. */
enum fail oauth_error_kind(Str error, Str subcode, Str description, enum oauth_leg leg);
/* Microsoft's number in a description ("AADSTS65001: …"); 0 when it has none. */
int64_t oauth_error_aadsts(Str description);
