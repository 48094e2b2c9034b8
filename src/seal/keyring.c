/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.c - the key file, and the keys that are derived from it.
 *
 * A file's keys are read into guarded memory, used once to derive a key for each purpose
 * (libsodium's crypto_kdf, BLAKE2b), and wiped. What stays are the derived keys,
 * read-only.
 */
#include "seal/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"

enum {
    FILE_MOST_BYTES = 64 * 1024,
    KEY_TEXT = 43,
    PURPOSES = KEY_TASK,
    NEW_FILE_MOST_BYTES = 512,
    RECORD_VERSION = 1,
    RECORD_HEAD_BYTES = 1 + KEY_ID_BYTES + SEAL_NONCE_BYTES,
};

static const char kdf_context[crypto_kdf_CONTEXTBYTES] = "caldock"; /* never change */

_Static_assert(
    SEAL_KEY_BYTES == crypto_kdf_KEYBYTES, "a key of the file is a master key");

struct derived {
    unsigned char key[PURPOSES][SEAL_KEY_BYTES];
};

struct keyring {
    size_t n;
    size_t sealing;
    uint32_t ids[KEYRING_MOST];
    struct derived *at; /* KEYRING_MOST of them, in guarded memory */
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

size_t keyring_count(const struct keyring *k)
{
    return k->n;
}

uint32_t keyring_id(const struct keyring *k, size_t i)
{
    must_be(i < k->n);
    return k->ids[i];
}

static bool find(const struct keyring *k, uint32_t id, size_t *ret)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->ids[i] == id) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool keyring_has(const struct keyring *k, uint32_t id)
{
    size_t i;

    return find(k, id, &i);
}

uint32_t keyring_sealing(const struct keyring *k)
{
    return k->ids[k->sealing];
}

bool keyring_set_sealing(struct keyring *k, uint32_t id)
{
    return find(k, id, &k->sealing);
}

const unsigned char *keyring_key(
    const struct keyring *k, uint32_t id, enum key_purpose purpose)
{
    size_t i;

    return find(k, id, &i) ? k->at[i].key[purpose - 1] : NULL;
}

Str key_id_text(struct arena *mem, uint32_t id)
{
    static const char hex[] = "0123456789abcdef";
    char *p = arena_alloc(mem, KEY_ID_TEXT);

    for (size_t i = KEY_ID_TEXT; i > 0; i--, id >>= 4) {
        p[i - 1] = hex[id & 15];
    }
    return (Str){p, KEY_ID_TEXT};
}

bool key_id_parse(Str text, uint32_t *ret)
{
    uint32_t id = 0;

    if (text.n != KEY_ID_TEXT) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        int digit = char_hex((unsigned char)text.p[i]);

        if (digit < 0 || (text.p[i] >= 'A' && text.p[i] <= 'F')) {
            return false;
        }
        id = id << 4 | (uint32_t)digit;
    }
    *ret = id;
    return true;
}

/* Where a line stands, for the reason of a failure. No word of it is ever quoted there.
 */
struct place {
    const char *path;
    int line;
};

static bool add_key(struct keyring *k, uint32_t id, Str text)
{
    unsigned char master[SEAL_KEY_BYTES];
    size_t n;
    bool ok = sodium_base642bin(
                  master, sizeof(master), text.p, text.n, NULL, &n, NULL,
                  sodium_base64_VARIANT_URLSAFE_NO_PADDING)
                  == 0
              && n == sizeof(master);

    for (size_t i = 0; ok && i < PURPOSES; i++) {
        must_be(
            crypto_kdf_derive_from_key(
                k->at[k->n].key[i], SEAL_KEY_BYTES, i + 1, kdf_context, master)
            == 0);
    }
    if (ok) {
        k->ids[k->n++] = id;
    }
    seal_wipe(master, sizeof(master));
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
    if (k->n == KEYRING_MOST) {
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
    if (k->n == 0) {
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
    CLEANUP(keyring_close) struct keyring *k = heap_alloc(sizeof(*k));
    CLEANUP(guarded_done) char *text = guarded_alloc(FILE_MOST_BYTES + 1);
    CLEANUP(fd_done) int fd = -1;
    size_t n;

    k->at = guarded_alloc(sizeof(*k->at) * KEYRING_MOST);
    TRY(open_file(cx, path, &fd));
    TRY(read_file(cx, fd, path, text, &n));
    TRY(read_lines(cx, k, path, (Str){text, n}));
    must_be(sodium_mprotect_readonly(k->at) == 0);
    *ret = k;
    k = NULL;
    return OK;
}

void keyring_close(struct keyring **k)
{
    if (*k != NULL) {
        sodium_free((*k)->at);
        heap_free(*k);
        *k = NULL;
    }
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

static void put_u32(unsigned char p[4], uint32_t v)
{
    for (size_t i = 4; i > 0; i--, v >>= 8) {
        p[i - 1] = (unsigned char)v;
    }
}

static uint32_t get_u32(const unsigned char p[4])
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

Str keyring_seal(
    struct arena *mem, const struct keyring *k, enum key_purpose purpose, Str text,
    Str associated)
{
    size_t n = RECORD_HEAD_BYTES + text.n + SEAL_TAG_BYTES;
    unsigned char *record = arena_alloc(mem, n);
    unsigned char *nonce = record + 1 + KEY_ID_BYTES;
    uint32_t id = keyring_sealing(k);

    record[0] = RECORD_VERSION;
    put_u32(record + 1, id);
    seal_random(nonce, SEAL_NONCE_BYTES);
    seal_lock(
        keyring_key(k, id, purpose), nonce, text, associated, record + RECORD_HEAD_BYTES);
    return (Str){(char *)record, n};
}

bool keyring_record_key(Str record, uint32_t *ret)
{
    if (record.n < RECORD_HEAD_BYTES + SEAL_TAG_BYTES || record.p[0] != RECORD_VERSION) {
        return false;
    }
    *ret = get_u32((const unsigned char *)record.p + 1);
    return true;
}

Res keyring_unseal(
    struct cx *cx, const struct keyring *k, enum key_purpose purpose, Str record,
    Str associated, Str *ret)
{
    uint32_t id;

    if (!keyring_record_key(record, &id)) {
        return fail(cx, FAIL_UNREADABLE, "not a sealed record of a version known here");
    }
    const unsigned char *key = keyring_key(k, id, purpose);

    if (key == NULL) {
        return fail(
            cx, FAIL_UNREADABLE, "sealed with the key %08x, which isn't here", id);
    }
    const unsigned char *nonce = (const unsigned char *)record.p + 1 + KEY_ID_BYTES;
    Str locked = str_sub(record, RECORD_HEAD_BYTES, record.n);
    unsigned char *text = arena_alloc(&cx->mem, locked.n - SEAL_TAG_BYTES);

    if (!seal_unlock(key, nonce, locked, associated, text)) {
        return fail(
            cx, FAIL_UNREADABLE, "sealed with the key %08x, but altered or another's",
            id);
    }
    *ret = (Str){(char *)text, locked.n - SEAL_TAG_BYTES};
    return OK;
}
