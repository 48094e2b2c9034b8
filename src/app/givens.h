/* SPDX-License-Identifier: Apache-2.0 */
/*
 * givens.h - inside config: the values that the file and the environment give, as text.
 */
#pragma once

#include "app/inifile.h"
#include "app/keys.h"

struct givens {
    const char *path; /* of the file; NULL: there is none */
    Str file;         /* the same, for reasons */
    Str folder;       /* what relative paths are relative to */
    struct ini from_file;
    struct ini from_env; /* section and key as the file would have them; line 0 */
};

/* FAIL_CONFIG: a file that was asked for and can't be read, an unknown section or key, a
 * key given twice. `path` as of config_read. */
Res givens_read(struct cx *cx, const char *path, struct givens *ret) MUST;
/* The value of a key, by its own name or its twin's, the environment's first; NULL: not
 * given. */
const struct ini_value *given_find(
    const struct givens *g, Str section, const struct config_key *key);
/* "caldock.conf:12: [server] listen", or the variable's name. */
Str given_where(struct cx *cx, const struct givens *g, const struct ini_value *v);
