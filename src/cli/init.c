/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.c - caldock init: writes a commented configuration, and a new key file beside it.
 */
#include "cli/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/sample.h"
#include "seal/keyedit.h"

/* The path that other commands would read, /etc left out. */
static const char *init_path(struct cli *cli)
{
    const char *path = cli_config_path(cli);

    if (path == NULL) {
        path = getenv("CALDOCK_CONFIG"); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
    return path != NULL && path[0] != 0 ? path : "caldock.conf";
}

static Res init_key_path(struct cx *cx, const char *path, const char **ret)
{
    Str folder = str_from_z(path);

    while (folder.n > 0 && !str_ends(folder, S("/"))) {
        folder.n--;
    }
    return str_z(cx, str_cat(&cx->mem, folder, S("caldock.keys")), ret);
}

static Res init_refuse_existing(struct cx *cx, const char *path)
{
    if (access(path, F_OK) == 0) {
        return fail(
            cx, FAIL_CONFIG, "%s exists and is left as it is; nothing was written", path);
    }
    return OK;
}

static Res init_write(struct cx *cx, const char *path, Str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;

    if (!ok) {
        Res res = fail(
            cx, FAIL_CONFIG, "%s: cannot be written: %s", path, strerrordesc_np(errno));

        if (fd >= 0) {
            (void)close(fd);
            (void)unlink(path);
        }
        return res;
    }
    (void)close(fd);
    return OK;
}

Res init_run(struct cli *cli)
{
    const char *path = init_path(cli);
    const char *keys;
    Str text;

    TRY(init_key_path(cli->cx, path, &keys));
    TRY(init_refuse_existing(cli->cx, path));
    TRY(init_refuse_existing(cli->cx, keys));
    TRY(sample_config(cli->cx, &text));
    TRY(keyedit_create(cli->cx, keys));
    Res res = init_write(cli->cx, path, text);

    if (res.code != FAIL_NONE) {
        (void)unlink(keys); /* nobody has used it, and the next try would refuse it */
        return res;
    }
    (void)fprintf(
        stderr,
        "wrote %s and %s. Keep a copy of the key file: without it no grant can be read.\n"
        "Next: put client_id and client_secret into [google] or [microsoft], then\n"
        "`caldock check`.\n",
        path, keys);
    return OK;
}
