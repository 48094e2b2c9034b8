/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - caldock store backup: one moment of a SQLite store, into a file of its own.
 *
 * A backup is written beside its name, as a part that no other run writes, and gets that
 * name when all of it is on the disk: what a cut leaves doesn't pass for one.
 */
#include "cli/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/store.h"
#include "seal/seal.h"

struct backup {
    const char *file; /* its name in the end */
    const char *folder;
    Str parts; /* how the name of each part begins, of whatever run */
    Str part;  /* its name until the end */
    int fd;    /* of the part, with its lock */
};

static Res backup_refuse(struct cx *cx, const char *path, const char *what)
{
    return fail(cx, FAIL_CONFIG, "%s: %s: %s", path, what, strerrordesc_np(errno));
}

static Res backup_refuse_other(struct cx *cx, const struct backup *b)
{
    return fail(
        cx, FAIL_CONFLICT, "%s is there already: give another name, or remove it",
        b->file);
}

static Res backup_name(struct cli *cli, Str file, struct backup *ret)
{
    struct arena *mem = &cli->cx->mem;
    Str folder = file;

    while (folder.n > 0 && !str_ends(folder, S("/"))) {
        folder.n--;
    }
    ret->file = str_zdup(mem, file);
    ret->folder = str_zdup(mem, folder.n > 0 ? folder : S("."));
    ret->parts = str_cat(mem, file, S(".part-"));
    ret->part = seal_random_name(mem, ret->parts);
    return access(ret->file, F_OK) == 0 ? backup_refuse_other(cli->cx, ret) : OK;
}

static const char *part_beside(struct cli *cli, Str part, Str suffix)
{
    return str_zdup(&cli->cx->mem, str_cat(&cli->cx->mem, part, suffix));
}

/* Last the part itself: without it nobody would know whose the others are. */
static void part_remove(struct cli *cli, Str part)
{
    static const Str suffixes[] = {SI("-wal"), SI("-shm"), SI("")};

    for (size_t i = 0; i < COUNT(suffixes); i++) {
        (void)unlink(part_beside(cli, part, suffixes[i]));
    }
}

/* Opens a part, and locks its first byte, which SQLite leaves alone. The lock is the
 * descriptor's: it lasts as long as the run, however that ends. -1: errno says why. */
static int part_take(const char *path, int how)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | how, 0600);

    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void part_remove_left(struct cli *cli, Str part)
{
    int fd = part_take(str_zdup(&cli->cx->mem, part), 0);

    if (fd >= 0) {
        part_remove(cli, part);
        (void)close(fd);
    }
}

/* The parts of this backup whose run was killed. */
static void backup_clear(struct cli *cli, const struct backup *b)
{
    struct arena *mem = &cli->cx->mem;
    Str folder = strchr(b->file, '/') == NULL ? S("") : str_from_z(b->folder);
    DIR *dir = opendir(b->folder);
    const struct dirent *entry;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): its own dir */
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        Str path = str_cat(mem, folder, str_from_z(entry->d_name));

        if (path.n == b->part.n && str_starts(path, b->parts)) {
            part_remove_left(cli, path);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

static Res backup_sync_folder(struct cx *cx, const struct backup *b)
{
    int fd = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return is_synced ? OK : backup_refuse(cx, b->folder, "can't be written to the disk");
}

/* Closing the store brings its log into the file, and removes the log if that went well.
 */
static Res backup_write(
    struct cli *cli, const struct backup *b, struct copy_report *report)
{
    CLEANUP(store_close) struct store *to = NULL;

    TRY(store_open_url(cli, str_cat(&cli->cx->mem, S("sqlite:"), b->part), &to));
    TRY(store_copy(
        cli->cx,
        &(struct copy_job){cli->app.store, to, true, store_open_grant, cli->app.keyring},
        report));
    store_close(&to);
    return access(part_beside(cli, b->part, S("-wal")), F_OK) != 0
               ? OK
               : fail(
                   cli->cx, FAIL_UNAVAILABLE, "%s: can't be written to the disk",
                   b->file);
}

/* Never over a file that is there; not every file system knows the first way. */
static bool part_rename(const char *part, const char *file)
{
    return renameat2(AT_FDCWD, part, AT_FDCWD, file, RENAME_NOREPLACE) == 0
           || (errno != EEXIST && link(part, file) == 0 && unlink(part) == 0);
}

/* Whether the file with this name is the one that was written. */
static bool backup_is_written(const struct backup *b)
{
    struct stat named;
    struct stat written;

    return lstat(b->file, &named) == 0 && fstat(b->fd, &written) == 0
           && named.st_dev == written.st_dev && named.st_ino == written.st_ino;
}

static Res backup_finish(struct cli *cli, const struct backup *b)
{
    if (fsync(b->fd) != 0) {
        return backup_refuse(cli->cx, b->file, "can't be written to the disk");
    }
    if (!part_rename(str_zdup(&cli->cx->mem, b->part), b->file)) {
        return errno == EEXIST ? backup_refuse_other(cli->cx, b)
                               : backup_refuse(cli->cx, b->file, "can't be made");
    }
    if (!backup_is_written(b)) {
        return fail(
            cli->cx, FAIL_CONFLICT, "%s: another program has put its file there",
            b->file);
    }
    return backup_sync_folder(cli->cx, b);
}

static Res backup_make(struct cli *cli, struct backup *b, struct copy_report *report)
{
    backup_clear(cli, b);
    b->fd = part_take(str_zdup(&cli->cx->mem, b->part), O_CREAT | O_EXCL);
    if (b->fd < 0) {
        return backup_refuse(
            cli->cx, b->file, "can't be made: its folder must be there and writable");
    }
    Res res = backup_write(cli, b, report);

    res = res.code == FAIL_NONE ? backup_finish(cli, b) : res;
    if (res.code != FAIL_NONE) {
        part_remove(cli, b->part);
    }
    (void)close(b->fd);
    return res;
}

static Res backup_refuse_postgres(struct cli *cli, const struct backup *b)
{
    const char *store;

    TRY(store_file(cli->cx, &cli->app.config->store, &store));
    return store != NULL
               ? OK
               : fail(
                   cli->cx, FAIL_CONFIG,
                   "PostgreSQL has its own: pg_dump --format=custom --file=%s URL, with the "
                   "URL of [store] url; docs/backup.md has the rest",
                   b->file);
}

Res backup_run(struct cli *cli)
{
    struct copy_report report;
    struct backup b;

    TRY(backup_name(cli, cli->words[0], &b));
    TRY(backup_refuse_postgres(cli, &b));
    TRY(app_find_store(&cli->app));
    TRY(backup_make(cli, &b, &report));
    return store_print_copy(cli, &report);
}
