/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "oauth/jwks_text.h"

TEST(test_jwks_text_next_gives_the_keys_in_their_order)
{
    struct jwks_text t;
    Str key;

    T_TRUE(jwks_text_open(
        S(" { \"a\" : [ \"keys\" , {\"keys\":[9]} ] , \"keys\" :\n[ {\"x\":\"],}\\\"[\"} ,"
          "{\"y\":[{},[]]}, 7 ] } "),
        &t));
    T_TRUE(jwks_text_next(&t, &key));
    T_STR(str_trim(key), S("{\"x\":\"],}\\\"[\"}"));
    T_TRUE(jwks_text_next(&t, &key));
    T_STR(key, S("{\"y\":[{},[]]}"));
    T_TRUE(jwks_text_next(&t, &key));
    T_STR(str_trim(key), S("7"));
    T_TRUE(!jwks_text_next(&t, &key));
    T_TRUE(!jwks_text_next(&t, &key));
}

TEST(test_jwks_text_open_wants_one_list_of_keys)
{
    static const struct {
        Str text;
        bool want;
    } rows[] = {
        {SI("{\"keys\":[]}"), true},
        {SI("{\"keys\":{}}"), true},
        {SI("{\"keys\":[{}]}"), true},
        {SI("{\"keys\":[],\"keys\":[]}"), false},
        {SI("{\"keys\":[]}x"), false},
        {SI("{\"keys\":[]"), false},
        {SI("{\"keys\":[}"), false},
        {SI("{\"keys\":"), false},
        {SI("{\"keys\""), false},
        {SI("{\"keys"), false},
        {SI("{\"a\":\"keys\"}"), false},
        {SI("{\"a\":\"b,\"keys\":[]}"), false},
        {SI("{keys:[]}"), false},
        {SI("{}"), false},
        {SI("{,}"), false},
        {SI("[]"), false},
        {SI("\""), false},
        {SI(""), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwks_text t = {.rest = S("kept")};

        T_INT(jwks_text_open(rows[i].text, &t), rows[i].want);
        T_TRUE(rows[i].want || str_eq(t.rest, S("kept")));
    }
}

/* Cut anywhere, it gives no more keys than there are, and ends. */
TEST(test_jwks_text_next_ends_wherever_the_text_is_cut)
{
    const Str text = S("{\"a\":\"\\\\\",\"keys\":[{\"b\":\"c\"},{\"d\":[]}]}");

    for (size_t i = 0; i <= text.n; i++) {
        struct jwks_text t;
        size_t n = 0;
        Str key;

        if (jwks_text_open(str_sub(text, 0, i), &t)) {
            while (jwks_text_next(&t, &key)) {
                n++;
            }
            T_INT(i, text.n);
        }
        T_INT(n, i == text.n ? 2 : 0);
    }
}

T_MAIN(
    T(test_jwks_text_next_gives_the_keys_in_their_order),
    T(test_jwks_text_open_wants_one_list_of_keys),
    T(test_jwks_text_next_ends_wherever_the_text_is_cut))
