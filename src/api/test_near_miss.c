/* SPDX-License-Identifier: Apache-2.0 */
#include "api/near_miss.h"
#include "base/testing.h"

static const struct api_field near_fields[] = {
    {.name = SI("redirect_uri")},
    {.name = SI("calendar_source")},
    {.name = SI("end")},
};
static const struct api_shape near_shape = {SI("Near"), near_fields, COUNT(near_fields)};

static bool is_near(Str sent, Str name)
{
    const struct field at[] = {
        {.name = S("other")},
        {.name = str_dup(&t_cx()->mem, sent)}, /* so that ASan sees its end */
    };
    const struct fields fields = {at, COUNT(at)};
    const struct field *found = near_miss_find(&fields, &near_shape, name);

    T_TRUE(found == NULL || found == &at[1]);
    return found != NULL;
}

TEST(test_near_miss_find_sees_case_punctuation_and_slips)
{
    static const Str near[] = {
        SI("redirectUri"),  SI("redirectURI"),   SI("RedirectUri"),   SI("redirect-uri"),
        SI("redirect.uri"), SI("redirecturi"),   SI("_redirect_uri"), SI("REDIRECT_URI"),
        SI("redirect_url"), SI("redirect_uris"), SI("redirct_uri"),   SI("rredirect_uri"),
        SI("edirect_uri"),  SI("reidrect_uri"),  SI("redirect_uir"),  SI("redirectUrl"),
    };
    static const Str far[] = {
        SI(""),           SI("redirect"), SI("uri"),          SI("redirection_uri"),
        SI("redirect_u"), SI("source"),   SI("redicert_uri"), SI("eredirect_uris"),
        SI("\0"),         SI("_"),
    };

    for (size_t i = 0; i < COUNT(near); i++) {
        T_TRUE(is_near(near[i], S("redirect_uri")));
    }
    for (size_t i = 0; i < COUNT(far); i++) {
        T_TRUE(!is_near(far[i], S("redirect_uri")));
    }
}

TEST(test_near_miss_find_leaves_short_words_alone)
{
    T_TRUE(is_near(S("End"), S("end")));
    T_TRUE(!is_near(S("and"), S("end")));
    T_TRUE(!is_near(S("ends"), S("end")));
    T_TRUE(is_near(S("ends_"), S("ends")));
}

TEST(test_near_miss_find_skips_fields_of_the_shape)
{
    T_TRUE(!is_near(S("calendar_source"), S("calendar_sourcf")));
    T_TRUE(is_near(S("calendar_sourcs"), S("calendar_source")));
}

TEST(test_near_miss_find_looks_at_names_up_to_64_bytes)
{
    char name[65];

    memset(name, '_', sizeof(name));
    memcpy(name, "end", 3);
    T_TRUE(is_near((Str){name, 64}, S("end")));
    T_TRUE(!is_near((Str){name, 65}, S("end")));
}

T_MAIN(
    T(test_near_miss_find_sees_case_punctuation_and_slips),
    T(test_near_miss_find_leaves_short_words_alone),
    T(test_near_miss_find_skips_fields_of_the_shape),
    T(test_near_miss_find_looks_at_names_up_to_64_bytes))
