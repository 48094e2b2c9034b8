/* SPDX-License-Identifier: Apache-2.0 */
/*
 * staff_settings_body.h - the bodies that make, replace and change a calendar setting
 * (docs/calendar.md §2).
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"
#include "store/calendar_settings.h"

/* Of POST, PUT and PATCH. */
extern const struct api_shape staff_settings_create, staff_settings_replace,
    staff_settings_change;

enum {
    BODY_ACCOUNT,
    BODY_CALENDAR,
    BODY_BASE64,
    BODY_DESTINATION,
    BODY_SOURCE,
    BODY_ONLY_BUSY,
    BODY_ATTENDEES,
    BODY_REMINDERS,
    BODY_MINUTES,
    BODY_ZONE,
    BODY_FIELDS,
};

struct staff_settings_body {
    const struct api_shape *shape;
    struct api_value values[BODY_FIELDS]; /* that of BODY_BASE64 is decoded */
};

/* Reads the call's body by its endpoint's shape. With FAIL_PARAMETER_INVALID all errors
 * that the body alone can have are noted. */
Res staff_settings_body_read(struct call *c, struct staff_settings_body *ret) MUST;
/* Of a new setting: which calendar it names, and whose. Notes an error where it names
 * none, or two. */
Res staff_settings_body_name(
    struct call *c, const struct staff_settings_body *b, struct calendar_setting *s) MUST;
/* Of a setting that is there: notes an error for what it names otherwise. */
Res staff_settings_body_keep(
    struct call *c, const struct staff_settings_body *b, const struct calendar_setting *s)
    MUST;
/* Puts what may change into `s`. */
void staff_settings_body_apply(
    const struct staff_settings_body *b, struct calendar_setting *s);
/* The field that names the calendar, for errors. */
Str staff_settings_body_id_field(const struct staff_settings_body *b);
