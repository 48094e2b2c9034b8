/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_calendars.h - what `caldock check` says of calendars: may they be read, are they
 * read in time, and are this machine's time zones good enough for them?
 */
#pragma once

struct check_report;
struct source_settings;

/* After the store was asked (check_facts). */
void check_calendars(struct check_report *c);
/* Whether the configured scopes let events be read and written. */
void check_scopes(struct check_report *c, const struct source_settings *s);
