/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - the authorization response: what a source sends back beside `state` (RFC
 * 6749 §4.1.2, RFC 9207; docs/api.md §9, "Callback").
 */
#pragma once

#include "http/url.h"
#include "sources/source.h"

/* Sets *code to the authorization code, or fails with the reason why there is none. */
Res response_read(
    struct cx *cx, const struct param *params, size_t n, const struct source_settings *s,
    Str *code) MUST;
