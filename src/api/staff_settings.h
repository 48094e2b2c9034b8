/* SPDX-License-Identifier: Apache-2.0 */
/*
 * staff_settings.h - calendar settings (docs/calendar.md §2).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"

extern const struct api_shape staff_settings_list_query, staff_settings_delete_query;

Res staff_settings_list_run(struct call *c);
Res staff_settings_get_run(struct call *c);
/* These two may park the call: OK without an answer, and the lanes run it again. The
 * second serves PUT and PATCH. */
Res staff_settings_create_run(struct call *c);
Res staff_settings_change_run(struct call *c);
Res staff_settings_delete_run(struct call *c);
