/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_line.h - the first line of a request.
 */
#pragma once

#include "http/request.h"

/* `line` without its CRLF. FAIL_NONE, FAIL_MALFORMED_REQUEST, or FAIL_HTTP_VERSION; sets
 * method and target when it can be read, also of a version that is refused. The text is
 * the line's. */
enum fail request_line_read(Str line, struct http_request *req, bool *is_http10);
bool char_is_token(unsigned char c);
