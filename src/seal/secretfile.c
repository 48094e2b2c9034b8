/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secretfile.c - the rule for files with keys or a secret.
 */
#include "seal/secretfile.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/user.h"

enum { SECRETFILE_MODE_BITS = 07777 };

/* Containers get secrets as root's files on a file system in memory, open to all users:
 * there are no others in a container. */
static bool is_container_secret(int fd, const struct stat *st)
{
    struct statfs fs;

    return st->st_uid == 0 && fstatfs(fd, &fs) == 0
           && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* Root may use the file of the service, as its commands do. */
static Res secretfile_check_owner(
    struct cx *cx, const char *path, const char *what, const struct stat *st)
{
    uid_t us = geteuid();

    if (us == 0 || st->st_uid == 0 || st->st_uid == us) {
        return OK;
    }
    Str owner = user_text(&cx->mem, st->st_uid);
    Str self = user_text(&cx->mem, us);

    return fail(
        cx, FAIL_CONFIG,
        "%s: the %s belongs to %.*s, who may change it, and this is %.*s: chown it "
        "to that user or to root",
        path, what, STR_ARG(owner), STR_ARG(self));
}

/* PostgreSQL's rule for a server's private key, and container secrets. */
static Res secretfile_check_mode(
    struct cx *cx, int fd, const char *path, const char *what, const struct stat *st)
{
    unsigned mode = st->st_mode & SECRETFILE_MODE_BITS;

    if ((mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(
            cx, FAIL_CONFIG,
            "%s: others than its owner may write the %s (mode %04o): chmod 600 %s, "
            "or 640 where a group reads it",
            path, what, mode, path);
    }
    if ((mode & S_IRWXO) != 0 && !is_container_secret(fd, st)) {
        return fail(
            cx, FAIL_CONFIG,
            "%s: all users may use the %s (mode %04o): chmod 600 %s, or 640 where a "
            "group reads it",
            path, what, mode, path);
    }
    return OK;
}

Res secretfile_check(
    struct cx *cx, int fd, const char *path, const char *what, const struct stat *st)
{
    TRY(secretfile_check_owner(cx, path, what, st));
    return secretfile_check_mode(cx, fd, path, what, st);
}
