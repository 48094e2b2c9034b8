/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_sources.h - what `caldock check` says of the sources, and of issuers of JWTs.
 */
#pragma once

#include "cli/check_report.h"
#include "sources/source.h"

void check_source_is_on(struct check_report *c, const struct source_settings *s);
void check_source_keys(struct check_report *c, const struct source_settings *s);
/* Whether a source with tenants has the configured one. */
void check_source_tenant(struct check_report *c, const struct source_settings *s);
/* This machine's clock against those of the sources. */
void check_clock(struct check_report *c);
void check_issuers(struct check_report *c);

/* Of a clock that is off by so many seconds. */
enum finding check_clock_judge(int64_t off_s);
