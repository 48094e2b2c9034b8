/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyfile.c - reads the key file into a keyring.
 *
 * The text is only ever in guarded memory. A reason names file, line and the mend, and
 * holds no part of the text.
 */
#include "seal/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/cx.h"
#include "base/user.h"
#include "seal/secretfile.h"

enum { KEYFILE_MODE_BITS = 07777 };

void *keyfile_alloc(size_t n)
{
    void *p = sodium_malloc(n);

    must_be(p != NULL);
    return p;
}

void keyfile_free(char **p)
{
    sodium_free(*p);
}

void keyfile_done(struct keyfile *f)
{
    keyfile_free(&f->text);
}

void keyfile_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* The place of a line, for reasons. */
struct key_place {
    const char *path;
    int line;
};

/* false: `text` is no key. */
static bool key_read(struct keyring *k, uint32_t id, Str text, Str created)
{
    unsigned char key[SEAL_KEY_BYTES];
    size_t n;
    bool ok = sodium_base642bin(
                  key, sizeof(key), text.p, text.n, NULL, &n, NULL,
                  sodium_base64_VARIANT_URLSAFE_NO_PADDING)
                  == 0
              && n == sizeof(key);

    if (ok) {
        keyring_add(k, id, created, key);
    }
    seal_wipe(key, sizeof(key));
    return ok;
}

static Res key_line_read(struct cx *cx, struct keyring *k, struct key_place at, Str line)
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
    if (!str_eq(word[0], S("key")) || n < 3 || n > 4 || word[3].n >= KEYFILE_TIME_MOST) {
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
    if (!key_read(k, id, word[2], word[3])) {
        return fail(
            cx, FAIL_CONFIG,
            "%s:%d: the key %08x must be %d characters of base64url, as caldock wrote "
            "them: take the line from a backup",
            at.path, at.line, id, KEYFILE_KEY_TEXT);
    }
    return OK;
}

static Res key_lines_read(struct cx *cx, struct keyring *k, const char *path, Str text)
{
    struct key_place at = {.path = path};
    Res r = OK;
    Str line;

    while (r.code == FAIL_NONE && str_next_part(&text, '\n', &line)) {
        at.line++;
        r = key_line_read(cx, k, at, line);
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

/* Says who we are and whose file it is, since one of the two is wrong. */
static Res keyfile_refuse_open(struct cx *cx, const char *path, int error)
{
    Str us = user_text(&cx->mem, geteuid());
    struct stat st;

    if (error == ENOENT) {
        return fail(
            cx, FAIL_CONFIG,
            "%s: the key file can't be opened: %s; \"caldock init\" makes one", path,
            strerrordesc_np(error));
    }
    if (error != EACCES) {
        return fail(
            cx, FAIL_CONFIG, "%s: the key file can't be opened: %s", path,
            strerrordesc_np(error));
    }
    if (stat(path, &st) != 0) {
        return fail(
            cx, FAIL_CONFIG,
            "%s: the key file can't be opened by %.*s: a folder above it is closed to it",
            path, STR_ARG(us));
    }
    Str owner = user_text(&cx->mem, st.st_uid);

    return fail(
        cx, FAIL_CONFIG,
        "%s: the key file can't be opened by %.*s: it belongs to %.*s, mode %04o: give it "
        "to that user, or to a group of it with chmod 640",
        path, STR_ARG(us), STR_ARG(owner), st.st_mode & KEYFILE_MODE_BITS);
}

static Res keyfile_open(struct cx *cx, const char *path, struct stat *st, int *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *ret = fd;
    if (fd < 0 || fstat(fd, st) != 0) {
        return keyfile_refuse_open(cx, path, errno);
    }
    if (!S_ISREG(st->st_mode)) {
        return fail(cx, FAIL_CONFIG, "%s: the key file must be a plain file", path);
    }
    return secretfile_check(cx, fd, path, "key file", st);
}

static Res keyfile_read_bytes(struct cx *cx, int fd, struct keyfile *f)
{
    for (f->n = 0; f->n <= KEYFILE_MOST_BYTES;) {
        ssize_t got = read(fd, f->text + f->n, KEYFILE_MOST_BYTES + 1 - f->n);

        if (got == 0) {
            return OK;
        }
        if (got < 0 && errno != EINTR) {
            return fail(
                cx, FAIL_CONFIG, "%s: the key file can't be read: %s", f->path,
                strerrordesc_np(errno));
        }
        f->n += got > 0 ? (size_t)got : 0;
    }
    return fail(
        cx, FAIL_CONFIG, "%s: over %d bytes: is it a key file?", f->path,
        KEYFILE_MOST_BYTES);
}

Res keyfile_read(struct cx *cx, const char *path, struct keyfile *ret)
{
    CLEANUP(keyfile_close) int fd = -1;
    CLEANUP(keyfile_done) struct keyfile f = {.path = path};

    f.text = keyfile_alloc(KEYFILE_MOST_BYTES + 1);
    TRY(keyfile_open(cx, path, &f.st, &fd));
    TRY(keyfile_read_bytes(cx, fd, &f));
    *ret = f;
    f.text = NULL;
    return OK;
}

Res keyfile_parse(struct cx *cx, const struct keyfile *f, struct keyring **ret)
{
    CLEANUP(keyring_close) struct keyring *k = keyring_new();

    TRY(key_lines_read(cx, k, f->path, (Str){f->text, f->n}));
    keyring_freeze(k);
    *ret = k;
    k = NULL;
    return OK;
}

Res keyring_open(struct cx *cx, const char *path, struct keyring **ret)
{
    CLEANUP(keyfile_done) struct keyfile f = {.n = 0};

    TRY(keyfile_read(cx, path, &f));
    return keyfile_parse(cx, &f, ret);
}
