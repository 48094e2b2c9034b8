/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.h - users and groups of the system by name.
 */
#pragma once

#include <sys/types.h>

#include "base/str.h"

struct arena;

/* "user caldock (998)", or "user 998" where the system has no name for it. */
Str user_text(struct arena *mem, uid_t uid);
/* A group by its name or number; false: the system has none of this name. */
bool user_group_find(Str name, gid_t *ret);
