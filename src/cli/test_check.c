/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "cli/check_accounts.h"
#include "cli/check_client.h"
#include "cli/check_sources.h"
#include "cli/check_store.h"

TEST(test_check_space_is_short_below_its_bounds)
{
    static const struct {
        const char *name;
        int64_t free_bytes, all_bytes;
        bool want;
    } rows[] = {
        {"100 MB of a small one", 100000000, 200000000, false},
        {"a byte less", 99999999, 200000000, true},
        {"5 % of a large one", 50000000000, 1000000000000, false},
        {"a byte less of it", 49999999999, 1000000000000, true},
        {"full", 0, 1000000000000, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(check_space_is_short(rows[i].free_bytes, rows[i].all_bytes), rows[i].want);
    }
}

TEST(test_check_pool_is_large_past_80_percent)
{
    T_TRUE(!check_pool_is_large(0, 100));
    T_TRUE(!check_pool_is_large(80, 100));
    T_TRUE(check_pool_is_large(81, 100));
    T_TRUE(check_pool_is_large(1, 1));
}

TEST(test_check_accounts_surge_past_one_in_ten)
{
    T_TRUE(!check_accounts_surge(0, 0));
    T_TRUE(!check_accounts_surge(10, 100));
    T_TRUE(check_accounts_surge(11, 100));
    T_TRUE(check_accounts_surge(1, 1));
}

TEST(test_check_clock_judge_has_its_edges)
{
    T_INT(check_clock_judge(0), FINDING_OK);
    T_INT(check_clock_judge(5), FINDING_OK);
    T_INT(check_clock_judge(6), FINDING_WARN);
    T_INT(check_clock_judge(30), FINDING_WARN);
    T_INT(check_clock_judge(31), FINDING_WRONG);
}

TEST(test_check_expiry_judge_has_its_edges)
{
    const int64_t day_s = 24 * 3600;

    T_INT(check_expiry_judge(30 * day_s), FINDING_OK);
    T_INT(check_expiry_judge(30 * day_s - 1), FINDING_WARN);
    T_INT(check_expiry_judge(7 * day_s), FINDING_WARN);
    T_INT(check_expiry_judge(7 * day_s - 1), FINDING_WRONG);
    T_INT(check_expiry_judge(-1), FINDING_WRONG);
}

TEST(test_check_code_is_below_goes_by_whole_words)
{
    static const struct {
        Str code, only;
        bool want;
    } rows[] = {
        {SI("source.google.keys"), SI("source"), true},
        {SI("source.google.keys"), SI("source.google"), true},
        {SI("source.google.keys"), SI("source.google.keys"), true},
        {SI("source.google.keys"), SI("source.google.keys.more"), false},
        {SI("source.google.keys"), SI("source.goo"), false},
        {SI("source.google.keys"), SI("sourc"), false},
        {SI("source.google.keys"), SI("google"), false},
        {SI("source.google.keys"), SI("source."), false},
        {SI("source.google.keys"), SI(".google"), false},
        {SI("jwt.NAME.keys"), SI("jwt.acme"), true},
        {SI("jwt.NAME.keys"), SI("jwt.acme.keys"), true},
        {SI("jwt.NAME.keys"), SI("jwt.acme.secret"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(check_code_is_below(rows[i].code, rows[i].only), rows[i].want);
    }
}

T_MAIN(
    T(test_check_space_is_short_below_its_bounds),
    T(test_check_pool_is_large_past_80_percent),
    T(test_check_accounts_surge_past_one_in_ten), T(test_check_clock_judge_has_its_edges),
    T(test_check_expiry_judge_has_its_edges),
    T(test_check_code_is_below_goes_by_whole_words))
