/* SPDX-License-Identifier: Apache-2.0 */
#include "store/settings.h"
#include "store/test_store.h"

TEST(test_setting_put_replaces)
{
    CLEANUP(db_close) struct db *db = t_db();
    Str value = S("untouched");

    T_FAIL(FAIL_NOT_FOUND, setting_get(t_cx(), db, S("sealing_key"), &value));
    T_STR(value, S("untouched"));
    T_OK(setting_put(t_cx(), db, S("sealing_key"), S("0000002a")));
    T_OK(setting_get(t_cx(), db, S("sealing_key"), &value));
    T_STR(value, S("0000002a"));
    T_OK(setting_put(t_cx(), db, S("sealing_key"), S("")));
    T_OK(setting_get(t_cx(), db, S("sealing_key"), &value));
    T_STR(value, S(""));
}

TS_MAIN(TS(test_setting_put_replaces))
