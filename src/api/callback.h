/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback.h - the end of a flow: the source sends the user's browser back
 * (docs/api.md §6).
 */
#pragma once

#include "api/call.h"

/* Always fills the answer, with 303 or the page, also when it fails: the log alone gets
 * its result. May park the call. */
Res callback_run(struct call *c);
