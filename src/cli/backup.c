/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - caldock store backup: one moment of a SQLite store, into a file of its own.
 *
 * A backup is written beside its name and gets that when all of it is on the disk: what a
 * cut leaves doesn't pass for one.
 */
#include "cli/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/store.h"

struct backup {
    const char *file; /* its name in the end */
    const char *part; /* until then */
    Str url;          /* of that */
    const char *folder;
};

static Res backup_refuse(struct cx *cx, const char *path, const char *what)
{
    return fail(cx, FAIL_CONFIG, "%s: %s: %s", path, what, strerrordesc_np(errno));
}

static Res backup_name(struct cli *cli, Str file, struct backup *ret)
{
    struct arena *mem = &cli->cx->mem;
    Str folder = file;

    while (folder.n > 0 && !str_ends(folder, S("/"))) {
        folder.n--;
    }
    ret->file = str_zdup(mem, file);
    ret->part = str_zdup(mem, str_cat(mem, file, S(".part")));
    ret->url = str_cat(mem, S("sqlite:"), str_from_z(ret->part));
    ret->folder = str_zdup(mem, folder.n > 0 ? folder : S("."));
    if (access(ret->file, F_OK) == 0) {
        return fail(
            cli->cx, FAIL_CONFLICT,
            "%s is there already: give another name, or remove it", ret->file);
    }
    return OK;
}

/* The files of a backup that was cut off, or failed. */
static void backup_clear(struct cli *cli, const struct backup *b)
{
    static const Str suffixes[] = {SI(""), SI("-wal"), SI("-shm")};
    struct arena *mem = &cli->cx->mem;

    for (size_t i = 0; i < COUNT(suffixes); i++) {
        (void)unlink(str_zdup(mem, str_cat(mem, str_from_z(b->part), suffixes[i])));
    }
}

static Res backup_sync(struct cx *cx, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return is_synced ? OK : backup_refuse(cx, path, "can't be written to the disk");
}

/* Closing the store brings its log into the file. */
static Res backup_write(
    struct cli *cli, const struct backup *b, struct copy_report *report)
{
    CLEANUP(store_close) struct store *to = NULL;

    TRY(store_open_url(cli, b->url, &to));
    return store_copy(
        cli->cx,
        &(struct copy_job){cli->app.store, to, true, store_open_grant, cli->app.keyring},
        report);
}

static Res backup_finish(struct cx *cx, const struct backup *b)
{
    TRY(backup_sync(cx, b->part));
    if (rename(b->part, b->file) != 0) {
        return backup_refuse(cx, b->file, "can't be made");
    }
    return backup_sync(cx, b->folder);
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
    backup_clear(cli, &b);
    Res res = backup_write(cli, &b, &report);

    if (res.code == FAIL_NONE) {
        res = backup_finish(cli->cx, &b);
    }
    if (res.code != FAIL_NONE) {
        backup_clear(cli, &b);
        return res;
    }
    return store_print_copy(cli, &report);
}
