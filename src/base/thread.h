/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread.h - names for threads, as `top -H`, gdb and /proc show them.
 */
#pragma once

/* Names the calling thread; only the first 15 bytes count. */
void thread_set_name(const char *name);
