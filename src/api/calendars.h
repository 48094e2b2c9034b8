/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendars.h - the calendars of an account (docs/api.md §8).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

extern const struct api_shape calendar_shape;

/* Both may park the call: OK without an answer, and the lanes run it again. */
Res calendars_list_run(struct call *c);
Res calendars_get_run(struct call *c);
