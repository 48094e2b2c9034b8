/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep.h - makes, judges or removes the copies of settings whose switches have changed
 * (docs/pushing.md §3).
 */
#pragma once

#include "calendars/shared.h"
#include "work/work.h"

Res sweep_due(struct cx *cx, struct work *work) MUST;
