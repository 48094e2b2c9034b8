/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks_text.h - cuts the text of a JWKS into the texts of its keys (RFC 7517 §5), so that
 * a malformed key costs only itself.
 */
#pragma once

#include "base/str.h"

/* The items of the array "keys" of an object. */
struct jwks_text {
    Str rest; /* what follows the last item that was given */
};

/* false: the text is no object with exactly one member "keys". Whether the members are
 * well-formed is not judged. A member that is no array has no items. */
bool jwks_text_open(Str text, struct jwks_text *ret);
/* The text of the next key; false at the end. */
bool jwks_text_next(struct jwks_text *t, Str *key);
