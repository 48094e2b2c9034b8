/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking.h - one question to the source of an account, with a fresh access token.
 */
#pragma once

#include "api/call.h"
#include "grants/access.h"
#include "sources/source_call.h"

/* Asks the source, and leaves in `arg` what it says. */
typedef Res asking_question(struct cx *cx, void *arg, struct source_call *call);

/* When the source refuses the token, it is asked once more with another one. OK with the
 * call parked: run it again; `access` has to live until then. FAIL_NOT_FOUND: no such
 * account. FAIL_NEEDS_RECONNECT, FAIL_SOURCE_…, FAIL_UNAVAILABLE, or the question's own.
 */
Res asking_run(struct call *c, struct access *access, asking_question *ask, void *arg)
    MUST;
