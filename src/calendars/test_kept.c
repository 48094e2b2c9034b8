/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kept.c - images that were opened of late: which are found, and for how long.
 */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "calendars/kept.h"

enum { HALF = LIMIT_KEPT_IMAGES_BYTES / 2 };

static bool is_kept(struct kept_images *k, int64_t settings, Str digest)
{
    Str text;

    return kept_get(k, &t_cx()->mem, settings, digest, &text);
}

static Str text_of(size_t n)
{
    char *bytes = arena_alloc(&t_cx()->mem, n);

    memset(bytes, 'x', n);
    return (Str){bytes, n};
}

TEST(test_kept_finds_what_was_put)
{
    struct kept_images *k = kept_open();
    Str text;

    kept_put(k, 3, S("one"), S("of three"));
    kept_put(k, 4, S("one"), S("of four"));
    T_TRUE(kept_get(k, &t_cx()->mem, 3, S("one"), &text));
    T_STR(text, S("of three"));
    T_TRUE(kept_get(k, &t_cx()->mem, 4, S("one"), &text));
    T_STR(text, S("of four"));
    T_TRUE(!is_kept(k, 5, S("one")));
    kept_close(&k);
    kept_close(&k);
}

/* Whoever replaces an image gives it another digest. */
TEST(test_kept_finds_none_of_another_digest)
{
    struct kept_images *k = kept_open();

    kept_put(k, 3, S("one"), S("old"));
    T_TRUE(!is_kept(k, 3, S("two")));
    T_TRUE(!is_kept(k, 3, S("")));
    kept_put(k, 3, S("two"), S("new"));
    T_TRUE(!is_kept(k, 3, S("one")));
    T_TRUE(is_kept(k, 3, S("two")));
    kept_close(&k);
}

TEST(test_kept_takes_none_without_a_digest)
{
    struct kept_images *k = kept_open();

    kept_put(k, 3, S(""), S("text"));
    T_TRUE(!is_kept(k, 3, S("")));
    kept_close(&k);
}

TEST(test_kept_has_one_place_for_two_of_the_same)
{
    struct kept_images *k = kept_open();

    kept_put(k, 3, S("one"), S("text"));
    kept_put(k, 3 + LIMIT_KEPT_IMAGES, S("one"), S("text"));
    T_TRUE(!is_kept(k, 3, S("one")));
    T_TRUE(is_kept(k, 3 + LIMIT_KEPT_IMAGES, S("one")));
    kept_close(&k);
}

TEST(test_kept_holds_so_many_bytes_and_no_more)
{
    struct kept_images *k = kept_open();

    kept_put(k, 1, S("one"), text_of(HALF));
    kept_put(k, 2, S("one"), text_of(HALF));
    T_TRUE(is_kept(k, 1, S("one")) && is_kept(k, 2, S("one")));
    kept_put(k, 3, S("one"), S("x"));
    T_TRUE(!is_kept(k, 1, S("one")));
    T_TRUE(is_kept(k, 2, S("one")) && is_kept(k, 3, S("one")));
    kept_put(k, 4, S("one"), text_of(LIMIT_KEPT_IMAGES_BYTES));
    T_TRUE(is_kept(k, 4, S("one")));
    T_TRUE(!is_kept(k, 2, S("one")) && !is_kept(k, 3, S("one")));
    kept_put(k, 5, S("one"), text_of(LIMIT_KEPT_IMAGES_BYTES + 1));
    T_TRUE(is_kept(k, 4, S("one")) && !is_kept(k, 5, S("one")));
    kept_close(&k);
}

TEST(test_kept_forgets_what_nobody_asks_for)
{
    struct kept_images *k = kept_open();

    kept_put(k, 3, S("one"), S("text"));
    kept_forget(k, clock_mono_ms() - 1000);
    T_TRUE(is_kept(k, 3, S("one")));
    kept_forget(k, clock_mono_ms() + 1);
    T_TRUE(!is_kept(k, 3, S("one")));
    kept_close(&k);
}

TEST(test_kept_of_none_keeps_nothing)
{
    kept_put(NULL, 3, S("one"), S("text"));
    T_TRUE(!is_kept(NULL, 3, S("one")));
    kept_forget(NULL, 0);
}

T_MAIN(
    T(test_kept_finds_what_was_put), T(test_kept_finds_none_of_another_digest),
    T(test_kept_takes_none_without_a_digest),
    T(test_kept_has_one_place_for_two_of_the_same),
    T(test_kept_holds_so_many_bytes_and_no_more),
    T(test_kept_forgets_what_nobody_asks_for), T(test_kept_of_none_keeps_nothing))
