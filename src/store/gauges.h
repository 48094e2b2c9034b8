/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gauges.h - what only the store knows of the metrics: how many there are of what, and
 * how long the first of what is due has waited.
 */
#pragma once

#include "base/str.h"

struct cx;
struct db;

/* Sets the gauges. Tables are read as a whole: once a minute, and no request waits. */
Res gauges_read(struct cx *cx, struct db *db) MUST;
