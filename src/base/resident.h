/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resident.h - what the process has in memory and doesn't need there.
 */
#pragma once

/* Gives back the pages of libraries' code and constants. What is needed again comes back
 * from the system's own copy of the file. */
void resident_trim(void);
