/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_line.h - the first line of a request.
 */
#pragma once

#include "http/request.h"

/* `line` without its CRLF, whose text the request keeps. FAIL_NONE,
 * FAIL_MALFORMED_REQUEST or FAIL_HTTP_VERSION. */
enum fail request_line_read(Str line, struct http_request *req, bool *is_http10);
/* Of a line whose end is missing: fills in method and path where the query has begun. */
void request_line_peek(Str begun, struct http_request *req);
