/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - the client that a request came from, behind trusted proxies.
 *
 * For the log only: a client's address decides nothing.
 */
#pragma once

#include "config/networks.h"
#include "http/request.h"

/* Returns the rightmost address of X-Forwarded-For that is not a trusted proxy's, or the
 * peer's address when the peer itself is no trusted proxy. */
Str client_address(const struct network_list *trusted, const struct http_request *req);
