/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.h - how a flow ends, in the words of docs/api.md §6.
 */
#pragma once

#include "base/arena.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/str.h"

extern const Str outcome_success;
/* The outcome of a flow whose provider or pattern went away. It is stored, so that the
 * flow never redirects.
 */
extern const Str outcome_nowhere;

/* Returns the `error` of the redirect: server_error when the user can't do anything about
 * the failure. */
Str outcome_of(enum fail kind);
/* Returns the outcome of every end: also outcome_success for FAIL_NONE and
 * outcome_nowhere for FAIL_STATE_INVALID. */
Str outcome_of_end(enum fail kind);
/* The level of flow.ended: info where it was the person's doing, warn where it was the
 * source's, error where it is the operator's or ours. */
enum log_level outcome_level(enum fail kind);
/* What an operator does about it, in the words of `source`'s section; empty: nothing. */
Str outcome_mend(struct arena *mem, enum fail kind, Str source, bool client_refused);
/* True if the failure says how the flow ends; false if it says only that we could not
 * find out. */
bool outcome_is_verdict(enum fail kind);
