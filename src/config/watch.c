/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - compares what stat(2) says of files with what it said when they were read.
 *
 * Nothing is opened: who replaces a file, by a link that leads elsewhere, too, changes
 * its inode, and who writes into it changes its times. So does chmod, which may mend what
 * was refused.
 */
#include "config/watch.h"

#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "seal/seal.h"

uint64_t watch_stamp(const char *path)
{
    unsigned char hash[SEAL_HASH_BYTES];
    uint64_t stamp;
    struct stat st;

    if (stat(path, &st) != 0) {
        return 0;
    }
    const int64_t facts[] = {(int64_t)st.st_dev,          (int64_t)st.st_ino,
                             (int64_t)st.st_size,         (int64_t)st.st_mtim.tv_sec,
                             (int64_t)st.st_mtim.tv_nsec, (int64_t)st.st_ctim.tv_sec,
                             (int64_t)st.st_ctim.tv_nsec};

    seal_sha256((Str){(const char *)facts, sizeof(facts)}, hash);
    memcpy(&stamp, hash, sizeof(stamp));
    return stamp | 1;
}

uint64_t watch_changes(const struct config *c)
{
    uint64_t mark = 0;

    for (const struct config_file *f = c->files; f != NULL; f = f->next) {
        uint64_t stamp = f->stamp == 0 ? 0 : watch_stamp(f->path);

        if (stamp != 0 && stamp != f->stamp) {
            mark = (mark * 31 + stamp) | 1;
        }
    }
    return mark;
}
