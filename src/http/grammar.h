/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.h - the parts of header values (RFC 9110 §5.6): tokens, quoted strings,
 * parameters. Private to http/.
 *
 * Each function cuts the part that it finds off the front of `*rest`, and leaves `*rest`
 * alone when it finds nothing.
 */
#pragma once

#include "base/str.h"

struct arena;

bool grammar_char(Str *rest, char c);
void grammar_space(Str *rest); /* spaces and tabs, possibly none */
bool grammar_token(Str *rest, Str *ret);
/* A token, or a quoted string as sent. */
bool grammar_value(Str *rest, Str *ret);
/* type "/" subtype */
bool grammar_media_type(Str *rest, Str *type, Str *subtype);
/* The next `;name=value`. false: there is none, or it is not well-formed, in which case
 * `*rest` is not empty. */
bool grammar_param(Str *rest, Str *name, Str *value);

/* Whether all bytes of `s` may stand in a header's line. */
bool grammar_is_line(Str s);
/* The text that a value of grammar_value stands for. */
Str grammar_unquote(struct arena *mem, Str value);
