/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resume.h - flows whose node died between the exchange and the account.
 */
#pragma once

#include "work/work.h"

/* Takes one such flow and, with the tokens that it left, ends it as its node would have.
 * *did says whether there was one. */
Res resume_one(struct cx *cx, struct work *work, bool *did) MUST;
