/* SPDX-License-Identifier: Apache-2.0 */
/*
 * initiate.h - POST /external_calendars/accounts/oauth2/initiate (docs/api.md §5).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

extern const struct api_shape initiate_body, initiate_answer;

/* Runs on an HTTP thread, and never blocks. */
Res initiate_run(struct call *c);
