/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.c - the system's random bytes, without a system call for each where it can be.
 *
 * Since 6.11 Linux has getrandom as a function in its vDSO (lib/vdso/getrandom.c): it
 * keeps a state in a page of the caller. The kernel wipes that page on a fork, leaves it
 * out of swap and core dumps, and makes the function draw afresh whenever the kernel's
 * own generator was seeded again, as after the copy of a virtual machine. glibc calls it
 * by itself from 2.41 on; until that is everywhere, it is called here. On any doubt
 * libsodium asks the kernel.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "base/fail.h"
#include "seal/seal.h"

/* struct vgetrandom_opaque_params of linux/random.h */
struct vdso_params {
    uint32_t state_bytes;
    uint32_t mmap_prot;
    uint32_t mmap_flags;
    uint32_t reserved[13];
};

/* As getrandom(2), with the state of the thread; asks for the parameters when the size of
 * the state is all ones. */
typedef ssize_t vdso_getrandom(
    void *bytes, size_t n, unsigned flags, void *state, size_t);

static vdso_getrandom *from_vdso; /* NULL: there is none */
static struct vdso_params params;
static _Thread_local void *thread_state; /* NULL: this thread asks the kernel */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void vdso_find(void)
{
#if defined(__linux__) && defined(__x86_64__)
    void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    void *symbol = vdso == NULL ? NULL : dlsym(vdso, "__vdso_getrandom");
    vdso_getrandom *found = NULL;

    memcpy(&found, &symbol, sizeof(found)); /* POSIX: an object pointer, in ISO C none */
    if (found != NULL && found(NULL, 0, 0, &params, SIZE_MAX) == 0
        && params.state_bytes <= page_size()) {
        from_vdso = found;
    }
#endif
}

bool seal_start(void)
{
    if (sodium_init() < 0) {
        return false;
    }
    if (from_vdso == NULL) {
        vdso_find();
    }
    return true;
}

bool seal_thread_begin(void)
{
    must_be(thread_state == NULL);
    if (from_vdso == NULL) {
        return false;
    }
    void *page =
        mmap(NULL, page_size(), (int)params.mmap_prot, (int)params.mmap_flags, -1, 0);

    thread_state = page == MAP_FAILED ? NULL : page;
    return thread_state != NULL;
}

void seal_thread_end(void)
{
    if (thread_state != NULL) {
        must_be(munmap(thread_state, page_size()) == 0);
        thread_state = NULL;
    }
}

void seal_random(void *bytes, size_t n)
{
    if (thread_state == NULL
        || from_vdso(bytes, n, 0, thread_state, params.state_bytes) != (ssize_t)n) {
        randombytes_buf(bytes, n);
    }
}
