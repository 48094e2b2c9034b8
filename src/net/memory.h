/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - the memory that libcurl gets: it is wiped when libcurl gives it back, since
 * requests and answers pass through it.
 */
#pragma once

#include <stddef.h>

/* As malloc, calloc, realloc, free and strdup, except that running out of memory ends the
 * process. memory_free accepts NULL, and only what these returned. */
void *memory_alloc(size_t n);
void *memory_alloc_n(size_t n, size_t size);
void *memory_realloc(void *p, size_t n);
void memory_free(void *p);
char *memory_dup_z(const char *z);
