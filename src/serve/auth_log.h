/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_log.h - tells the log who was refused, and why, which the caller never learns.
 */
#pragma once

#include "auth/auth.h"

struct cx;

/* Whether it is time to warn of this credential, or of this JWT's issuer: once a minute.
 * What nobody knows counts as one. */
bool auth_log_is_news(const struct identity *who, int64_t mono_ms);
/* EVENT_AUTH_REFUSED, where the failure is one of the caller's rights. */
void auth_log_refused(struct cx *cx, const struct identity *who, enum fail kind);
/* "token:5", "jwt:acme"; empty: not known. */
Str auth_log_credential(struct arena *mem, const struct identity *who);
