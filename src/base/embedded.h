/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embedded.h - a file that is part of the binary; dev/embed makes tables of them.
 */
#pragma once

#include "base/str.h"

struct embedded {
    Str name;
    Str text; /* followed by a NUL that isn't counted */
};
