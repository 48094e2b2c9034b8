/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h - random bytes, hashes, constant-time compare, base64url, authenticated
 * encryption.
 *
 * A thin wall around libsodium (and OpenSSL's SHA-256 and base64 where they are several
 * times faster). keyring.h chooses the key for each purpose.
 */
#pragma once

#include "base/str.h"

struct cx;

enum {
    SEAL_KEY_BYTES = 32,
    SEAL_NONCE_BYTES = 24, /* XChaCha20: random nonces are safe at any rate */
    SEAL_TAG_BYTES = 16,
    SEAL_HASH_BYTES = 32, /* SHA-256 */
};

/* Called once per process, before anything else here; false: the system has no random
 * bytes. */
bool seal_start(void);

void seal_random(void *bytes, size_t n); /* a failing source aborts */
/* A new name: `prefix` and 32 random hex digits. */
Str seal_random_name(struct arena *mem, Str prefix);
/* Until seal_thread_end, the calling thread gets random bytes without a system call,
 * where the system can give them so. false: it can't, and nothing changes. */
bool seal_thread_begin(void);
void seal_thread_end(void);
void seal_sha256(Str s, unsigned char ret[SEAL_HASH_BYTES]);
/* Keyed hash (HMAC-SHA-256), for values that are derived from an id and never stored. */
void seal_hmac(
    const unsigned char key[SEAL_KEY_BYTES], Str s, unsigned char ret[SEAL_HASH_BYTES]);

/* BLAKE2b with a key: `n` bytes of it, at most SEAL_MAC_BYTES. */
enum { SEAL_MAC_BYTES = 32 };

void seal_mac(
    const unsigned char key[SEAL_KEY_BYTES], Str s, unsigned char *ret, size_t n);
bool seal_equal(Str a, Str b); /* constant time over equal lengths */
void seal_wipe(void *bytes, size_t n);

/* base64url without padding (RFC 4648 §5). Decoding is strict: the alphabet, no padding,
 * no white space, no left-over bits (FAIL_PARSE_ERROR). */
Str b64url_encode(struct arena *mem, Str bytes);
Res b64url_decode(struct cx *cx, Str text, Str *ret) MUST;
/* base64 with padding (RFC 4648 §4). */
Str b64_encode(struct arena *mem, Str bytes);

/*
 * XChaCha20-Poly1305 (IETF). `ret` is ciphertext and tag: text.n + SEAL_TAG_BYTES bytes.
 * The nonce is the caller's, random, never used twice under a key.
 */
void seal_lock(
    const unsigned char key[SEAL_KEY_BYTES], const unsigned char nonce[SEAL_NONCE_BYTES],
    Str text, Str associated, unsigned char *ret);
/* false when it does not open; `ret` holds locked.n - SEAL_TAG_BYTES bytes. */
bool seal_unlock(
    const unsigned char key[SEAL_KEY_BYTES], const unsigned char nonce[SEAL_NONCE_BYTES],
    Str locked, Str associated, unsigned char *ret) MUST;
