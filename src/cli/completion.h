/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion.h - completion for shells, made of the tables of commands and options.
 */
#pragma once

#include "base/cx.h"
#include "base/str.h"

Res completion_bash(struct cx *cx, Str *ret) MUST;
Res completion_zsh(struct cx *cx, Str *ret) MUST;
Res completion_fish(struct cx *cx, Str *ret) MUST;
