/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the key file, key ids, and the keys derived from each for each purpose.
 *
 * The file is text, open to its owner and to readers of its group at most (docs/keys.md):
 * comment lines with '#', and a line per key:
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
    KEY_INSTANCE = 6, /* the secret of the installation */
    KEY_IMAGE = 7,    /* busy times of a calendar */
    KEY_CURSOR = 8,   /* where the next read of a calendar goes on */
    KEY_WEBHOOK = 9,  /* what the messages to an endpoint are signed with */
    KEY_EVENT = 10,   /* what the application says of an event */
    KEY_LAST = KEY_EVENT,
};

/* FAIL_CONFIG with file, line and the mend: absent, open to others, malformed, an id that
 * is there twice, no key. */
Res keyring_open(struct cx *cx, const char *path, struct keyring **ret) MUST;
void keyring_close(struct keyring **k); /* accepts NULL */

size_t keyring_count(const struct keyring *k);
uint32_t keyring_id(const struct keyring *k, size_t i);
Str keyring_created(
    const struct keyring *k, size_t i); /* as in the file; empty: not said */
bool keyring_has(const struct keyring *k, uint32_t id);
uint32_t keyring_sealing(const struct keyring *k);
/* Chooses the key that seals, before the ring is shared: false when it isn't there. */
bool keyring_set_sealing(struct keyring *k, uint32_t id) MUST;
/* Copies the keys, so that another of them can seal. */
struct keyring *keyring_copy(const struct keyring *k);

/* Links `k` to a newer ring that outlives it: holders of `k` then seal with the newest
 * ring's key, and open with the keys of both. */
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
 * the ring lacks its key, which says nothing against the record.
 */
Str keyring_seal(
    struct arena *mem, const struct keyring *k, enum key_purpose purpose, Str text,
    Str associated);
Res keyring_unseal(
    struct cx *cx, const struct keyring *k, enum key_purpose purpose, Str record,
    Str associated, Str *ret) MUST;
/* The id of the key that a record names; false: it is no record. */
bool keyring_record_key(Str record, uint32_t *ret);
