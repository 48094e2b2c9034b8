/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the key file, key ids, and the keys derived from each for each purpose.
 *
 * The file is text, mode 0600: comment lines with '#', and a line per key:
 *     key <id: 8 hex digits> <32 bytes as base64url> [<RFC 3339 time>]
 * The first key seals unless `sealing` says another; all of them open. A key's bytes live
 * in libsodium's guarded memory and are not in core dumps. A keyring is immutable but for
 * what follows it, and may be read by any thread.
 */
#pragma once

#include "seal/seal.h"

struct keyring;

enum { KEY_ID_BYTES = 4, KEY_ID_TEXT = 8, KEYRING_MOST = 64 };

/* Each purpose has a key of its own under every key of the ring: a thing sealed for one
 * never opens as another. Values are part of the derivation: never renumber. */
enum key_purpose {
    KEY_STATE = 1,
    KEY_VERIFIER = 2,
    KEY_NONCE = 3,
    KEY_GRANT = 4,
    KEY_TASK = 5,
};

/* FAIL_CONFIG with file, line and the mend: absent, readable by others, malformed, twice
 * the same id, no key. */
Res keyring_open(struct cx *cx, const char *path, struct keyring **ret) MUST;
void keyring_close(struct keyring **k); /* accepts NULL */

/* A new file with one new key, mode 0600, never overwriting: FAIL_CONFIG when it exists.
 */
Res keyring_create(struct cx *cx, const char *path) MUST;
/* Changes to the file, one after the other whoever makes them: it is the old one or the
 * new one at any moment. Every other line stays as it is. */
/* One more key, behind the others. */
Res keyring_append(struct cx *cx, const char *path, uint32_t *ret) MUST;
/* FAIL_NOT_FOUND when it isn't there; the last one stays (FAIL_CONFIG). */
Res keyring_remove(struct cx *cx, const char *path, uint32_t id) MUST;

size_t keyring_count(const struct keyring *k);
uint32_t keyring_id(const struct keyring *k, size_t i);
Str keyring_created(
    const struct keyring *k, size_t i); /* as in the file; empty: not said */
bool keyring_has(const struct keyring *k, uint32_t id);
uint32_t keyring_sealing(const struct keyring *k);
/* Which key seals from now on, before the ring is shared: false when it isn't there. */
bool keyring_set_sealing(struct keyring *k, uint32_t id) MUST;
/* The same keys once more, so that another of them can seal. */
struct keyring *keyring_copy(const struct keyring *k);

/* A ring that was loaded later and lives as long: who still has `k` seals with what the
 * newest says, and opens with the keys of both. */
void keyring_follow(struct keyring *k, const struct keyring *newer);

/* The derived key, 32 bytes, valid as long as the ring; NULL when the ring has no such
 * id. */
const unsigned char *keyring_key(
    const struct keyring *k, uint32_t id, enum key_purpose purpose);

/* Key ids are written as 8 lower-case hex digits. */
Str key_id_text(struct arena *mem, uint32_t id);
bool key_id_parse(Str text, uint32_t *ret);

/*
 * A sealed record: version (1), key id (4, big endian), nonce (24), ciphertext and tag.
 * Sealed with the sealing key; opened with the key that the record names.
 * FAIL_UNREADABLE: unknown version, altered, or other associated data. FAIL_UNAVAILABLE:
 * its key isn't here, which says nothing against the record.
 */
Str keyring_seal(
    struct arena *mem, const struct keyring *k, enum key_purpose purpose, Str text,
    Str associated);
Res keyring_unseal(
    struct cx *cx, const struct keyring *k, enum key_purpose purpose, Str record,
    Str associated, Str *ret) MUST;
/* The key that a record names: false when it is no record. */
bool keyring_record_key(Str record, uint32_t *ret);
