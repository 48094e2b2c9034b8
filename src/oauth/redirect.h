/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redirect.h - redirect URIs and the patterns that they must match (docs/api.md §5, §9).
 *
 * RFC 9700 §4.11.1 (no open redirector), RFC 8252 §7 (private-use schemes, loopback).
 */
#pragma once

#include "base/str.h"

struct cx;

/*
 * Checks the form, resolves dot segments and gives the URI that is kept.
 * FAIL_PARAMETER_INVALID: the reason is a sentence for the caller that says what to
 * change.
 */
Res redirect_parse(struct cx *cx, Str uri, Str *ret) MUST;
/* The same for a pattern that an operator registers. It has no query and may end in a
 * slash and a star. Gives its normal form: scheme and host in lower case, no default
 * port. */
Res redirect_pattern_parse(struct cx *cx, Str pattern, Str *ret) MUST;
/* Whether the URI fits the pattern; both as their parsers gave them. */
bool redirect_matches(Str uri, Str pattern);
/* Appends `query` ("success=1&account=…", "success=0&error=…") to the URI's own query. */
Str redirect_with(struct arena *mem, Str uri, Str query);
