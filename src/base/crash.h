/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.h - named places at which a test build can be made to die.
 *
 * In a build with -Dcrash_points=true the process kills itself (SIGKILL) at the place
 * that CALDOCK_CRASH_AT names. In every other build the macro is nothing.
 */
#pragma once

#ifdef CRASH_POINTS
void crash_point(const char *name);
#else
#    define crash_point(name) ((void)0)
#endif
