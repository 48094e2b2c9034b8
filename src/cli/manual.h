/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manual.h - manual pages, made of the tables of commands, settings and events.
 */
#pragma once

#include "base/cx.h"
#include "base/str.h"

/* The page "caldock.8", "caldock-keys.8", "caldock.conf.5" or "caldock-log.7".
 * FAIL_NOT_FOUND: there is no such page. */
Res manual_page(struct cx *cx, Str name, Str date, Str *ret) MUST;
