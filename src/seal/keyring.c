/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.c - keys by their ids, a key derived for each purpose, and sealed records.
 *
 * A key of the file is used once, to derive the others (libsodium's crypto_kdf, BLAKE2b),
 * and is not kept. The derived keys stay, read-only in guarded memory.
 */
#include "seal/keyring.h"

#include <stdatomic.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/cx.h"
#include "seal/keyfile.h"

enum {
    PURPOSES = KEY_LAST,
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
    char created[KEYRING_MOST][KEYFILE_TIME_MOST];
    struct derived *at; /* KEYRING_MOST of them, in guarded memory */
    _Atomic(const struct keyring *) newer;
};

struct keyring *keyring_new(void)
{
    struct keyring *k = heap_alloc(sizeof(*k));

    k->at = sodium_malloc(sizeof(*k->at) * KEYRING_MOST);
    must_be(k->at != NULL);
    return k;
}

void keyring_add(
    struct keyring *k, uint32_t id, Str created,
    const unsigned char master[SEAL_KEY_BYTES])
{
    must_be(k->n < KEYRING_MOST && !keyring_has(k, id) && created.n < KEYFILE_TIME_MOST);
    for (size_t i = 0; i < PURPOSES; i++) {
        must_be(
            crypto_kdf_derive_from_key(
                k->at[k->n].key[i], SEAL_KEY_BYTES, i + 1, kdf_context, master)
            == 0);
    }
    if (created.n > 0) {
        memcpy(k->created[k->n], created.p, created.n);
    }
    k->ids[k->n++] = id;
}

void keyring_freeze(struct keyring *k)
{
    must_be(sodium_mprotect_readonly(k->at) == 0);
}

struct keyring *keyring_copy(const struct keyring *k)
{
    struct keyring *copy = keyring_new();
    struct derived *at = copy->at;

    memcpy(at, k->at, sizeof(*at) * k->n);
    *copy = (struct keyring){.n = k->n, .sealing = k->sealing, .at = at};
    memcpy(copy->ids, k->ids, sizeof(copy->ids));
    memcpy(copy->created, k->created, sizeof(copy->created));
    keyring_freeze(copy);
    return copy;
}

void keyring_close(struct keyring **k)
{
    if (*k != NULL) {
        sodium_free((*k)->at);
        heap_free(*k);
        *k = NULL;
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

Str keyring_created(const struct keyring *k, size_t i)
{
    must_be(i < k->n);
    return str_from_z(k->created[i]);
}

static bool index_find(const struct keyring *k, uint32_t id, size_t *ret)
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

    return index_find(k, id, &i);
}

void keyring_follow(struct keyring *k, const struct keyring *newer)
{
    atomic_store(&k->newer, newer);
}

static const struct keyring *keyring_next(const struct keyring *k)
{
    return atomic_load(&k->newer);
}

uint32_t keyring_sealing(const struct keyring *k)
{
    while (keyring_next(k) != NULL) {
        k = keyring_next(k);
    }
    return k->ids[k->sealing];
}

bool keyring_set_sealing(struct keyring *k, uint32_t id)
{
    return index_find(k, id, &k->sealing);
}

const unsigned char *keyring_key(
    const struct keyring *k, uint32_t id, enum key_purpose purpose)
{
    size_t i;

    for (; k != NULL; k = keyring_next(k)) {
        if (index_find(k, id, &i)) {
            return k->at[i].key[purpose - 1];
        }
    }
    return NULL;
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

static void id_write(unsigned char p[4], uint32_t v)
{
    for (size_t i = 4; i > 0; i--, v >>= 8) {
        p[i - 1] = (unsigned char)v;
    }
}

static uint32_t id_read(const unsigned char p[4])
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
    id_write(record + 1, id);
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
    *ret = id_read((const unsigned char *)record.p + 1);
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
            cx, FAIL_UNAVAILABLE, "sealed with the key %08x, which isn't here", id);
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
