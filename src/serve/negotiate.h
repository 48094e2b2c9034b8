/* SPDX-License-Identifier: Apache-2.0 */
/*
 * negotiate.h - JSON or XML: ?format= before Accept (docs/api.md §3, §9).
 */
#pragma once

#include "api/call.h"

/* FAIL_NOT_ACCEPTABLE: neither format is acceptable. FAIL_PARAMETER_INVALID, with a field
 * error: `format` comes twice. Reads the call's parameters, and sets its format on
 * success only. */
Res negotiate_format(struct call *c) MUST;
/* Joins the values of all header fields of this name to one list. */
Str negotiate_header_list(struct arena *mem, const struct http_request *req, Str name);
