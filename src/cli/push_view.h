/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push_view.h - a copy of an event as an operator sees it (docs/pushing.md §6).
 */
#pragma once

#include "render/writer.h"
#include "store/push_states.h"

#define PUSH_VIEW_STATUSES                                                               \
    "pending, written, skipped, failed, deleted_by_person, removing"

/* False: there is no such status. */
bool push_view_status_parse(Str name, enum copy_status *ret);
/* Writes the fields into the object that is open. */
void push_view_write(struct writer *w, const struct push_state *s, int64_t now_ms);
