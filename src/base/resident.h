/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resident.h - gives back memory that only the start of the process needed.
 */
#pragma once

/* Gives back the pages of libraries' code and constants. A page that is used again comes
 * back from the system's own copy of the file. */
void resident_trim(void);
