/* SPDX-License-Identifier: Apache-2.0 */
/*
 * negotiate.h - JSON or XML: ?format= before Accept (contract §3, §9).
 */
#pragma once

#include "api/call.h"

/* FAIL_NOT_ACCEPTABLE; FAIL_PARAMETER_INVALID with a field error when `format` comes
 * twice. The parameters are in the call; its format is set on success only. */
Res negotiate(struct call *c) MUST;
/* The values of all fields of that name, as one list. */
Str header_list(struct arena *mem, const struct http_request *req, Str name);
