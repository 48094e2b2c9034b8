/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h - how many files the service needs open at once, and how many connections the
 * limit of the process leaves.
 */
#pragma once

#include "config/config.h"

struct files_fit {
    int64_t needed;      /* files needed with as many connections as the setting allows */
    int64_t there;       /* the limit of the process */
    int max_connections; /* the setting, or fewer when the limit allows only those */
};

/* Connections get the descriptors that nothing else needs. */
struct files_fit files_fit(const struct config *c, int64_t there);
