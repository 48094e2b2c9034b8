/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64_id.h - a source's id of a calendar, in base64 as callers send it.
 */
#pragma once

#include "base/str.h"

struct cx;

/* Takes base64url and standard base64, padded or not (docs/api.md §8). FAIL_NOT_FOUND: it
 * is neither. */
Res base64_id_read(struct cx *cx, Str text, Str *ret) MUST;
