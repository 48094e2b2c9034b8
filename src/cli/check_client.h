/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_client.h - what `caldock check` says of our client at a source: its secrets and
 * its redirect URI.
 */
#pragma once

#include "cli/check_report.h"
#include "sources/source.h"

void check_client_secret(struct check_report *c, const struct source_settings *s);
void check_client_redirect(struct check_report *c, const struct source_settings *s);
void check_client_expiry(struct check_report *c, const struct source_settings *s);

/* Of a secret that ends in so many seconds. */
enum finding check_expiry_judge(int64_t left_s);
