/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kit.h - inside sources/ only: the rows of the table, and what their files share.
 */
#pragma once

#include "sources/source.h"

extern const struct source source_google, source_microsoft;

Res google_look(struct cx *cx, struct source_call *call) MUST;
Res google_calendars_list(
    struct cx *cx, struct source_call *call, struct calendar_list *ret) MUST;
Res google_calendar_get(
    struct cx *cx, struct source_call *call, Str id, struct calendar *ret) MUST;
Res microsoft_look(struct cx *cx, struct source_call *call) MUST;
Res microsoft_calendars_list(
    struct cx *cx, struct source_call *call, struct calendar_list *ret) MUST;
Res microsoft_calendar_get(
    struct cx *cx, struct source_call *call, Str id, struct calendar *ret) MUST;

/* Whether `granted` has a scope that counts as `needed`. */
bool scope_is_granted(const struct source *source, Str granted, Str needed);
/* Fills what the configuration left empty. */
void source_default(Str *setting, Str value);
/* The first that is there and no longer than LIMIT_USERNAME_BYTES, else the last. */
Str source_username(Str first, Str second, Str subject);
/* 8-4-4-4-12 hexadecimal digits. */
bool guid_is_valid(Str s);
