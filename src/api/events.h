/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - GET /external_calendars/events (docs/calendar.md §5).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

extern const struct api_shape events_query_shape;

Res events_list_run(struct call *c) MUST;
