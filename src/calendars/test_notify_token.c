/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_notify_token.c - tokens of notifications: which are believed, and which are not.
 */
#include "base/testing.h"
#include "calendars/notify_token.h"

static const struct instance_keys keys = {.notify = {1, 2, 3}};

#define SETTING INT64_C(0x0102030405060708)

static Str token_of(enum source_id source, int64_t settings, uint32_t channel)
{
    return notify_token_make(
        &t_cx()->mem, &keys, &(struct notify_token){source, settings, channel});
}

static bool is_taken(Str text, enum source_id source)
{
    struct notify_token t = {.settings = -1};
    bool ok = notify_token_check(t_cx(), &keys, source, text, &t);

    T_TRUE(ok || t.settings == -1); /* a failed call leaves its result alone */
    return ok;
}

TEST(test_notify_token_comes_back_as_it_was_made)
{
    static const struct notify_token rows[] = {
        {SOURCE_GOOGLE, 1, 1},
        {SOURCE_MICROSOFT, SETTING, 0xA1B2C3D4},
        {SOURCE_GOOGLE, INT64_MAX, UINT32_MAX},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct notify_token t;
        Str text = token_of(rows[i].source, rows[i].settings, rows[i].channel);

        T_INT(text.n, NOTIFY_TOKEN_CHARS);
        T_TRUE(notify_token_check(t_cx(), &keys, rows[i].source, text, &t));
        T_INT(t.source, rows[i].source);
        T_INT(t.settings, rows[i].settings);
        T_INT(t.channel, rows[i].channel);
    }
}

TEST(test_notify_token_has_a_fixed_form)
{
    Str bytes;

    T_OK(b64url_decode(t_cx(), token_of(SOURCE_MICROSOFT, SETTING, 0xA1B2C3D4), &bytes));
    T_STR(
        str_sub(bytes, 0, 14),
        S("\x01\x02\x01\x02\x03\x04\x05\x06\x07\x08\xA1\xB2\xC3\xD4"));
}

TEST(test_notify_token_check_refuses_every_other_text)
{
    Str text = token_of(SOURCE_GOOGLE, 7, 1);

    T_TRUE(is_taken(text, SOURCE_GOOGLE));
    T_TRUE(!is_taken(text, SOURCE_MICROSOFT));
    T_TRUE(!is_taken(S(""), SOURCE_GOOGLE));
    T_TRUE(!is_taken(str_sub(text, 0, text.n - 1), SOURCE_GOOGLE));
    T_TRUE(!is_taken(str_cat(&t_cx()->mem, text, S("A")), SOURCE_GOOGLE));
    T_TRUE(
        !is_taken(str_cat(&t_cx()->mem, str_sub(text, 0, 38), S("==")), SOURCE_GOOGLE));
    for (size_t i = 0; i < text.n; i++) {
        char *other = str_zdup(&t_cx()->mem, text);

        other[i] = other[i] == 'A' ? 'B' : 'A';
        T_TRUE(!is_taken((Str){other, text.n}, SOURCE_GOOGLE));
    }
}

TEST(test_notify_token_check_wants_the_key_of_this_installation)
{
    static const struct instance_keys others = {.notify = {1, 2, 4}};
    struct notify_token t;
    Str text = notify_token_make(
        &t_cx()->mem, &others, &(struct notify_token){SOURCE_GOOGLE, 7, 1});

    T_TRUE(!is_taken(text, SOURCE_GOOGLE));
    T_TRUE(notify_token_check(t_cx(), &others, SOURCE_GOOGLE, text, &t));
}

/* A later version may be ours by its MAC, and still say something else. */
TEST(test_notify_token_check_refuses_another_version)
{
    unsigned char bytes[30] = {2, SOURCE_GOOGLE};

    seal_mac(keys.notify, (Str){(const char *)bytes, 14}, bytes + 14, 16);
    T_TRUE(!is_taken(
        b64url_encode(&t_cx()->mem, (Str){(const char *)bytes, sizeof(bytes)}),
        SOURCE_GOOGLE));
}

T_MAIN(
    T(test_notify_token_comes_back_as_it_was_made), T(test_notify_token_has_a_fixed_form),
    T(test_notify_token_check_refuses_every_other_text),
    T(test_notify_token_check_wants_the_key_of_this_installation),
    T(test_notify_token_check_refuses_another_version))
