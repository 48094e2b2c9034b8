/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.c - libsodium for what is secret, OpenSSL for what is fast.
 *
 * SHA-256 uses OpenSSL's low-level calls: they need no allocation and no context that
 * lives on (0.06 us for a token against 0.13 with a reused EVP context, 0.48 with
 * EVP_Digest, 0.30 in libsodium), and `initiate` hashes nine blocks.
 */
#define OPENSSL_API_COMPAT 10100 /* SHA256_Init and its like are deprecated in 3.0 */

#include "seal/seal.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>

#include "base/arena.h"
#include "base/cx.h"

enum { NAME_BYTES = 16 };

enum { B64_MOST_BYTES = INT_MAX / 4 }; /* OpenSSL counts in int */

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(SEAL_HASH_BYTES == SHA256_DIGEST_LENGTH, "hash");

static const unsigned char *str_bytes(Str s)
{
    return (const unsigned char *)s.p;
}

void seal_wipe(void *bytes, size_t n)
{
    sodium_memzero(bytes, n);
}

bool seal_equal(Str a, Str b)
{
    return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

static void sha256_of_two(Str a, Str b, unsigned char ret[SEAL_HASH_BYTES])
{
    SHA256_CTX ctx;

    must_be(SHA256_Init(&ctx) == 1);
    must_be(SHA256_Update(&ctx, a.p, a.n) == 1);
    must_be(SHA256_Update(&ctx, b.p, b.n) == 1);
    must_be(SHA256_Final(ret, &ctx) == 1);
    seal_wipe(&ctx, sizeof(ctx));
}

void seal_sha256(Str s, unsigned char ret[SEAL_HASH_BYTES])
{
    sha256_of_two(S(""), s, ret);
}

/* RFC 2104, for a key that is shorter than a block. */
void seal_hmac(
    const unsigned char key[SEAL_KEY_BYTES], Str s, unsigned char ret[SEAL_HASH_BYTES])
{
    unsigned char inner[SHA256_CBLOCK];
    unsigned char outer[SHA256_CBLOCK];

    memset(inner, 0x36, sizeof(inner));
    memset(outer, 0x5c, sizeof(outer));
    for (size_t i = 0; i < SEAL_KEY_BYTES; i++) {
        inner[i] ^= key[i];
        outer[i] ^= key[i];
    }
    sha256_of_two((Str){(char *)inner, sizeof(inner)}, s, ret);
    sha256_of_two(
        (Str){(char *)outer, sizeof(outer)}, (Str){(char *)ret, SEAL_HASH_BYTES}, ret);
    seal_wipe(inner, sizeof(inner));
    seal_wipe(outer, sizeof(outer));
}

void seal_mac(
    const unsigned char key[SEAL_KEY_BYTES], Str s, unsigned char *ret, size_t n)
{
    unsigned char mac[SEAL_MAC_BYTES];

    must_be(n <= sizeof(mac));
    must_be(
        crypto_generichash(mac, sizeof(mac), str_bytes(s), s.n, key, SEAL_KEY_BYTES)
        == 0);
    memcpy(ret, mac, n);
    seal_wipe(mac, sizeof(mac));
}

Str seal_random_name(struct arena *mem, Str prefix)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[NAME_BYTES];
    char *text = arena_alloc(mem, 2 * sizeof(bytes));

    seal_random(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return str_cat(mem, prefix, (Str){text, 2 * sizeof(bytes)});
}

static const char b64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Four times faster than EVP_EncodeBlock and a replacement of letters after it. */
Str b64url_encode(struct arena *mem, Str bytes)
{
    must_be(bytes.n <= B64_MOST_BYTES);
    const unsigned char *p = str_bytes(bytes);
    size_t n = (bytes.n * 4 + 2) / 3; /* without padding */
    char *text = arena_alloc(mem, n);
    char *to = text;
    size_t left = bytes.n;

    for (; left >= 3; left -= 3, p += 3) {
        *to++ = b64_letters[p[0] >> 2];
        *to++ = b64_letters[(p[0] & 3) << 4 | p[1] >> 4];
        *to++ = b64_letters[(p[1] & 15) << 2 | p[2] >> 6];
        *to++ = b64_letters[p[2] & 63];
    }
    if (left > 0) {
        int next = left == 2 ? p[1] : 0;

        *to++ = b64_letters[p[0] >> 2];
        *to++ = b64_letters[(p[0] & 3) << 4 | next >> 4];
        if (left == 2) {
            *to = b64_letters[(next & 15) << 2];
        }
    }
    return (Str){text, n};
}

Str b64_encode(struct arena *mem, Str bytes)
{
    must_be(bytes.n <= B64_MOST_BYTES);
    size_t n = (bytes.n + 2) / 3 * 4;
    unsigned char *text = arena_alloc(mem, n + 1); /* OpenSSL ends it in NUL */

    (void)EVP_EncodeBlock(text, str_bytes(bytes), (int)bytes.n);
    return (Str){(char *)text, n};
}

static void letters_replace(
    unsigned char *p, size_t n, const char from[2], const char to[2])
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == (unsigned char)from[0]) {
            p[i] = (unsigned char)to[0];
        } else if (p[i] == (unsigned char)from[1]) {
            p[i] = (unsigned char)to[1];
        }
    }
}

/* EVP_DecodeBlock also takes white space, '+', '/', padding and left-over bits. Those do
 * not come back when the bytes are encoded again: one comparison makes it strict. */
Res b64url_decode(struct cx *cx, Str text, Str *ret)
{
    size_t padded = (text.n + 3) / 4 * 4;

    if (text.n > B64_MOST_BYTES || text.n % 4 == 1) {
        return fail(cx, FAIL_PARSE_ERROR, "base64url: %zu characters", text.n);
    }
    unsigned char *from = arena_alloc(&cx->mem, padded);
    unsigned char *to = arena_alloc(&cx->mem, padded / 4 * 3);

    memset(from, '=', padded);
    if (text.n > 0) {
        memcpy(from, text.p, text.n);
    }
    letters_replace(from, text.n, "-_", "+/");
    int n = padded == 0 ? 0 : EVP_DecodeBlock(to, from, (int)padded);
    Str bytes = {(const char *)to, text.n * 3 / 4};

    if (n != (int)(padded / 4 * 3) || !str_eq(b64url_encode(&cx->mem, bytes), text)) {
        return fail(cx, FAIL_PARSE_ERROR, "base64url: not canonical");
    }
    *ret = bytes;
    return OK;
}

void seal_lock(
    const unsigned char key[SEAL_KEY_BYTES], const unsigned char nonce[SEAL_NONCE_BYTES],
    Str text, Str associated, unsigned char *ret)
{
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        ret, NULL, str_bytes(text), text.n, str_bytes(associated), associated.n, NULL,
        nonce, key);
}

bool seal_unlock(
    const unsigned char key[SEAL_KEY_BYTES], const unsigned char nonce[SEAL_NONCE_BYTES],
    Str locked, Str associated, unsigned char *ret)
{
    return locked.n >= SEAL_TAG_BYTES
           && crypto_aead_xchacha20poly1305_ietf_decrypt(
                  ret, NULL, NULL, str_bytes(locked), locked.n, str_bytes(associated),
                  associated.n, nonce, key)
                  == 0;
}
