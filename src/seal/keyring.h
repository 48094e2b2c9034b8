/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the key file, key ids, and the keys derived from each for each purpose.
 *
 * The file is text, mode 0600: comment lines with '#', and a line per key:
 *     key <id: 8 hex digits> <32 bytes as base64url> [<RFC 3339 time>]
 * The first key seals unless `sealing` says another; all of them open. A key's bytes live
 * in libsodium's guarded memory and are not in core dumps. A keyring is immutable and may
 * be read by any thread.
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

size_t keyring_count(const struct keyring *k);
uint32_t keyring_id(const struct keyring *k, size_t i);
bool keyring_has(const struct keyring *k, uint32_t id);
uint32_t keyring_sealing(const struct keyring *k);
/* Which key seals from now on, before the ring is shared: false when it isn't there. */
bool keyring_set_sealing(struct keyring *k, uint32_t id) MUST;

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
 * FAIL_UNREADABLE: unknown version or key, altered, or other associated data.
 */
Str keyring_seal(
    struct arena *mem, const struct keyring *k, enum key_purpose purpose, Str text,
    Str associated);
Res keyring_unseal(
    struct cx *cx, const struct keyring *k, enum key_purpose purpose, Str record,
    Str associated, Str *ret) MUST;
/* The key that a record names: false when it is no record. */
bool keyring_record_key(Str record, uint32_t *ret);
