/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h - random bytes, hashes, constant-time compare, base64url, authenticated
 * encryption.
 *
 * A thin wall around libsodium (and OpenSSL's SHA-256 and base64 where they are several
 * times faster). Who opens what with which key is keyring.h's business.
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

/* Once per process, before anything else here; false when the system has no randomness.
 */
bool seal_start(void);

void seal_random(void *bytes, size_t n); /* a failing source aborts */
/* For a thread that asks for them all the time: until seal_thread_end they come without a
 * system call, where the system can. false: it cannot, and nothing changes. */
bool seal_thread_begin(void);
void seal_thread_end(void);
void seal_sha256(Str s, unsigned char ret[SEAL_HASH_BYTES]);
/* Keyed hash (HMAC-SHA-256) for what is derived from an id and never stored. */
void seal_hmac(
    const unsigned char key[SEAL_KEY_BYTES], Str s, unsigned char ret[SEAL_HASH_BYTES]);
bool seal_equal(Str a, Str b); /* constant time over equal lengths */
void seal_wipe(void *bytes, size_t n);

/* base64url without padding (RFC 4648 §5). Decoding is strict: the alphabet, no padding,
 * no white space, no left-over bits (FAIL_PARSE_ERROR). */
Str b64url_encode(struct arena *mem, Str bytes);
Res b64url_decode(struct cx *cx, Str text, Str *ret) MUST;

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
