/* SPDX-License-Identifier: Apache-2.0 */
/*
 * staff_settings_view.h - a calendar setting as the API shows it.
 */
#pragma once

#include "api/shape.h"
#include "render/writer.h"
#include "store/calendar_settings.h"

extern const struct api_shape staff_settings_shape;

/* Writes the fields into the object that is open. */
void staff_settings_view_write(
    struct arena *mem, struct writer *w, const struct calendar_setting *s);
/* How changes of its calendar are noticed: push, polling, off. */
Str staff_settings_view_notifications(const struct calendar_setting *s);
