/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration.c - the table of migrations with one more, as a caldock of the release to
 * come has it. The headers that it takes have the files beside this one, too.
 */
/* clang-format off */
#define MIGRATION_NEXT {SI("next"), 12, true}
/* clang-format on */

#include "store/migration.c"
