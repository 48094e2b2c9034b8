/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.h - writes the table of settings for people.
 */
#pragma once

#include "base/fail.h"
#include "base/str.h"

/* A commented configuration with every key and its default, for `caldock init`. */
Res sample_config(struct cx *cx, Str *ret) MUST;
/* One line per key: section, key, default, meaning; for `caldock help config`. */
Res sample_help(struct cx *cx, Str *ret) MUST;
