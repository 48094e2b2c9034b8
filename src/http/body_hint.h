/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_hint.h - tells the sender of a body what is wrong with it, where that is known.
 */
#pragma once

#include "http/request.h"

struct cx;

/* For a body that was refused, or lacks its fields: a sentence for its sender, or the
 * empty Str. Works on the request alone, since nothing of this is needed until then. */
Str body_hint(struct cx *cx, const struct http_request *req);
