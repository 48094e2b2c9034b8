/* SPDX-License-Identifier: Apache-2.0 */
#include "api/callback_texts.h"
#include "base/testing.h"

/* How often the name is mentioned; nothing else is in braces, and nothing is markup. */
static int names_in(Str text)
{
    int n = 0;

    for (size_t i = 0; i < text.n; i++) {
        T_TRUE(text.p[i] != '<' && text.p[i] != '&');
        if (text.p[i] == '{') {
            T_TRUE(str_starts(str_sub(text, i, text.n), S("{}")));
            n++;
        }
    }
    return n;
}

TEST(test_callback_texts_get_has_every_text_in_every_language)
{
    for (int text = 0; text < TEXT_COUNT; text++) {
        for (int language = 0; language < LANGUAGE_COUNT; language++) {
            Str words = callback_texts_get(
                (enum callback_text)text, (enum callback_language)language);

            T_TRUE(words.n > 0 && str_is_utf8(words));
            T_INT(names_in(words), text == TEXT_GO_BACK_TO ? 1 : 0);
        }
    }
}

/* No two languages are the same, which a column that was copied would be. */
TEST(test_callback_texts_get_has_texts_of_its_own_for_each_language)
{
    for (int one = 0; one < LANGUAGE_COUNT; one++) {
        T_INT(callback_texts_languages[one].n, 2);
        for (int other = 0; other < one; other++) {
            T_TRUE(!str_eq(
                callback_texts_get(TEXT_LATER, (enum callback_language)one),
                callback_texts_get(TEXT_LATER, (enum callback_language)other)));
            T_TRUE(
                !str_eq(callback_texts_languages[one], callback_texts_languages[other]));
        }
    }
}

T_MAIN(
    T(test_callback_texts_get_has_every_text_in_every_language),
    T(test_callback_texts_get_has_texts_of_its_own_for_each_language))
