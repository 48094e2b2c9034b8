/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy_periods.h - GET /external_calendars/busy_periods (docs/calendar.md §4).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

extern const struct api_shape busy_query_shape, busy_answer_shape;

Res busy_periods_run(struct call *c) MUST;
