/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boundary.c - the form of a boundary (RFC 2046 §5.1.1).
 */
#include "http/boundary.h"

static bool is_of_a_boundary(unsigned char c)
{
    size_t at;

    return char_is_alnum(c) || str_find(S("'()+_,-./:=? "), (char)c, &at);
}

bool boundary_is_valid(Str s)
{
    return s.n >= 1 && s.n <= BOUNDARY_BYTES && str_is_only(s, is_of_a_boundary)
           && !str_ends(s, S(" "));
}
