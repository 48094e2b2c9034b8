/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roff.h - writes manual pages: text in lines of a width that mandoc likes.
 */
#pragma once

#include "base/buf.h"

struct roff {
    struct buf b;
    size_t column; /* 0: at the begin of a line */
};

/* Adds a macro on a line of its own, as it is: ".SH NAME". */
void roff_macro(struct roff *r, Str macro);
/* Adds the words of plain text. What stands between two backquotes is set in bold. */
void roff_text(struct roff *r, Str text);
/* Adds text in bold, on a line that has nothing else before it. */
void roff_bold(struct roff *r, Str text);
/* Adds text as a sentence: with a capital, and a full stop. */
void roff_sentence(struct roff *r, Str text);
