/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_plain.h - reads the usual JSON body without a tree. Private to http/.
 */
#pragma once

#include "http/fields.h"

/* false: the body is not of the usual kind, and left to body_read_tree, which reads alike
 * what this one reads. Text stays the body's. */
bool body_read_plain(struct cx *cx, Str body, struct fields *ret) MUST;
