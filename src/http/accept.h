/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept.h - chooses the format of an answer by the header Accept, and its language by
 * Accept-Language (RFC 9110 §12.5).
 */
#pragma once

#include "base/str.h"

/*
 * The index of the one of `offers` (media types without parameters, the preferred one
 * first) that an Accept header wants, or -1 when it allows none. Quality values and
 * wildcards count, the most specific range decides; parameters don't count. A range that
 * can't be read is skipped. A header without any readable range allows all.
 */
int accept_choose(Str accept, const Str *offers, size_t n);

/*
 * The index of the one of `offers` (languages without a region) that an Accept-Language
 * header wants, or 0 when it wants none. The highest quality decides, then the order of
 * the header. A range with a region or a script wants its language, too. `*` counts only
 * where it has the highest quality alone, and wants the first offer that no other range
 * names.
 */
size_t accept_choose_language(Str accept, const Str *offers, size_t n);
