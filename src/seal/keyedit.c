/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyedit.c - makes a key file, and changes it: a new file beside it takes its name.
 *
 * A change holds a lock on the file's folder, so that two changes at the same time are
 * both kept. Reading needs no lock.
 */
#include "seal/keyedit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/user.h"
#include "seal/keyfile.h"

enum { LINE_MOST_BYTES = 128 };

static const Str head = SI(
    "# Caldock's keys. Who has them and the database can read every grant; without\n"
    "# them no grant opens again. Keep a copy in a safe place. `caldock keys` changes\n"
    "# this file and says which key seals.\n");

static Res edit_refuse(struct cx *cx, const char *path, const char *what)
{
    int error = errno;

    if (error != EACCES && error != EPERM) {
        return fail(cx, FAIL_CONFIG, "%s: %s: %s", path, what, strerrordesc_np(error));
    }
    Str us = user_text(&cx->mem, geteuid());

    return fail(
        cx, FAIL_CONFIG, "%s: %s by %.*s: %s", path, what, STR_ARG(us),
        strerrordesc_np(error));
}

static Res keyfile_write(struct cx *cx, int fd, const char *path, Str text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0 && errno != EINTR) {
            return edit_refuse(cx, path, "can't be written");
        }
        text = str_sub(text, n > 0 ? (size_t)n : 0, text.n);
    }
    return fsync(fd) == 0 ? OK : edit_refuse(cx, path, "can't be written");
}

static Res folder_open(struct cx *cx, const char *path, int *ret)
{
    const char *slash = strrchr(path, '/');
    Str folder = slash == NULL ? S("./") : (Str){path, (size_t)(slash - path) + 1};
    const char *z = NULL;

    TRY(str_z(cx, folder, &z));
    *ret = open(z, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret >= 0 ? OK : edit_refuse(cx, path, "its folder can't be opened");
}

/* A name lasts once its folder is on the disk. */
static Res folder_sync(struct cx *cx, int folder, const char *path)
{
    return fsync(folder) == 0 ? OK : edit_refuse(cx, path, "its folder can't be written");
}

/* Writes behind the `n` bytes of `text`, which has the room; returns the new length. */
static size_t key_line_write(char *text, size_t n, uint32_t id)
{
    unsigned char key[SEAL_KEY_BYTES];
    char encoded[KEYFILE_KEY_TEXT + 1];
    char made[CLOCK_TEXT_BYTES];

    seal_random(key, sizeof(key));
    must_be(
        sodium_bin2base64(
            encoded, sizeof(encoded), key, sizeof(key),
            sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        != NULL);
    Str time = clock_rfc3339(clock_now_ms(), made);
    int added = snprintf(
        text + n, LINE_MOST_BYTES, "key %08x %s %.*s\n", id, encoded, STR_ARG(time));

    must_be(added > 0 && added < LINE_MOST_BYTES);
    seal_wipe(key, sizeof(key));
    seal_wipe(encoded, sizeof(encoded));
    return n + (size_t)added;
}

static uint32_t key_id_new(const struct keyring *k)
{
    uint32_t id;

    do {
        seal_random(&id, sizeof(id));
    } while (k != NULL && keyring_has(k, id));
    return id;
}

Res keyedit_create(struct cx *cx, const char *path)
{
    CLEANUP(keyfile_free) char *text = keyfile_alloc(head.n + LINE_MOST_BYTES);
    CLEANUP(keyfile_close) int folder = -1;
    CLEANUP(keyfile_close)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return edit_refuse(cx, path, "can't be made");
    }
    memcpy(text, head.p, head.n);
    Str all = {text, key_line_write(text, head.n, key_id_new(NULL))};
    Res written = keyfile_write(cx, fd, path, all);

    if (written.code != FAIL_NONE) {
        (void)unlink(path);
        return written;
    }
    TRY(folder_open(cx, path, &folder));
    return folder_sync(cx, folder, path);
}

/* A change under way. */
struct key_edit {
    char path[PATH_MAX]; /* of the file itself, where `path` is a link to it */
    char beside[PATH_MAX + 4];
    int folder; /* locked */
    struct keyfile file;
    struct keyring *ring; /* what it holds */
};

static void edit_done(struct key_edit *e)
{
    keyring_close(&e->ring);
    keyfile_done(&e->file);
    keyfile_close(&e->folder);
}

static Res folder_lock(struct cx *cx, const struct key_edit *e)
{
    int got;

    do {
        got = flock(e->folder, LOCK_EX);
    } while (got != 0 && errno == EINTR);
    return got == 0 ? OK : edit_refuse(cx, e->path, "its folder can't be locked");
}

static Res edit_begin(struct cx *cx, const char *path, struct key_edit *e)
{
    if (realpath(path, e->path) == NULL) {
        return edit_refuse(cx, path, "the key file can't be opened");
    }
    (void)snprintf(e->beside, sizeof(e->beside), "%s.new", e->path);
    TRY(folder_open(cx, e->path, &e->folder));
    TRY(folder_lock(cx, e));
    TRY(keyfile_read(cx, e->path, &e->file));
    return keyfile_parse(cx, &e->file, &e->ring);
}

/* The new file belongs to the same user and group as the old one, and is open to the
 * same: root may change the file of the service, which reads it through its group. */
static Res edit_share(struct cx *cx, const struct key_edit *e, int fd)
{
    const struct stat *st = &e->file.st;
    gid_t group = st->st_gid == getegid() ? (gid_t)-1 : st->st_gid;

    if (fchown(fd, st->st_uid, group) != 0
        || fchmod(fd, st->st_mode & (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)) != 0) {
        return edit_refuse(
            cx, e->beside, "can't be given to the key file's owner and group");
    }
    return OK;
}

static Res edit_write_beside(struct cx *cx, const struct key_edit *e, Str text)
{
    (void)unlink(e->beside); /* left by a process that died here */
    CLEANUP(keyfile_close)
    int fd = open(e->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return edit_refuse(cx, e->beside, "can't be made");
    }
    TRY(edit_share(cx, e, fd));
    return keyfile_write(cx, fd, e->beside, text);
}

static Res edit_end(struct cx *cx, const struct key_edit *e, Str text)
{
    Res res = edit_write_beside(cx, e, text);

    if (res.code == FAIL_NONE && rename(e->beside, e->path) != 0) {
        res = edit_refuse(cx, e->path, "can't be replaced");
    }
    if (res.code != FAIL_NONE) {
        (void)unlink(e->beside);
        return res;
    }
    return folder_sync(cx, e->folder, e->path);
}

Res keyedit_append(struct cx *cx, const char *path, uint32_t *ret)
{
    CLEANUP(edit_done) struct key_edit e = {.folder = -1};
    CLEANUP(keyfile_free)
    char *text = keyfile_alloc(KEYFILE_MOST_BYTES + 1 + LINE_MOST_BYTES);

    TRY(edit_begin(cx, path, &e));
    size_t n = e.file.n;

    if (keyring_count(e.ring) == KEYRING_MOST
        || n + 1 + LINE_MOST_BYTES > KEYFILE_MOST_BYTES) {
        return fail(
            cx, FAIL_CONFIG,
            "%s: is full (%d keys): take out one that isn't used any more, with \"caldock "
            "keys drop\"",
            path, KEYRING_MOST);
    }
    uint32_t id = key_id_new(e.ring);

    memcpy(text, e.file.text, n);
    if (text[n - 1] != '\n') {
        text[n++] = '\n';
    }
    TRY(edit_end(cx, &e, (Str){text, key_line_write(text, n, id)}));
    *ret = id;
    return OK;
}

static bool line_is_of(Str line, uint32_t id)
{
    Str key;
    Str text;
    uint32_t found;

    return str_next_word(&line, S(" \t\r"), &key) && str_eq(key, S("key"))
           && str_next_word(&line, S(" \t\r"), &text) && key_id_parse(text, &found)
           && found == id;
}

Res keyedit_remove(struct cx *cx, const char *path, uint32_t id)
{
    CLEANUP(edit_done) struct key_edit e = {.folder = -1};
    Str line;

    TRY(edit_begin(cx, path, &e));
    if (!keyring_has(e.ring, id)) {
        return fail(cx, FAIL_NOT_FOUND, "%s: has no key %08x", path, id);
    }
    if (keyring_count(e.ring) == 1) {
        return fail(cx, FAIL_CONFIG, "%s: its last key stays", path);
    }
    Str rest = {e.file.text, e.file.n};

    while (str_next_part(&rest, '\n', &line) && !line_is_of(line, id)) {
    }
    size_t at = (size_t)(line.p - e.file.text);

    if (rest.n > 0) {
        memmove(e.file.text + at, rest.p, rest.n);
    }
    return edit_end(cx, &e, (Str){e.file.text, at + rest.n});
}
