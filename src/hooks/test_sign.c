/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/testing.h"
#include "hooks/sign.h"
#include "seal/keyedit.h"
#include "seal/keyring.h"

/* The vector that the libraries of standard-webhooks test themselves with; its secret has
 * 24 bytes, and zeros behind them change nothing (RFC 2104). */
static struct sign_secrets vector_secrets(void)
{
    struct sign_secrets s = {0};
    Str bytes;

    T_OK(b64url_decode(t_cx(), S("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &bytes));
    memcpy(s.now, bytes.p, bytes.n);
    return s;
}

#define VECTOR_SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static Str vector_signed(const struct sign_secrets *s)
{
    return sign_message(
        &t_cx()->mem, s, S("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
        S("{\"test\": 2432232314}"));
}

TEST(test_sign_message_signs_as_others_do)
{
    struct sign_secrets s = vector_secrets();

    T_STR(vector_signed(&s), S(VECTOR_SIGNATURE));
}

TEST(test_sign_message_puts_the_new_secret_first)
{
    struct sign_secrets s = vector_secrets();

    T_TRUE(seal_start());
    sign_secret_rotate(&s);
    Str both = vector_signed(&s);

    T_TRUE(s.has_before);
    T_TRUE(str_starts(both, S("v1,")) && !str_starts(both, S(VECTOR_SIGNATURE)));
    T_TRUE(str_ends(both, S(" " VECTOR_SIGNATURE)));
    s.has_before = false;
    T_STR(vector_signed(&s), str_sub(both, 0, both.n / 2));
}

TEST(test_sign_secret_text_is_what_receivers_take)
{
    struct sign_secrets s;
    struct sign_secrets other;

    T_TRUE(seal_start());
    sign_secret_make(&s);
    sign_secret_make(&other);
    Str text = sign_secret_text(&t_cx()->mem, &s);

    T_INT(text.n, 6 + 44);
    T_TRUE(str_starts(text, S("whsec_")) && str_ends(text, S("=")));
    T_TRUE(!str_eq(text, sign_secret_text(&t_cx()->mem, &other)));
}

static struct keyring *ring_made(char *folder, char *path, size_t room)
{
    struct keyring *ring = NULL;

    T_TRUE(mkdtemp(folder) != NULL && seal_start());
    (void)snprintf(path, room, "%s/keys", folder);
    T_OK(keyedit_create(t_cx(), path));
    T_OK(keyring_open(t_cx(), path, &ring));
    return ring;
}

/* One that was moved to another endpoint does not open, nor what is no secret. */
TEST(test_sign_open_takes_what_was_locked_for_it)
{
    char folder[] = "/tmp/caldock-sign-XXXXXX";
    char path[sizeof(folder) + 8];
    CLEANUP(keyring_close)
    struct keyring *ring = ring_made(folder, path, sizeof(path));
    struct arena *mem = &t_cx()->mem;
    struct sign_secrets s;
    struct sign_secrets got;

    sign_secret_make(&s);
    for (int i = 0; i < 2; i++) {
        Str record = sign_lock(mem, ring, 7, &s);

        T_OK(sign_open(t_cx(), ring, 7, record, &got));
        T_INT(got.has_before, i);
        T_STR(vector_signed(&got), vector_signed(&s));
        T_FAIL(FAIL_UNREADABLE, sign_open(t_cx(), ring, 8, record, &got));
        sign_secret_rotate(&s);
    }
    Str other = keyring_seal(mem, ring, KEY_WEBHOOK, S("short"), S("webhook endpoint 7"));

    T_FAIL(FAIL_UNREADABLE, sign_open(t_cx(), ring, 7, other, &got));
    (void)unlink(path);
    (void)rmdir(folder);
}

T_MAIN(
    T(test_sign_message_signs_as_others_do),
    T(test_sign_message_puts_the_new_secret_first),
    T(test_sign_secret_text_is_what_receivers_take),
    T(test_sign_open_takes_what_was_locked_for_it))
