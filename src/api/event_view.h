/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_view.h - an event as answers show it (docs/calendar.md §5).
 */
#pragma once

#include "api/event_rows.h"
#include "api/shape.h"
#include "render/writer.h"

extern const struct api_shape event_shape;

/* How many bytes each text of a page of events may take, so that the page fits into an
 * answer: mostly more than any has. `n`: at most LIMIT_PAGE_SIZE. */
size_t event_view_share(struct arena *mem, const struct event_row *const *rows, size_t n);
/* Writes the members of an object. Texts are cut to `most` bytes. `pushed`: the
 * application's id of the event; empty: it isn't the application's. */
void event_view_write(
    struct writer *w, const struct event_row *row, Str pushed, size_t most);
