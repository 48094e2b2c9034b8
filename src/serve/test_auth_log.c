/* SPDX-License-Identifier: Apache-2.0 */
#include "base/budgets.h"
#include "base/testing.h"
#include "serve/auth_log.h"

TEST(test_auth_log_warns_of_each_credential_once_a_minute)
{
    const struct identity unknown = {0};
    const struct identity token = {.credential = CREDENTIAL_TOKEN, .token_id = 7};
    const struct identity issuer = {.credential = CREDENTIAL_JWT, .issuer = S("acme")};

    T_TRUE(auth_log_is_news(&token, 1000));
    T_TRUE(!auth_log_is_news(&token, 1000 + LIMIT_SAID_MS - 1));
    T_TRUE(auth_log_is_news(&issuer, 1001));
    T_TRUE(auth_log_is_news(&unknown, 1001));
    T_TRUE(!auth_log_is_news(&unknown, 1002));
    T_TRUE(auth_log_is_news(&token, 1000 + LIMIT_SAID_MS));
    T_TRUE(!auth_log_is_news(&token, 1001 + LIMIT_SAID_MS));
}

TEST(test_auth_log_credential_names_who_is_known)
{
    struct arena *mem = &t_cx()->mem;

    T_STR(
        auth_log_credential(
            mem, &(struct identity){.credential = CREDENTIAL_TOKEN, .token_id = 7}),
        S("token:7"));
    T_STR(
        auth_log_credential(
            mem, &(struct identity){.credential = CREDENTIAL_JWT, .issuer = S("acme")}),
        S("jwt:acme"));
    T_INT(auth_log_credential(mem, &(struct identity){0}).n, 0);
}

T_MAIN(
    T(test_auth_log_warns_of_each_credential_once_a_minute),
    T(test_auth_log_credential_names_who_is_known))
