/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.h - the parts of a URL's authority (RFC 3986 §3.2), strictly: what passes
 * here means the same to us, to curl and to a browser.
 */
#pragma once

#include "base/str.h"

/* Letters, digits, '-' and '.' with no empty label, or an IPv6 address in brackets. */
bool host_is_valid(Str host);
/* Exactly localhost (in any case), 127.0.0.1 or [::1]. */
bool host_is_loopback(Str host);
/* 1 to 65535, digits only. */
bool port_is_valid(Str port);
/* "host" or "host:port" into its two; port is empty when there is no colon. What follows
 * a colon may be empty too, and is then no port: *has_port says that there was a colon.
 */
void authority_split(Str authority, Str *host, Str *port, bool *has_port);
