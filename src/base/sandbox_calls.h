/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_calls.h - gives up system calls that the process never needs.
 *
 * From then on the process can start no program, touch no other process, make no memory
 * executable, and reach few of the kernel's rarely used parts. So an attacker who takes
 * over a parser can do little. A build with a sanitizer may still start its symbolizer,
 * and look for leaks as a debugger does.
 */
#pragma once

/* Closes the calls for all threads. NULL: they are closed; else why not, in words. */
const char *sandbox_calls(void);
