/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resident.c - unmaps pages of files that are mapped and never written to.
 *
 * Loading fifty libraries touches 13 MB of their pages, mostly once. The program's own
 * pages stay, and with them a debugger's breakpoints.
 */
#include "base/resident.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static void segment_trim(const struct dl_phdr_info *library, const ElfW(Phdr) * segment)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = (library->dlpi_addr + segment->p_vaddr) / page * page;
    uintptr_t to = library->dlpi_addr + segment->p_vaddr + segment->p_memsz;

    /* Should the kernel refuse, nothing is lost.
     * NOLINTNEXTLINE(performance-no-int-to-ptr): the loader counts in integers */
    (void)madvise((void *)from, to - from, MADV_DONTNEED);
}

static int library_trim(struct dl_phdr_info *library, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (size_t i = 0; library->dlpi_name[0] != 0 && i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];

        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0) {
            segment_trim(library, segment);
        }
    }
    return 0;
}

void resident_trim(void)
{
    (void)dl_iterate_phdr(library_trim, NULL);
}
