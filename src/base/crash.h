/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.h - named places at which a test build can be made to die.
 *
 * Built with -Dcrash_points=true, CALDOCK_CRASH_AT=<name> kills the process (SIGKILL)
 * when it comes by that name. In every other build the macro is nothing.
 */
#pragma once

#ifdef CRASH_POINTS
void crash_point(const char *name);
#else
#    define crash_point(name) ((void)0)
#endif
