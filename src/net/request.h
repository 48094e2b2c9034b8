/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - inside net/ only: a request is checked, and told to libcurl.
 */
#pragma once

#include <curl/curl.h>

#include "net/net.h"

/* FAIL_SOURCE_ERROR, FAIL_LIMIT, FAIL_ADDRESS_REFUSED as net_perform. `guard` may be
 * NULL.
 */
Res net_request_check(
    struct cx *cx, const struct net_guard *guard, const struct net_request *req) MUST;
/* Sets the options of a checked request. They point into the request and the arena. */
void net_request_set(CURL *easy, struct arena *mem, const struct net_request *req);
