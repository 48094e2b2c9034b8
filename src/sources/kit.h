/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kit.h - inside sources/ only: the rows of the table, and what their files share.
 */
#pragma once

#include "sources/source.h"

extern const struct source source_google, source_microsoft;

/* Fills what the configuration left empty. */
void source_default(Str *setting, Str value);
/* The first that is there and no longer than LIMIT_USERNAME_BYTES, else the last. */
Str source_username(Str first, Str second, Str subject);
/* 8-4-4-4-12 hexadecimal digits. */
bool guid_is_valid(Str s);
