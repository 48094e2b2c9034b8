/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback_page.h - the page for a person who cannot be redirected (docs/api.md §6).
 */
#pragma once

#include "api/call.h"

/* Fills the answer. serve/ shows the page too, when a callback fails outside its handler
 * (the queue is full, the request cannot be read). */
void callback_page(struct call *c, enum fail kind);
