/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_events.h - the application's events (docs/pushing.md §1).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"
#include "store/pushed_events.h"

extern const struct api_shape pushed_events_list_query;

/* The user that is known, else the business itself; never all users. */
struct pushed_owner pushed_events_owner(const struct identity *who);

Res pushed_events_list_run(struct call *c);
Res pushed_events_get_run(struct call *c);
Res pushed_events_put_run(struct call *c);
Res pushed_events_delete_run(struct call *c);
