/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pushed_event_view.h - a pushed event and its copies as answers show them
 * (docs/pushing.md §2).
 */
#pragma once

#include "api/shape.h"
#include "push/event_values.h"
#include "render/writer.h"
#include "store/pushed_copies.h"

struct pushed_event_view {
    const struct pushed_event *event;
    struct event_values values;
    const struct pushed_copy_view *copies; /* by setting */
    size_t n_copies;
};

extern const struct api_shape pushed_event_shape;

/* The words of a copy, which the command line has, too. */
Str pushed_event_view_status(enum copy_status status);
/* Empty: none. */
Str pushed_event_view_reason(const struct pushed_copy_view *v);

/* For a single event: it fits into an answer with its texts whole. */
#define PUSHED_EVENT_WHOLE SIZE_MAX

/* Whether a page of these events fits into an answer. *ret: how many bytes each of their
 * texts may take then, mostly more than any has; else how many events would fit. */
bool pushed_event_view_share(
    struct arena *mem, const struct pushed_event_view *views, size_t n, size_t *ret);
/* Writes the members of an object. Title, description and location are cut to `most`
 * bytes. */
void pushed_event_view_write(
    struct writer *w, const struct pushed_event_view *view, size_t most);
