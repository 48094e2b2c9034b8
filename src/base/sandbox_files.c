/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_files.c - the places that may be opened, as a Landlock rule set.
 *
 * The kernel's interface has versions: later ones know more rights, and a right that a
 * kernel doesn't know is left as it is there.
 */
#include "base/sandbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/sanitizer.h"
#include "base/str.h"

/* linux/landlock.h, whose newest parts systems lack: the bits of rights, and the two
 * structures. */
#define RIGHT(bit)  ((uint64_t)1 << (bit))
#define EXECUTE     RIGHT(0)
#define WRITE_FILE  RIGHT(1)
#define READ_FILE   RIGHT(2)
#define READ_DIR    RIGHT(3)
#define REMOVE_FILE RIGHT(5)
#define MAKE_REG    RIGHT(8)
#define MAKE_SOCK   RIGHT(9)
#define TRUNCATE    RIGHT(14)
#define IOCTL_DEV   RIGHT(15)

/* The rights of which a file can have some; the others are a folder's. */
#define OF_FILES (WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)

struct ruleset_attr {
    uint64_t files;
    uint64_t net;
    uint64_t scopes;
};

struct path_attr {
    uint64_t rights;
    int32_t fd;
} __attribute__((packed));

enum { VERSION_ASKED = 1, PATH_BENEATH = 1 };

#define SCOPE_SIGNAL RIGHT(1)

static const uint64_t rights_of[] = {
    [SANDBOX_READ] = READ_FILE | READ_DIR,
    [SANDBOX_DEVICE] = READ_FILE | WRITE_FILE,
    [SANDBOX_STORE] =
        READ_FILE | READ_DIR | WRITE_FILE | MAKE_REG | REMOVE_FILE | TRUNCATE,
    [SANDBOX_SOCKET] = READ_DIR | MAKE_SOCK | REMOVE_FILE,
};

/* All rights that a version of the interface knows: those that nobody is given are gone.
 */
static uint64_t rights_of_version(long version)
{
    static const int bits[] = {0, 13, 14, 15, 15, 16}; /* by version */
    size_t at = (size_t)version < COUNT(bits) ? (size_t)version : COUNT(bits) - 1;
    uint64_t all = RIGHT(bits[at]) - 1;

#ifdef WITH_SANITIZER
    all &= ~EXECUTE;
#endif
    return all;
}

static void fd_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* false: the kernel refuses the rule; a place that is not there is none. */
static bool place_allow(int rules, const struct sandbox_place *place, uint64_t handled)
{
    CLEANUP(fd_close) int fd = open(place->path, O_PATH | O_CLOEXEC);
    struct path_attr attr = {.rights = rights_of[place->use] & handled, .fd = fd};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        return true;
    }
    if (!S_ISDIR(st.st_mode)) {
        attr.rights &= OF_FILES;
    }
    return attr.rights == 0
           || syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &attr, 0) == 0;
}

static const char *places_allow(
    int rules, const struct sandbox_place *places, size_t n, uint64_t handled)
{
    for (size_t i = 0; i < n; i++) {
        if (!place_allow(rules, &places[i], handled)) {
            return strerrordesc_np(errno);
        }
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        || syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        return strerrordesc_np(errno);
    }
    return NULL;
}

const char *sandbox_files(const struct sandbox_place *places, size_t n)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_ASKED);

    if (version < 1) {
        return "not in this kernel";
    }
    struct ruleset_attr attr = {
        .files = rights_of_version(version),
        .scopes = version >= 6 ? SCOPE_SIGNAL : 0,
    };
    size_t size = version >= 6   ? sizeof(attr)
                  : version >= 4 ? offsetof(struct ruleset_attr, scopes)
                                 : offsetof(struct ruleset_attr, net);
    CLEANUP(fd_close)
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);

    return rules < 0 ? strerrordesc_np(errno)
                     : places_allow(rules, places, n, attr.files);
}
