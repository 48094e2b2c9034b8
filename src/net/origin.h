/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin.h - where a URL leads: scheme, host and port (RFC 6454), and whether a call may
 * go there.
 */
#pragma once

#include "base/uri.h"

/* false when `url` is not scheme://host[:port][/…][?…] with a valid host and port, no
 * user info and no fragment. */
bool origin_parse(Str url, struct uri *ret);
bool origin_is_tls(const struct uri *u);

/* https, or http on exactly localhost, 127.0.0.1 or [::1]; a host; no user info, no
 * fragment. */
bool net_url_is_allowed(Str url);
/* Scheme, host and port are the same. */
bool net_same_origin(Str a, Str b);
/* Of the same origin, and of the path of `base` or one below it. No segment of the path
 * is
 * "." or "..", percent-encoded or not, since a server might take it for a way out. */
bool net_url_is_below(Str base, Str url);
