/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "seal/seal.h"

static Str hex_text(Str s)
{
    static const char digits[] = "0123456789abcdef";
    char *p = NEW_N(&t_cx()->mem, char, s.n * 2);

    for (size_t i = 0; i < s.n; i++) {
        p[2 * i] = digits[(unsigned char)s.p[i] >> 4];
        p[2 * i + 1] = digits[(unsigned char)s.p[i] & 15];
    }
    return (Str){p, s.n * 2};
}

TEST(test_sha256_gives_the_vectors_of_fips_180)
{
    static const struct {
        Str text, want;
    } rows[] = {
        {SI(""), SI("e3b0c44298fc1c149afbf4c8996fb924"
                    "27ae41e4649b934ca495991b7852b855")},
        {SI("abc"), SI("ba7816bf8f01cfea414140de5dae2223"
                       "b00361a396177a9cb410ff61f20015ad")},
        {SI("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         SI("248d6a61d20638b8e5c026930c3e6039"
            "a33ce45964ff2167f6ecedd419db06c1")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned char hash[SEAL_HASH_BYTES];

        seal_sha256(rows[i].text, hash);
        T_STR(hex_text((Str){(char *)hash, sizeof(hash)}), rows[i].want);
    }
}

/* RFC 4231: keys shorter than 32 bytes are the same key padded with zeros. */
TEST(test_hmac_gives_the_vectors_of_rfc_4231)
{
    static const struct {
        unsigned char key[SEAL_KEY_BYTES];
        Str text, want;
    } rows[] = {
        {{0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
          0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b},
         SI("Hi There"),
         SI("b0344c61d8db38535ca8afceaf0bf12b"
            "881dc200c9833da726e9376c2e32cff7")},
        {"Jefe", SI("what do ya want for nothing?"),
         SI("5bdcc146bf60754e6a042426089575c7"
            "5a003f089d2739839dec58b964ec3843")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned char hash[SEAL_HASH_BYTES];

        seal_hmac(rows[i].key, rows[i].text, hash);
        T_STR(hex_text((Str){(char *)hash, sizeof(hash)}), rows[i].want);
    }
}

TEST(test_equal_compares_all_bytes)
{
    static const struct {
        Str a, b;
        bool want;
    } rows[] = {
        {SI(""), SI(""), true},          {SI("abc"), SI("abc"), true},
        {SI("a\0b"), SI("a\0c"), false}, {SI("abc"), SI("xbc"), false},
        {SI("abc"), SI("ab"), false},    {SI(""), SI("a"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(seal_equal(rows[i].a, rows[i].b), rows[i].want);
    }
}

TEST(test_random_and_wipe_change_every_byte)
{
    unsigned char seen[32] = {0};
    unsigned char bytes[32];

    for (int i = 0; i < 20; i++) {
        seal_random(bytes, sizeof(bytes));
        for (size_t at = 0; at < sizeof(bytes); at++) {
            seen[at] |= bytes[at];
        }
    }
    for (size_t at = 0; at < sizeof(seen); at++) {
        T_TRUE(seen[at] != 0);
    }
    seal_wipe(bytes, sizeof(bytes));
    for (size_t at = 0; at < sizeof(bytes); at++) {
        T_INT(bytes[at], 0);
    }
}

/* RFC 4648 section 10, and the two characters that differ from base64. */
TEST(test_b64url_encode_gives_text_that_decode_takes)
{
    static const struct {
        Str bytes, text;
    } rows[] = {
        {SI(""), SI("")},
        {SI("f"), SI("Zg")},
        {SI("fo"), SI("Zm8")},
        {SI("foo"), SI("Zm9v")},
        {SI("foob"), SI("Zm9vYg")},
        {SI("fooba"), SI("Zm9vYmE")},
        {SI("foobar"), SI("Zm9vYmFy")},
        {SI("\xff\xef"), SI("_-8")},
        {SI("\0\0\0"), SI("AAAA")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str bytes;

        T_STR(b64url_encode(&t_cx()->mem, rows[i].bytes), rows[i].text);
        T_OK(b64url_decode(t_cx(), rows[i].text, &bytes));
        T_STR(bytes, rows[i].bytes);
    }
}

/* RFC 4648 §10, and the letters that base64url has others for. */
TEST(test_b64_encode_pads)
{
    static const struct {
        Str bytes;
        Str text;
    } rows[] = {
        {SI(""), SI("")},
        {SI("f"), SI("Zg==")},
        {SI("fo"), SI("Zm8=")},
        {SI("foo"), SI("Zm9v")},
        {SI("foobar"), SI("Zm9vYmFy")},
        {SI("\xfb\xff\xfe"), SI("+//+")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(b64_encode(&t_cx()->mem, rows[i].bytes), rows[i].text);
    }
}

TEST(test_b64url_round_trips_every_length_and_byte)
{
    unsigned char bytes[256];
    Str back;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(255 - i);
    }
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        Str text = b64url_encode(&t_cx()->mem, (Str){(char *)bytes, n});

        T_INT(text.n, (n * 4 + 2) / 3);
        T_OK(b64url_decode(t_cx(), text, &back));
        T_STR(back, ((Str){(char *)bytes, n}));
    }
}

TEST(test_b64url_decode_refuses_what_is_not_canonical)
{
    static const struct {
        const char *name;
        Str text;
    } rows[] = {
        {"one character", SI("Z")},
        {"five characters", SI("Zm9vY")},
        {"left-over bits of two", SI("Zh")},
        {"left-over bits of four", SI("Zm9")},
        {"padding", SI("Zg==")},
        {"padding of one", SI("Zm8=")},
        {"padding inside", SI("Zg==Zm9v")},
        {"base64's plus", SI("+-8")},
        {"base64's slash", SI("/-8")},
        {"a space before", SI(" Zm9")},
        {"a space after", SI("Zm9 ")},
        {"a line break", SI("Zm9v\n")},
        {"a line break in four", SI("Zm9vZm8\n")},
        {"a NUL", SI("Zm9v\0m9v")},
        {"a line break last", SI("Zm9vZg-\n")},
        {"beyond ASCII", SI("Zm9\xc3")},
        {"a dot", SI("Zm9.")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str bytes = S("untouched");

        print_message("%s\n", rows[i].name);
        T_FAIL(FAIL_PARSE_ERROR, b64url_decode(t_cx(), rows[i].text, &bytes));
        T_STR(bytes, S("untouched"));
    }
}

/* draft-irtf-cfrg-xchacha-03, appendix A.3.1 */
TEST(test_lock_gives_the_vector_of_the_xchacha_draft)
{
    static const Str text =
        SI("Ladies and Gentlemen of the class of '99: If I could offer you "
           "only one tip for the future, sunscreen would be it.");
    static const Str associated = SI("\x50\x51\x52\x53\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7");
    unsigned char key[SEAL_KEY_BYTES];
    unsigned char nonce[SEAL_NONCE_BYTES];
    unsigned char locked[114 + SEAL_TAG_BYTES];

    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (unsigned char)(0x80 + i);
    }
    for (size_t i = 0; i < sizeof(nonce); i++) {
        nonce[i] = (unsigned char)(0x40 + i);
    }
    seal_lock(key, nonce, text, associated, locked);
    T_STR(hex_text((Str){(char *)locked, 16}), S("bd6d179d3e83d43b9576579493c0e939"));
    T_STR(
        hex_text((Str){(char *)locked + 114, SEAL_TAG_BYTES}),
        S("c0875924c1c7987947deafd8780acf49"));
}

TEST(test_unlock_opens_only_what_was_locked)
{
    static const unsigned char key[SEAL_KEY_BYTES] = {1};
    static const unsigned char other[SEAL_KEY_BYTES] = {2};
    static const unsigned char nonce[SEAL_NONCE_BYTES] = {3};
    unsigned char locked[5 + SEAL_TAG_BYTES];
    unsigned char text[5];
    Str whole = {(char *)locked, sizeof(locked)};

    seal_lock(key, nonce, S("hello"), S("ad"), locked);
    T_TRUE(seal_unlock(key, nonce, whole, S("ad"), text));
    T_STR(((Str){(char *)text, sizeof(text)}), S("hello"));
    T_TRUE(!seal_unlock(other, nonce, whole, S("ad"), text));
    T_TRUE(!seal_unlock(key, other, whole, S("ad"), text));
    T_TRUE(!seal_unlock(key, nonce, whole, S("ae"), text));
    T_TRUE(!seal_unlock(key, nonce, whole, S(""), text));
    for (size_t n = 0; n < sizeof(locked); n++) {
        T_TRUE(!seal_unlock(key, nonce, str_sub(whole, 0, n), S("ad"), text));
    }
    for (size_t bit = 0; bit < sizeof(locked) * 8; bit++) {
        locked[bit / 8] ^= (unsigned char)(1 << bit % 8);
        T_TRUE(!seal_unlock(key, nonce, whole, S("ad"), text));
        locked[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

TEST(test_lock_takes_an_empty_text)
{
    static const unsigned char key[SEAL_KEY_BYTES] = {1};
    static const unsigned char nonce[SEAL_NONCE_BYTES] = {3};
    unsigned char locked[SEAL_TAG_BYTES];
    unsigned char text[1];
    Str whole = {(char *)locked, sizeof(locked)};

    seal_lock(key, nonce, (Str){NULL, 0}, (Str){NULL, 0}, locked);
    T_TRUE(seal_unlock(key, nonce, whole, (Str){NULL, 0}, text));
    locked[0] ^= 1;
    T_TRUE(!seal_unlock(key, nonce, whole, (Str){NULL, 0}, text));
}

TEST(test_random_names_are_hex_and_differ)
{
    Str one = seal_random_name(&t_cx()->mem, S("cdk-"));
    Str other = seal_random_name(&t_cx()->mem, S("cdk-"));

    T_INT(one.n, 4 + 32);
    T_TRUE(str_starts(one, S("cdk-")) && !str_eq(one, other));
    for (size_t i = 4; i < one.n; i++) {
        T_TRUE(char_hex((unsigned char)one.p[i]) >= 0);
        T_TRUE(one.p[i] < 'A' || one.p[i] > 'Z');
    }
}

TEST(test_mac_gives_the_beginning_of_keyed_blake2b)
{
    /* by a BLAKE2b other than libsodium's */
    static const unsigned char want[8] = {0xcc, 0x69, 0x82, 0x77, 0x25, 0x84, 0x7f, 0x9a};
    static const unsigned char key[SEAL_KEY_BYTES] = {1, 2, 3};
    unsigned char mac[SEAL_MAC_BYTES];

    seal_mac(key, S("text"), mac, sizeof(want));
    assert_memory_equal(mac, want, sizeof(want));
    seal_mac(key, S("text"), mac, SEAL_MAC_BYTES);
    assert_memory_equal(mac, want, sizeof(want));
    seal_mac(key, S("texts"), mac, SEAL_MAC_BYTES);
    assert_memory_not_equal(mac, want, sizeof(want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_sha256_gives_the_vectors_of_fips_180),
        T(test_hmac_gives_the_vectors_of_rfc_4231),
        T(test_equal_compares_all_bytes),
        T(test_random_and_wipe_change_every_byte),
        T(test_b64url_encode_gives_text_that_decode_takes),
        T(test_b64_encode_pads),
        T(test_b64url_round_trips_every_length_and_byte),
        T(test_b64url_decode_refuses_what_is_not_canonical),
        T(test_lock_gives_the_vector_of_the_xchacha_draft),
        T(test_unlock_opens_only_what_was_locked),
        T(test_lock_takes_an_empty_text),
        T(test_random_names_are_hex_and_differ),
        T(test_mac_gives_the_beginning_of_keyed_blake2b),
    };

    must_be(seal_start());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
