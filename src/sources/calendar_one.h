/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_one.h - inside sources/ only: asks for a single calendar by its id.
 */
#pragma once

#include "sources/calendar_page.h"

/* The body of the answer; `query` says which members it has. The caller closes *ret with
 * CLEANUP(j_done). FAIL_NOT_FOUND: there is none, or no calendar can have this id; else
 * as calendars_get. */
Res calendar_one_get(
    struct cx *cx, struct source_call *call, Str id, Str query, json_t **ret) MUST;
