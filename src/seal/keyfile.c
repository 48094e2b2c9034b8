/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyfile.c - reads the key file into a keyring, and makes a new one.
 *
 * The text is only ever in guarded memory, and no part of it is in a reason: those name
 * file, line and the mend.
 */
#include "seal/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/cx.h"

enum {
    FILE_MOST_BYTES = 64 * 1024,
    NEW_FILE_MOST_BYTES = 512,
    KEY_TEXT = 43, /* 32 bytes as base64url */
};

/* sodium_malloc keeps it out of swap and core dumps, between pages that nobody may touch.
 */
static void *guarded_alloc(size_t n)
{
    void *p = sodium_malloc(n);

    must_be(p != NULL);
    return p;
}

static void guarded_done(char **p)
{
    sodium_free(*p);
}

static void fd_done(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* Where a line stands. */
struct place {
    const char *path;
    int line;
};

/* False when it isn't the text of a key. */
static bool add_key(struct keyring *k, uint32_t id, Str text)
{
    unsigned char key[SEAL_KEY_BYTES];
    size_t n;
    bool ok = sodium_base642bin(
                  key, sizeof(key), text.p, text.n, NULL, &n, NULL,
                  sodium_base64_VARIANT_URLSAFE_NO_PADDING)
                  == 0
              && n == sizeof(key);

    if (ok) {
        keyring_add(k, id, key);
    }
    seal_wipe(key, sizeof(key));
    return ok;
}

static Res read_line(struct cx *cx, struct keyring *k, struct place at, Str line)
{
    Str word[5] = {0};
    size_t n = 0;
    uint32_t id;

    while (n < COUNT(word) && str_next_word(&line, S(" \t\r"), &word[n])) {
        n++;
    }
    if (n == 0 || str_starts(word[0], S("#"))) {
        return OK;
    }
    if (!str_eq(word[0], S("key")) || n < 3 || n > 4) {
        return fail(
            cx, FAIL_CONFIG,
            "%s:%d: not a key: write \"key ID KEY\", or '#' before a comment", at.path,
            at.line);
    }
    if (!key_id_parse(word[1], &id)) {
        return fail(
            cx, FAIL_CONFIG, "%s:%d: the key's id must be %d digits of 0-9 and a-f",
            at.path, at.line, KEY_ID_TEXT);
    }
    if (keyring_has(k, id)) {
        return fail(
            cx, FAIL_CONFIG, "%s:%d: the id %08x is there twice: remove one of the lines",
            at.path, at.line, id);
    }
    if (keyring_count(k) == KEYRING_MOST) {
        return fail(
            cx, FAIL_CONFIG,
            "%s:%d: more than %d keys: remove those that nothing is "
            "sealed with",
            at.path, at.line, KEYRING_MOST);
    }
    if (!add_key(k, id, word[2])) {
        return fail(
            cx, FAIL_CONFIG,
            "%s:%d: the key %08x must be %d characters of base64url, as caldock wrote "
            "them: take the line from a backup",
            at.path, at.line, id, KEY_TEXT);
    }
    return OK;
}

static Res read_lines(struct cx *cx, struct keyring *k, const char *path, Str text)
{
    struct place at = {.path = path};
    Res r = OK;
    Str line;

    while (r.code == FAIL_NONE && str_next_part(&text, '\n', &line)) {
        at.line++;
        r = read_line(cx, k, at, line);
    }
    TRY(r);
    if (keyring_count(k) == 0) {
        return fail(
            cx, FAIL_CONFIG,
            "%s: holds no key: restore it from a backup, or move it away "
            "and run \"caldock init\" if nothing is sealed yet",
            path);
    }
    return OK;
}

static Res open_file(struct cx *cx, const char *path, int *ret)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *ret = fd;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return fail(
            cx, FAIL_CONFIG, "%s: the key file can't be opened: %s%s", path,
            strerrordesc_np(errno),
            errno == ENOENT ? "; \"caldock init\" makes one" : "");
    }
    if (!S_ISREG(st.st_mode)) {
        return fail(cx, FAIL_CONFIG, "%s: the key file must be a plain file", path);
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(
            cx, FAIL_CONFIG,
            "%s: others than its owner may use the key file: chmod 600 %s", path, path);
    }
    return OK;
}

static Res read_file(struct cx *cx, int fd, const char *path, char *text, size_t *n)
{
    for (*n = 0; *n <= FILE_MOST_BYTES;) {
        ssize_t got = read(fd, text + *n, FILE_MOST_BYTES + 1 - *n);

        if (got == 0) {
            return OK;
        }
        if (got < 0 && errno != EINTR) {
            return fail(
                cx, FAIL_CONFIG, "%s: the key file can't be read: %s", path,
                strerrordesc_np(errno));
        }
        *n += got > 0 ? (size_t)got : 0;
    }
    return fail(
        cx, FAIL_CONFIG, "%s: over %d bytes: is it a key file?", path, FILE_MOST_BYTES);
}

Res keyring_open(struct cx *cx, const char *path, struct keyring **ret)
{
    CLEANUP(keyring_close) struct keyring *k = keyring_new();
    CLEANUP(guarded_done) char *text = guarded_alloc(FILE_MOST_BYTES + 1);
    CLEANUP(fd_done) int fd = -1;
    size_t n;

    TRY(open_file(cx, path, &fd));
    TRY(read_file(cx, fd, path, text, &n));
    TRY(read_lines(cx, k, path, (Str){text, n}));
    keyring_freeze(k);
    *ret = k;
    k = NULL;
    return OK;
}

static Res write_all(struct cx *cx, int fd, const char *path, Str text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0 && errno != EINTR) {
            return fail(
                cx, FAIL_CONFIG, "%s: can't be written: %s", path,
                strerrordesc_np(errno));
        }
        text = str_sub(text, n > 0 ? (size_t)n : 0, text.n);
    }
    if (fsync(fd) != 0) {
        return fail(
            cx, FAIL_CONFIG, "%s: can't be written: %s", path, strerrordesc_np(errno));
    }
    return OK;
}

/* A new name lasts once its folder is on the disk. */
static Res sync_folder(struct cx *cx, const char *path)
{
    const char *slash = strrchr(path, '/');
    Str folder = slash == NULL ? S("./") : (Str){path, (size_t)(slash - path) + 1};
    const char *z = NULL;

    TRY(str_z(cx, folder, &z));
    CLEANUP(fd_done) int fd = open(z, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0) {
        return fail(
            cx, FAIL_CONFIG, "%s: its folder can't be written: %s", path,
            strerrordesc_np(errno));
    }
    return OK;
}

static Str new_key_text(char *text, size_t most)
{
    unsigned char key[SEAL_KEY_BYTES];
    char encoded[KEY_TEXT + 1];
    char made[CLOCK_TEXT_BYTES];
    uint32_t id;

    seal_random(&id, sizeof(id));
    seal_random(key, sizeof(key));
    must_be(
        sodium_bin2base64(
            encoded, sizeof(encoded), key, sizeof(key),
            sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        != NULL);
    Str time = clock_rfc3339(clock_now_ms(), made);
    int n = snprintf(
        text, most,
        "# Caldock's keys. Who has them and the database can read every grant; without\n"
        "# them no grant opens again. Keep a copy in a safe place. The first one seals.\n"
        "key %08x %s %.*s\n",
        id, encoded, (int)time.n, time.p);

    must_be(n > 0 && (size_t)n < most);
    seal_wipe(key, sizeof(key));
    seal_wipe(encoded, sizeof(encoded));
    return (Str){text, (size_t)n};
}

Res keyring_create(struct cx *cx, const char *path)
{
    CLEANUP(guarded_done) char *text = guarded_alloc(NEW_FILE_MOST_BYTES);
    CLEANUP(fd_done) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return fail(
            cx, FAIL_CONFIG, "%s: can't be made: %s", path, strerrordesc_np(errno));
    }
    Res written = write_all(cx, fd, path, new_key_text(text, NEW_FILE_MOST_BYTES));

    if (written.code != FAIL_NONE) {
        (void)unlink(path);
        return written;
    }
    return sync_folder(cx, path);
}
