/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_event_body.h - the body that says what an event is to be, and what the query
 * says beside it (docs/pushing.md §1).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"
#include "push/wanting.h"

extern const struct api_shape pushed_event_body_shape, pushed_event_body_query;

/* The words of show_as and visibility; the first is the usual one. */
enum { PUSHED_SHOW_FREE = 1, PUSHED_PRIVATE = 1, PUSHED_WORDS };

extern const Str pushed_event_body_shows[PUSHED_WORDS];
extern const Str pushed_event_body_visibilities[PUSHED_WORDS];

/* Sets values, version and restores. With FAIL_PARAMETER_INVALID all errors that body and
 * query alone can have are noted. */
Res pushed_event_body_read(struct call *c, struct wanted_event *ret) MUST;
