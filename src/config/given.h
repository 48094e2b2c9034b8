/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given.h - inside config: the values that the file and the environment give, as text.
 */
#pragma once

#include "config/ini_file.h"
#include "config/table.h"

struct givens {
    const char *path; /* of the file; NULL: there is none */
    Str file;         /* the path again, for reasons */
    Str folder;       /* the base of relative paths */
    struct ini from_file;
    struct ini from_env; /* with section and key as in a file; line 0 */
};

/* Reads both; `path` is that of config_read. FAIL_CONFIG: a file that was asked for can't
 * be read, a section or key is unknown, or a key is given twice. */
Res given_read(struct cx *cx, const char *path, struct givens *ret) MUST;
/* Finds the value of a key, under its own name or its twin's. The environment wins. NULL:
 * not given. */
const struct ini_value *given_find(
    const struct givens *g, Str section, const struct config_key *key);
/* Says where a value stands: "caldock.conf:12: [server] listen", or the variable's name.
 */
Str given_where(struct cx *cx, const struct givens *g, const struct ini_value *v);
